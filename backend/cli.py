"""`leafproof backend ...`: serve, migrate, export, backup, restore, and the API keys.

Exit codes: 0 good, 1 something is missing, 2 usage.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from backend import database, settings
from backend.access import service as access
from backend.errors import SettingsError
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.values import Gln

app = typer.Typer(help="The backend: ingest, log, anchor, and the pages that readers check.", no_args_is_help=True)
keys = typer.Typer(help="API keys: who may write, and who may read which bodies.", no_args_is_help=True)
app.add_typer(keys, name="keys")
# Groups whose libraries take a second to import: only when they are named, or when everything is listed.
_GROUPS = {
    "chain": "backend.anchor.cli",
    "production": "backend.production.cli",
    "declared": "backend.declared.cli",
    "certificates": "backend.certificates.cli",
    "labels": "backend.labels.cli",
    "living-list": "backend.classification.cli",
    "received": "backend.received.cli",
}
for _name, _module in _GROUPS.items():
    if _name in sys.argv or len(sys.argv) < 3 or "--help" in sys.argv[:3]:
        app.add_typer(import_module(_module).app, name=_name)

Config = Annotated[Path | None, typer.Option("--config", help="TOML file; or LEAFPROOF_CONFIG")]


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except LeafproofError as error:
        typer.echo(f"leafproof backend: {error}", err=True)
        raise typer.Exit(2) from None


@app.command()
def serve(config: Config = None) -> None:
    """Run the backend until SIGTERM or Ctrl-C; what is under way is finished first."""
    # Here and below: a short command need not wait for what only a long one uses.
    from backend import bootstrap, garbage, journal, serving

    with _said():
        chosen = settings.load(config)
        journal.configure(chosen.log_level)
        engine = database.open_engine(chosen)
        application = bootstrap.build(chosen, engine)
    garbage.collect_seldom()
    server = serving.server(application, chosen.host, chosen.port)
    # uvicorn raises the signal again once it has stopped; without this an orderly stop would look like a kill.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: None)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        engine.dispose()
    if not server.started:
        sys.exit(1)


@app.command()
def ingest(config: Config = None) -> None:
    """Take frames for this process's share of the partitions, without a server, until SIGTERM or Ctrl-C.

    Any number of these, and of `serve`, work on one PostgreSQL: each leases partitions, and takes over those of
    one that died.
    """
    from backend import bootstrap, garbage, journal

    with _said():
        chosen = settings.load(config)
        journal.configure(chosen.log_level)
        engine = database.open_engine(chosen)
        if engine.dialect.name != "postgresql":
            raise SettingsError("database_url: several processes need PostgreSQL; on SQLite `serve` does it all")
        workers = bootstrap.ingest_workers_of(bootstrap.context_of(chosen, engine))
    garbage.collect_seldom()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _signal, _frame: stop.set())
    for worker in workers:
        worker.start()
    stop.wait()
    for worker in reversed(workers):
        worker.stop()
    engine.dispose()


@app.command()
def migrate(config: Config = None) -> None:
    """Bring the database's schema to this version's."""
    with _said():
        engine = database.open_engine(settings.load(config))
        database.migrate(engine)
        engine.dispose()


@app.command()
def establish(
    steward: Annotated[str, typer.Option(help="party GLN of who runs this server")],
    name: Annotated[str, typer.Option(help="its name")],
    config: Config = None,
) -> None:
    """Admit this server's steward, open its logs on the chain, and log the shipped factor set.

    What goes to the chain is sent once the server runs. Calling this again does nothing.
    """
    from backend.enrolment.establish import establish as run_establish

    with _said():
        party = Gln.parse(steward, "steward")
        run_establish(settings.load(config), party, name)
    typer.echo(f"{name} ({party}) is this server's steward.")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="new folder, one below it for each log if there are several")],
    config: Config = None,
) -> None:
    """Write the logs with all bodies for `leafproof audit replay --export`."""
    from backend.audit import service as audit
    from backend.log.service import stored_logs

    with _said():
        engine = database.open_engine(settings.load(config))
        database.check_schema(engine)
        with database.reading(engine) as connection:
            logs = stored_logs(connection)
            for log in logs:
                target = folder if len(logs) == 1 else folder / log.ref.log_id.hex()
                manifest = audit.write(connection, log, target, logs)
                typer.echo(f"{target}: {manifest.size} entries of log {log.name}")
        engine.dispose()


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="new file; readable by its owner alone")],
    with_keys: Annotated[
        bool,
        typer.Option("--with-keys", help="private keys too: whoever has the file can then sign as this server"),
    ] = False,
    config: Config = None,
) -> None:
    """Write the database and what else a server needs to come back; the server may run."""
    from backend.backup import service as backups

    with _said():
        manifest = backups.backup(settings.load(config), file, with_keys=with_keys)
    for log in manifest.logs:
        typer.echo(f"{file}: log {log.name}, {log.size} entries, root {log.root}")
    if not with_keys:
        typer.echo("The private keys are not in it: back the keys folder up apart, once, and offline.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="what `backup` wrote")],
    config: Config = None,
) -> None:
    """Bring a backup back into an empty place, and compare it with the chain."""
    from backend import bootstrap
    from backend.backup import report
    from backend.backup import service as backups

    with _said():
        done = backups.restore(settings.load(config), file, bootstrap.CHECKS)
    typer.echo("\n".join(report.lines(done)))
    if not done.whole:
        raise typer.Exit(1)


@keys.command("create")
def create_key(
    label: Annotated[str, typer.Argument(help="what the key is for")],
    scope: Annotated[list[str], typer.Option(help=f"may be repeated; {', '.join(access.SCOPES)}")],
    operator: Annotated[str | None, typer.Option(help="GLN of the operator that the key belongs to")] = None,
    all_operators: Annotated[bool, typer.Option("--all-operators", help="for this server's own people")] = False,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="until it expires; default: never")] = None,
    config: Config = None,
) -> None:
    """Make a key and print it, this one time."""
    with _said():
        if (operator is None) != all_operators:
            raise InvalidInput("operator", "give either --operator or --all-operators")
        gln = None if operator is None else Gln.parse(operator, "operator")
        engine = database.open_engine(settings.load(config))
        now = int(time.time())
        until = None if days is None else now + days * 86400
        with database.transaction(engine) as connection:
            key, text = access.create(
                connection, label=label, scopes=scope, operator=gln, now=now, expires_at=until
            )
        engine.dispose()
    typer.echo(f"Key {key.key_id}; keep this, it is not shown again:", err=True)
    typer.echo(text)


@keys.command("list")
def list_keys(config: Config = None) -> None:
    """All keys, without their secrets."""
    with _said():
        engine = database.open_engine(settings.load(config))
        with database.reading(engine) as connection:
            found = access.every(connection)
        engine.dispose()
    now = int(time.time())
    for key in found:
        ended = key.expires_at is not None and key.expires_at <= now
        state = "revoked" if key.revoked_at is not None else "expired" if ended else "in force"
        owner = key.operator or "all operators"
        typer.echo(f"{key.key_id}  {state:8}  {owner}  {' '.join(sorted(key.scopes))}  {key.label}")


@keys.command("revoke")
def revoke_key(key_id: str, config: Config = None) -> None:
    """End a key at once."""
    with _said():
        engine = database.open_engine(settings.load(config))
        with database.transaction(engine) as connection:
            access.revoke(connection, key_id, int(time.time()))
        engine.dispose()
    typer.echo(f"Key {key_id} is revoked.")


if __name__ == "__main__":
    app()
