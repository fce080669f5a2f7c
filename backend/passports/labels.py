"""A lot's labels and categories as its passport shows them: from what check 10 found, and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from leafproof.values import Lot
from leafproof.verification.labels import UNCLASSIFIED
from leafproof.verification.report import Finding, Report, Status


@dataclass(frozen=True, slots=True)
class ShownLabel:
    """A label that its certifier issued: where it is recognised, and what speaks against it."""

    label: str
    scheme: str
    certifier: str
    start: str
    until: str
    markets: tuple[str, ...]
    against: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.against


def shown(report: Report, lot: Lot) -> tuple[ShownLabel, ...]:
    """The labels of a lot, in the order of the chain."""
    mine = [one for one in report[10].findings if one.subject == str(lot)]
    found = []
    for one in mine:
        if one.code == "label-issued":
            about = [other for other in mine if other.params.get("label") == one.params["label"]]
            markets = tuple(other.params["market"] for other in about if other.code == "label-recognised")
            told = (other for other in about if other.status is not Status.PASS)
            against = tuple(other for other in told if other.code != UNCLASSIFIED)
            found.append(ShownLabel(**one.params, markets=markets, against=against))
    return tuple(found)


def categories(report: Report, lot: Lot) -> Finding | None:
    """How the lot is classified by its newest good classification; None where there is none."""
    found = (one for one in reversed(report[10].findings) if one.code == "classified")
    return next((one for one in found if one.subject == str(lot)), None)
