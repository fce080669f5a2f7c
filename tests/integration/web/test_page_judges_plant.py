"""A plant that burns gas, with scales, estimates and sub-meters: the page finds what the kernel finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from leafproof import body, disclosure
from leafproof.footprint import Footprint
from leafproof.period import Invoice
from leafproof.plan import Conversion, MeteringPlan, Plausible, Replacement
from leafproof.record import DISCLOSED_FROM as record_members
from leafproof.record import JWT_TYPE, BatchRecord, Input, Output, Segment, Source, Weighing
from tests.integration.web.judging import agreed, case, compared
from tests.integration.web.phone import Phone
from tests.support import world as w
from tests.support import world_plant as wp
from tests.support.world import COIL
from tests.unit import test_estimating as estimating
from tests.unit import test_plausible as suspected
from tests.unit import test_reconciled as reconciled
from tests.unit import test_simulated as simulated

if TYPE_CHECKING:
    pass


def planned(**changes: Any) -> Callable[[w.Party], MeteringPlan]:
    """A plan whose gas meter is otherwise, which no reader takes for one."""

    def lie(party: w.Party) -> MeteringPlan:
        true = wp.plan_of(party)
        points = tuple(msgspec.structs.replace(p, **changes) if p.point == "gas" else p for p in true.points)
        return msgspec.structs.replace(true, points=points)

    return lie


def replanned(**changes: Any) -> Callable[[], wp.Plant]:
    """A plant that logs a second plan, with a gas meter that no plan may have."""

    def lie() -> wp.Plant:
        made = wp.plant()
        w.log_plan(made.world, made.world.steel, planned(**changes)(made.world.steel))
        made.world.anchor()
        return made

    return lie


STATED = Conversion("calorific value", "MJ/Nm3", "supplier", value="36", basis="net")


SEGMENTS = (
    Segment("line-1", "2018-01-02T00:00:00Z", "2018-01-02T01:00:00Z"),
    Segment("line-2", "2018-01-02T00:30:00Z", "2018-01-02T02:00:00Z"),
)


def weighed(
    *lines: tuple[str, ...], kind: str = "weighed", segments: tuple[Segment, ...] = (), **changes: Any
) -> Callable[[], wp.Plant]:
    """A second record whose output lines were weighed at these times, as no reader takes it, or as he does."""

    def lie() -> wp.Plant:
        made = wp.plant()
        key = made.world.steel.gateway.public.key_id.hex()
        outputs = tuple(
            Output("product", f"coil {n}", "1", "t", Source(kind, None, tuple(
                msgspec.structs.replace(Weighing(key, "bridge", t, None, (5,)), **changes) for t in times
            )))
            for n, times in enumerate(lines)
        )  # fmt: skip
        run = msgspec.structs.replace(made.record.run, segments=segments)
        record = msgspec.structs.replace(made.record, lot="C-7", outputs=outputs, run=run)
        claims = {k: v for k, v in msgspec.to_builtins(record).items() if v is not None}
        key_, uri = made.world.steel.key, made.world.steel.uri
        data, disclosed = disclosure.issue(key_, uri, JWT_TYPE, claims, record_members)
        made.world.state(made.world.steel, record.of.urn, body.BATCH_RECORD, data, *disclosed.values())
        made.world.anchor()
        return made

    return lie


def restated(made: wp.Plant, **members: Callable[[Footprint], Any]) -> None:
    """A newer footprint of the coil, which lies in these members."""
    signed, key, uri = made.world.entries[made.footprint], made.world.steel.key, made.world.steel.uri
    stated = Footprint.read(signed.body or b"", signed.disclosures, key.public, uri)
    told = {name: lie(stated) for name, lie in members.items()}
    newer = msgspec.structs.replace(stated, supersedes=made.world.id(made.footprint), **told)
    data, disclosed = newer.issue(key, uri)
    made.world.state(made.world.steel, COIL.urn, body.FOOTPRINT, data, *disclosed.values())
    made.world.anchor()


def implausible(**limits: Any) -> Callable[[], wp.Plant]:
    """A plan that says of the gas meter's readings what cannot be said."""
    return replanned(conversions=(STATED,), plausible=Plausible(**{"source": "plate", **limits}))


def miscounted(**counts: Any) -> Callable[[], wp.Plant]:
    """A second record of a coil, whose meters had so many suspect readings, or estimates that cannot be."""

    def lie() -> wp.Plant:
        made = wp.plant()
        activity = tuple(msgspec.structs.replace(a, **counts) for a in made.record.activity or ())
        record = msgspec.structs.replace(made.record, lot="C-7", activity=activity)
        claims = {k: v for k, v in msgspec.to_builtins(record).items() if v is not None}
        key, uri = made.world.steel.key, made.world.steel.uri
        data, disclosed = disclosure.issue(key, uri, JWT_TYPE, claims, record_members)
        made.world.state(made.world.steel, record.of.urn, body.BATCH_RECORD, data, *disclosed.values())
        made.world.anchor()
        return made

    return lie


def estimated(**rule: Any) -> Callable[[], wp.Plant]:
    """A plan that says how the gas meter's gaps are filled, as no plan may."""
    return replanned(conversions=(STATED,), estimates=msgspec.structs.replace(estimating.HALF_HOUR, **rule))


def misestimated(**changes: Any) -> Callable[[], wp.Plant]:
    """A second record, with estimates that no record may state."""
    return miscounted(estimated=msgspec.structs.replace(estimating.TRUE, **changes))


AT, LATER = "2018-01-02T01:00:00Z", "2018-01-02T02:00:00Z"
PLANTS: dict[str, Callable[[], wp.Plant]] = {
    "none": wp.plant,
    "a meter exchanged that is no register": replanned(replaced=(Replacement("2018-01-02T00:00:00Z", "9", "0"),)),
    "a tolerance of nothing known": replanned(conversions=(STATED,), tolerance="some"),
    "segments that overlap": weighed((AT,), segments=SEGMENTS),
    "one weighing for two lines": weighed((AT,), (AT,)),
    "weighed at no time": weighed(()),
    "declared with a weighing": weighed((AT,), kind="declared"),
    "full and empty at once": weighed((AT,), tare=AT),
    "weighed sometime": weighed(("yesterday",)),
    "a gateway without a key": weighed((AT,), gateway="mine"),
    "three frames": weighed((AT,), frames=(1, 2, 3)),
    "no conversion": replanned(conversions=()),
    "no carrier": replanned(carrier="moonlight"),
    "no source": replanned(conversions=(msgspec.structs.replace(STATED, source=""),)),
    "no basis": replanned(conversions=(msgspec.structs.replace(STATED, basis=None),)),
    "not at these conditions": replanned(unit="m3", conversions=(STATED,)),
    "a value that nobody reads": replanned(conversions=(msgspec.structs.replace(STATED, value=None, point="x"),)),
    "a negative value": replanned(conversions=(msgspec.structs.replace(STATED, value="-36"),)),
    "a density for an energy": replanned(conversions=(msgspec.structs.replace(STATED, quantity="density"),)),
    "weighings of an hour": replanned(kind="weight"),
    "a least that is more than the most": implausible(minimum="7", maximum="6"),
    "no number of equal readings": implausible(frozen_after=1),
    "a range of nothing known": implausible(maximum="much"),
    "neither a range nor a number": implausible(),
    "a range by nobody": implausible(maximum="6", source=" "),
    "suspect readings, fewer than none": miscounted(frozen=-1),
    "a point called worse than the record": miscounted(mode="simulated"),
    "a point of no known mode": miscounted(mode="guessed"),
    "estimates of more than a day": estimated(up_to_seconds=86401),
    "estimates of less than an interval": estimated(up_to_seconds=899),
    "estimates by no procedure": estimated(source=" "),
    "estimates between weighings": replanned(
        kind="weight", interval_seconds=1, conversions=(STATED,), estimates=estimating.HALF_HOUR
    ),
    "an estimate of nobody knows how much": misestimated(quantity="some"),
    "an estimate that is taken off": misestimated(quantity="-1.000"),
    "an estimate of no interval": misestimated(intervals=0),
    "an estimate of no time": misestimated(spans=()),
    "an estimate of one time twice": misestimated(spans=(estimating.SPAN, estimating.SPAN)),
    "an estimate before the run": misestimated(spans=(("2018-01-01T00:15:00Z", estimating.SPAN[1]),)),
    "the part of a meter of something else": replanned(conversions=(STATED,), parent="rolling"),
}


class TestAPlantThatBurnsGas:
    @pytest.mark.parametrize("lie", PLANTS)
    def test_is_judged_as_the_kernel_judges_it(self, phone: Phone, lie: str) -> None:
        made = PLANTS[lie]()
        given = case(made.world, COIL)
        page, kernel = compared(phone, given, made.world)
        assert agreed(page) == agreed(kernel)
        assert (page[0][0] == "pass" and page[3][0] == "pass") == (lie == "none")

    @pytest.mark.parametrize("untold", [False, True])
    def test_counts_no_burden_of_scrap_that_loops(self, phone: Phone, untold: bool) -> None:
        def loop(record: BatchRecord) -> BatchRecord:
            crop = Output("waste", "crop ends", "0.6", "t", w.DECLARED)
            back = Input("crop ends", "0.6", "t", w.DECLARED, material="home-scrap")
            lines = {"outputs": (*(record.outputs or ()), crop), "inputs": (*(record.inputs or ()), back)}
            return msgspec.structs.replace(record, **lines)

        made = wp.plant(loop)
        if untold:
            restated(made, components=lambda f: tuple(c for c in f.components or () if c.subject != "home-scrap"))
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        assert "footprint-recomputed" in {code for code, _ in page[8][1]}
        assert (page[8][0] == "fail") == untold
        assert "input-looped" in {code for code, _ in page[9][1]}

    @pytest.mark.parametrize("unflagged", [False, True])
    def test_flags_what_its_plan_calls_implausible_or_frozen(self, phone: Phone, unflagged: bool) -> None:
        made = wp.plant(planned=suspected.limited)
        if unflagged:
            restated(made, flags=lambda _: ())
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        assert (page[8][0] == "fail") == unflagged

    @pytest.mark.parametrize(
        "modes",
        [
            {"gas": "simulated", "rolling": "recorded"},
            {"gas": "simulated", "rolling": "simulated"},
            {"gas": "simulated", "rolling": None},
            {"gas": "recorded", "rolling": "recorded"},
        ],
    )
    def test_says_what_is_simulated(self, phone: Phone, modes: dict[str, Any]) -> None:
        made = wp.plant(simulated.modes(**modes), simulated=("gas", "gc"))
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        assert any(code.startswith("simulated") for code, _ in page[7][1])

    @pytest.mark.parametrize(
        "lie",
        [
            "none",
            "unflagged",
            "called primary",
            "unplanned",
            "of a period",
            "too much",
            "no number",
            "planned later",
        ],
    )
    def test_says_what_is_estimated(self, phone: Phone, lie: str) -> None:
        points = () if lie == "unplanned" else ("rolling",)
        stated = wp.activity("rolling", estimated=estimating.TRUE)
        planned, said = estimating.estimating(*points), estimating.lost(5, 6, 17)
        made = wp.plant(stated, planned, said=said, early=lie != "planned later")
        if lie == "unflagged":
            restated(made, flags=lambda f: tuple(flag for flag in f.flags if "estimated" not in flag))
        if lie == "called primary":
            primary = {"kind": "primary", "estimated": False}
            restated(
                made, components=lambda f: tuple(msgspec.structs.replace(c, **primary) for c in f.components or ())
            )
        if lie == "of a period":
            wp.close(made)
        if lie in ("too much", "no number"):
            closed = wp.close(made)
            told = (
                msgspec.structs.replace(b, estimated=b.metered if lie == "too much" else "")
                for b in closed.balances
            )
            spoilt = msgspec.structs.replace(closed, balances=tuple(told))
            made.world.state(made.world.steel, "urn:period", body.ENERGY_PERIOD, spoilt.encode_body())
            made.world.anchor()
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        assert "estimated" in {code for code, _ in page[7][1]}
        assert ("estimate-unplanned" in {code for code, _ in page[7][1]}) == (lie == "unplanned")
        assert ("plan-later" in {code for code, _ in page[7][1]}) == (lie == "planned later")
        assert (page[8][0] == "fail") == (lie in ("unflagged", "called primary"))
        assert (page[0][0] == "fail" or page[3][0] == "fail") == (lie in ("too much", "no number"))

    def test_says_that_most_is_estimated(self, phone: Phone) -> None:
        """Six of eight quarters: 28.02 kWh, beside the 9.34 that were read."""
        planned, said = estimating.estimating("rolling", rule=estimating.RULE), estimating.lost(*range(5, 11))
        page, kernel = compared(
            phone, case((made := wp.plant(planned=planned, said=said)).world, COIL), made.world
        )
        assert agreed(page) == agreed(kernel)
        assert "footprint-recomputed" in {code for code, _ in page[8][1]}

    @pytest.mark.parametrize("total", ["115", "120"])
    def test_says_how_meters_and_invoices_agree(self, phone: Phone, total: str) -> None:
        made = reconciled.plant(total)
        wp.close(
            made, Invoice("electricity", total, "kWh", "cd" * 32), Invoice("natural-gas", "20", "GJ", "ef" * 32)
        )
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        found = {code for code, _ in page[7][1]}
        assert {"reconciled" if total == "115" else "meters-differ", "invoice-agrees", "invoice-differs"} <= found

    def test_what_a_scale_weighed_is_a_claim_where_its_readings_are_withheld(self, phone: Phone) -> None:
        made = weighed((AT,), (LATER,))()
        page, kernel = compared(phone, case(made.world, COIL), made.world)
        assert agreed(page) == agreed(kernel)
        assert "quantity-unseen" in {code for code, _ in page[7][1]}
