"""Write the migration that leads from the newest one to the tables as they stand in the code.

    .venv/bin/python scripts/new_migration.py "what it is for"
    .venv/bin/python scripts/new_migration.py --initial      (before the first release: write the only one anew)

It compares against an empty SQLite database brought to the newest migration. Read what it wrote before you
commit it: a renamed column looks to it like one dropped and one added.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from alembic import command

from backend import database

VERSIONS = Path(database.__file__).parent / "migrations" / "versions"


def main() -> None:
    """Write one file into `backend/migrations/versions` and print its path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("purpose", nargs="?", help="one line, such as 'gateways have a time zone'")
    choice.add_argument("--initial", action="store_true", help="replace all migrations by one")
    arguments = parser.parse_args()
    files = sorted(VERSIONS.glob("[0-9]*.py"))
    if arguments.initial:
        for file in files:
            file.unlink()
        files = []
    with tempfile.TemporaryDirectory() as folder:
        engine = database.create(f"sqlite:///{folder}/empty.db")
        database.migrate(engine)
        with database.transaction(engine) as connection:
            config = database.alembic_config()
            config.attributes["connection"] = connection
            number = f"{len(files) + 1:04d}"
            script = command.revision(config, arguments.purpose or "initial", autogenerate=True, rev_id=number)
        engine.dispose()
    for written in script if isinstance(script, list) else [script]:
        if written is not None:
            ruff = [str(Path(sys.executable).with_name("ruff")), "format", "--quiet", written.path]
            subprocess.run(ruff, check=True)  # noqa: S603 - our own formatter on our own file
            print(written.path)


if __name__ == "__main__":
    main()
