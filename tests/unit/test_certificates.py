"""Cancelled certificates: their form, their market and vintage, and the claims that check 10 and replay judge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from leafproof import body
from leafproof.certificate import PROFILES, Cancellation, Days
from leafproof.chain.view import NamedFootprint, lot_id
from leafproof.errors import InvalidInput
from leafproof.replay.replay import replay
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.support import methods as m
from tests.support import world as w
from tests.support import world_market as wk
from tests.support import world_methods as wm
from tests.support.certificates import (
    HONEST,
    REGISTRAR,
    attested,
    cancelled,
    certified_world,
    claim_of,
    log_cancellation,
)
from tests.support.world import COIL, FABRICATOR, TOWER, WORKSHOP, World
from tests.support.world_source import WorldSource


def found(report: Report, *statuses: Status) -> set[str]:
    wanted = statuses or tuple(Status)
    return {f.code for f in report[10].findings if f.status in wanted and f.code != "no-labels"}


def checked(world: World, lot: Any = COIL) -> Report:
    return verify(world.bundle(lot), world.trust(), world.view())


def replayed(world: World) -> set[str]:
    return {d.kind for d in replay(WorldSource.of(world), world.trust(), world.view()).discrepancies}


class TestForm:
    def test_it_comes_back_from_its_body(self) -> None:
        assert Cancellation.decode_body(HONEST.encode_body()) == HONEST
        assert HONEST.serials == (1000000000001, 1000000000009)
        assert HONEST.energy(1000000000001, 1000000000002) == 2_000_000

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("first", "0"),
            ("first", "01000000000001"),
            ("first", "1e12"),
            ("last", "1000000000000"),
            ("last", str(2**128)),
            ("registry", ""),
            ("registry", "é" * 65),
            ("registry", "I-REC\u202e"),
            ("wh_per_serial", 0),
            ("wh_per_serial", 10**6 + 1),  # no certificate stands for more than a megawatt-hour
            ("beneficiary", "8801234500011"),
            ("facility", "12"),
            ("country", "kr"),
            ("country", "KOR"),
            ("period", Days("2018-02-01", "2018-01-31")),
            ("period", Days("2018-02-30", "2018-03-01")),
            ("generated", Days("2018-1-1", "2018-01-31")),
            ("cancelled", "2018-02-27"),
            ("cancelled", "yesterday"),
            ("document", "ab"),
        ],
    )
    def test_what_breaks_a_rule_is_named(self, field: str, value: Any) -> None:
        with pytest.raises(InvalidInput) as caught:
            cancelled(**{field: value}).check()
        assert field in caught.value.field

    def test_unknown_kinds_and_members_are_refused(self) -> None:
        for change in ({"kind": "REC"}, {"source": "coal"}, {"owner": "me"}):
            value = {**msgspec.to_builtins(HONEST), **change}
            with pytest.raises(InvalidInput):
                Cancellation.decode_body(body.encode(value))


class TestProfiles:
    @pytest.mark.parametrize(
        ("kind", "generated", "used", "same"),
        [
            ("GO", "FR", "DE", True),
            ("GO", "NO", "DE", False),
            ("GO", "CH", "CH", False),
            ("GEC", "CN", "CN", True),
            ("GEC", "CN", "KR", False),
            ("GEC", "KR", "KR", False),
            ("I-REC", "KR", "KR", True),
            ("I-REC", "VN", "KR", False),
        ],
    )
    def test_one_market_or_not(self, kind: str, generated: str, used: str, same: bool) -> None:
        assert PROFILES[kind].same_market(generated, used) is same

    @pytest.mark.parametrize(
        ("kind", "generated", "day", "counts"),
        [
            ("GO", Days("2018-01-15", "2018-01-15"), "2019-07-15", True),
            ("GO", Days("2018-01-15", "2018-01-15"), "2019-07-16", False),
            ("GO", Days("2018-01-15", "2018-03-01"), "2019-07-16", False),  # the oldest counts
            ("GEC", Days("2018-01-01", "2018-01-31"), "2019-12-31", True),
            ("GEC", Days("2018-01-31", "2018-01-31"), "2020-01-01", False),
            ("I-REC", Days("2018-01-01", "2018-12-31"), "2021-01-01", True),
            ("I-REC", Days("2017-12-31", "2018-01-31"), "2018-02-01", False),
        ],
    )
    def test_the_vintage(self, kind: str, generated: Days, day: str, counts: bool) -> None:
        stated = cancelled(kind=kind, generated=generated, cancelled=day)
        assert PROFILES[kind].in_time(stated) is counts

    @pytest.mark.parametrize(
        ("kind", "generated", "period", "counts"),
        [
            ("GEC", "2005-01-31", Days("2018-01-01", "2018-01-31"), False),
            ("GEC", "2026-01-31", Days("2018-01-01", "2018-01-31"), False),
            ("GEC", "2018-02-01", Days("2018-01-01", "2018-01-31"), False),
            ("GEC", "2018-01-31", Days("2018-01-01", "2018-01-31"), True),
            ("GEC", "2018-01-31", Days("2019-12-31", "2019-12-31"), True),
            ("GEC", "2018-01-31", Days("2020-01-01", "2020-01-31"), False),
            ("GO", "2018-01-15", Days("2019-07-15", "2019-12-31"), True),
            ("GO", "2018-01-15", Days("2019-07-16", "2019-12-31"), False),
            ("GO", "2018-06-30", Days("2017-07-01", "2018-06-30"), True),
            ("GO", "2018-06-30", Days("2017-07-01", "2018-07-01"), False),  # more than a year
        ],
    )
    def test_the_vintage_and_the_consumption(self, kind: str, generated: str, period: Days, counts: bool) -> None:
        stated = cancelled(kind=kind, generated=Days(generated, generated), period=period, cancelled=generated)
        assert PROFILES[kind].in_time(stated) is counts

    def test_a_run_of_another_decade_is_told_so(self) -> None:
        days = Days("2005-01-01", "2005-01-31")
        old = cancelled(kind="GEC", country="CN", generated=days, cancelled="2005-02-28")
        found = [code for code, _ in old.unfit(str(w.PLANT), "2018-01-01", "2018-01-01", ("CN",))]
        assert found == ["claim-vintage"]

    def test_an_i_rec_is_for_one_calendar_year(self) -> None:
        over = cancelled(period=Days("2018-12-01", "2019-01-31"))
        assert not PROFILES["I-REC"].in_time(over)


class TestAnHonestClaim:
    def test_is_said_with_what_it_is_and_is_not_exclusive_without_the_registrys_word(self) -> None:
        world, _ = certified_world()
        report = checked(world)
        assert found(report) == {"claimed", "claim-not-exclusive"}
        assert report[10].status is Status.WARNING
        text = next(f.text() for f in report[10].findings if f.code == "claimed")
        assert "1000000000001 to 1000000000002 of I-REC(E), 2000000 Wh of wind in KR" in text
        assert replayed(world) == set()

    def test_is_exclusive_by_a_registrar_whom_the_reader_trusts(self) -> None:
        world, _ = certified_world()
        world.claims[0] = replace(world.claims[0], attested=attested(world))
        assert found(checked(world)) == {"claimed", "claim-not-exclusive"}
        trust = msgspec.structs.replace(world.trust(), registrars=["0x" + REGISTRAR.hex()])
        assert found(verify(world.bundle(COIL), trust, world.view())) == {"claimed", "claim-attested"}

    def test_goes_with_the_lot_into_what_is_made_of_it(self) -> None:
        world, _ = certified_world()
        assert "claimed" in found(checked(world, TOWER))

    def test_is_not_checked_without_a_chain(self) -> None:
        world, _ = certified_world()
        report = verify(world.bundle(COIL), world.trust(), None)
        assert found(report) == {"withheld-chain"}
        assert report[10].status is Status.NOT_CHECKED

    def test_names_the_newest_footprint_or_says_so(self) -> None:
        world, at = certified_world()
        record = w.coil_record(world, at.steel_plan)
        first = world.id(at.coil_footprint)
        newer, _ = w.log_footprint(world, world.steel, record, at.coil, at.factors, supersedes=first)
        world.anchor()
        assert found(checked(world), Status.WARNING) == {"claim-older", "claim-not-exclusive"}
        named = NamedFootprint(2, bytes.fromhex(world.id(newer)), world.tick())
        claim = world.claims[0]
        world.claims[0] = replace(claim, footprints=(*claim.footprints, named))
        assert found(checked(world)) == {"claimed", "claim-not-exclusive"}
        assert replayed(world) == set()

    def test_names_one_that_was_replaced_twice_since(self) -> None:
        world, at = certified_world()
        record = w.coil_record(world, at.steel_plan)
        second, _ = w.log_footprint(
            world, world.steel, record, at.coil, at.factors, supersedes=world.id(at.coil_footprint)
        )
        w.log_footprint(world, world.steel, record, at.coil, at.factors, supersedes=world.id(second))
        world.anchor()
        whole = world.bundle(COIL)
        of_now = tuple(i for i in whole.items if i.index not in (at.coil_footprint, second, at.tower_footprint))
        report = verify(replace(whole, items=of_now), world.trust(), world.view())
        assert found(report, Status.WARNING) == {"claim-footprint", "claim-not-exclusive"}
        assert found(report, Status.FAIL) == set()
        assert "claimed" in found(report)
        assert replayed(world) == set()

    def test_names_the_main_one_of_before_the_count_and_the_close_of_the_period(self) -> None:
        made = wk.market_world()
        main, counted = made.methods.footprints["iso-14067-2018"], made.footprint
        again = wm.changed(made.methods.stated["iso-14067-2018"], made.world.id(main))
        wm.log_stated(made.world, again)
        made.state(made.stated)
        whole = made.world.bundle(wm.STRIP)
        gone = (main, made.methods.footprints[m.MARKET], counted)
        of_now = tuple(one for one in whole.items if one.index not in gone)
        report = verify(replace(whole, items=of_now), made.world.trust(), made.world.view())
        assert found(report, Status.WARNING) == {"claim-older", "claim-not-exclusive"}
        assert found(report, Status.FAIL) == set()
        assert replayed(made.world) == set()

    def test_a_lot_without_claims_says_nothing_of_certificates(self) -> None:
        world, _ = w.honest_world()
        assert found(checked(world)) == set()


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "another market": ("claim-market", {"country": "VN"}),
    "a vintage of another year": ("claim-vintage", {"generated": Days("2017-11-01", "2017-12-31")}),
    "another period of consumption": ("claim-period", {"period": Days("2018-01-03", "2018-01-31")}),
    "another beneficiary": ("claim-beneficiary", {"beneficiary": str(FABRICATOR)}),
    "another facility": ("claim-facility", {"facility": str(WORKSHOP)}),
}
OUTSIDE = {"claim-market", "claim-vintage", "claim-period"}


@pytest.mark.parametrize("name", FAULTS)
def test_a_cancellation_for_something_else_is_caught_by_check_10_and_by_replay(name: str) -> None:
    code, changes = FAULTS[name]
    world, _ = certified_world(cancelled(**changes))
    report = checked(world)
    assert found(report, Status.FAIL) == {code}
    assert "claimed" not in found(report)
    assert report.exit_code == 1
    assert replayed(world) == {"claim-outside" if code in OUTSIDE else "claim-differs"}


class TestALieOnTheChain:
    def test_serials_beyond_the_cancellation(self) -> None:
        for changes in ({"last": HONEST.serials[1] + 1}, {"first": 1}, {"registry": b"\x09" * 32}):
            world, _ = certified_world(**changes)
            assert found(checked(world), Status.FAIL) == {"claim-serials"}
            assert replayed(world) == {"claim-differs"}

    def test_by_somebody_else(self) -> None:
        world, _ = certified_world(operator=b"\xb2" * 20)
        assert found(checked(world), Status.FAIL) == {"claim-foreign"}
        assert replayed(world) == {"claim-differs"}

    def test_a_cancellation_that_another_states(self) -> None:
        world, at = w.honest_world()
        index = log_cancellation(world, HONEST, world.fabricator)
        world.claims.append(claim_of(world, at, HONEST, index))
        assert found(checked(world), Status.FAIL) == {"claim-foreign"}

    def test_a_claim_whose_cancellation_is_not_here(self) -> None:
        world, _ = certified_world(cancellation=b"\x0c" * 32)
        report = checked(world)
        assert found(report, Status.FAIL) == {"claim-unstated"}
        assert found(report, Status.WARNING) == {"claim-missing"}
        told = replay(WorldSource.of(world), world.trust(), world.view())
        assert (told.claims, told.claims_unstated) == (1, 1)

    def test_a_claim_that_the_registry_rejected(self) -> None:
        world, _ = certified_world()
        world.claims[0] = replace(world.claims[0], rejected=world.tick())
        assert found(checked(world), Status.FAIL) == {"claim-rejected"}
        assert replayed(world) == set()

    def test_a_footprint_of_something_else(self) -> None:
        world, at = certified_world()
        other = NamedFootprint(1, bytes.fromhex(world.id(at.tower_footprint)), world.tick())
        world.claims[0] = replace(world.claims[0], footprints=(other,))
        assert found(checked(world), Status.FAIL) == {"claim-footprint"}
        assert replayed(world) == {"claim-differs"}

    def test_a_cancellation_that_nobody_claims(self) -> None:
        world, _ = w.honest_world()
        log_cancellation(world, HONEST)
        assert found(checked(world)) == {"claim-missing"}

    def test_a_serial_used_twice_is_caught_by_replay(self) -> None:
        world, _ = certified_world()
        tower = lot_id(world.fabricator.address, TOWER)
        again = replace(world.claims[0], subject=tower, operator=world.fabricator.address)
        world.claims.append(again)
        assert "serial-twice" in replayed(world)
        world.claims[1] = replace(again, first=again.last, last=again.last + 3)
        assert "serial-twice" in replayed(world)
        world.claims[1] = replace(again, first=again.last + 1, last=again.last + 3)
        assert "serial-twice" not in replayed(world)
