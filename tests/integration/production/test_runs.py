"""Opening and closing runs: what is refused, and which field is named."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from backend.database import transaction
from backend.errors import Conflict, NotFound
from backend.footprints import service as footprints
from backend.footprints import sets as factor_sets
from backend.footprints.reissue import reissue
from backend.production import lots, repository, runs, service
from leafproof import units
from leafproof.errors import InvalidInput, LeafproofError
from leafproof.plan import MeteringPlan
from leafproof.record import Input, Output, Source, Weighing
from leafproof.values import Gtin, Lot
from tests.integration.production.works import (
    COIL,
    DECLARED,
    FABRICATOR,
    PLANT,
    QUARTER,
    START,
    STEEL,
    STEWARD,
    WORKSHOP,
    Works,
    coil,
    of_lot,
    point,
    product,
    section,
    slab,
)
from tests.support.stream import Stream, gln

HOUR = 3600


def refused(works: Works, *, field: str, says: str, outputs: object = None, inputs: object = ()) -> None:
    """Closing a run with these facts names the field, and leaves the run open."""
    run = works.open(coil("X"), START)
    with pytest.raises(InvalidInput) as caught:
        works.close(run, START + HOUR, outputs if outputs is not None else [product()], inputs)
    assert (caught.value.field, says in caught.value.reason) == (field, True), caught.value.message
    works.close(run, START + HOUR, [product()])


class TestOpening:
    def test_a_lot_is_made_once(self, works: Works) -> None:
        works.run(coil("A"), START, START + HOUR)
        with pytest.raises(InvalidInput, match=r"lot: lot .* was used already"):
            works.open(coil("A"), START + 2 * HOUR)

    def test_a_line_that_no_point_meters_is_unknown(self, works: Works) -> None:
        with pytest.raises(InvalidInput, match="line: no metering point of"):
            works.open(coil("A"), START, line="melt shop")

    def test_runs_on_one_line_do_not_overlap(self, works: Works) -> None:
        works.run(coil("A"), START, START + HOUR)
        works.open(coil("B"), START + HOUR)
        with pytest.raises(Conflict, match="two runs at once on one line"):
            works.open(coil("C"), START + HOUR - 1, START + HOUR + 1)
        with pytest.raises(Conflict, match="is still open"):
            works.open(coil("C"), START + 5 * HOUR)

    def test_a_close_that_reaches_into_the_next_run_is_refused(self, works: Works) -> None:
        works.run(coil("B"), START + HOUR, START + 2 * HOUR)
        run = works.open(coil("A"), START, START + HOUR)
        with pytest.raises(Conflict, match="two runs at once"):
            works.close(run, START + HOUR + 1, [product()])

    def test_products_and_facilities_must_be_known(self, works: Works) -> None:
        with pytest.raises(NotFound, match="product"):
            works.open(Lot.parse("04006381333931", "A"), START)
        with (
            pytest.raises(InvalidInput, match=r"gtin: .* is not a product of the facility's company"),
            transaction(works.engine) as connection,
        ):
            runs.open_run(connection, works.desk, WORKSHOP, "mill", coil("A"), START)

    def test_before_the_first_metering_plan_there_are_no_runs(self, works: Works) -> None:
        with pytest.raises(InvalidInput, match="no metering plan in force"):
            works.open(coil("A"), START - 400 * 86400)


class TestClosing:
    def test_a_run_that_closes_before_it_opens(self, works: Works) -> None:
        run = works.open(coil("A"), START)
        with pytest.raises(InvalidInput, match=r"closed: the run closes at .*, not after it opens"):
            works.close(run, START, [product()])

    def test_quantities_are_positive_and_in_known_units(self, works: Works) -> None:
        refused(works, outputs=[product("0")], field="outputs.0.quantity", says="not positive")

    def test_a_negative_input(self, works: Works) -> None:
        refused(works, inputs=[slab("1"), slab("-1")], field="inputs.1.quantity", says="not positive")

    def test_an_unknown_unit(self, works: Works) -> None:
        outputs = [Output("product", "coil", "1", "stone", DECLARED)]
        refused(works, outputs=outputs, field="outputs.0.unit", says="unknown unit 'stone'")

    def test_a_product_by_volume_has_no_mass(self, works: Works) -> None:
        outputs = [Output("product", "coil", "1", "m3", DECLARED)]
        refused(works, outputs=outputs, field="outputs.0.unit", says="is no t (mass)")

    def test_no_product_at_all(self, works: Works) -> None:
        outputs = [Output("waste", "scrap", "1", "t", DECLARED)]
        refused(works, outputs=outputs, field="outputs", says="no product with a mass")

    @pytest.mark.parametrize(
        ("name", "says"), [("scale-9", "'scale-9' is not in the metering plan"), ("main", "main is no scale")]
    )
    def test_an_unknown_scale(self, works: Works, name: str, says: str) -> None:
        source = Source("weighed", None, (Weighing("", name, "2018-03-01T00:00:00Z"),))
        outputs = [Output("product", "coil", "1", "t", source)]
        refused(works, outputs=outputs, field="outputs.0.source", says=says)

    def test_weighed_without_a_weighing(self, works: Works) -> None:
        outputs = [Output("product", "coil", "1", "t", Source("weighed"))]
        refused(works, outputs=outputs, field="outputs.0.weighings", says="belong to what was weighed")

    def test_a_material_without_a_factor(self, works: Works) -> None:
        inputs = [Input("paint", "1", "t", DECLARED, material="paint")]
        refused(works, inputs=inputs, field="inputs.0.material", says="none is set for material paint")

    def test_an_input_that_is_neither_lot_nor_material(self, works: Works) -> None:
        refused(works, inputs=[Input("?", "1", "t", DECLARED)], field="inputs.0.material", says="either a lot")

    def test_an_unknown_input_lot(self, works: Works) -> None:
        refused(works, inputs=[of_lot(coil("nowhere"), "1")], field="inputs.0.lot", says="is unknown here")

    def test_a_lot_made_from_itself(self, works: Works) -> None:
        refused(works, inputs=[of_lot(coil("X"), "1")], field="inputs.0.lot", says="not closed")

    def test_an_overdrawn_lot(self, works: Works) -> None:
        works.run(coil("A"), START - HOUR, START, [product("10")])
        run = works.open(coil("Z"), START - 3 * HOUR, START - 2 * HOUR)
        with pytest.raises(InvalidInput, match=r"inputs.0.quantity: lot .*: 10.1 t of a lot of 10 t"):
            works.close(run, START - 2 * HOUR, [product()], [of_lot(coil("A"), "10.1")])
        works.close(run, START - 2 * HOUR, [product()])
        run = works.open(coil("B"), START)
        works.close(run, START + HOUR, [product()], [of_lot(coil("A"), "7")])
        run = works.open(coil("C"), START + HOUR)
        with pytest.raises(InvalidInput, match="overdrawn, 4 t are wanted and 3 t are left"):
            works.close(run, START + 2 * HOUR, [product()], [of_lot(coil("A"), "4")])
        works.close(run, START + 2 * HOUR, [product()], [of_lot(coil("A"), "3")])

    def test_a_lot_given_twice_is_to_be_added_up(self, works: Works) -> None:
        works.run(coil("A"), START - HOUR, START, [product("10")])
        inputs = [of_lot(coil("A"), "1"), of_lot(coil("A"), "2")]
        refused(works, inputs=inputs, field="inputs.1.lot", says="given twice")

    def test_anothers_lot(self, works: Works) -> None:
        works.run(coil("A"), START, START + HOUR, [product("10")])
        run = works.open(section("S"), START)
        with pytest.raises(InvalidInput, match=r"inputs.0.lot: coil: no share of lot .* belongs to Fabricator"):
            works.close(run, START + HOUR, [product()], [of_lot(coil("A"), "1")])

    def test_the_same_close_again_changes_nothing_and_another_is_a_conflict(self, works: Works) -> None:
        run = works.run(coil("A"), START, START + HOUR)
        works.close(run, START + HOUR, [product()])
        with pytest.raises(Conflict, match="closed already, with other facts"):
            works.close(run, START + HOUR, [product("11")])

    def test_a_region_without_a_factor_is_named(self, works: Works) -> None:
        place = gln("880123450009")
        with transaction(works.engine) as connection:
            service.add_facility(
                connection,
                works.desk,
                place,
                company_gln=STEEL,
                name="Second works",
                country="KR",
                zone="Asia/Seoul",
                region="KR",
            )
            row = service.facility(connection, place)
            with pytest.raises(
                InvalidInput, match=r"no electricity factor is set .* in region KR; .* has .*kr-2018"
            ):
                footprints.choose(connection, works.desk, works.log, row)

    def test_electricity_of_another_region_is_refused_and_what_fits_is_named(self, works: Works) -> None:
        with transaction(works.engine) as connection:
            plant, shop = service.facility(connection, PLANT), service.facility(connection, WORKSHOP)

            def use(place: repository.Row, factor: str) -> None:
                footprints.set_factor(connection, works.desk, works.log, place, "electricity", factor)

            with pytest.raises(InvalidInput, match=r"factor: .* region BR, the facility of KR; .*kr-2018"):
                use(plant, "electricity-br-2023")
            with pytest.raises(InvalidInput, match=r"region CN-North, the facility of CN-East; .* has .*-cn-2023"):
                use(shop, "electricity-cn-north-2023")
            for whole_or_same in ("electricity-cn-2023", "electricity-cn-east-2022"):
                use(shop, whole_or_same)
            use(dict(shop) | {"region": "CN"}, "electricity-cn-east-2023")


class TestMasterData:
    def test_a_gtin_with_a_wrong_check_digit(self, works: Works) -> None:
        wrong = COIL[:-1] + str((int(COIL[-1]) + 1) % 10)
        with pytest.raises(InvalidInput, match=r"gtin: .* has check digit"):
            Gtin.parse(wrong)

    def test_the_same_again_is_one_and_another_under_its_name_is_a_conflict(self, works: Works) -> None:
        with transaction(works.engine) as connection:
            service.add_company(connection, STEEL, "Steel", works.addresses[STEEL])
            with pytest.raises(Conflict, match="with another name"):
                service.add_company(connection, STEEL, "Other", works.addresses[STEEL])

    def test_a_plan_again_is_the_same_statement_and_versions_have_no_holes(self, works: Works) -> None:
        first = MeteringPlan(str(PLANT), "Asia/Seoul", 1, "2018-01-01T00:00:00Z", (point(works.mill),))
        third = msgspec.structs.replace(first, version=3, valid_from="2019-01-01T00:00:00Z")
        with transaction(works.engine) as connection:
            size = works.log.size(connection)
            service.add_metering_plan(connection, works.desk, first)
            assert works.log.size(connection) == size
            with pytest.raises(InvalidInput, match="version: the next version"):
                service.add_metering_plan(connection, works.desk, third)

    def test_anothers_gateway_meters_nothing_here(self, works: Works) -> None:
        foreign = (point(works.mill), point(works.shop, "other"))
        plan = MeteringPlan(str(PLANT), "Asia/Seoul", 2, "2019-01-01T00:00:00Z", foreign)
        with transaction(works.engine) as connection:
            size = works.log.size(connection)
            with pytest.raises(InvalidInput, match=r"points.gateway: other: .* another operator than Steel"):
                service.add_metering_plan(connection, works.desk, plan, works.ring.registered_key)
            assert works.log.size(connection) == size
            unknown = msgspec.structs.replace(plan, points=(point(Stream(name="new"), "new"),))
            service.add_metering_plan(connection, works.desk, unknown, works.ring.registered_key)

    def test_a_point_of_a_line_does_not_meter_a_part_of_another_line(self, works: Works) -> None:
        points = (point(works.mill), point(works.mill, "sub", parent="main", line="saw"))
        plan = MeteringPlan(str(PLANT), "Asia/Seoul", 2, "2019-01-01T00:00:00Z", points)
        with pytest.raises(InvalidInput, match=r"points.line: sub is metered by main as well"):
            plan.check()

    def test_points_that_hang_on_each_other_are_refused(self, works: Works) -> None:
        points = (point(works.mill, "a", parent="b", line=None), point(works.mill, "b", parent="a", line=None))
        plan = MeteringPlan(str(PLANT), "Asia/Seoul", 2, "2019-01-01T00:00:00Z", points)
        with pytest.raises(InvalidInput, match=r"points.parent"):
            plan.check()


class TestTransfers:
    def recorded(self, works: Works) -> None:
        works.meter(works.mill, ["1"] * 8)
        works.run(coil("A"), START, START + HOUR, [product("10")])
        works.recorder().step()

    def transfer(self, works: Works, tonnes: str, to: str = str(FABRICATOR)) -> str:
        with transaction(works.engine) as connection:
            amount = units.Quantity(Decimal(tonnes), "t")
            return lots.transfer(connection, works.desk, coil("A"), STEEL, to, amount)

    def test_what_was_handed_over_can_be_used_and_no_more(self, works: Works) -> None:
        self.recorded(works)
        self.transfer(works, "4")
        run = works.open(section("S"), START)
        with pytest.raises(InvalidInput, match="overdrawn, 5 t are wanted and 4 t are left"):
            works.close(run, START + HOUR, [product("3")], [of_lot(coil("A"), "5")])
        works.close(run, START + HOUR, [product("3")], [of_lot(coil("A"), "4")])
        with pytest.raises(InvalidInput, match=r"quantity: 6.001 t of lot .* are more than Steel holds"):
            self.transfer(works, "6.001")
        self.transfer(works, "6", "0x" + works.addresses[FABRICATOR].hex())

    @pytest.mark.parametrize("to", ["0x12", "0x" + "0" * 40, "0xzz", "4012345000008"])
    def test_a_receiver_that_is_none(self, works: Works, to: str) -> None:
        self.recorded(works)
        with pytest.raises(InvalidInput, match=r"^to: "):
            self.transfer(works, "1", to)

    def test_before_its_record_a_lot_has_no_shares(self, works: Works) -> None:
        works.run(coil("A"), START, START + HOUR, [product("10")])
        with pytest.raises(Conflict, match="no record yet"):
            self.transfer(works, "1")


class TestCorrections:
    def test_a_correction_supersedes_and_both_stay(self, works: Works) -> None:
        works.meter(works.mill, ["100"] * 4)
        works.run(coil("A"), START, START + 4 * QUARTER, [product("10")], [slab("11")])
        works.recorder().step()
        first, before = works.record(coil("A")), works.footprint(coil("A"))
        with transaction(works.engine) as connection:
            logged = lots.correct(
                connection,
                works.desk,
                coil("A"),
                lots.Correction("misread", "shift leader", outputs=[product("8")]),
            )
            entry = works.log.entry(connection, logged.index)
        second = works.record(coil("A"))
        assert second.supersedes is not None
        assert (first.outputs, second.outputs) == ((product("10"),), (product("8"),))
        assert second.activity == first.activity
        assert works.footprint(coil("A")).record == entry.statement_id.hex()
        assert Decimal(works.footprint(coil("A")).per_tonne) > Decimal(before.per_tonne)

    def test_input_lots_cannot_be_corrected_for_their_shares_are_spent(self, works: Works) -> None:
        works.meter(works.mill, ["1"] * 8)
        works.run(coil("A"), START, START + HOUR, [product("10")])
        works.run(coil("B"), START + HOUR, START + 2 * HOUR, [product("5")], [of_lot(coil("A"), "5")])
        works.recorder().step()
        works.recorder().step()
        with (
            pytest.raises(InvalidInput, match="inputs: input lots and their quantities stay"),
            transaction(works.engine) as connection,
        ):
            lots.correct(
                connection,
                works.desk,
                coil("B"),
                lots.Correction("misread", "shift leader", inputs=[of_lot(coil("A"), "4")]),
            )

    def test_a_new_factor_set_gives_a_new_footprint_and_the_record_stays(self, works: Works) -> None:
        works.meter(works.mill, ["100"] * 4)
        works.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
        works.recorder().step()
        before = works.footprint(coil("A"))
        shipped = factor_sets.shipped_set()
        doubled = tuple(
            msgspec.structs.replace(f, value="4640") if f.id == "steel-slab-bf-bof-glo-2023" else f
            for f in shipped.factors
        )
        with transaction(works.engine) as connection:
            assert reissue(connection, works.desk, coil("A")) is None
            newer = msgspec.structs.replace(shipped, version="test", factors=doubled)
            factor_sets.use_set(connection, works.desk, works.log, STEWARD, newer)
            assert reissue(connection, works.desk, coil("A")) is not None
        after = works.footprint(coil("A"))
        assert after.record == before.record
        assert Decimal(after.per_tonne) - Decimal(before.per_tonne) == Decimal("2552")
        assert after.supersedes is not None

    def test_a_set_that_was_logged_cannot_change_under_its_version(self, works: Works) -> None:
        other = msgspec.structs.replace(factor_sets.shipped_set(), title="Other")
        with pytest.raises(LeafproofError, match="another content"), transaction(works.engine) as connection:
            factor_sets.use_set(connection, works.desk, works.log, STEWARD, other)
