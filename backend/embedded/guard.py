"""The guard: starts one program, and ends it when asked or when whoever asked for it is gone.

Run as a script, by path and with the standard library alone: `guard.py GRACE_SECONDS PROGRAM ARGUMENT...`.
File descriptor 0 is one end of a socket pair. The guard writes the program's process id to it, one line; when
the other end closes, which the kernel does even for a parent killed with SIGKILL, the program is ended.

Why a process between: PR_SET_PDEATHSIG fires when the *thread* that forked ends, not the process, so a server
started from a worker thread would die with that thread. The guard has one thread, which lives as long as it does;
the signal then covers the one case left, a guard that is itself killed. Where prctl is unknown, the watch on the
socket and on the parent's id is what remains.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys

_PR_SET_PDEATHSIG = 1
# How often the parent's id is looked at, should another process have inherited the socket's other end.
_WATCH_SECONDS = 1.0


def _die_with(guard: int) -> None:
    """In the child, before exec: ask the kernel for SIGKILL when the guard ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != guard:
        os._exit(1)


def _end(child: subprocess.Popen[bytes], grace: float) -> None:
    """SIGTERM, a time of grace, then SIGKILL: to the program's own group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(timeout=grace)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _wait(child: subprocess.Popen[bytes], wakeup: int, parent: int) -> None:
    """Return when the program has ended, when we are asked to end it, or when the parent is gone."""
    while child.poll() is None:
        ready, _, _ = select.select([0, wakeup], [], [], _WATCH_SECONDS)
        asked = wakeup in ready and set(os.read(wakeup, 64)) - {signal.SIGCHLD}
        gone = (0 in ready and os.read(0, 64) == b"") or os.getppid() != parent
        if asked or gone:
            return


def main(argv: list[str]) -> int:
    """Run the program to its end; the exit status is its own, or 128 and the signal that ended it."""
    grace, command, parent, guard = float(argv[0]), argv[1:], os.getppid(), os.getpid()
    wakeup, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    try:
        child = subprocess.Popen(  # noqa: S603 - the command is the supervisor's own
            command,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=lambda: _die_with(guard),  # noqa: PLW1509 - safe: the guard has one thread
        )
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return 127
    with contextlib.suppress(OSError):
        os.write(0, b"%d\n" % child.pid)
    _wait(child, wakeup, parent)
    _end(child, grace)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
