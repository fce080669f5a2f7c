"""From a closed run to its batch record and footprint in the log.

What must hold, whatever is killed when:

1. The record, its footprint, the run's new state and the order to point the chain to the record are one
   transaction of the database.
2. The record says what a replay of the log up to its own entry finds: evidence is read under the log's lock, so
   that no frame can come between.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection

from backend.corrections import repository as correction_rows
from backend.errors import NotFound
from backend.footprints import service as footprints
from backend.log import repository as log_repository
from backend.production import evidence, parents, pointing, repository, runs, shares, weighing
from backend.production import service as production
from backend.production.evidence import PointEvidence
from backend.production.parents import Parent
from backend.production.repository import Row
from backend.production.service import PlanInForce
from backend.production.statements import Archive, Desk, Logged
from leafproof import body
from leafproof.errors import InvalidInput
from leafproof.measuring import Window
from leafproof.plan import MeteringPoint
from leafproof.record import DISCLOSED_FROM, BatchRecord, Input, Output
from leafproof.values import Gln, Lot, party_uri

GRACE = 86400  # seconds after a run's close was entered; then gaps are recorded as gaps


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the frames say about a run, under the plan in force when it opened."""

    plan: PlanInForce
    points: tuple[PointEvidence, ...]

    @property
    def missing(self) -> str | None:
        """See `evidence.missing`."""
        return evidence.missing(self.points)


def gather(connection: Connection, archive: Archive, run: Row, *, lock: bool = False) -> Evidence:
    """Read what was metered on the run's lines while it was there; with `lock`, nothing is appended to the log
    before this transaction ends. Raises `InvalidInput` for readings that cannot be.
    """
    if lock:  # before the plan is looked up: a newer one must not come between it and the record
        production.facility(connection, Gln(run["facility"]), lock=True)
    plan = production.plan_at(connection, archive, Gln(run["facility"]), run["opened"])
    if lock:
        log_repository.state(connection, plan.log, lock=True)
    points = _points(connection, plan, run)
    reader = evidence.FrameReader(connection, archive.log(plan.log), run["facility"], run["opened"], run["closed"])
    return Evidence(plan, tuple(reader.gather(plan.plan, points)))


def _points(connection: Connection, plan: PlanInForce, run: Row) -> list[tuple[MeteringPoint, list[Window]]]:
    """The points of the run's lines, each with the times when the run was on its line."""
    on_lines = runs.on_lines(connection, run)
    return [(point, windows) for line, windows in on_lines.items() for point in plan.plan.of_line(line)]


def obstacle(connection: Connection, desk: Desk, run: Row, found: Evidence, grace: int) -> str | None:
    """Why a closed run cannot be recorded now, in one sentence; None when it can."""
    for one in repository.inputs_of_run(connection, run["id"]):
        made_here = repository.run_of_lot(connection, one["gtin"], one["lot"]) is not None
        if made_here and not repository.record_versions(connection, one["gtin"], one["lot"]):
            return f"waits for the record of input lot {one['gtin']}/{one['lot']}"
    if evidence.weakest(mode for p in found.points for mode in p.modes) is None:
        return f"waits for readings: {found.missing}"
    if found.missing and not is_overdue(run, desk.now(), grace):
        return f"waits for readings: {found.missing}"
    lines: tuple[Output | Input, ...] = (*shares.outputs_of(run), *runs.read_inputs(run))
    unweighed = weighing.missing(connection, desk.log(found.plan.log), found.plan.plan, lines)
    return f"waits for readings: {unweighed}" if unweighed else None


def is_overdue(run: Row, now: int, grace: int) -> bool:
    """Whether the grace is over, so that gaps are recorded as gaps."""
    return bool(now >= max(run["closed"], run["entered_at"]) + grace)


def has_come_to_the_end(connection: Connection, archive: Archive, run: Row) -> bool:
    """A cheap look first: whether every gateway of the run's lines has come as far as it was there."""
    plan = production.plan_at(connection, archive, Gln(run["facility"]), run["opened"])
    for metered, windows in _points(connection, plan, run):
        for point in plan.plan.readers(metered):
            newest = repository.newest_reading(connection, plan.log, bytes.fromhex(point.gateway))
            if newest is None or newest < windows[-1][1] - point.interval_seconds:
                return False
    return True


def record_run(connection: Connection, desk: Desk, run_id: str, grace: int = GRACE) -> str | None:
    """Log the record and the footprint of a closed run, or say in one sentence what it waits for.

    Raises `InvalidInput` where a fact that was right at the close is not any more, or for readings that cannot be.
    """
    run = runs.find(connection, run_id, lock=True)
    if run["state"] != "closed":
        return None
    found = gather(connection, desk, run, lock=True)
    waits = obstacle(connection, desk, run, found, grace)
    if waits is None:
        issue(connection, desk, run, runs.read_inputs(run), found, None)
        repository.update_run(connection, run_id, state="recorded", problem=None)
    return waits


def issue(
    connection: Connection,
    desk: Desk,
    run: Row,
    inputs: tuple[Input, ...],
    found: Evidence,
    before: Row | None,
) -> Logged:
    """Log a record of `run` that supersedes the version `before`, and its footprint."""
    place = production.facility(connection, Gln(run["facility"]))
    maker = production.company(connection, Gln(place["company"]))
    if before is None:
        parents.promise(connection, maker, run["id"], inputs)
    earlier = read(connection, desk, before) if before else None
    cited = tuple(_cited(connection, run, line, earlier) for line in inputs)
    log, plan = desk.log(found.plan.log), found.plan.plan
    outputs = weighing.seen(connection, log, plan, shares.outputs_of(run))
    consumed = weighing.seen(connection, log, plan, cited)
    segments = runs.segments_of(connection, run)
    base = runs.draft(connection, place, run, found.plan, run["closed"], outputs, consumed, segments)
    statement = _with_activity(base, found, bytes(before["statement_id"]).hex() if before else None)
    issuer = Gln(place["company"])
    content, disclosures = statement.issue(desk.signer.key(issuer), party_uri(issuer))
    tiers, subject = production.tiers_of(connection, statement.of.gtin, DISCLOSED_FROM), statement.of.urn
    logged = desk.put(connection, log, issuer, subject, body.BATCH_RECORD, content, disclosures, tiers)
    _insert(connection, run, logged, before["version"] + 1 if before else 1, desk.now())
    if any(a.gaps or a.estimated for a in statement.activity or ()):  # readings may come after all
        correction_rows.put_gaps(connection, run["id"], logged.index)
    else:
        correction_rows.drop_gaps(connection, run["id"])
    pointing.submit(connection, desk, maker, statement.of, logged, before is None, 0)
    footprints.issue(connection, desk, issuer, place, statement, log, logged.statement_id)
    return logged


def _insert(connection: Connection, run: Row, logged: Logged, version: int, now: int) -> None:
    repository.insert_record(
        connection,
        gtin=run["gtin"],
        lot=run["lot"],
        version=version,
        run=run["id"],
        log=logged.log,
        index=logged.index,
        statement_id=logged.statement_id,
        leaf_hash=logged.leaf_hash,
        created_at=now,
        transaction=pointing.key_of(logged.statement_id, 0),
        attempt=0,
        tried_at=now,
    )


def read(connection: Connection, archive: Archive, row: Row) -> BatchRecord:
    """The record of a row, with all that it discloses."""
    opened = archive.read(connection, row["log"], row["index"])
    return BatchRecord.read(opened.body, [d.text for d in opened.disclosures], opened.key, opened.issuer)


def current(connection: Connection, lot: Lot) -> Row | None:
    """The row of a lot's newest record."""
    rows = repository.record_versions(connection, str(lot.gtin), str(lot.code))
    return rows[-1] if rows else None


def _with_activity(base: BatchRecord, found: Evidence, supersedes: str | None) -> BatchRecord:
    mode = evidence.weakest(mode for p in found.points for mode in p.modes)
    if mode is None:
        raise InvalidInput("activity", f"there is no reading at all: {found.missing}")
    # A point that metered nothing names the plan's own entry: a range in which there is no frame.
    activity = tuple(p.activity(found.plan.index) for p in found.points)
    return msgspec.structs.replace(base, mode=mode, activity=activity, supersedes=supersedes)


def _cited(connection: Connection, run: Row, line: Input, earlier: BatchRecord | None) -> Input:
    """An input lot with its operator's address and the statement of its newest footprint; or, in a correction, of
    the one cited before, if by the newest record other shares would have been spent than were."""
    lot = line.named
    taken = {(i["gtin"], i["lot"]) for i in repository.inputs_of_run(connection, run["id"])}
    if lot is None or (str(lot.gtin), str(lot.code)) not in taken:
        return line
    parent = parents.find(connection, lot)
    if parent is None:
        raise NotFound(f"lot {lot} is not known here")
    newest = footprints.newest_of(connection, lot, run["facility"])
    if newest is None:
        raise InvalidInput("inputs", f"{line.name}: lot {lot} has no footprint yet")
    cited = newest.hex()
    if earlier is not None and not _same_shares(connection, run, parent, line):
        cited = next(str(old.footprint) for old in earlier.inputs or () if old.named == lot)
    return msgspec.structs.replace(line, operator="0x" + parent.operator.hex(), footprint=cited)


def _same_shares(connection: Connection, run: Row, parent: Parent, line: Input) -> bool:
    spent = {(i["gtin"], i["lot"]): i["shares"] for i in repository.inputs_of_run(connection, run["id"])}
    try:
        wanted = parent.shares_of(line.amount.to("t"), "inputs")
    except InvalidInput:
        return False
    return bool(wanted == spent.get((str(parent.lot.gtin), str(parent.lot.code))))
