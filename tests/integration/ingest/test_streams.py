"""Gateways' places and rollups are what the logged frames say; what was damaged is put right from them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from backend.bootstrap import CHECKS, REPAIRS
from backend.database import reading, transaction
from backend.ingest import tables
from backend.ingest.service import IngestService
from backend.log.fsck import fsck
from backend.log.repair import repair
from tests.support.storage import open_test_log
from tests.support.stream import Stream

DERIVED = (tables.gateways, tables.frames, tables.equivocations, tables.streams, tables.series, tables.rollups)


@pytest.fixture
def told(service: IngestService, stream: Stream) -> Stream:
    """Two epochs, one of them with a gap, and an equivocation."""
    messages = stream.frames(5)
    liar = stream.again()
    messages += stream.frames(2)
    service.process([*messages, liar.frame(4)])
    opening = stream.restart()
    first = stream.frame(1, opening=opening)
    stream.frame()  # never sent
    service.process([first, *stream.frames(3)])
    return stream


def kinds(engine: Engine) -> set[str]:
    return {found.kind for found in fsck(engine, [open_test_log(engine)], CHECKS)}


# What only the arrival knew, and numbers that rows happen to have.
NOT_DERIVED = ("number", "series", "gateway", "flags", "flagged", "received_at", "last_seen")


def stored(engine: Engine) -> dict[str, set[tuple]]:
    with reading(engine) as connection:
        return {
            table.name: {
                tuple(row)
                for row in connection.execute(sa.select(*(c for c in table.c if c.name not in NOT_DERIVED)))
            }
            for table in DERIVED
        }


DAMAGE: dict[str, Callable[[sa.Connection], object]] = {
    "frame": lambda c: c.execute(sa.update(tables.frames).where(tables.frames.c.sequence == 2).values(mode=2)),
    "frame gone": lambda c: c.execute(
        sa.delete(tables.frames).where(tables.frames.c.sequence == 1, tables.frames.c.epoch == 1)
    ),
    "equivocation gone": lambda c: c.execute(sa.delete(tables.equivocations)),
    "stream": lambda c: c.execute(sa.update(tables.streams).values(next_sequence=1, covered_index=0)),
    "rollup": lambda c: c.execute(sa.update(tables.rollups).values(sum="7")),
}


class TestPlaces:
    def test_what_ingest_wrote_has_no_findings(self, engine: Engine, told: Stream) -> None:
        assert kinds(engine) == set()

    @pytest.mark.parametrize("damage", DAMAGE)
    def test_damage_is_found_and_put_right(self, engine: Engine, told: Stream, damage: str) -> None:
        before = stored(engine)
        with transaction(engine) as connection:
            DAMAGE[damage](connection)
        assert damage.removesuffix(" gone").replace("equivocation", "frame") in kinds(engine)
        repair(engine, open_test_log(engine), None, REPAIRS)
        assert kinds(engine) == set()
        assert stored(engine) == before

    def test_all_of_it_can_be_lost(self, engine: Engine, told: Stream) -> None:
        before = stored(engine)
        with transaction(engine) as connection:
            for table in reversed(DERIVED):
                connection.execute(sa.delete(table))
        repair(engine, open_test_log(engine), None, REPAIRS)
        assert kinds(engine) == set()
        assert stored(engine) == before

    def test_the_log_acknowledges_as_before(
        self, engine: Engine, told: Stream, new_service: Callable[[], IngestService]
    ) -> None:
        message = told.frame()
        with transaction(engine) as connection:
            DAMAGE["stream"](connection)
        repair(engine, open_test_log(engine), None, REPAIRS)
        (outcome,) = new_service().process([message])
        assert outcome.acknowledgement is not None
        assert (outcome.acknowledgement.epoch, outcome.acknowledgement.sequence) == (2, 0)
