"""Market-based electricity: what certificates cover counts by its source, once, and no more than was used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof import market, profile
from leafproof.certificate import Cancellation, Days
from leafproof.errors import InvalidInput
from leafproof.footprint import MAX_CERTIFICATES, Component, Footprint, Serials, choices_of
from leafproof.keys import SigningKey
from leafproof.period import Balance, EnergyPeriod, PeriodLot
from leafproof.profile import Instruments
from leafproof.record import Estimated
from leafproof.replay.replay import replay
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.support import methods as m
from tests.support import world_market as wk
from tests.support import world_methods as wm
from tests.support.certificates import REGISTRAR, attested, cancelled
from tests.support.methods import activity, refs, run
from tests.support.world import World
from tests.support.world_source import WorldSource

WIND, HYDRO = "11" * 32, "22" * 32
PERIOD = EnergyPeriod(
    run().facility, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z",
    (Balance("electricity", "kWh", "1100", "1000"),), (PeriodLot(m.RECORD, "10", ("100.000",)),),
)  # fmt: skip
GRID_MIX = "no residual mix known: grid mix"
SURPLUS = "certificates of more electricity than was used: the surplus is not counted"


def of(**changes: Any) -> Cancellation:
    """For the run of `tests.support.methods`, in serials of 1 kWh."""
    fitting = {
        "first": "1", "last": "2000", "wh_per_serial": 1000, "facility": run().facility,
        "period": Days("2026-01-01", "2026-12-31"), "generated": Days("2026-02-01", "2026-02-28"),
        "cancelled": "2026-03-20",
    }  # fmt: skip
    return cancelled(**{**fitting, **changes})


CANCELLED = {WIND: of(), HYDRO: of(source="hydro", first="5001", last="9000")}


def serials(cancellation: str, first: int, last: int) -> Serials:
    return Serials(cancellation, str(first), str(last))


def calculate(
    *certificates: Serials, by: str = m.MARKET, known: Mapping[str, Cancellation] = CANCELLED, **parts: Any
) -> Footprint:
    parts = {"factors": m.CERTIFIED, "period": PERIOD, **parts}
    facts = parts.pop("facts", run())
    return m.calculate(facts, by, certificates=certificates, cancelled=known, **parts)


def quantities(found: Footprint) -> list[tuple[str, str, str]]:
    energy = [c for c in found.components or () if c.stage == "production"]
    return [(c.name, c.subject, c.quantity) for c in energy]


class TestWorkedExample:
    """docs/method.md: 1,000 kWh of the run's own and 100 kWh of overhead, with serials of 1 kWh."""

    def test_half_of_it_certified(self) -> None:
        # 550 x (0.012 + 0.03) + 550 x (0.5 + 0.06) + 22,000, over 10 t
        found = calculate(serials(WIND, 1, 550))
        assert found.per_tonne == "2233.110"
        assert quantities(found) == [
            ("main", "electricity-wind", "500.000"),
            ("main", "electricity", "500.000"),
            ("energy outside runs", "electricity-wind", "50.000"),
            ("energy outside runs", "electricity", "50.000"),
        ]
        assert GRID_MIX in found.flags
        assert SURPLUS not in found.flags
        assert not any("used for" in flag for flag in found.flags)  # what adds the losses is no stranger

    def test_more_certified_than_was_used(self) -> None:
        # 1,500 kWh certified, 1,100 used: 660 x 0.042 + 440 x 0.054 + 22,000, over 10 t
        found = calculate(serials(WIND, 1, 900), serials(HYDRO, 5001, 5600))
        assert found.per_tonne == "2205.148"
        assert [q for _, s, q in quantities(found) if s == "electricity-wind"] == ["600.000", "60.000"]
        assert SURPLUS in found.flags
        assert GRID_MIX not in found.flags

    def test_what_is_estimated_is_covered_as_what_was_metered(self) -> None:
        # 950 kWh metered, 50 estimated, 100 outside runs, all of it wind: 1,100 x 0.042 + 22,000, over 10 t
        span = "2026-03-02T07:00:00Z", "2026-03-02T07:15:00Z"
        told = msgspec.structs.replace(activity("950"), estimated=Estimated("neighbours", 1, "50", (span,)))
        found = calculate(serials(WIND, 1, 1100), facts=run((told,)))
        assert found.per_tonne == "2204.620"
        assert [q for _, s, q in quantities(found) if s == "electricity-wind"] == ["950.000", "50.000", "100.000"]
        assert [c.estimated for c in found.components or () if c.name == "main"] == [False, True]
        assert not {SURPLUS, GRID_MIX} & set(found.flags)
        assert Decimal(found.primary_data_share) < Decimal(calculate(serials(WIND, 1, 1100)).primary_data_share)

    def test_the_location_based_one_stands_beside_it(self) -> None:
        assert calculate(by="iso-14067-2018").per_tonne == "2261.600"

    def test_without_certificates_it_is_the_grid_mix_and_says_so(self) -> None:
        found = calculate()
        assert (found.per_tonne, GRID_MIX in found.flags) == ("2261.600", True)
        assert GRID_MIX not in calculate(by="iso-14067-2018").flags

    def test_by_a_residual_mix_where_one_is_known(self) -> None:
        # 550 x 0.042 + 550 x 0.6 + 22,000, over 10 t
        found = calculate(serials(WIND, 1, 550), factors={**m.CERTIFIED, "electricity": refs("residual")})
        assert found.per_tonne == "2235.310"
        assert not any("residual" in flag for flag in found.flags)

    def test_it_comes_back_from_its_body_and_from_its_choices(self) -> None:
        found = calculate(serials(WIND, 1, 550))
        key = SigningKey.generate("ES256")
        data, told = found.issue(key, "urn:x")
        assert Footprint.read(data, told.values(), key.public, "urn:x") == found
        assert choices_of(found).certificates == (serials(WIND, 1, 550),)
        withheld = Footprint.read(data, [], key.public, "urn:x")
        assert (withheld.components, withheld.certificates) == (None, found.certificates)


class TestWhatIsRefused:
    @pytest.mark.parametrize("by", [name for name in m.PROFILES if name != m.MARKET])
    def test_certificates_by_any_profile_that_counts_by_location(self, by: str) -> None:
        rule = profile.named(profile.newest(by)).rule(profile.Electricity).id
        facts = wm.FACTS
        with pytest.raises(InvalidInput, match=f"{rule}: certificates do not count"):
            calculate(serials(WIND, 1, 2), by=by, period=None, product=facts)

    @pytest.mark.parametrize(
        ("certificates", "says"),
        [
            ((serials(WIND, 1, 2001),), "serials 1 to 2001 of I-REC(E): not within the cancellation"),
            ((serials(WIND, 3, 2),), "not within the cancellation"),
            ((serials(HYDRO, 1, 2),), "not within the cancellation"),
            ((serials(WIND, 1, 9), serials(WIND, 9, 20)), "serials 9 to 20 of I-REC(E): counted twice"),
            ((serials(WIND, 5, 9), serials(WIND, 1, 20)), "counted twice"),
        ],
    )
    def test_serials(self, certificates: tuple[Serials, ...], says: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            calculate(*certificates)
        assert says in caught.value.message
        assert caught.value.field == "iso14067-instruments"

    def test_one_serial_by_two_cancellations_of_a_registry(self) -> None:
        known = {WIND: of(), HYDRO: of(source="hydro")}
        with pytest.raises(InvalidInput, match="counted twice"):
            calculate(serials(WIND, 1, 2), serials(HYDRO, 2, 3), known=known)
        other = {WIND: of(), HYDRO: of(source="hydro", registry="another")}
        assert calculate(serials(WIND, 1, 2), serials(HYDRO, 2, 3), known=other).per_tonne

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"facility": "9520000001025"}, "facility"),
            ({"period": Days("2026-03-03", "2026-12-31")}, "period"),
            ({"generated": Days("2025-12-01", "2025-12-31")}, "vintage"),
            ({"country": "VN"}, "market"),
            ({"kind": "GO"}, "market"),
        ],
    )
    def test_what_is_cancelled_for_something_else(self, changes: dict[str, Any], says: str) -> None:
        with pytest.raises(InvalidInput, match=f"iso14067-instruments: .*: outside their {says}"):
            calculate(serials(WIND, 1, 2), known={WIND: of(**changes)})

    @pytest.mark.parametrize(
        ("subject", "names", "says"),
        [
            (
                "electricity-wind",
                ("hydro", "losses"),
                "hydro is a factor of electricity-hydro, not of electricity-w",
            ),
            ("electricity-wind", ("grid", "supply"), "grid is a factor of electricity, not of electricity-wind"),
            ("electricity-wind", ("wind",), "wind: transmission losses not included, and no factor adds it"),
            ("electricity-wind", ("steel-slab",), "a factor of material, not of electricity-wind"),
            ("electricity", ("wind", "losses"), "wind is a factor of electricity-wind, not of electricity"),
        ],
    )
    def test_factors(self, subject: str, names: tuple[str, ...], says: str) -> None:
        with pytest.raises(InvalidInput, match=says):
            calculate(serials(WIND, 1, 2), factors={**m.CERTIFIED, subject: refs(*names)})

    def test_a_sources_factor_for_the_grid_of_a_location_based_footprint(self) -> None:
        with pytest.raises(InvalidInput, match="iso14067-electricity: wind is a factor of electricity-wind"):
            calculate(by="iso-14067-2018", factors={**m.COMPLETE, "electricity": refs("wind", "losses")})

    def test_a_source_without_a_factor(self) -> None:
        with pytest.raises(InvalidInput, match="none is chosen for electricity-wind"):
            calculate(serials(WIND, 1, 2), factors=m.COMPLETE)

    def test_electricity_in_less_than_watt_hours(self) -> None:
        facts = run((activity("1000.0005"),))
        with pytest.raises(InvalidInput, match=r"1000\.0005 kWh is no whole number of watt-hours"):
            calculate(serials(WIND, 1, 2), facts=facts, period=None)
        assert calculate(facts=facts, period=None).per_tonne == "2256.000"

    def test_a_source_as_a_carrier_of_its_own(self) -> None:
        with pytest.raises(InvalidInput, match="unknown carrier 'electricity-wind'"):
            calculate(facts=run((activity("1000", carrier="electricity-wind"),)), period=None)

    @pytest.mark.parametrize(
        "certificates",
        [
            (Serials("ab", "1", "2"),),
            (Serials(WIND, "0", "2"),),
            (Serials(WIND, "1", "02"),),
            (Serials(WIND, "1", "2"),) * (MAX_CERTIFICATES + 1),
        ],
    )
    def test_a_statement_with_what_are_no_serials(self, certificates: tuple[Serials, ...]) -> None:
        key = SigningKey.generate("ES256")
        spoilt = msgspec.structs.replace(calculate(), certificates=certificates)
        data, told = spoilt.issue(key, "urn:x")
        with pytest.raises(InvalidInput, match="certificates"):
            Footprint.read(data, told.values(), key.public, "urn:x")

    def test_a_profile_with_the_rule_twice_or_without_electricity(self) -> None:
        good = profile.named(profile.newest(m.MARKET))
        rule = good.instruments
        assert isinstance(rule, Instruments)
        again = msgspec.structs.replace(good, rules=(*good.rules, msgspec.structs.replace(rule, id="again")))
        none = tuple(
            msgspec.structs.replace(r, electricity=False) if isinstance(r, profile.Boundary) else r
            for r in good.rules
        )
        for spoilt in (again, msgspec.structs.replace(good, rules=none)):
            with pytest.raises(InvalidInput, match="instruments are given twice, or electricity does not count"):
                spoilt.check()


def line(watt_hours: int, place: int) -> Component:
    quantity = f"{Decimal(watt_hours) / 1000:.3f}"
    return Component("production", f"p{place}", "electricity", "primary", quantity, "kWh", "")


def watt_hours(parts: list[Component], subject: str) -> int:
    return sum(int(Decimal(one.quantity) * 1000) for one in parts if one.subject == subject)


class TestCovering:
    @given(
        st.lists(st.integers(0, 10**9), min_size=1, max_size=8),
        st.dictionaries(st.sampled_from(sorted(market.SOURCES)), st.integers(1, 3 * 10**9), max_size=4),
    )
    @settings(deadline=None)
    def test_what_is_covered_and_the_rest_are_the_whole(self, used: list[int], certified: dict[str, int]) -> None:
        wanted = {subject: Fraction(amount, 1000) for subject, amount in certified.items()}
        lines = [line(one, place) for place, one in enumerate(used)]
        cut = market.cover(lines, wanted)
        whole, claimed = sum(used), sum(certified.values())
        for one, parts in zip(used, cut, strict=True):
            assert sum(int(Decimal(p.quantity) * 1000) for p in parts) == one
            assert len({p.subject for p in parts}) == len(parts)
            covered = one - watt_hours(parts, "electricity")
            assert 0 <= covered <= one
            fair = Fraction(min(claimed, whole) * one, whole) if whole else 0
            assert abs(covered - fair) <= len(certified)  # in proportion, to the watt-hour of each source
        for subject, amount in certified.items():
            counted = sum(watt_hours(parts, subject) for parts in cut)
            assert counted <= amount
            assert counted == amount if claimed <= whole else abs(counted - Fraction(amount * whole, claimed)) < 1
        flat = [one for parts in cut for one in parts]
        assert market.surplus(wanted, flat) is (claimed > whole)

    def test_other_carriers_and_lines_without_certificates_stay_as_they_are(self) -> None:
        gas = Component("production", "gas", "natural-gas", "primary", "7", "GJ", "")
        plain = msgspec.structs.replace(line(1000, 0), quantity="1")
        assert market.cover([gas, plain], {}) == [[gas], [plain]]
        assert market.cover([gas, plain], {"electricity-wind": Fraction(1)})[0] == [gas]

    def test_a_material_of_a_sources_name_is_no_electricity(self) -> None:
        named = Component("raw material", "x", "electricity-wind", "secondary", "5", "t", "")
        assert market.surplus({"electricity-wind": Fraction(1)}, [named])

    def test_a_large_unit_is_cut_in_kilowatt_hours(self) -> None:
        large = msgspec.structs.replace(line(0, 0), quantity="1.5", unit="MWh")
        (parts,) = market.cover([large], {"electricity-wind": Fraction(1)})
        assert [(p.quantity, p.unit) for p in parts] == [("1.000", "kWh"), ("1499.000", "kWh")]


def failing(report: Report) -> set[str]:
    return {f.code for number in (8, 10) for f in report[number].findings if f.status is Status.FAIL}


def checked(world: World) -> Report:
    return verify(world.bundle(wm.STRIP), world.trust(), world.view())


def replayed(world: World) -> set[str]:
    return {d.kind for d in replay(WorldSource.of(world), world.trust(), world.view()).discrepancies}


class TestOnTheChain:
    def test_an_honest_one_is_recomputed_and_says_which_certificates_it_counts(self) -> None:
        made = wk.market_world()
        report = checked(made.world)
        assert failing(report) == set()
        told = {f.code: f.text() for f in report[10].findings}
        assert f"serials {wk.FIRST} to {wk.LAST}: counted by {m.MARKET}" in told["claim-counted"]
        assert "claim-not-exclusive" in told  # nobody of the registry has said so
        assert replayed(made.world) == set()

    def test_it_is_exclusive_by_the_registrys_word_alone(self) -> None:
        made = wk.market_world()
        made.world.claims[0] = replace(made.world.claims[0], attested=attested(made.world))
        trust = msgspec.structs.replace(made.world.trust(), registrars=["0x" + REGISTRAR.hex()])
        codes = {f.code for f in verify(made.world.bundle(wm.STRIP), trust, made.world.view())[10].findings}
        assert replay(WorldSource.of(made.world), trust, made.world.view()).claims_unattested == 0
        assert {"claim-counted", "claim-attested"} <= codes
        assert "claim-not-exclusive" not in codes

    def test_a_replay_counts_what_rests_on_the_operators_word_alone(self) -> None:
        made = wk.market_world()
        made.world.claims[0] = replace(made.world.claims[0], attested=attested(made.world))
        found = replay(WorldSource.of(made.world), made.world.trust(), made.world.view())
        assert (found.claims, found.claims_unattested) == (1, 1)  # by a registrar whom this reader does not trust
        made.state(made.counting())
        assert replay(WorldSource.of(made.world), made.world.trust(), made.world.view()).claims_unattested == 0

    def test_without_a_chain_nobody_can_say(self) -> None:
        made = wk.market_world()
        whole = made.world.bundle(wm.STRIP)
        bare = replace(whole, items=tuple(i for i in whole.items if i.index != made.cancellation))
        for bundle in (whole, bare):
            codes = {f.code for f in verify(bundle, made.world.trust(), None)[10].findings}
            assert "withheld-chain" in codes

    @pytest.mark.parametrize("name", wk.LIES)
    def test_a_lie_about_certificates(self, name: str) -> None:
        lie, codes, kinds = wk.LIES[name]
        made = wk.market_world()
        lie(made)
        assert failing(checked(made.world)) == codes
        assert replayed(made.world) == kinds

    @pytest.mark.parametrize("name", wk.OUTSIDE)
    def test_what_was_cancelled_for_something_else(self, name: str) -> None:
        stated, code = wk.OUTSIDE[name]
        made = wk.market_world(stated)
        found = failing(checked(made.world))
        if name == "beneficiary":  # which is no matter of arithmetic
            assert found == {code}
            return
        assert found == {"not-computable", *([code] if code else [])}
        assert "footprint-differs" in replayed(made.world)

    def test_a_newer_footprint_without_what_was_rejected_is_clean_again(self) -> None:
        made = wk.market_world()
        wk.LIES["a claim that the registry rejected"][0](made)
        made.state(made.counting())
        assert replayed(made.world) == set()

    def test_what_was_rejected_lives_on_in_no_lot_that_was_made_of_it(self) -> None:
        made = wk.market_world()
        section = wk.section_of(made)
        assert replayed(made.world) == set()
        wk.LIES["a claim that the registry rejected"][0](made)
        made.state(made.counting())
        assert replayed(made.world) == {"claim-lacking"}  # the section still counts with it
        section.count()
        assert replayed(made.world) == set()

    def test_a_cancellation_that_is_withheld_accuses_nobody(self) -> None:
        made = wk.market_world()
        made.world.entries[made.cancellation].body = None
        assert "footprint-differs" not in replayed(made.world)
        codes = {f.code for f in checked(made.world)[8].findings if f.status is Status.FAIL}
        assert codes == set()
