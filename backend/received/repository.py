"""What was received: a function is one question or one change inside the caller's transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.received.tables import (
    received_cosigned,
    received_heads,
    received_keys,
    received_lots,
    received_parts,
    received_statements,
)
from leafproof import body

Row = sa.RowMapping
Place = tuple[bytes, int]  # log id, index


def lot(connection: Connection, gtin: str, code: str, *, lock: bool = False) -> Row | None:
    """A received lot; with `lock`, nobody else takes of it before this transaction ends."""
    query = sa.select(received_lots).where(received_lots.c.gtin == gtin, received_lots.c.lot == code)
    return connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()


def lots(connection: Connection, after: tuple[str, str], limit: int) -> list[Row]:
    """Received lots by product and code, behind `after`."""
    named = (received_lots.c.gtin, received_lots.c.lot)
    query = sa.select(received_lots).where(sa.tuple_(*named) > after).order_by(*named).limit(limit)
    return list(connection.execute(query).mappings())


def count(connection: Connection) -> int:
    """How many there are."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(received_lots)).scalar_one())


def nth(connection: Connection, number: int) -> Row | None:
    """The received lot at a place, by product and code."""
    ordered = sa.select(received_lots).order_by(received_lots.c.gtin, received_lots.c.lot)
    return connection.execute(ordered.offset(number).limit(1)).mappings().one_or_none()


def put_lot(connection: Connection, gtin: str, code: str, **values: Any) -> None:
    """A lot whose bundle came, for the first time or again."""
    where = (received_lots.c.gtin == gtin, received_lots.c.lot == code)
    if not connection.execute(sa.update(received_lots).where(*where).values(**values)).rowcount:
        connection.execute(sa.insert(received_lots).values(gtin=gtin, lot=code, **values))


def key(connection: Connection, key_id: bytes) -> bytes | None:
    """An issuer's COSE_Key."""
    query = sa.select(received_keys.c.cose).where(received_keys.c.key_id == key_id)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else bytes(found)


def put_key(connection: Connection, key_id: bytes, cose: bytes) -> None:
    """Keep an issuer's key."""
    if key(connection, key_id) is None:
        connection.execute(sa.insert(received_keys).values(key_id=key_id, cose=cose))


def head(connection: Connection, number: int) -> Row:
    """By number."""
    query = sa.select(received_heads).where(received_heads.c.number == number)
    return connection.execute(query).mappings().one()


def put_head(connection: Connection, log_id: bytes, size: int, **values: Any) -> int:
    """A head that the chain holds; its number."""
    query = sa.select(received_heads.c.number).where(
        received_heads.c.log_id == log_id, received_heads.c.size == size
    )
    known = connection.execute(query).scalar_one_or_none()
    if known is not None:
        return int(known)
    insert = sa.insert(received_heads).values(log_id=log_id, size=size, **values)
    return int(connection.execute(insert.returning(received_heads.c.number)).scalar_one())


def cosigned(connection: Connection, head_number: int) -> Row | None:
    """The checkpoint that covers a head, with its proof."""
    query = sa.select(received_cosigned).where(received_cosigned.c.head == head_number)
    return connection.execute(query).mappings().one_or_none()


def put_cosigned(connection: Connection, head_number: int, note: bytes, proof: bytes) -> None:
    """The checkpoint that covers a head, in place of the one before."""
    connection.execute(sa.delete(received_cosigned).where(received_cosigned.c.head == head_number))
    connection.execute(sa.insert(received_cosigned).values(head=head_number, note=note, proof=proof))


def statement(connection: Connection, place: Place) -> Row | None:
    """By its place in a log."""
    log_id, index = place
    query = sa.select(received_statements).where(
        received_statements.c.log_id == log_id, received_statements.c.index == index
    )
    return connection.execute(query).mappings().one_or_none()


def by_id(connection: Connection, statement_id: bytes) -> Row | None:
    """By its id; where a log has it twice, the first."""
    query = sa.select(received_statements).where(received_statements.c.statement_id == statement_id)
    ordered = query.order_by(received_statements.c.log_id, received_statements.c.index)
    return connection.execute(ordered.limit(1)).mappings().one_or_none()


def put_statement(connection: Connection, place: Place, **values: Any) -> None:
    """A statement that is new."""
    connection.execute(sa.insert(received_statements).values(log_id=place[0], index=place[1], **values))


def update_statement(connection: Connection, place: Place, **values: Any) -> None:
    """More of a statement than was known."""
    where = (received_statements.c.log_id == place[0], received_statements.c.index == place[1])
    connection.execute(sa.update(received_statements).where(*where).values(**values))


def parts(connection: Connection, gtin: str, code: str) -> list[Place]:
    """Where a received lot's statements stand, in their order."""
    query = sa.select(received_parts.c.log_id, received_parts.c.index).where(
        received_parts.c.gtin == gtin, received_parts.c.lot == code
    )
    return [(bytes(row[0]), int(row[1])) for row in connection.execute(query.order_by(received_parts.c.position))]


def put_parts(connection: Connection, gtin: str, code: str, places: list[Place]) -> None:
    """A lot's statements, those known before in front."""
    before = parts(connection, gtin, code)
    ordered = [place for place in before if place not in set(places)] + places
    where = (received_parts.c.gtin == gtin, received_parts.c.lot == code)
    connection.execute(sa.delete(received_parts).where(*where))
    rows = [
        {"gtin": gtin, "lot": code, "log_id": log_id, "index": index, "position": position}
        for position, (log_id, index) in enumerate(dict.fromkeys(ordered))
    ]
    connection.execute(sa.insert(received_parts), rows)


_SAME = sa.and_(
    received_parts.c.log_id == received_statements.c.log_id,
    received_parts.c.index == received_statements.c.index,
)


def records_of(connection: Connection, gtin: str, code: str) -> list[bytes]:
    """Statement ids of the batch records in a received lot's tree."""
    query = (
        sa.select(received_statements.c.statement_id)
        .join(received_parts, _SAME)
        .where(
            received_parts.c.gtin == gtin,
            received_parts.c.lot == code,
            received_statements.c.content_type == body.BATCH_RECORD,
        )
    )
    return [bytes(one) for one in connection.scalars(query)]


def footprints_of(connection: Connection, gtin: str, code: str) -> list[Row]:
    """The footprints of a received lot itself, the newest last."""
    query = (
        sa.select(received_statements)
        .join(received_parts, _SAME)
        .where(
            received_parts.c.gtin == gtin,
            received_parts.c.lot == code,
            received_statements.c.gtin == gtin,
            received_statements.c.lot == code,
            received_statements.c.profile.is_not(None),
        )
        .order_by(received_parts.c.position)
    )
    return list(connection.execute(query).mappings())
