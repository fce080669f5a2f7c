"""Supervised workers: they come back after a crash, and end when asked."""

from __future__ import annotations

import threading

import pytest
import structlog

from backend import workers
from backend.workers import ThreadWorker
from tests.support.waiting import eventually


class Fragile(ThreadWorker):
    """Crashes `crashes` times, then works."""

    def __init__(self, crashes: int) -> None:
        super().__init__("fragile")
        self.crashes = crashes
        self.working = threading.Event()
        self.trouble: str | None = None

    def run(self, stop: threading.Event) -> None:
        if self.restarts < self.crashes:
            raise ConnectionError("broker away")
        self.working.set()
        stop.wait()

    def check(self) -> str | None:
        return self.trouble


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "FIRST_PAUSE", 0.01)


def test_a_worker_that_crashed_is_started_again_and_says_so() -> None:
    worker = Fragile(crashes=3)
    with structlog.testing.capture_logs() as written:
        worker.start()
        assert worker.working.wait(30)
    assert worker.restarts == 3
    assert worker.ready() == "crashed 3 times, last: ConnectionError: broker away"
    assert [w["worker"] for w in written] == ["fragile"] * 3
    worker.stop()


def test_once_it_has_lived_for_a_while_the_crash_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LAST_PAUSE", 0.05)
    worker = Fragile(crashes=1)
    with structlog.testing.capture_logs():
        worker.start()
        eventually(lambda: worker.restarts == 1 and worker.ready() is None, "the crash to be forgotten")
    worker.stop()


def test_it_stops_when_asked_and_starts_again() -> None:
    worker = Fragile(crashes=0)
    assert worker.ready() == "not started"
    for _ in range(2):
        worker.start()
        assert worker.working.wait(30)
        assert worker.ready() is None
        worker.trouble = "the broker does not answer"
        assert worker.ready() == "the broker does not answer"
        worker.trouble = None
        worker.stop()
        worker.stop()
        assert worker.ready() == "not started"


def test_it_stops_at_once_while_it_waits_to_start_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "FIRST_PAUSE", 3600.0)
    worker = Fragile(crashes=1)
    with structlog.testing.capture_logs():
        worker.start()
        eventually(lambda: worker.restarts == 1, "the crash")
        worker.stop()
    assert not worker.working.is_set()


def test_one_that_ends_by_itself_is_started_again() -> None:
    class Hasty(Fragile):
        def run(self, stop: threading.Event) -> None:
            if self.restarts:
                super().run(stop)

    worker = Hasty(crashes=0)
    worker.start()
    assert worker.working.wait(30)
    assert worker.ready() == "crashed 1 times, last: it ended by itself"
    worker.stop()


class Deaf(ThreadWorker):
    """Does not look at `stop` while it hangs."""

    def __init__(self) -> None:
        super().__init__("deaf")
        self.hangs = threading.Event()
        self.inside = 0

    def run(self, stop: threading.Event) -> None:
        self.inside += 1
        self.hangs.wait()
        stop.wait()
        self.inside -= 1


def test_one_that_did_not_stop_in_time_ends_although_it_was_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "STOP_WAIT", 0.01)
    worker = Deaf()
    worker.start()
    eventually(lambda: worker.inside == 1, "it runs")
    worker.stop()
    worker.start()
    eventually(lambda: worker.inside == 2, "it runs again beside itself")
    worker.hangs.set()
    eventually(lambda: worker.inside == 1, "the first one ends")
    worker.stop()
    eventually(lambda: worker.inside == 0, "and the second")
