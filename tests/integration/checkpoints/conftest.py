"""Both databases for the tests here."""

from tests.support.storage import database_url, engine, migrated_postgres, migrated_sqlite  # noqa: F401
