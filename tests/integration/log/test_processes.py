"""Several processes append to one log, and are killed while they do."""

from __future__ import annotations

import random
import signal
import threading

from sqlalchemy import Engine

from backend.database import reading, transaction
from backend.log.fsck import fsck
from tests.support.appender import Appender
from tests.support.storage import open_test_log, statements


def test_two_processes_append_at_once_and_nothing_is_lost_or_doubled(engine: Engine) -> None:
    log = open_test_log(engine)
    both = [Appender(engine, first, 25) for first in (0, 1_000_000)]
    assert [one.finish() for one in both] == [0, 0]
    with reading(engine) as connection:
        stored = [e.statement_id for e in log.iterate(connection)]
    assert len(stored) == len(set(stored))
    assert set(stored) == both[0].told | both[1].told
    assert list(fsck(engine, [log])) == []


def test_killed_at_any_moment_the_log_is_whole_and_holds_all_that_was_acknowledged(engine: Engine) -> None:
    log, chance = open_test_log(engine), random.Random(9162)
    acknowledged: set[bytes] = set()
    for turn in range(6):
        one = Appender(engine, turn * 1_000_000, 10_000)
        assert one.listen()
        # From here on it works at full speed; the moment of the kill falls anywhere in a batch.
        timer = threading.Timer(chance.uniform(0.0, 0.25), one.process.kill)
        timer.start()
        assert one.finish() == -signal.SIGKILL
        acknowledged |= one.told
        with transaction(engine) as connection:
            log.append(connection, statements(3, turn * 1_000_000 + 500_000))
        assert list(fsck(engine, [log])) == []
    with reading(engine) as connection:
        assert acknowledged <= {e.statement_id for e in log.iterate(connection)}
