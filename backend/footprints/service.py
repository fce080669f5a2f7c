"""Footprints: which factors, and the statement that says what follows from a batch record by them.

All arithmetic is `leafproof.footprint.calculate`. Factor sets are statements too, signed by this server's
steward and logged once in each log, so that a footprint can name the very number that it used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import msgspec
from sqlalchemy import Connection

from backend.errors import NotFound
from backend.footprints import repository
from backend.footprints.repository import Row
from backend.log.service import TransparencyLog
from backend.production import service as production
from backend.production.statements import Archive, Desk, Logged
from leafproof import body, footprint
from leafproof.errors import InvalidInput, Malformed
from leafproof.factors import Factor, FactorSet
from leafproof.footprint import FactorRef, Footprint
from leafproof.record import BatchRecord
from leafproof.structs import convert
from leafproof.values import Gln, Lot, party_uri

ELECTRICITY = "electricity"
STARTER_SET = "starter-2026.json"
MAX_SET_FILE = 1 << 20
# What a material without evidence is counted as unless the facility says otherwise: see docs/factors.md.
DEFAULT_FACTORS = {"steel-slab": "steel-slab-bf-bof-glo-2023"}
_CATEGORY = {ELECTRICITY: "electricity"}


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


def shipped_set() -> FactorSet:
    """The starter set that comes with the backend, see docs/factors.md."""
    folder = resources.files("backend.footprints").joinpath("factor_sets", STARTER_SET)
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
    rows = repository.sets(connection, log.number)
    if not rows:
        raise InvalidInput("factor", "no factor set was logged yet")
    return _read(connection, archive, rows[-1])


def set_of(connection: Connection, archive: Archive, statement: str) -> LoggedSet:
    """The set that a footprint names (hexadecimal statement id). Raises `NotFound`."""
    row = repository.set_by_statement(connection, bytes.fromhex(statement))
    if row is None:
        raise NotFound(f"factor set {statement} is not known here")
    return _read(connection, archive, row)


def set_factor(
    connection: Connection, archive: Archive, log: TransparencyLog, facility: Row, subject: str, factor_id: str
) -> None:
    """Which factor a facility uses for "electricity" or a material. Raises `InvalidInput` naming `factor`."""
    used = set_in_use(connection, archive, log).content
    found = used.get(factor_id)
    wanted = _CATEGORY.get(subject, "material")
    if found.category != wanted:
        raise InvalidInput("factor", f"{factor_id} is a factor of {found.category}, {subject} is {wanted}")
    if subject == ELECTRICITY and not _covers(found.region, facility["region"]):
        reason = f"{factor_id} is of region {found.region}, the facility of {facility['region']}; "
        raise InvalidInput("factor", reason + _offer(used, facility["region"]))
    repository.put_factor(connection, facility["gln"], subject, factor_id)


def _covers(factor_region: str, region: str) -> bool:
    """Whether one is the other, or a part of it: CN-East is a part of CN."""
    return factor_region == region or region in _wholes(factor_region) or factor_region in _wholes(region)


def _wholes(region: str) -> list[str]:
    parts = region.split("-")
    return ["-".join(parts[:n]) for n in range(1, len(parts))]


def _offer(used: FactorSet, region: str) -> str:
    """Which electricity factors a facility of `region` may use."""
    fitting = [f.id for f in used.factors if f.subject == ELECTRICITY and _covers(f.region, region)]
    return f"{used.id} has {', '.join(fitting)}" if fitting else f"{used.id} has none for it"


def choose(
    connection: Connection, archive: Archive, log: TransparencyLog, facility: Row
) -> Mapping[str, FactorRef]:
    """Factors by carrier and material, as this facility uses them.

    Raises `InvalidInput` naming the region where none is set for its electricity.
    """
    used = set_in_use(connection, archive, log)
    ids = {**DEFAULT_FACTORS, **repository.factors_of(connection, facility["gln"])}
    if ELECTRICITY not in ids:
        raise InvalidInput(
            "factor",
            f"no electricity factor is set for facility {facility['gln']} in region {facility['region']}; "
            + _offer(used.content, facility["region"]),
        )
    return {subject: used.ref(factor) for subject, factor in ids.items()}


def check_materials(chosen: Mapping[str, FactorRef], record: BatchRecord) -> None:
    """Raises `InvalidInput` for an input material that no factor is set for."""
    for number, line in enumerate(record.inputs or ()):
        if line.material is not None and line.material not in chosen:
            raise InvalidInput(
                f"inputs.{number}.material", f"{line.name}: none is set for material {line.material}"
            )


def issue(
    connection: Connection,
    desk: Desk,
    issuer: Gln,
    facility: Row,
    record: BatchRecord,
    record_log: TransparencyLog,
    record_id: bytes,
) -> Logged:
    """Calculate and log the footprint of `record`, as the newest version of its lot's.

    Raises `InvalidInput` for a missing factor, or an input lot without a footprint.
    """
    chosen = choose(connection, desk, record_log, facility)
    before = current(connection, record.of)
    supersedes = bytes(before["statement_id"]).hex() if before else None
    found = calculated(connection, desk, record, record_id, chosen, supersedes)
    content, disclosures = found.issue(desk.signer.key(issuer), party_uri(issuer))
    tiers = production.tiers_of(connection, record.of.gtin, footprint.DISCLOSED_FROM)
    logged = desk.put(connection, record_log, issuer, record.of.urn, body.FOOTPRINT, content, disclosures, tiers)
    repository.insert_footprint(
        connection,
        gtin=record.gtin,
        lot=record.lot,
        version=before["version"] + 1 if before else 1,
        record=record_id,
        log=logged.log,
        index=logged.index,
        statement_id=logged.statement_id,
        created_at=desk.now(),
    )
    return logged


def calculated(
    connection: Connection,
    archive: Archive,
    record: BatchRecord,
    record_id: bytes,
    chosen: Mapping[str, FactorRef],
    supersedes: str | None,
) -> Footprint:
    """`leafproof.footprint.calculate` with this server's factor sets and footprints."""
    sets: dict[str, LoggedSet] = {}

    def factor(ref: FactorRef) -> Factor:
        if ref.set not in sets:
            sets[ref.set] = set_of(connection, archive, ref.set)
        return sets[ref.set].content.get(ref.id)

    def parent(statement: str) -> Footprint:
        return read(connection, archive, bytes.fromhex(statement))

    return footprint.calculate(record, record_id.hex(), chosen, factor, parent, supersedes)


def read(connection: Connection, archive: Archive, statement_id: bytes) -> Footprint:
    """A footprint by its statement id, with all that it discloses. Raises `NotFound`."""
    row = repository.by_statement(connection, statement_id)
    if row is None:
        raise NotFound(f"footprint {statement_id.hex()} is not known here")
    opened = archive.read(connection, row["log"], row["index"])
    return Footprint.read(opened.body, [d.text for d in opened.disclosures], opened.key, opened.issuer)


def current(connection: Connection, lot: Lot) -> Row | None:
    """The row of a lot's newest footprint."""
    rows = repository.versions(connection, str(lot.gtin), str(lot.code))
    return rows[-1] if rows else None


def _read(connection: Connection, archive: Archive, row: Row) -> LoggedSet:
    opened = archive.read(connection, row["log"], row["index"])
    return LoggedSet(FactorSet.decode_body(opened.body), row["log"], row["index"], bytes(row["statement_id"]))
