"""Method profiles: what each counts, what each refuses by which rule, and that nothing is lost on the way."""

from __future__ import annotations

import csv
import re
from fractions import Fraction
from importlib import resources
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof import profile
from leafproof.errors import InvalidInput
from leafproof.footprint import (
    Allocated,
    Allocation,
    Exempted,
    Footprint,
    Functional,
    Price,
    ProductFacts,
    Quality,
    Share,
    Subdivision,
    choices_of,
)
from leafproof.keys import SigningKey
from leafproof.record import Input, Output
from tests.support import methods as m
from tests.support.methods import DECLARED, activity, calculate, exact, refs, run
from tests.support.require import need, shared

COIL, STRIP = (Output(role, name, tonnes, "t", DECLARED) for role, name, tonnes in
               (("product", "coil", "6"), ("co-product", "strip", "4")))  # fmt: skip
PAIR = (COIL, STRIP)


def category(found: Footprint, name: str) -> str:
    return next(c.emissions for c in found.categories if c.category == name)


class TestProfiles:
    def test_all_that_are_shipped_are_read_and_named_by_their_hash(self) -> None:
        assert sorted(ref.id for ref, _ in profile.shipped().values()) == sorted(m.PROFILES)
        for ref, found in profile.shipped().values():
            assert profile.named(ref) is found and profile.newest(ref.id) == ref

    def test_every_rule_speaks_two_languages_and_says_how_far_its_source_was_read(self) -> None:
        for _, found in profile.shipped().values():
            for rule in found.rules:
                assert re.search("[\u4e00-\u9fff]", rule.text_zh) and rule.text_en.isascii() and rule.source

    def test_another_hash_id_or_version_is_not_known(self) -> None:
        ref = profile.newest("pact-3")
        for changes in ({"sha256": "00" * 32}, {"id": "pact"}, {"version": "2"}):
            with pytest.raises(InvalidInput, match="not one that this version knows"):
                profile.named(msgspec.structs.replace(ref, **changes))
        with pytest.raises(InvalidInput, match=r"profile: 'moon' is not known; known: cbam-steel, "):
            profile.newest("moon")

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ('"rules": [', '"rules": [], "spare": ['),
            ('"rule": "overhead"', '"rule": "note"'),
            ('"id": "iso14067-boundary"', '"id": "iso14067-gases"'),
            ('"gwp_set": "AR6"', '"gwp_set": "AR9"'),
            ('"reading": "secondary"', '"reading": "surely"'),
            ('"max_percent": null', '"max_percent": "few"'),
        ],
    )
    def test_a_file_is_read_strictly(self, change: str, named: str) -> None:
        file = resources.files("leafproof").joinpath("profiles", "iso-14067-2018.1.json").read_text("utf-8")
        assert change in file
        with pytest.raises(InvalidInput):
            profile.read(file.replace(change, named, 1).encode(), "iso")

    def test_the_weights_are_those_of_the_public_table(self) -> None:
        sha = profile.named(profile.newest("pact-3")).rule(profile.Weights).table
        table = shared() / "vectors/gwp/globalwarmingpotentials.csv"
        need(table.is_file(), "the public table is not here")
        rows = table.read_text("utf-8").splitlines()
        named = {r["Species"]: r for r in csv.DictReader(line for line in rows if not line.startswith("#"))}
        columns = {"SAR": "SARGWP100", "AR4": "AR4GWP100", "AR5": "AR5GWP100", "AR6": "AR6GWP100"}
        for name, weights in profile.gwp_table(sha).items():
            for gas, weight in weights.items():
                if gas in named:
                    assert weight == exact(named[gas][columns[name]]), (name, gas)
        assert profile.gwp_table(sha)["AR6"]["CH4 fossil"] == exact("29.8")  # AR6 WG1, table 7.15
        assert profile.gwp_table(sha)["AR6"]["CH4 biogenic"] == 27


class TestOneSetOfFactsGivesOneFootprintForEachProfile:
    """docs/method.md, the first table: 1000 kWh and 11 t of slab become 10 t of coil."""

    def test_iso_gbt_and_pact_count_the_electricity_whole(self) -> None:
        # (1000 x (0.5 + 0.06) + 11 x 2000) / 10
        for by in ("iso-14067-2018", "gbt-24067-2024", "pact-3"):
            assert calculate(run(), by).per_tonne == "2256.000"

    def test_cbam_counts_no_electricity_and_wants_its_own_default(self) -> None:
        facts = ProductFacts(cn_code="7208", process="hot rolling")
        found = calculate(run(), "cbam-steel", {"steel-slab": refs("slab-cbam")}, product=facts)
        assert found.per_tonne == "2090.000"  # 11 x 1900 / 10
        assert [c.subject for c in found.components or ()] == ["steel-slab"]

    def test_a_battery_is_counted_by_the_energy_of_its_life(self) -> None:
        facts = ProductFacts(model="B-1", service_life_kwh_per_tonne="250000")
        found = calculate(run(), "eu-battery-2023", product=facts)
        assert found.functional is not None
        assert (found.functional.unit, found.functional.emissions) == ("kWh", "0.009024")  # 2256 / 250000

    def test_a_footprint_says_by_which_file(self) -> None:
        assert calculate(run()).profile == profile.newest("iso-14067-2018")


class TestWhatAProfileRefuses:
    @pytest.mark.parametrize("by", ["iso-14067-2018", "gbt-24067-2024", "pact-3"])
    def test_a_generation_only_factor_unless_others_add_what_it_lacks(self, by: str) -> None:
        with pytest.raises(InvalidInput, match=r"-electricity: generation: transmission losses, fuel supply not"):
            calculate(run(), by, {**m.COMPLETE, "electricity": refs("generation")})
        with pytest.raises(InvalidInput, match="fuel supply not included, and no factor adds it"):
            calculate(run(), by, {**m.COMPLETE, "electricity": refs("grid")})
        assert calculate(run(), by, {**m.COMPLETE, "electricity": refs("grid", "supply")}).per_tonne

    def test_a_part_counted_twice(self) -> None:
        with pytest.raises(InvalidInput, match="iso14067-electricity: generation counts generation once more"):
            calculate(run(), factors={**m.COMPLETE, "electricity": refs("grid", "supply", "generation")})

    @pytest.mark.parametrize(
        ("by", "product", "rule"),
        [
            ("cbam-steel", None, "cbam-product: the product's cn code is not stated"),
            ("cbam-steel", ProductFacts(cn_code="7208"), "cbam-product: the product's process is not stated"),
            ("cbam-steel", ProductFacts(cn_code="8544", process="p"), "cbam-product: CN 8544 is not among"),
            ("eu-battery-2023", None, "battery-product: the product's model is not stated"),
            (
                "eu-battery-2023",
                ProductFacts(model="B", service_life_kwh_per_tonne="0"),
                "battery-product: the energy over the service life is not positive",
            ),
        ],
    )
    def test_a_product_of_another_kind(self, by: str, product: ProductFacts | None, rule: str) -> None:
        with pytest.raises(InvalidInput, match=rule):
            calculate(run(), by, product=product)

    @pytest.mark.parametrize(
        ("name", "rule"),
        [("steel-slab", "cbam-boundary: steel-slab counts"), ("slab-lump", "cbam-gases: slab-lump is in kg CO2e")],
    )
    def test_a_precursors_factor_of_another_kind(self, name: str, rule: str) -> None:
        facts = ProductFacts(cn_code="7208", process="hot rolling")
        with pytest.raises(InvalidInput, match=rule):
            calculate(run(), "cbam-steel", {"steel-slab": refs(name)}, product=facts)

    @pytest.mark.parametrize(
        ("by", "exempted", "rule"),
        [
            ("iso-14067-2018", Exempted("2"), "iso14067-cut-off: what is exempted needs a reason"),
            ("eu-battery-2023", Exempted("3.1", "small"), "battery-cut-off: 3.1 % are exempted, at most 3 %"),
            ("iso-14067-2018", Exempted("100", "all"), "iso14067-cut-off: 100 % cannot be exempted"),
        ],
    )
    def test_a_cut_off(self, by: str, exempted: Exempted, rule: str) -> None:
        facts = ProductFacts(model="B-1", service_life_kwh_per_tonne="1")
        with pytest.raises(InvalidInput, match=rule):
            calculate(run(), by, exempted=exempted, product=facts)

    def test_an_input_lot_by_another_profile(self) -> None:
        parent = calculate(run(), "pact-3")
        line = Input("coil", "4", "t", DECLARED, parent.gtin, parent.lot, "0x" + "11" * 20, "ee" * 32)
        with pytest.raises(InvalidInput, match="the footprint named is by pact-3"):
            calculate(run(inputs=(line,)), parent=parent)


class TestGases:
    def test_masses_are_weighed_by_the_profiles_set(self) -> None:
        """docs/method.md: 200 GJ of gas; 11,220 kg CO2, 0.2 kg CH4 x 29.8, 0.02 kg N2O x 273, over 10 t."""
        facts = run((activity("200", "gas", "natural-gas", "GJ"),), ())
        found = calculate(facts, factors={"natural-gas": refs("gas-co2", "gas-ch4", "gas-n2o")})
        assert found.per_tonne == "1123.142"  # (11220 + 5.96 + 5.46) / 10
        assert {(x.gas, x.kg) for x in found.masses} == {
            ("CO2", "1122.000000"), ("CH4", "0.020000"), ("N2O", "0.002000"),
        }  # fmt: skip
        assert not any("CO2 only" in flag for flag in found.flags)

    def test_a_factor_in_co2e_keeps_its_own_set_and_is_flagged_where_it_is_another(self) -> None:
        found = calculate(run(), factors={**m.COMPLETE, "electricity": refs("old")})
        assert "old: CO2e by another set of GWPs" in found.flags
        assert ("CO2e (SAR)", "50.000000") in {(x.gas, x.kg) for x in found.masses}

    def test_biogenic_carbon_is_told_apart_and_pact_counts_no_uptake(self) -> None:
        """docs/method.md: 2 t of pellets; 3000 kg taken up, 3000 kg and 2 kg CH4 given off, 200 kg fossil."""
        names = refs("pellet-fossil", "pellet-uptake", "pellet-burnt", "pellet-ch4")
        facts = run((), (Input("pellets", "2", "t", DECLARED, material="pellets"),))
        iso = calculate(facts, factors={"pellets": names})
        pact = calculate(facts, "pact-3", {"pellets": names})
        assert [c.emissions for c in iso.categories] == ["20.000", "305.400", "-300.000", "0.000", "0.000"]
        assert (iso.per_tonne, pact.per_tonne) == ("25.400", "325.400")
        assert category(pact, "biogenic uptake") == "-300.000"
        assert [c.counted for c in pact.categories] == [True, True, False, True, True]

    def test_a_gas_that_the_set_does_not_weigh_is_no_zero(self) -> None:
        strange = m.factor("strange", "1", "kg XF9", "t")
        m.FACTORS["strange"] = strange
        try:
            facts = run((), (Input("s", "1", "t", DECLARED, material="strange"),))
            with pytest.raises(InvalidInput, match="iso14067-gases: AR6 has no weight of 'XF9'"):
                calculate(facts, factors={"strange": refs("strange", "steel-slab")})
        finally:
            del m.FACTORS["strange"]

    def test_the_gas_that_is_most_of_it_is_not_left_out(self) -> None:
        facts = run((activity("200", "gas", "natural-gas", "GJ"),), ())
        with pytest.raises(InvalidInput, match="natural-gas: the CO2 is missing among the factors chosen"):
            calculate(facts, factors={"natural-gas": refs("gas-ch4", "gas-n2o")})
        uptake = run((), (Input("pellets", "2", "t", DECLARED, material="pellets"),))
        with pytest.raises(InvalidInput, match="pellets: the CO2 is missing among the factors chosen"):
            calculate(uptake, factors={"pellets": refs("pellet-uptake", "pellet-ch4")})

    @pytest.mark.parametrize("gases", [("r410a-hfc32",), ("r410a-hfc32", "r410a-hfc125", "r410a-hfc125")])
    def test_a_blend_is_neither_less_nor_more_than_itself(self, gases: tuple[str, ...]) -> None:
        facts = run((activity("2", "chiller", "emitted-r410a", "kg"),), ())
        with pytest.raises(InvalidInput, match="the gases chosen are not all of it, and nothing else"):
            calculate(facts, factors={"emitted-r410a": refs(*gases)})
        assert calculate(facts, factors={"emitted-r410a": refs("r410a-hfc32", "r410a-hfc125")}).per_tonne


class TestReading:
    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"allocation": Allocated("mass", shares=(Share("coil", "most"),))}, "allocation.shares"),
            ({"functional": Functional("kWh", "little")}, "functional.emissions"),
            ({"quality": Quality("1", "two", "3")}, "quality"),
        ],
    )
    def test_no_number_is_a_word(self, changes: dict[str, object], named: str) -> None:
        stated = msgspec.structs.replace(calculate(run()), **changes)
        key = SigningKey.generate()
        data, disclosures = stated.issue(key, "https://id.gs1.org/414/9520000000028")
        with pytest.raises(InvalidInput, match=named):
            Footprint.read(data, disclosures.values(), key.public, "https://id.gs1.org/414/9520000000028")


class TestSharing:
    """docs/method.md: 560 kg of electricity and 22,000 kg of slab become 6 t of coil and 4 t of strip."""

    def test_by_mass(self) -> None:
        found = calculate(run(outputs=PAIR))
        assert found.per_tonne == "2256.000"  # 22560 / 10
        assert [(s.output, s.share) for s in found.allocation.shares] == [
            ("coil", "0.600000"),
            ("strip", "0.400000"),
        ]

    def test_by_value_with_a_reason(self) -> None:
        prices = (Price("coil", "900", "USD", "contract"), Price("strip", "300", "USD", "contract"))
        chosen = Allocation("economic", "strip is a by-product that nobody would roll for", prices)
        found = calculate(run(outputs=PAIR), allocation=chosen)
        # coil 6 x 900 = 5400 of 6600; 22560 x 5400/6600 / 6
        assert found.per_tonne == "3076.364"
        assert [s.share for s in found.allocation.shares] == ["0.818182", "0.181818"]
        assert choices_of(found).allocation == chosen

    def test_a_point_that_serves_one_output_alone_is_subdivided_first(self) -> None:
        facts = run((activity("600"), activity("400", "slitter")), outputs=PAIR)
        chosen = Allocation(subdivided=(Subdivision("slitter", "strip"),))
        # (600 x 0.56 + 22000) / 10; the slitter's 224 kg are the strip's
        assert calculate(facts, allocation=chosen).per_tonne == "2233.600"
        own = Allocation(subdivided=(Subdivision("slitter", "coil"),))
        assert calculate(facts, allocation=own).per_tonne == "2270.933"  # 2233.6 + 224 / 6

    @pytest.mark.parametrize(
        ("chosen", "says"),
        [
            (Allocation("economic", "", ()), "needs a reason why not by mass"),
            (Allocation("economic", "why", (Price("coil", "1", "USD", "c"),)), "one price for each"),
            (
                Allocation("economic", "why", (Price("coil", "1", "USD", "c"), Price("strip", "1", "EUR", "c"))),
                "more than one currency",
            ),
            (Allocation(subdivided=(Subdivision("boiler", "coil"),)), "no such point"),
        ],
    )
    def test_what_is_not_said_whole_is_refused(self, chosen: Allocation, says: str) -> None:
        with pytest.raises(InvalidInput, match=f"iso14067-allocation: .*{says}"):
            calculate(run(outputs=PAIR), allocation=chosen)

    def test_cbam_shares_by_tonnes_alone(self) -> None:
        prices = (Price("coil", "900", "USD", "c"), Price("strip", "300", "USD", "c"))
        facts = ProductFacts(cn_code="7208", process="hot rolling")
        with pytest.raises(InvalidInput, match="cbam-allocation: allocation by economic is not allowed"):
            calculate(run(outputs=PAIR), "cbam-steel", {"steel-slab": refs("slab-cbam")},
                      Allocation("economic", "why", prices), product=facts)  # fmt: skip

    @pytest.mark.parametrize(
        ("prices", "wrong"),
        [((Price("coil", "900", "USD", "c"),), "one price for each"),
         ((Price("coil", "900", "USD", "c"), Price("coil", "900", "USD", "c")), "one price for each"),
         ((Price("coil", "900", "USD", "c"), Price("strip", "900", "EUR", "c")), "more than one currency"),
         ((Price("coil", "900", "USD", "c"), Price("strip", "0", "USD", "c")), "a price is not positive")],
    )  # fmt: skip
    def test_by_pact_a_price_left_out_does_not_let_mass_pass(self, prices: tuple[Price, ...], wrong: str) -> None:
        with pytest.raises(InvalidInput, match=f"pact-allocation: .*{wrong}"):
            calculate(run(outputs=PAIR), "pact-3", allocation=Allocation("mass", "", prices))

    @pytest.mark.parametrize(("strip", "method"), [("179", "economic"), ("180", "mass")])
    def test_by_pact_the_ratio_of_prices_decides(self, strip: str, method: str) -> None:
        prices = (Price("coil", "900", "USD", "c"), Price("strip", strip, "USD", "c"))
        other = "mass" if method == "economic" else "economic"
        assert calculate(run(outputs=PAIR), "pact-3", allocation=Allocation(method, "why", prices)).per_tonne
        with pytest.raises(
            InvalidInput, match=f"pact-allocation: by the prices stated, allocation is by {method}"
        ):
            calculate(run(outputs=PAIR), "pact-3", allocation=Allocation(other, "why", prices))

    @given(
        st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), min_size=2, max_size=6),
        st.sampled_from(["mass", "economic"]),
    )
    @settings(deadline=None, max_examples=50)
    def test_what_the_outputs_carry_adds_up_to_the_whole(self, made: list[tuple[int, int]], method: str) -> None:
        """Each output in turn is the product, the others are co-products: together they carry all, once."""
        names = [f"o{i}" for i in range(len(made))]
        prices = tuple(Price(n, str(price), "USD", "c") for n, (_, price) in zip(names, made, strict=True))
        total = Fraction(0)
        for place, (kilograms, _) in enumerate(made):
            outputs = tuple(
                Output("product" if i == place else "co-product", n, str(kg), "kg", DECLARED)
                for i, (n, (kg, _)) in enumerate(zip(names, made, strict=True))
            )
            found = calculate(run(outputs=outputs), allocation=Allocation(method, "why", prices))
            total += exact(found.per_tonne) * kilograms / 1000
        # per tonne at 0.001, half of the last digit each
        assert abs(total - 22560) <= sum(kg for kg, _ in made) * Fraction(5, 10**7)


class TestDataQuality:
    def test_pact_rates_by_emissions(self) -> None:
        """docs/method.md: electricity 56 (grid 50 of KR, supply 6 of KR), slab 2200 of the world; all of 2024."""
        found = calculate(run(), "pact-3")
        assert found.quality is not None
        # geographical (56 x 1 + 2200 x 4) / 2256; technological: supply stands in (4), the others are the thing (2)
        stated = (found.quality.technological, found.quality.geographical, found.quality.temporal)
        assert stated == ("2.0", "3.9", "1.0")
        assert found.primary_data_share == "0.0248"  # 56 / 2256

    def test_an_input_lot_brings_its_ratings_and_its_share(self) -> None:
        parent = calculate(run(), "pact-3")
        line = Input("coil", "4", "t", DECLARED, parent.gtin, parent.lot, "0x" + "11" * 20, "ee" * 32)
        found = calculate(run((), (line,)), "pact-3", parent=parent)
        assert found.quality == parent.quality
        assert found.primary_data_share == parent.primary_data_share
        assert found.per_tonne == "902.400"  # 4 x 2256 / 10

    def test_other_profiles_make_none(self) -> None:
        assert calculate(run()).quality is None


class TestOrder:
    @given(st.permutations(range(4)))
    @settings(deadline=None, max_examples=24)
    def test_the_order_of_facts_changes_no_total(self, order: list[int]) -> None:
        lines = [Input(f"slab {i}", str(3 + i), "t", DECLARED, material="steel-slab") for i in range(4)]
        points = [activity(f"{97 + 13 * i}.{i}", f"p{i}") for i in range(4)]
        one = calculate(run(tuple(points), tuple(lines)))
        other = calculate(run(tuple(points[i] for i in order), tuple(lines[i] for i in order)))
        assert (one.per_tonne, one.stages, one.categories, one.masses) == (
            other.per_tonne, other.stages, other.categories, other.masses,
        )  # fmt: skip


def test_the_page_knows_the_very_profiles() -> None:
    script = Path(str(resources.files("backend.web").joinpath("verify", "profile.js"))).read_text("utf-8")
    shipped = {f.name for f in resources.files("leafproof").joinpath("profiles").iterdir()}
    assert set(re.findall(r"leafproof/profiles/([\w.-]+)'", script)) == shipped
