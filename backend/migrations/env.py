"""Alembic's entry: runs the migrations on the connection that `backend.database.migrate` hands over."""

from alembic import context

from backend.database import all_tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_tables(),
    render_as_batch=True,  # SQLite alters a table by writing it anew
    compare_type=True,
)
context.run_migrations()
