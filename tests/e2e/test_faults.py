"""The fault suite in its short form; and that its invariants can break."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal

import pytest

from backend.embedded.errors import PartMissing
from backend.embedded.node import find_anvil
from tests.faults.invariants import Account, examine
from tests.faults.stage import Stage, Wants
from tests.support.require import need
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture(scope="module", autouse=True)
def _node() -> None:
    try:
        find_anvil()
    except PartMissing as error:
        need(False, error.message)


def test_the_short_form_holds() -> None:
    command = [sys.executable, "-m", "tests.faults", "--short", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-5000:]
    rows = json.loads(done.stdout)["faults"]
    assert {row["fault"] for row in rows} >= {"kill-backend", "kill-gateway"}
    for row in rows:
        assert (row["lost"], row["duplicated"], row["broken"]) == (0, 0, []), row
        assert row["runs"] >= 1 and row["worst_recovery_seconds"] <= row["bound_seconds"]


def test_a_fault_that_is_none_is_a_slip_of_the_caller() -> None:
    command = [sys.executable, "-m", "tests.faults", "--only", "plague"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "plague" in done.stderr


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage that streamed a little and came to rest: everything is as it should be."""
    with Stage(tmp_path_factory.mktemp("stage") / "s", Wants()) as stage:
        stage.flow()
        stage.sender("honest").send(stage.sender("honest").make(3))
        stage.growth.wait_flowing()
        stage.settle()
        found = looked_at(stage)
        assert found == Account(), found.broken
        yield stage


def looked_at(stage: Stage) -> Account:
    return examine(stage, {}, reorders=False)


class TestTheInvariantsBreak:
    def test_where_a_reading_is_missing(self, settled: Stage) -> None:
        """The gateway took one more than the log has, in the place of another."""
        rows = settled.gateways[0].rows
        true, rows[3] = rows[3], (rows[3][0], Decimal(-1))
        found = looked_at(settled)
        rows[3] = true
        assert (found.lost, found.duplicated) == (1, 1) and found.broken

    def test_where_readings_stand_in_another_order(self, settled: Stage) -> None:
        rows = settled.gateways[0].rows
        rows[0], rows[1] = rows[1], rows[0]
        found = looked_at(settled)
        rows[0], rows[1] = rows[1], rows[0]
        assert found.lost == 0 and "order" in " ".join(found.broken)

    def test_where_a_frame_is_missing(self, settled: Stage) -> None:
        made = settled.senders[0].made
        made.append(b"\x00" * 32)
        found = looked_at(settled)
        made.pop()
        assert found.lost == 1 and found.broken

    def test_where_a_refused_frame_was_taken(self, settled: Stage) -> None:
        sender = settled.senders[0]
        sender.refused.append(sender.made[0])
        found = looked_at(settled)
        sender.refused.clear()
        assert "must not be there" in " ".join(found.broken)

    def test_where_something_acknowledged_is_missing(self, settled: Stage) -> None:
        highest = settled.promises.highest
        place, said = next(iter(highest.items()))
        highest[place] = (said[0] + 1, said[1])
        found = looked_at(settled)
        highest[place] = said
        assert found.lost == 1 and "acknowledged" in " ".join(found.broken)

    def test_where_replay_does_not_find_what_it_must(self, settled: Stage) -> None:
        found = examine(settled, {"equivocation": 1}, reorders=False)
        assert "equivocation" in " ".join(found.broken)

    def test_where_the_log_stands_on_a_changed_byte(self, settled: Stage) -> None:
        """An entry is altered in the database: neither the anchored head nor replay can be had with it."""
        settled.wait_anchored(settled.growth.size)
        settled.stop("backend")
        with sqlite3.connect(settled.disks["backend"] / "leafproof.db") as db:
            (raw,) = db.execute('SELECT envelope FROM entries WHERE "index" = 5').fetchone()
            changed = raw[:-1] + bytes([raw[-1] ^ 1])
            db.execute('UPDATE entries SET envelope = ? WHERE "index" = 5', (changed,))
        settled.start("backend")
        eventually(settled.ready, "the backend is ready")
        told = " ".join(looked_at(settled).broken)
        assert "no prefix" in told and "leaf-altered" in told
