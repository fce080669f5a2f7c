"""Nothing that was started outlives the process that asked for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from backend.embedded.errors import PartFailed
from backend.embedded.process import ChildProcess, wait_until_ready
from tests.support.processes import alive, children
from tests.support.waiting import eventually

PARENT = """
import sys, time
from pathlib import Path
from backend.embedded.process import ChildProcess
part = ChildProcess("sleeper", sys.argv[2:], Path(sys.argv[1]), grace=0.2)
part.start()
print(part.pid, flush=True)
time.sleep(600)
"""
# A program that ignores a polite request.
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


def sleeper(tmp_path: Path, *command: str, grace: float = 5.0) -> ChildProcess:
    part = ChildProcess("sleeper", command or ("sleep", "600"), tmp_path / "sleeper.log", grace=grace)
    part.start()
    return part


def up(part: ChildProcess) -> bool:
    return "up" in part.log.read_text()


class TestEnd:
    def test_a_stopped_program_is_gone_with_its_guard(self, tmp_path: Path) -> None:
        part = sleeper(tmp_path)
        program = part.pid
        guard = [child for child in children(os.getpid()) if program in children(child)]
        assert len(guard) == 1
        part.stop()
        assert not alive(program)
        assert not alive(guard[0])
        assert not part.running

    def test_one_that_ignores_the_request_is_ended_by_force(self, tmp_path: Path) -> None:
        part = sleeper(tmp_path, sys.executable, "-c", STUBBORN, grace=0.2)
        wait_until_ready(part, lambda: up(part), 60)
        part.stop()
        assert not alive(part.pid)

    def test_its_own_children_go_with_it(self, tmp_path: Path) -> None:
        part = sleeper(tmp_path, "sh", "-c", "sleep 600 & echo up; wait")
        wait_until_ready(part, lambda: up(part), 60)
        (grandchild,) = children(part.pid)
        part.stop()
        eventually(lambda: not alive(grandchild), "the end of the grandchild")

    def test_it_lives_on_when_the_thread_that_started_it_ends(self, tmp_path: Path) -> None:
        started: list[ChildProcess] = []
        thread = threading.Thread(target=lambda: started.append(sleeper(tmp_path)))
        thread.start()
        thread.join()
        assert started[0].running
        assert alive(started[0].pid)
        started[0].stop()


class TestKilledParent:
    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
    def test_takes_its_program_with_it(self, number: signal.Signals, tmp_path: Path) -> None:
        command = [sys.executable, "-c", PARENT, str(tmp_path / "log"), "sleep", "600"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            program = int(parent.stdout.readline())
            assert alive(program)
            parent.send_signal(number)
        eventually(lambda: not alive(program), "the end of the program")

    def test_takes_even_a_stubborn_one_with_it(self, tmp_path: Path) -> None:
        stubborn = [sys.executable, "-c", STUBBORN]
        command = [sys.executable, "-c", PARENT, str(tmp_path / "log"), *stubborn]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            program = int(parent.stdout.readline())
            eventually(lambda: "up" in (tmp_path / "log").read_text(), "that it is up")
            parent.kill()
        eventually(lambda: not alive(program), "the end of the program")

    @pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's")
    def test_a_killed_guard_takes_its_program_with_it(self, tmp_path: Path) -> None:
        part = sleeper(tmp_path)
        program = part.pid
        (guard,) = [child for child in children(os.getpid()) if program in children(child)]
        os.kill(guard, signal.SIGKILL)
        eventually(lambda: not alive(program), "the end of the program")
        part.stop()


class TestFailing:
    def test_a_program_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(PartFailed, match=r"could not be started\n  sleeper.log: /no/such/program: No "):
            sleeper(tmp_path, "/no/such/program")

    def test_one_that_never_becomes_ready(self, tmp_path: Path) -> None:
        part = sleeper(tmp_path, "sh", "-c", "echo still thinking; sleep 600")
        eventually(lambda: "thinking" in part.log.read_text(), "its log")
        with pytest.raises(PartFailed, match=r"not ready after 0.1 seconds\n  sleeper.log: still thinking"):
            wait_until_ready(part, lambda: False, 0.1)
        part.stop()

    def test_a_part_not_started_has_no_id(self, tmp_path: Path) -> None:
        part = ChildProcess("sleeper", ["sleep", "1"], tmp_path / "log")
        with pytest.raises(PartFailed, match="has not been started"):
            part.pid  # noqa: B018 - the property raises
        part.stop()
