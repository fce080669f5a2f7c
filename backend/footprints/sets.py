"""Factor sets: statements signed by this server's steward and logged once in each log, so that a footprint can
name the very number that it used. One is in use in a log; factors of sources of electricity, by which certificates
count, stand in a set of their own beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import msgspec
from sqlalchemy import Connection

from backend.errors import NotFound
from backend.footprints import repository
from backend.footprints.repository import Row
from backend.log.service import TransparencyLog
from backend.production.statements import Archive, Desk
from leafproof import body
from leafproof.errors import InvalidInput, Malformed
from leafproof.factors import FactorSet
from leafproof.footprint import FactorRef
from leafproof.structs import convert
from leafproof.values import Gln

STARTER_SET = "starter-2026.json"
SOURCES_SET = "certificate-sources-2026.json"
SOURCES = "leafproof-certificate-sources"  # id of the sets of sources, which stand beside the one in use
MAX_SET_FILE = 1 << 20


@dataclass(frozen=True, slots=True)
class LoggedSet:
    """A factor set and the statement that holds it."""

    content: FactorSet
    log: int
    index: int
    statement_id: bytes

    def ref(self, factor_id: str) -> FactorRef:
        """How a footprint names a factor of this set; raises `InvalidInput` for one that is not in it."""
        return FactorRef(self.statement_id.hex(), self.content.get(factor_id).id)


def read_set(data: bytes) -> FactorSet:
    """A factor set from a file's JSON; raises `InvalidInput` naming the field."""
    if len(data) > MAX_SET_FILE:
        raise Malformed("factor set", f"{len(data)} bytes, at most {MAX_SET_FILE} are read")
    try:
        value: Any = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Malformed("factor set", str(error)) from error
    found = convert(value, FactorSet, "factor set")
    found.check()
    return found


def shipped_set(file: str = STARTER_SET) -> FactorSet:
    """A set that comes with the backend, see docs/factors.md."""
    folder = resources.files("backend.footprints").joinpath("factor_sets", file)
    return read_set(folder.read_bytes())


def use_set(
    connection: Connection, desk: Desk, log: TransparencyLog, steward: Gln, content: FactorSet
) -> LoggedSet:
    """Log a factor set in the steward's name, and use it from now on in `log`; once for each id and version.

    Raises `InvalidInput` where another content was logged under this id and version.
    """
    content.check()
    for row in repository.sets(connection, log.number):
        if (row["id"], row["version"]) == (content.id, content.version):
            known = _read(connection, desk, row)
            if known.content != content:
                raise InvalidInput("version", f"{content.id} {content.version} was logged with another content")
            return known
    subject = f"urn:leafproof:factor-set:{content.id}:{content.version}"
    logged = desk.put(connection, log, steward, subject, body.FACTOR_SET, content.encode_body())
    repository.insert_set(
        connection,
        id=content.id,
        version=content.version,
        log=logged.log,
        index=logged.index,
        statement_id=logged.statement_id,
    )
    return LoggedSet(content, logged.log, logged.index, logged.statement_id)


def set_in_use(connection: Connection, archive: Archive, log: TransparencyLog) -> LoggedSet:
    """The newest set of `log`. Raises `InvalidInput` where none was logged."""
    return sets_of(connection, archive, log)[0]


def sets_of(connection: Connection, archive: Archive, log: TransparencyLog) -> list[LoggedSet]:
    """The set in use, and the newest one of sources, if there is any."""
    rows = repository.sets(connection, log.number)
    of_sources = [row for row in rows if row["id"] == SOURCES]
    others = [row for row in rows if row["id"] != SOURCES]
    if not others:
        raise InvalidInput("factor", "no factor set was logged yet")
    return [_read(connection, archive, row) for row in (*others[-1:], *of_sources[-1:])]


def holding(among: Sequence[LoggedSet], factor_id: str) -> LoggedSet:
    """The first set that has the factor; the first of all where none has it."""
    return next((one for one in among if any(f.id == factor_id for f in one.content.factors)), among[0])


def set_of(connection: Connection, archive: Archive, statement: str) -> LoggedSet:
    """The set that a footprint names (hexadecimal statement id). Raises `NotFound`."""
    row = repository.set_by_statement(connection, bytes.fromhex(statement))
    if row is None:
        raise NotFound(f"factor set {statement} is not known here")
    return _read(connection, archive, row)


def _read(connection: Connection, archive: Archive, row: Row) -> LoggedSet:
    opened = archive.read(connection, row["log"], row["index"])
    return LoggedSet(_decoded(opened.body), row["log"], row["index"], bytes(row["statement_id"]))


@lru_cache(maxsize=8)
def _decoded(stated: bytes) -> FactorSet:
    """Every footprint asks for the same few hundred factors."""
    return FactorSet.decode_body(stated)
