"""Footprints: which factors, and the statement that says what follows from a batch record by them.

All arithmetic is `leafproof.calculation.calculate`, once for each profile of the facility (`methods`). Factors are
those of logged sets (`sets`); certificates count where the profile allows it (`certified`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import Connection

from backend.errors import NotFound
from backend.footprints import certified, methods, periods, repository
from backend.footprints import sets as factor_sets
from backend.footprints.repository import Row
from backend.footprints.sets import LoggedSet
from backend.log.service import TransparencyLog
from backend.production import service as production
from backend.production.statements import Archive, Desk, Logged
from backend.received import evidence as received
from backend.received.evidence import Printed
from leafproof import body, carriers, footprint, market, profile
from leafproof.calculation import Sources, calculate
from leafproof.carriers import ELECTRICITY
from leafproof.errors import InvalidInput
from leafproof.factors import Factor, FactorSet
from leafproof.footprint import Choices, FactorRef, Footprint
from leafproof.looped import HOME_SCRAP
from leafproof.period import EnergyPeriod
from leafproof.plan import MeteringPoint
from leafproof.profile import Overhead, ProfileRef
from leafproof.quality import covers
from leafproof.record import BatchRecord
from leafproof.values import Gln, Lot, party_uri

# What a material without evidence is counted as unless the facility says otherwise: see docs/factors.md.
DEFAULT_FACTORS = {"steel-slab": ["steel-slab-bf-bof-glo-2023"]}
MAX_FACTORS = 10  # of one subject: three gases of a fuel, three parts of a grid


def set_factor(
    connection: Connection,
    archive: Archive,
    log: TransparencyLog,
    facility: Row,
    subject: str,
    *factor_ids: str,
    by: str = "",
) -> None:
    """Which factors a facility uses for a carrier or a material, by one profile or (empty) by all: the first
    is of the thing itself, the others add what it leaves out. Raises `InvalidInput` naming `factor`."""
    logged = factor_sets.sets_of(connection, archive, log)
    if not 1 <= len(factor_ids) <= MAX_FACTORS or len(set(factor_ids)) != len(factor_ids):
        raise InvalidInput("factor", f"not 1 to {MAX_FACTORS}, each once")
    if by:
        profile.newest(by)
    wanted = _category(subject)
    for place, factor_id in enumerate(factor_ids):
        found = factor_sets.holding(logged, factor_id).content.get(factor_id)
        if found.category != wanted:
            raise InvalidInput("factor", f"{factor_id} is a factor of {found.category}, {subject} is {wanted}")
        if wanted != ELECTRICITY:
            continue
        if not market.fits(found, subject):
            raise InvalidInput("factor", f"{factor_id} is a factor of {found.subject}, not of {subject}")
        anywhere = found.region == "GLO" and (place > 0 or subject in market.SOURCES)
        if not anywhere and not covers(found.region, facility["region"]):
            reason = f"{factor_id} is of region {found.region}, the facility of {facility['region']}; "
            raise InvalidInput("factor", reason + _offer(logged[0].content, facility["region"]))
    repository.put_factors(connection, facility["gln"], by, subject, json.dumps(factor_ids))


def _category(subject: str) -> str:
    if subject in market.SOURCES:
        return ELECTRICITY
    return carriers.named(subject).category if subject in carriers.CARRIERS else "material"


def _offer(used: FactorSet, region: str) -> str:
    """Which electricity factors a facility of `region` may use."""
    fitting = [f.id for f in used.factors if f.subject == ELECTRICITY and covers(f.region, region)]
    return f"{used.id} has {', '.join(fitting)}" if fitting else f"{used.id} has none for it"


def choose(
    connection: Connection, archive: Archive, log: TransparencyLog, facility: Row, by: str = ""
) -> Mapping[str, tuple[FactorRef, ...]]:
    """Factors by carrier and material, as this facility uses them by a profile.

    Raises `InvalidInput` naming the region where none is set for its electricity.
    """
    logged = factor_sets.sets_of(connection, archive, log)
    used = logged[0].content
    own = repository.factors_of(connection, facility["gln"], by)
    ids: dict[str, list[str]] = {**DEFAULT_FACTORS, **_of_gases(used)}
    ids |= {subject: json.loads(text) for subject, text in own.items()}
    if ELECTRICITY not in ids:
        raise InvalidInput(
            "factor",
            f"no electricity factor is set for facility {facility['gln']} in region {facility['region']}; "
            + _offer(used, facility["region"]),
        )
    return {s: tuple(factor_sets.holding(logged, one).ref(one) for one in several) for s, several in ids.items()}


def _of_gases(used: FactorSet) -> dict[str, list[str]]:
    """Emitted gases need no choice: a kilogram of a gas is what it is, and a blend is its parts."""
    found: dict[str, list[str]] = {}
    for one in used.factors:
        if one.category == "gas":
            found.setdefault(one.subject, []).append(one.id)
    return found


def check_carriers(chosen: Mapping[str, tuple[FactorRef, ...]], points: Iterable[MeteringPoint]) -> None:
    """Raises `InvalidInput` for a carrier of a run's line that no factor is set for."""
    for point in points:
        if point.carrier not in chosen:
            raise InvalidInput("line", f"no factor is set for {point.carrier}, which {point.point} meters")


def check_materials(chosen: Mapping[str, tuple[FactorRef, ...]], record: BatchRecord) -> None:
    """Raises `InvalidInput` for an input material that no factor is set for."""
    for number, line in enumerate(record.inputs or ()):
        if line.material not in (None, HOME_SCRAP, *chosen):
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
) -> Logged | None:
    """Calculate and log the footprints of `record`, one for each of the facility's profiles, as the newest
    versions of its lot's; those that would say what the last ones say are left as they are. Returns the main one,
    if it is new. What another profile refuses is kept with its rule.

    Raises `InvalidInput` for a missing factor, an input lot without a footprint, and what the main profile
    refuses.
    """
    main: Logged | None = None
    for place, ref in enumerate(methods.profiles_of(connection, facility["gln"])):
        gtin, lot = record.gtin, record.lot
        try:
            found = calculated(connection, desk, facility, record, record_log, record_id, ref, main=place == 0)
        except InvalidInput as error:
            if place == 0:
                raise
            repository.refuse(connection, gtin, lot, ref.id, error.field, error.reason)
            continue
        repository.allow(connection, gtin, lot, ref.id)
        if found is not None:
            logged = _log(connection, desk, issuer, record_log, record_id, found, main=place == 0)
            main = logged if place == 0 else main
    return main


def _log(
    connection: Connection,
    desk: Desk,
    issuer: Gln,
    log: TransparencyLog,
    record_id: bytes,
    found: Footprint,
    *,
    main: bool,
) -> Logged:
    content, disclosures = found.issue(desk.signer.key(issuer), party_uri(issuer))
    tiers = production.tiers_of(connection, found.of.gtin, footprint.DISCLOSED_FROM)
    logged = desk.put(connection, log, issuer, found.of.urn, body.FOOTPRINT, content, disclosures, tiers)
    versions = repository.versions(connection, found.gtin, found.lot)
    repository.insert_footprint(
        connection,
        gtin=found.gtin,
        lot=found.lot,
        version=versions[-1]["version"] + 1 if versions else 1,
        profile=found.profile.id,
        main=main,
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
    facility: Row,
    record: BatchRecord,
    log: TransparencyLog,
    record_id: bytes,
    ref: ProfileRef,
    *,
    main: bool,
) -> Footprint | None:
    """The footprint of `record` by a profile, with this server's factors and statements, superseding the last one
    by it; None where the last one says the same, and is as much a main one. Raises `InvalidInput`."""
    said, by = methods.product(connection, record.gtin), profile.named(ref)
    counts_period = by.rule(Overhead).counted
    chosen = dict(choose(connection, archive, log, facility, ref.id))
    choices = Choices(
        region=facility["region"],
        factors=chosen,
        parents=_parents(connection, record, ref),
        allocation=said.allocation,
        exempted=said.exempted,
        product=said.facts,
        period=periods.of_record(connection, archive, record, record_id.hex()) if counts_period else None,
        certificates=certified.counted(connection, archive, facility, record.of, chosen) if by.instruments else (),
    )
    sources = _sources(connection, archive)
    before = current(connection, record.of, ref.id)
    if before is None:
        return calculate(record, record_id.hex(), ref, choices, sources)
    last = read(connection, archive, bytes(before["statement_id"]))
    again = calculate(record, record_id.hex(), ref, choices, sources, last.supersedes)
    if again == last and main <= before["main"]:
        return None
    return msgspec.structs.replace(again, supersedes=bytes(before["statement_id"]).hex())


def _parents(connection: Connection, record: BatchRecord, ref: ProfileRef) -> dict[str, str]:
    """Input lots' newest footprints by the profile, of the very records that the batch record's citations are of.
    Raises `InvalidInput` for an input lot without one."""
    found: dict[str, str] = {}
    for line in record.inputs or ():
        if line.parent is None or line.footprint is None:
            continue
        versions = _printed(connection, line.parent)
        cited = next((v for v in versions if v.statement_id.hex() == line.footprint), None)
        if cited is None:
            raise InvalidInput("inputs", f"{line.name}: its footprint is not known here")
        fitting = [v for v in versions if v.profile == ref.id and v.record == cited.record]
        if not fitting and line.material is not None:
            continue  # counted by the material's factor, and flagged
        if not fitting:
            raise InvalidInput("inputs", f"{line.name}: lot {line.parent} has no footprint by {ref.id}")
        newest = fitting[-1].statement_id.hex()
        if newest != line.footprint:
            found[str(line.parent)] = newest
    return found


def _printed(connection: Connection, lot: Lot) -> list[Printed]:
    """All footprints of a lot that is made here, or was received, the newest last."""
    rows = repository.versions(connection, str(lot.gtin), str(lot.code))
    own = [Printed(bytes(r["statement_id"]), r["profile"], bytes(r["record"])) for r in rows]
    return own or received.footprints_of(connection, lot)


def newest_of(connection: Connection, lot: Lot, facility: str) -> bytes | None:
    """The statement of an input lot's newest footprint: its maker's main one; of a received lot, the one by the
    facility's own main profile, where there is one."""
    own = current(connection, lot)
    if own is not None:
        return bytes(own["statement_id"])
    row = received.lot(connection, lot)
    record = None if row is None else bytes(row["record"])
    printed = [one for one in received.footprints_of(connection, lot) if one.record == record]
    wanted = methods.profiles_of(connection, facility)[0].id
    found = [one for one in printed if one.profile == wanted] or printed
    return found[-1].statement_id if found else None


def _sources(connection: Connection, archive: Archive) -> Sources:
    sets: dict[str, LoggedSet] = {}

    def factor(ref: FactorRef) -> Factor:
        if ref.set not in sets:
            sets[ref.set] = factor_sets.set_of(connection, archive, ref.set)
        return sets[ref.set].content.get(ref.id)

    def parent(statement: str) -> Footprint:
        return read(connection, archive, bytes.fromhex(statement))

    def period(statement: str) -> EnergyPeriod:
        return periods.read(connection, archive, bytes.fromhex(statement)).content

    return Sources(factor, parent, period, lambda one: certified.cancellation(connection, archive, one))


def read(connection: Connection, archive: Archive, statement_id: bytes) -> Footprint:
    """A footprint by its statement id, with all that it discloses here. Raises `NotFound`."""
    row = repository.by_statement(connection, statement_id)
    if row is None:
        if (stated := received.footprint(connection, statement_id)) is not None:
            return stated
        raise NotFound(f"footprint {statement_id.hex()} is not known here")
    opened = archive.read(connection, row["log"], row["index"])
    return Footprint.read(opened.body, [d.text for d in opened.disclosures], opened.key, opened.issuer)


def current(connection: Connection, lot: Lot, by: str | None = None) -> Row | None:
    """The row of a lot's newest footprint by a profile; without one, by its maker's main profile."""
    rows = repository.versions(connection, str(lot.gtin), str(lot.code))
    return next((r for r in reversed(rows) if (r["main"] if by is None else r["profile"] == by)), None)


def current_by_profile(connection: Connection, lot: Lot, record: bytes | None = None) -> list[Row]:
    """The rows of a lot's newest footprints, one for each profile, the main one last; of one record, if it is
    named."""
    newest: dict[str, Row] = {}
    for row in repository.versions(connection, str(lot.gtin), str(lot.code)):
        if record is None or row["record"] == record:
            newest[row["profile"]] = row
    return sorted(newest.values(), key=lambda r: (r["main"], r["version"]))
