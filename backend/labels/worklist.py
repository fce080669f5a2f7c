"""A certifier's work list: lots without a valid label of a scheme, held against its criteria."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from backend.anchor.registry import Registry
from backend.labels import repository, service
from backend.production.statements import Archive
from leafproof.chain.view import LabelStatus
from leafproof.criteria import Evidence, Outcome, evaluate
from leafproof.label import registered_id
from leafproof.values import Lot

MAX_LOTS = 100  # that were recorded last


@dataclass(frozen=True, slots=True)
class Work:
    """A lot, and what of the criteria it meets; of what is attested nothing is known yet."""

    lot: Lot
    maker: str
    outcomes: tuple[Outcome, ...]

    @property
    def ready(self) -> bool:
        """Whether nothing speaks against a label but what the certifier has to attest or to look up."""
        return all(one.met is not False for one in self.outcomes)


def of_scheme(connection: Connection, archive: Archive, registry: Registry, name: str) -> list[Work]:
    """The newest lots first. Raises `NotFound` for a scheme without criteria."""
    _, scheme = service.newest_scheme(connection, archive, registry, name)
    found = []
    for gtin, code in repository.recent_lots(connection, MAX_LOTS):
        lot = Lot.parse(gtin, code)
        if _labelled(connection, archive, registry, lot, name):
            continue
        subject = service.subject_of(connection, archive, lot)
        evidence = Evidence(subject.footprints, subject.assurances)
        outcomes = tuple(
            Outcome(one, None, "yours to attest") if one.kind == "attested" else evaluate(one, evidence)
            for one in scheme.criteria
        )
        found.append(Work(lot, subject.maker, outcomes))
    return found


def _labelled(connection: Connection, archive: Archive, registry: Registry, lot: Lot, name: str) -> bool:
    wanted = registered_id(name)
    return any(
        record.scheme == wanted and record.status is LabelStatus.VALID and case.chain.at.block_time < record.until
        for record, case, _ in service.of_lot(connection, archive, registry, lot)
    )
