"""What fsck --repair puts right, and what it refuses to touch."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from backend import stamps
from backend.database import reading, transaction
from backend.log import tables
from backend.log.fsck import fsck
from backend.log.repair import RepairRefused, repair
from backend.log.service import TransparencyLog
from leafproof import tree
from leafproof.chain.view import Head, Moment
from tests.integration.log.test_fsck import COUNT, at, flip
from tests.support.storage import open_test_log, statement, statements

ANCHORED = 520
MOMENT = Moment(7, b"\x07" * 32, 1_700_000_000)


@pytest.fixture
def log(engine: Engine) -> TransparencyLog:
    made = open_test_log(engine)
    with transaction(engine) as connection:
        made.append(connection, statements(COUNT))
    return made


@pytest.fixture
def anchored(engine: Engine, log: TransparencyLog) -> Head:
    """A head that the chain holds, read before anything was damaged."""
    with reading(engine) as connection:
        return Head(ANCHORED, log.root_at(connection, ANCHORED), MOMENT)


def whole(engine: Engine, log: TransparencyLog) -> bool:
    return list(fsck(engine, [log])) == []


def stored(engine: Engine) -> dict[str, list[sa.Row]]:
    with reading(engine) as connection:
        return {
            table.name: list(connection.execute(sa.select(*_told(table)).order_by(*table.primary_key)))
            for table in (tables.logs, tables.entries, tables.bodies, tables.tiles)
        }


def _told(table: sa.Table) -> list[sa.Column[Any]]:
    """All but the count of what was said, which a repair moves so that nobody is told what was kept."""
    return [column for column in table.c if column.name != "revision"]


def damage_derived(engine: Engine) -> None:
    """Tiles altered, gone and one too many; columns and a leaf hash altered."""
    numbered = tables.tiles.c.number
    with transaction(engine) as connection:
        flip(connection, tables.tiles, "hashes", sa.and_(tables.tiles.c.level == 0, numbered == 1), 32)
        connection.execute(sa.update(tables.tiles).where(tables.tiles.c.level == 1).values(number=5))
        connection.execute(sa.update(tables.entries).where(at(tables.entries, 5)).values(issuer="nobody"))
        flip(connection, tables.entries, "leaf_hash", at(tables.entries, 6), 3)


class TestRepaired:
    @pytest.mark.parametrize("with_chain", [True, False])
    def test_what_derives_from_the_entries_is_as_it_was(
        self, engine: Engine, log: TransparencyLog, anchored: Head, with_chain: bool
    ) -> None:
        before, told = stored(engine), stamps.read(engine).facts
        damage_derived(engine)
        assert not whole(engine, log)
        repair(engine, log, anchored if with_chain else None)
        assert whole(engine, log)
        assert stored(engine) == before
        assert stamps.read(engine).facts != told
        with transaction(engine) as connection:  # and the log goes on
            assert log.append(connection, [statement("more")]) == [COUNT]

    def test_a_damaged_head_is_computed_again_where_the_chain_bears_the_entries_out(
        self, engine: Engine, log: TransparencyLog, anchored: Head
    ) -> None:
        before = stored(engine)
        with transaction(engine) as connection:
            connection.execute(sa.update(tables.logs).values(size=77, frontier=bytes(32)))
        with pytest.raises(RepairRefused, match="none of the chain"):
            repair(engine, log, None)
        repair(engine, log, anchored)
        assert stored(engine) == before

    def test_a_log_set_back_to_nothing_is_not_taken_for_an_empty_one(
        self, engine: Engine, log: TransparencyLog, anchored: Head
    ) -> None:
        before = stored(engine)
        with transaction(engine) as connection:
            connection.execute(sa.update(tables.logs).values(size=0, frontier=b""))
        repair(engine, log, anchored)
        assert stored(engine) == before


class TestRefused:
    def refused(self, engine: Engine, log: TransparencyLog, head: Head | None, why: str) -> None:
        damage_derived(engine)
        before = stored(engine)
        with pytest.raises(RepairRefused, match=why):
            repair(engine, log, head)
        assert stored(engine) == before

    def test_an_anchored_entry_that_was_altered(
        self, engine: Engine, log: TransparencyLog, anchored: Head
    ) -> None:
        self.replace(engine, 300)
        self.refused(engine, log, anchored, "not those of the head that the chain holds")

    def test_one_that_is_not_anchored_yet(self, engine: Engine, log: TransparencyLog, anchored: Head) -> None:
        self.replace(engine, 550)
        self.refused(engine, log, anchored, "entry 550 is not anchored")

    def test_an_altered_entry_while_the_chain_is_away(self, engine: Engine, log: TransparencyLog) -> None:
        self.replace(engine, 550)
        self.refused(engine, log, None, "none of the chain shows")

    def test_bytes_that_are_no_statement(self, engine: Engine, log: TransparencyLog, anchored: Head) -> None:
        with transaction(engine) as connection:
            flip(connection, tables.entries, "envelope", at(tables.entries, 10), 0)
        self.refused(engine, log, anchored, "entry 10 is no statement for this log")

    @pytest.mark.parametrize(
        ("gone", "why"), [(519, "entry 519 is missing"), (560, "entry 560 of 600 is missing")]
    )
    def test_a_lost_entry(self, engine: Engine, log: TransparencyLog, anchored: Head, gone: int, why: str) -> None:
        with transaction(engine) as connection:
            for table in (tables.bodies, tables.entries):
                connection.execute(sa.delete(table).where(at(table, gone)))
        self.refused(engine, log, anchored, why)

    def test_an_entry_behind_the_end_is_left_as_a_finding(
        self, engine: Engine, log: TransparencyLog, anchored: Head
    ) -> None:
        other = statement("behind").envelope
        with transaction(engine) as connection:
            row = connection.execute(sa.select(tables.entries).where(at(tables.entries, 5))).one()._asdict()
            row |= {"index": COUNT, "envelope": other.raw, "leaf_hash": tree.leaf_hash(other.raw)}
            connection.execute(sa.insert(tables.entries).values(row | {"statement_id": other.statement_id}))
        damage_derived(engine)
        repair(engine, log, anchored)
        assert [(f.index, f.kind) for f in fsck(engine, [log])] == [(COUNT, "entry")]

    @staticmethod
    def replace(engine: Engine, index: int) -> None:
        """Another statement in an entry's place, its columns made to fit; the tree is as it was."""
        other = statement("another").envelope
        with transaction(engine) as connection:
            connection.execute(
                sa.update(tables.entries)
                .where(at(tables.entries, index))
                .values(envelope=other.raw, leaf_hash=tree.leaf_hash(other.raw), statement_id=other.statement_id)
            )
