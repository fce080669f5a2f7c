"""Energy periods: nothing remains, nothing is counted twice, and a replay finds who says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof import profile
from leafproof.errors import InvalidInput
from leafproof.period import Balance, EnergyPeriod, PeriodLot, share_out
from leafproof.profile import Boundary, Overhead
from leafproof.replay.replay import replay
from leafproof.verification.verify import verify
from tests.support import methods as m
from tests.support import world as w
from tests.support import world_methods as wm
from tests.support.world import World
from tests.support.world_source import WorldSource

START, END = "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"


def period(metered: str, in_lots: str, tonnes: list[str]) -> EnergyPeriod:
    balances = (Balance("electricity", "kWh", metered, in_lots),)
    shares = share_out(balances, [Fraction(Decimal(t)) for t in tonnes])
    lots = tuple(PeriodLot(f"{i:064x}", t, s) for i, (t, s) in enumerate(zip(tonnes, shares, strict=True)))
    return EnergyPeriod("9520000000028", START, END, balances, lots)


class TestSharingOut:
    def test_the_worked_example(self) -> None:
        """docs/method.md: 100 kWh of 1000 were outside runs; 3, 3 and 1 t of good output carry them."""
        found = period("1000", "900", ["3", "3", "1"])
        assert [lot.overhead for lot in found.lots] == [("42.857",), ("42.857",), ("14.286",)]

    @given(st.lists(st.integers(1, 10**7), min_size=1, max_size=40), st.integers(0, 10**9), st.integers(0, 10**9))
    @settings(deadline=None)
    def test_meters_are_lots_and_overhead_to_the_last_digit(
        self, kilograms: list[int], in_lots: int, outside: int
    ) -> None:
        metered = f"{Decimal(in_lots + outside) / 1000:.3f}"
        tonnes = [f"{Decimal(kg) / 1000:f}" for kg in kilograms]
        found = period(metered, f"{Decimal(in_lots) / 1000:.3f}", tonnes)
        shared = sum(Decimal(lot.overhead[0]) for lot in found.lots)
        assert shared + Decimal(found.balances[0].in_lots) == Decimal(metered)
        fair = [Fraction(outside, 1000) * kg / sum(kilograms) for kg in kilograms]
        told = [Fraction(Decimal(lot.overhead[0])) for lot in found.lots]
        assert all(abs(a - b) < Fraction(1, 1000) for a, b in zip(fair, told, strict=True))
        assert EnergyPeriod.decode_body(found.encode_body()) == found

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"end": START}, "end: the period ends"),
            ({"facility": "9520000000029"}, "facility"),
            ({"lots": ()}, "lots: not 1 to"),
            (
                {"balances": (Balance("electricity", "kWh", "800", "900"),)},
                "in_lots: lots count 900 kWh, 800 came in",
            ),
            ({"balances": (Balance("electricity", "kWh", "1000.0001", "900"),)}, "more than three places"),
            ({"balances": (Balance("electricity", "kWh", "1001", "900"),)}, "lots.overhead"),
            ({"balances": (Balance("electricity", "kWh", "1000", "900", "100.001"),)}, "balances.estimated"),
        ],
    )
    def test_a_period_that_does_not_add_up_is_not_read(self, changes: dict[str, object], says: str) -> None:
        spoilt = msgspec.structs.replace(period("1000", "900", ["3", "3", "1"]), **changes)
        with pytest.raises(InvalidInput, match=says):
            EnergyPeriod.decode_body(spoilt.encode_body())

    def test_a_share_moved_from_one_lot_to_another(self) -> None:
        true = period("1000", "900", ["3", "3", "1"])
        moved = [msgspec.structs.replace(lot, overhead=(s,)) for lot, s in
                 zip(true.lots, ("42.858", "42.856", "14.286"), strict=True)]  # fmt: skip
        with pytest.raises(InvalidInput, match=r"lots\.overhead"):
            msgspec.structs.replace(true, lots=tuple(moved)).check()


class TestAFootprintCarriesItsShare:
    def test_as_a_component_of_its_own(self) -> None:
        facts = m.run()
        own = EnergyPeriod(
            facts.facility, START, END, (Balance("electricity", "kWh", "1100", "1000"),),
            (PeriodLot(m.RECORD, "10", ("100.000",)),),
        )  # fmt: skip
        found = m.calculate(facts, period=own)
        # (1000 + 100) kWh x 0.56 + 22000 kg, over 10 t
        assert (found.per_tonne, found.status) == ("2261.600", "final")
        (overhead,) = [c for c in found.components or () if c.overhead]
        assert (overhead.quantity, overhead.emissions) == ("100.000", "5.600")

    def test_without_a_period_it_is_provisional_and_says_so(self) -> None:
        found = m.calculate(m.run())
        assert found.status == "provisional"
        assert "energy outside runs is not shared out yet" in found.flags
        assert m.calculate(m.run(), "leafproof-partial").status == "final"

    def test_by_a_profile_that_leaves_energy_outside_runs_out_it_is_refused(self) -> None:
        own = period("1000", "900", ["1"])
        with pytest.raises(InvalidInput, match="partial-overhead: energy outside runs is not part of it"):
            m.calculate(m.run(), "leafproof-partial", period=own)

    def test_says_of_nothing_that_it_leaves_it_out_and_counts_it(self) -> None:
        for _, by in profile.shipped().values():
            excluded, counted = by.rule(Boundary).excluded, by.rule(Overhead).counted
            assert counted is ("energy outside production runs" not in excluded)
            assert "fuels burnt and process emissions on site that no point meters" in excluded

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"start": "2026-03-02T06:00:01Z"}, "the run is not within the energy period"),
            ({"end": "2026-03-02T09:59:59Z"}, "the run is not within the energy period"),
            ({"lots": (PeriodLot(m.RECORD, "9", ("100.000",)),)}, "has 9 t of the lot, its record another mass"),
            (
                {"balances": (Balance("natural-gas", "GJ", "1100", "1000"),)},
                "the energy period has no electricity",
            ),
        ],
    )
    def test_of_a_period_that_is_not_the_runs_it_is_refused(self, changes: dict[str, object], says: str) -> None:
        own = EnergyPeriod(
            m.run().facility, START, END, (Balance("electricity", "kWh", "1100", "1000"),),
            (PeriodLot(m.RECORD, "10", ("100.000",)),),
        )  # fmt: skip
        assert m.calculate(m.run(), period=own).status == "final"
        with pytest.raises(InvalidInput, match=says):
            m.calculate(m.run(), period=msgspec.structs.replace(own, **changes))

    def test_of_another_plants_period_it_is_refused(self) -> None:
        with pytest.raises(InvalidInput, match="another facility's"):
            other = msgspec.structs.replace(period("1000", "900", ["1"]), facility="9520000001025")
            m.calculate(m.run(), period=other)
        with pytest.raises(InvalidInput, match="does not have the lot's record"):
            m.calculate(m.run(), period=period("1000", "900", ["1"]))


def found(world: World) -> dict[str, str]:
    report = replay(WorldSource.of(world), world.trust(), world.view())
    return {d.kind: d.message for d in report.discrepancies}


def told(p: EnergyPeriod, metered: str) -> EnergyPeriod:
    balances = (msgspec.structs.replace(p.balances[0], metered=metered),)
    return shared(msgspec.structs.replace(p, balances=balances))


def one_lot(p: EnergyPeriod) -> EnergyPeriod:
    """The second lot alone, with all that is outside its own run."""
    balances = (msgspec.structs.replace(p.balances[0], in_lots="38.839"),)
    return shared(msgspec.structs.replace(p, lots=p.lots[1:], balances=balances))


def heavier(p: EnergyPeriod) -> EnergyPeriod:
    return shared(msgspec.structs.replace(p, lots=(msgspec.structs.replace(p.lots[0], tonnes="28.4"), p.lots[1])))


def shared(p: EnergyPeriod) -> EnergyPeriod:
    shares = share_out(p.balances, [Fraction(Decimal(lot.tonnes)) for lot in p.lots])
    lots = [msgspec.structs.replace(lot, overhead=s) for lot, s in zip(p.lots, shares, strict=True)]
    return msgspec.structs.replace(p, lots=tuple(lots))


class TestReplay:
    def test_an_honest_period_and_a_footprint_by_each_profile_are_clean(self) -> None:
        world, _, at = wm.methods_world()
        assert found(world) == {}
        report = verify(world.bundle(wm.STRIP), world.trust(), world.view())
        assert report.exit_code == 0
        told = [f.params["profile"] for f in report[8].findings if f.code == "footprint-recomputed"]
        assert sorted(set(told)) == sorted(m.PROFILES)
        assert {name: one.status for name, one in at.stated.items()} == dict.fromkeys(m.PROFILES, "final")

    @pytest.mark.parametrize(
        ("lie", "says"),
        [
            (lambda p: told(p, "111.080"), "electricity metered: stated 111.080, recomputed 112.080"),
            (one_lot, "is left out"),
            (heavier, "made 18.4 t"),
            (lambda p: msgspec.structs.replace(p, end="2018-01-02T03:30:00Z"), "its bounds cut the run of lot"),
            (lambda p: msgspec.structs.replace(p, supersedes="ab" * 32), "does not supersede the newest"),
        ],
        ids=[
            "less metered",
            "a lot left out",
            "a lot that weighs more",
            "bounds that cut a run",
            "no predecessor",
        ],
    )
    def test_a_lie_in_a_period(self, lie: Callable[[EnergyPeriod], EnergyPeriod], says: str) -> None:
        world, _, _ = wm.methods_world(lie)
        assert says in found(world)["energy-period"]

    def test_a_run_entered_later_would_be_counted_twice(self) -> None:
        world, at, _made = wm.methods_world()
        late = wm.strip_record(world, at.steel_plan, w.START + 5 * 3600)
        run = msgspec.structs.replace(late.run, id="order-3")
        late = msgspec.structs.replace(late, lot="C-3", run=run)
        index = w.log_record(world, world.steel, late)
        world.anchor()
        world.mint(world.steel, late.of, index)
        assert "its energy is counted twice" in found(world)["energy-period"]

    def test_a_second_period_that_overlaps(self) -> None:
        world, at, _made = wm.methods_world()
        lots = [(at.coil, w.coil_record(world, at.steel_plan))]
        half = msgspec.structs.replace(wm.period_of(world, lots), end="2018-01-02T03:00:00Z")
        wm.log_period(world, half)
        assert "it overlaps the period of entry" in found(world)["energy-period"]

    @pytest.mark.parametrize("name", wm.LIES)
    def test_a_lie_in_a_footprint(self, name: str) -> None:
        by, lie, says = wm.LIES[name]
        world, _, at = wm.methods_world()
        spoilt = wm.changed(lie(at.stated[by]), world.id(at.footprints[by]))
        wm.log_stated(world, spoilt)
        world.anchor()
        told = found(world)
        assert set(told) <= {"footprint-differs", "two-footprints", "correction-hidden"}
        report = replay(WorldSource.of(world), world.trust(), world.view())
        assert any(says in d.message for d in report.discrepancies), told
        checked = verify(world.bundle(wm.STRIP), world.trust(), world.view())
        assert {f.code for f in checked[8].findings if f.status == "fail"} & {
            "footprint-differs",
            "not-computable",
        }
