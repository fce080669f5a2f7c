"""A PostgreSQL cluster for tests, from Debian's binaries, in a folder of its own and on a Unix socket alone."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
from pathlib import Path
from types import TracebackType

import psycopg

from backend.embedded.errors import PartFailed
from backend.embedded.process import ChildProcess, wait_until_ready

_READY_SECONDS = 60.0


def find_postgres() -> Path | None:
    """The folder with `initdb` and `postgres`, newest version first; nothing when not installed."""
    packaged = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]), reverse=True
    )
    if packaged:
        return packaged[0].parent
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


class PostgresCluster:
    """A cluster, reached through a socket in `folder`; without durability (tests do not survive a power cut) unless
    it is `durable`, with the settings that Debian's package comes with.

    PostgreSQL refuses to run as root; the cluster then belongs to Debian's account `postgres`.
    """

    def __init__(self, folder: Path, binaries: Path, *, durable: bool = False) -> None:
        self._folder = folder
        self._binaries = binaries
        self._account = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self._durable = durable
        self._server: ChildProcess | None = None

    @property
    def pid(self) -> int:
        """The server's main process; raises `PartFailed` when it does not run."""
        if self._server is None:
            raise PartFailed("postgres has not been started")
        return self._server.pid

    def start(self) -> None:
        """Create the cluster and start its server; raises `PartFailed` with its log when it does not come up."""
        data = self._folder / "data"
        data.mkdir(parents=True)
        if os.geteuid() == 0:
            for path in (self._folder, data):
                shutil.chown(path, self._account, self._account)
        initdb = [str(self._binaries / "initdb"), "-D", str(data), "-U", "leafproof", "-A", "trust"]
        locale = ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([*self._as_account(), *initdb, *locale], check=True, capture_output=True, cwd=self._folder)
        self.launch()

    def launch(self) -> None:
        """Start the server, for the first time or again; raises `PartFailed` when it does not come up."""
        data = self._folder / "data"
        options = {"listen_addresses": "", "unix_socket_directories": str(self._folder)}
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            options |= {"shared_buffers": "32MB"}
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        command = [*self._as_account(), str(self._binaries / "postgres"), "-D", str(data), *settings]
        self._server = ChildProcess("postgres", command, self._folder.parent / "postgres.log", folder=self._folder)
        self._server.start()
        wait_until_ready(self._server, self._answers, _READY_SECONDS)

    def stop(self) -> None:
        """End the server."""
        if self._server is not None:
            self._server.stop()

    def drop_connections(self) -> int:
        """End all sessions of other people, as an administrator may; how many there were."""
        mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            return len(connection.execute(f"{mine} AND pid <> pg_backend_pid()".encode()).fetchall())

    def new_database(self) -> str:
        """A fresh, empty database; its SQLAlchemy URL."""
        name = f"test_{secrets.token_hex(6)}"
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
        return f"postgresql+psycopg://leafproof@/{name}?host={self._folder}"

    def drop_database(self, url: str) -> None:
        """Remove a database, with whatever is still connected to it."""
        name = url.partition("@/")[2].partition("?")[0]
        with psycopg.connect(self._conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    def __enter__(self) -> PostgresCluster:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _conninfo(self, database: str) -> str:
        return f"host={self._folder} user=leafproof dbname={database}"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._conninfo("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _as_account(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        # The kernel forgets the guard's death signal when the account changes, so it is asked for again.
        return [
            "setpriv",
            f"--reuid={self._account}",
            f"--regid={self._account}",
            "--init-groups",
            "--pdeathsig=KILL",
        ]
