"""Which statements of a bundle stand: those that no newer one supersedes.

Only its own supersedes a statement: one by the same maker, about the same thing. What a footprint is about is its
lot and its profile; a declared footprint, its product, plant and method; a stage, its lot, stage and name; an
opinion, what it is on. Anybody can write another's id into his own statement, and hides nothing by that: one that
names a statement about something else fails check 6.

A bundle need not hold every version: an input's footprint that was used may be here, the newest too, and none
between. Of several that stand, the last in the log is the newest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Protocol, TypeVar

from leafproof.declared import DeclaredFootprint
from leafproof.footprint import Footprint
from leafproof.lifecycle import Lifecycle
from leafproof.opinion import Opinion
from leafproof.verification.reading import Reading
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement


class Superseding(Protocol):
    """What a statement says that can name the one before it."""

    @property
    def supersedes(self) -> str | None:
        """The statement id of the one before."""


T = TypeVar("T", bound=Superseding)
Place = Hashable  # maker, and what the statement is about
Standing = dict[Place, list[tuple[Statement, T]]]


def of_footprint(reading: Reading, statement: Statement, stated: Footprint) -> Place:
    """Whose it is, of which lot, by which profile."""
    return reading.maker(statement), stated.of, stated.profile.id


def _of_declared(reading: Reading, statement: Statement, stated: DeclaredFootprint) -> Place:
    return reading.maker(statement), stated.gtin, stated.facility, stated.method


def _of_stage(reading: Reading, statement: Statement, stated: Lifecycle) -> Place:
    return reading.maker(statement), stated.of, stated.stage, stated.name


def _of_opinion(reading: Reading, statement: Statement, said: Opinion) -> Place:
    return reading.maker(statement), said.declared


def footprints(reading: Reading) -> Standing[Footprint]:
    """By maker, lot and profile."""
    return _standing(reading, reading.footprints, of_footprint)


def declared(reading: Reading) -> Standing[DeclaredFootprint]:
    """By maker, product, plant and method; those of several periods stand side by side."""
    return _standing(reading, reading.declared, _of_declared)


def stages(reading: Reading) -> Standing[Lifecycle]:
    """By maker, lot, stage and name."""
    return _standing(reading, reading.stages, _of_stage)


def opinions(reading: Reading) -> Standing[Opinion]:
    """By verifier and what they are on."""
    return _standing(reading, reading.opinions, _of_opinion)


def check(reading: Reading) -> None:
    """6: each names one of its own, or one that is not here."""
    found = [
        *_strangers(reading, reading.footprints, of_footprint),
        *_strangers(reading, reading.declared, _of_declared),
        *_strangers(reading, reading.stages, _of_stage),
    ]
    for statement in found:
        reading.report[6].add(Status.FAIL, "supersedes-elsewhere", statement.label)


def _standing(
    reading: Reading,
    said: Mapping[str, tuple[Statement, T]],
    place_of: Callable[[Reading, Statement, T], Place],
) -> Standing[T]:
    placed = [(place_of(reading, *one), one) for one in said.values()]
    superseded = {(place, one[1].supersedes) for place, one in placed}
    found: Standing[T] = defaultdict(list)
    for place, one in sorted(placed, key=lambda p: p[1][0].index):
        if (place, one[0].id) not in superseded:
            found[place].append(one)
    return found


def _strangers(
    reading: Reading,
    said: Mapping[str, tuple[Statement, T]],
    place_of: Callable[[Reading, Statement, T], Place],
) -> Iterator[Statement]:
    """Those that name a statement of the bundle which is about something else."""
    for statement, content in said.values():
        before = content.supersedes or ""
        own = before in said and place_of(reading, *said[before]) == place_of(reading, statement, content)
        if not own and reading.is_read(before):
            yield statement
