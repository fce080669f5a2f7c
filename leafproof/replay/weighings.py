"""Weighings, recomputed: no tonne more than the scale weighed, and none of them twice.

When a record is taken, each line called weighed is the sum of its weighings, by the frames in the log before it.
At the end of the log no weighing may evidence the newest records of two lots.
"""

from __future__ import annotations

from leafproof.errors import LeafproofError
from leafproof.plan import MeteringPlan
from leafproof.record import BatchRecord
from leafproof.replay.report import ReplayReport
from leafproof.values import Lot
from leafproof.verification import weighing
from leafproof.verification.evidence import Evidence
from leafproof.verification.report import Status


class Weighings:
    """The weighings that a log's records name."""

    def __init__(self, report: ReplayReport, evidence: Evidence) -> None:
        self._report, self._evidence = report, evidence
        self._used: dict[tuple[str, str, str], tuple[int, Lot]] = {}

    def recompute(self, index: int, record: BatchRecord, plan: MeteringPlan) -> None:
        """A record's weighed lines, at the moment when it is taken."""
        try:
            findings = list(weighing.recomputed(record, plan, self._evidence))
        except LeafproofError as error:
            self._report.add("weighed-differs", index, error.message)
            return
        for finding in findings:
            if finding.status is Status.FAIL:
                self._report.add("weighed-differs", index, finding.text())

    def use(self, index: int, record: BatchRecord) -> None:
        """A lot's newest record, at the end of the log."""
        for one in record.weighings():
            first, lot = self._used.setdefault((one.gateway, one.point, one.time), (index, record.of))
            if (first, lot) != (index, record.of):
                message = f"the weighing of {one.point} at {one.time} evidences lot {lot} already, entry {first}"
                self._report.add("weighed-twice", index, message)
