"""fsck names what was changed in the database, and only that."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from backend.database import transaction
from backend.log import tables
from backend.log.fsck import Finding, fsck
from backend.log.service import TransparencyLog
from leafproof import tree
from tests.support.storage import open_test_log, statement, statements

COUNT = 600


@pytest.fixture
def log(engine: Engine) -> TransparencyLog:
    made = open_test_log(engine)
    with transaction(engine) as connection:
        made.append(connection, statements(COUNT))
    return made


def findings(engine: Engine, log: TransparencyLog) -> list[tuple[int | None, str]]:
    return [(f.index, f.kind) for f in fsck(engine, [log])]


def at(table: sa.Table, index: int) -> sa.ColumnElement[bool]:
    return table.c["index"] == index


def flip(connection: Connection, table: sa.Table, column: str, where: sa.ColumnElement[bool], byte: int) -> None:
    data = bytearray(connection.execute(sa.select(table.c[column]).where(where)).scalar_one())
    data[byte] ^= 1
    connection.execute(sa.update(table).where(where).values({column: bytes(data)}))


def unbound(connection: Connection) -> None:
    """Let the test delete what foreign keys hold, as somebody with the database's file in hand can."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET session_replication_role = replica"))
        return
    connection.execute(sa.delete(tables.bodies).where(at(tables.bodies, 300)))


class TestFsck:
    def test_a_whole_log_has_no_findings_and_progress_reaches_the_end(
        self, engine: Engine, log: TransparencyLog
    ) -> None:
        seen: list[tuple[int, int]] = []
        assert list(fsck(engine, [log], progress=lambda done, total: seen.append((done, total)))) == []
        assert seen[-1] == (COUNT, COUNT)

    def test_a_deleted_body_is_no_finding(self, engine: Engine, log: TransparencyLog) -> None:
        with transaction(engine) as connection:
            log.delete_body(connection, 7)
        assert findings(engine, log) == []

    @pytest.mark.parametrize("byte", [0, 40, -1])
    def test_one_altered_byte_of_an_envelope(self, engine: Engine, log: TransparencyLog, byte: int) -> None:
        with transaction(engine) as connection:
            flip(connection, tables.entries, "envelope", at(tables.entries, 300), byte)
        assert (300, "envelope") in findings(engine, log)
        assert {index for index, _kind in findings(engine, log)} == {300}

    def test_an_altered_envelope_with_its_leaf_hash_made_to_fit(
        self, engine: Engine, log: TransparencyLog
    ) -> None:
        other = statement("another").envelope
        with transaction(engine) as connection:
            connection.execute(
                sa.update(tables.entries)
                .where(at(tables.entries, 300))
                .values(envelope=other.raw, leaf_hash=tree.leaf_hash(other.raw), statement_id=other.statement_id)
            )
        found = findings(engine, log)
        assert (None, "tile") in found
        assert (None, "head") in found

    def test_an_altered_body(self, engine: Engine, log: TransparencyLog) -> None:
        with transaction(engine) as connection:
            flip(connection, tables.bodies, "body", at(tables.bodies, 12), 5)
        assert findings(engine, log) == [(12, "body")]

    def test_a_deleted_entry(self, engine: Engine, log: TransparencyLog) -> None:
        with transaction(engine) as connection:
            unbound(connection)
            connection.execute(sa.delete(tables.entries).where(at(tables.entries, 300)))
        assert findings(engine, log) == [(300, "entry")]

    def test_two_swapped_entries(self, engine: Engine, log: TransparencyLog) -> None:
        with transaction(engine) as connection:
            rows = {
                row.position: dict(row._mapping)
                for row in connection.execute(
                    sa.select(tables.entries, tables.entries.c["index"].label("position")).where(
                        tables.entries.c["index"].in_([10, 11])
                    )
                )
            }
            columns = [c.name for c in tables.entries.c if c.name not in ("log", "index", "statement_id")]
            for place, source in ((10, 11), (11, 10)):
                values = {name: rows[source][name] for name in columns}
                connection.execute(sa.update(tables.entries).where(at(tables.entries, place)).values(values))
        found = findings(engine, log)
        assert (None, "head") in found
        assert {10, 11} <= {index for index, _kind in found}

    @pytest.mark.parametrize(("level", "number"), [(0, 0), (0, 2), (1, 0)])
    def test_an_altered_tile(self, engine: Engine, log: TransparencyLog, level: int, number: int) -> None:
        where = sa.and_(tables.tiles.c.level == level, tables.tiles.c.number == number)
        with transaction(engine) as connection:
            flip(connection, tables.tiles, "hashes", where, 32)
        (found,) = fsck(engine, [log])
        assert found == Finding("main", None, "tile", f"level {level}, number {number} differs, first at hash 1")

    def test_a_missing_tile_and_one_too_many(self, engine: Engine, log: TransparencyLog) -> None:
        with transaction(engine) as connection:
            connection.execute(sa.update(tables.tiles).where(tables.tiles.c.number == 2).values(number=3))
        texts = [f.text for f in fsck(engine, [log])]
        assert texts == ["level 0, number 2 is missing", "level 0, number 3 lies beyond the tree"]

    def test_altered_columns(self, engine: Engine, log: TransparencyLog) -> None:
        with transaction(engine) as connection:
            connection.execute(
                sa.update(tables.entries).where(at(tables.entries, 5)).values(issuer="somebody else")
            )
            flip(connection, tables.entries, "leaf_hash", at(tables.entries, 6), 3)
        assert findings(engine, log) == [(5, "columns"), (6, "leaf hash")]

    def test_a_head_that_was_set_back(self, engine: Engine, log: TransparencyLog) -> None:
        with transaction(engine) as connection:
            connection.execute(sa.update(tables.logs).values(size=599))
        found = findings(engine, log)
        assert (None, "head") in found
        assert (599, "entry") in found

    def test_other_checks_are_asked_too(self, engine: Engine, log: TransparencyLog) -> None:
        own = Finding("main", 1, "rollup", "it differs")
        assert list(fsck(engine, [log], [lambda _connection, _log: [own]])) == [own]
