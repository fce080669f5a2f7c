"""Opinions: a verifier stands by a declared footprint, or takes it back; and what cannot pass for one."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from leafproof.declared import DeclaredFootprint
from leafproof.errors import InvalidInput
from leafproof.opinion import Accreditation, Opinion
from leafproof.replay.replay import replay
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.support import declaring as d
from tests.support.world import COIL, World
from tests.support.world_source import WorldSource

NONE = "independent verification: none"


def declared_world() -> tuple[World, int, DeclaredFootprint]:
    world, _, lines = d.declaring_world()
    stated = d.of(world, lines)
    return world, d.state(world, stated), stated


def another_mean() -> tuple[World, int, DeclaredFootprint]:
    """The plant's mean by a method by which the lot's footprint is not."""
    world, _, lines = d.declaring_world()
    stated = d.of(world, lines, msgspec.structs.replace(d.YEAR, method="pact-3 1"))
    return world, d.state(world, stated), stated


def judged(world: World, *trusted: str) -> Report:
    trust = msgspec.structs.replace(world.trust(), verifiers=list(trusted))
    return verify(world.bundle(COIL, bodies=False), trust, world.view())


def codes(report: Report, status: Status) -> set[str]:
    return {f.code for f in report[10].findings if f.status is status}


def replayed(world: World) -> tuple[set[tuple[int | None, str]], set[tuple[int | None, str]]]:
    report = replay(WorldSource.of(world), world.trust(), world.view())
    return ({(x.index, x.kind) for x in report.discrepancies}, {(x.index, x.kind) for x in report.notes})


class TestTheVerdict:
    def test_says_none_where_there_is_none(self) -> None:
        world, _, _ = declared_world()
        assert NONE in judged(world).verdict()

    @pytest.mark.parametrize("assurance", ["limited", "reasonable"])
    def test_says_by_whom_and_at_which_level(self, assurance: str) -> None:
        world, index, stated = declared_world()
        d.give(world, d.opinion_on(world, index, stated, assurance=assurance))
        report = judged(world, world.fabricator.uri)
        assert f"of the declared footprint: {assurance} assurance by Example Assurance" in report.verdict()
        assert codes(report, Status.WARNING) == set() and "opinion-given" in codes(report, Status.PASS)
        assert replayed(world) == (set(), set())

    def test_says_that_the_reader_does_not_know_the_verifier(self) -> None:
        world, index, stated = declared_world()
        d.give(world, d.opinion_on(world, index, stated, verifier="A famous name"))
        verdict = judged(world).verdict()
        assert "whom your trust file does not name" in verdict and world.fabricator.uri in verdict
        assert "A famous name" not in verdict

    @pytest.mark.parametrize("conclusion", ["adverse", "disclaimed", "withdrawn"])
    def test_says_none_where_the_verifier_does_not_stand_by_it(self, conclusion: str) -> None:
        world, index, stated = declared_world()
        d.give(world, d.opinion_on(world, index, stated, conclusion=conclusion, reason="scrap was not weighed"))
        report = judged(world, world.fabricator.uri)
        assert NONE in report.verdict()
        assert codes(report, Status.WARNING) == {"opinion-against"}
        assert replayed(world) == (set(), set())

    def test_tells_reservations(self) -> None:
        world, index, stated = declared_world()
        d.give(world, d.opinion_on(world, index, stated, conclusion="modified", reason="but for the scrap"))
        report = judged(world, world.fabricator.uri)
        assert codes(report, Status.WARNING) == {"opinion-modified"}
        assert NONE not in report.verdict()


class TestAMeanOfAnotherMethod:
    def test_lends_nothing_to_the_number_that_is_shown(self) -> None:
        world, index, stated = another_mean()
        d.give(world, d.opinion_on(world, index, stated, assurance="reasonable"))
        report = judged(world, world.fabricator.uri)
        assert NONE in report.verdict()
        assert codes(report, Status.PASS) == {"no-labels", "opinion-given"}
        assert codes(report, Status.WARNING) == {"opinion-beside"}

    def test_does_not_outweigh_the_one_on_the_right_mean(self) -> None:
        world, index, stated = another_mean()
        d.give(world, d.opinion_on(world, index, stated, assurance="reasonable"))
        lines = list(stated.lots or ())
        own = d.of(world, lines)
        d.give(world, d.opinion_on(world, d.state(world, own), own))
        assert "limited assurance by Example Assurance" in judged(world, world.fabricator.uri).verdict()


class TestWithdrawal:
    def test_takes_the_opinion_back(self) -> None:
        world, index, stated = declared_world()
        first = d.give(world, d.opinion_on(world, index, stated))
        back = {"conclusion": "withdrawn", "reason": "a meter was wrong", "supersedes": world.id(first)}
        d.give(world, d.opinion_on(world, index, stated, **back))
        report = judged(world, world.fabricator.uri)
        assert NONE in report.verdict() and codes(report, Status.PASS) == {"no-labels"}
        assert replayed(world) == (set(), set())

    def test_nobody_takes_back_anothers(self) -> None:
        """The operator's own words supersede nothing of a verifier's."""
        world, index, stated = declared_world()
        bad = {"conclusion": "adverse", "reason": "not so"}
        first = d.give(world, d.opinion_on(world, index, stated, **bad))
        second = d.opinion_on(world, index, stated, supersedes=world.id(first))
        own = d.give(world, second, by=world.steel)
        report = judged(world, world.fabricator.uri)
        assert "opinion-against" in codes(report, Status.WARNING)
        assert codes(report, Status.FAIL) == {"opinion-own"}
        assert replayed(world)[0] == {(own, "opinion-own"), (own, "two-opinions")}

    def test_of_what_is_declared_anew_is_seen(self) -> None:
        world, index, stated = declared_world()
        given = d.give(world, d.opinion_on(world, index, stated))
        lines = list(stated.lots or ())
        d.state(world, d.of(world, lines, supersedes=world.id(index)))
        report = judged(world, world.fabricator.uri)
        assert NONE in report.verdict()
        assert codes(report, Status.WARNING) == {"opinion-outdated"}
        assert replayed(world) == (set(), {(given, "opinion-outdated")})


Change = Callable[[World, int, DeclaredFootprint], dict[str, object]]
# What does not pass for an opinion on this number: what the page fails with, and what replay finds.
LIES: dict[str, tuple[str, str, dict[str, object]]] = {
    "on another number": ("opinion-differs", "opinion-differs", {"per_tonne": "1.000"}),
    "on another method": ("opinion-differs", "opinion-differs", {"method": "another"}),
    "on another plant": ("opinion-differs", "opinion-differs", {"facility": "6901234500026"}),
    "on a part of the period": ("opinion-differs", "opinion-differs", {"end": "2018-06-01T00:00:00Z"}),
    "on what began later": ("opinion-differs", "opinion-differs", {"start": "2018-01-02T00:00:00Z"}),
    "on nothing": ("opinion-elsewhere", "opinion-differs", {"declared": "cd" * 32}),
}


class TestALie:
    @pytest.mark.parametrize("lie", LIES)
    def test_is_caught(self, lie: str) -> None:
        page, kind, members = LIES[lie]
        world, index, stated = declared_world()
        given = d.give(world, d.opinion_on(world, index, stated, **members))
        report = judged(world, world.fabricator.uri)
        assert codes(report, Status.FAIL) == {page} and report.verified is None
        assert replayed(world)[0] == {(given, kind)}

    def test_of_the_operator_himself_is_caught(self) -> None:
        world, index, stated = declared_world()
        given = d.give(world, d.opinion_on(world, index, stated), by=world.steel)
        report = judged(world, world.steel.uri)
        assert codes(report, Status.FAIL) == {"opinion-own"}
        assert replayed(world)[0] == {(given, "opinion-own")}

    def test_two_of_one_verifier_are_caught(self) -> None:
        world, index, stated = declared_world()
        d.give(world, d.opinion_on(world, index, stated))
        second = d.give(world, d.opinion_on(world, index, stated, assurance="reasonable"))
        assert codes(judged(world), Status.FAIL) == {"opinion-fork"}
        assert replayed(world)[0] == {(second, "two-opinions")}


class TestTheStatement:
    def test_is_read_as_it_was_written(self) -> None:
        world, index, stated = declared_world()
        said = d.opinion_on(world, index, stated, conclusion="modified", reason="so")
        assert Opinion.decode_body(said.encode_body()) == said

    @pytest.mark.parametrize(
        ("field", "value"),
        [("declared", "x"), ("supersedes", "x"), ("end", "2017-01-01T00:00:00Z"), ("per_tonne", "much"),
         ("materiality", "101"), ("materiality", "-1"), ("scope", " "), ("verifier", ""), ("standard", "a" * 2001),
         ("accreditation", Accreditation("", "7")), ("scope", "a\nb")],
    )  # fmt: skip
    def test_keeps_its_rules(self, field: str, value: object) -> None:
        world, index, stated = declared_world()
        with pytest.raises(InvalidInput, match=field):
            d.opinion_on(world, index, stated, **{field: value}).check()

    def test_that_is_not_unmodified_has_a_reason(self) -> None:
        world, index, stated = declared_world()
        with pytest.raises(InvalidInput, match="reason"):
            d.opinion_on(world, index, stated, conclusion="withdrawn").check()
