"""The demo as a person starts it: a process of its own, and a look at what it leaves running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from backend.embedded.ports import free_port
from tests.support.require import shared

COMMAND = [sys.executable, "-m", "leafproof.cli.main"]
END_SECONDS = 60


def steel_file() -> Path:
    """The real readings; they may not be there."""
    return shared() / "data" / "steel" / "Steel_industry_data.csv"


def port_base() -> str:
    """Where ten ports are likely to be free; each part looks further when one is not."""
    return str(free_port(23_000 + os.getpid() % 200 * 100))


def leafproof(*words: str, code: int | None = 0, **environment: str) -> str:
    """What a `leafproof` command printed; its exit code is checked, and that it never shows a traceback."""
    done = subprocess.run(
        [*COMMAND, *words],
        env={**os.environ, "COLUMNS": "120", **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr[-3000:]
    assert code is None or done.returncode == code, (
        words,
        done.returncode,
        done.stderr[-2000:],
        done.stdout[-2000:],
    )
    return done.stdout


class Demo:
    """A running `leafproof demo`; what it says beside the JSON line goes to the file `said`."""

    def __init__(self, folder: Path, said: Path, *words: str) -> None:
        self.folder, self.said = folder, said
        readings = ["--readings", str(steel_file())] if steel_file().is_file() else ["--simulated"]
        # Whoever starts the tests in the background may have told them to ignore a hang-up.
        command = [
            "env",
            "--default-signal=HUP",
            *COMMAND,
            "demo",
            "--keep",
            str(folder),
            "--port-base",
            port_base(),
            *readings,
            *words,
        ]
        with said.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, start_new_session=True)

    def result(self) -> dict[str, Any]:
        """The JSON object of its last line, once it is there."""
        assert self.process.stdout is not None
        line = b""
        for said in self.process.stdout:
            line = said
            if said.startswith(b"{"):
                break
        assert line.startswith(b"{"), self.told()
        found: dict[str, Any] = json.loads(line)
        return found

    def told(self) -> str:
        """What it said so far on standard error."""
        return self.said.read_text(encoding="utf-8", errors="replace")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait for the end; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(END_SECONDS)
        finally:
            self.process.kill()
            if self.process.stdout is not None:
                self.process.stdout.close()


def belonging(folder: Path) -> dict[int, str]:
    """Processes whose command line or environment names `folder`: whatever belongs to a stage in it."""
    found, name = {}, str(folder).encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            if name in command or name in (entry / "environ").read_bytes():
                found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # ended meanwhile, or another's
    return found
