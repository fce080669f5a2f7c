"""Home scrap that loops: mass and burden balance, with the numbers of docs/method.md."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof.errors import InvalidInput
from leafproof.record import BatchRecord, Input, Output
from leafproof.verification.report import Status
from tests.support import world_plant as p
from tests.support.methods import DECLARED, calculate, exact, run
from tests.unit.test_plant import replayed, verified


def kg(grams: int) -> str:
    return f"{grams // 1000}.{grams % 1000:03d}"


def charge(slab: int, scrap: int, coil: int, waste: int) -> BatchRecord:
    """A run, in grams."""
    inputs = [Input("slab", kg(slab), "kg", DECLARED, material="steel-slab")]
    outputs = [Output("product", "coil", kg(coil), "kg", DECLARED)]
    if scrap:
        inputs.append(Input("crop ends", kg(scrap), "kg", DECLARED, material="home-scrap"))
    if waste:
        outputs.append(Output("waste", "crop ends", kg(waste), "kg", DECLARED))
    return run(inputs=tuple(inputs), outputs=tuple(outputs))


def tonnes(grams: int) -> int:
    return grams * 10**6


class TestHomeScrap:
    def test_the_worked_example(self) -> None:
        """10 t of slab and 1 t of own crop ends become 10 t of coil and 1 t of crop ends: (560 + 20,000) / 10."""
        found = calculate(charge(tonnes(10), tonnes(1), tonnes(10), tonnes(1)))
        assert found.per_tonne == "2056.000"
        by_name = {c.name: c for c in found.components or ()}
        assert (by_name["crop ends"].emissions, by_name["crop ends"].factors) == ("0.000", ())
        alone = calculate(charge(tonnes(10), 0, tonnes(10), 0))
        assert alone.per_tonne == found.per_tonne

    def test_no_more_than_the_run_gives(self) -> None:
        with pytest.raises(InvalidInput, match="home scrap"):
            calculate(charge(tonnes(9), tonnes(1) + 1, tonnes(9), tonnes(1)))
        with pytest.raises(InvalidInput, match="home scrap"):
            calculate(charge(tonnes(9), 1, tonnes(9), 0))

    def test_is_no_lot(self) -> None:
        """A lot brings a footprint with it: it cannot come in without burden under the loop's name."""
        record = charge(tonnes(9), tonnes(1), tonnes(9), tonnes(1))
        slab, scrap = record.inputs or ()
        named = msgspec.structs.replace(scrap, gtin=str(p.w.COIL.gtin), lot=str(p.w.COIL.code))
        with pytest.raises(InvalidInput, match="home scrap is no lot"):
            calculate(msgspec.structs.replace(record, inputs=(slab, named)))

    @given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(1, 100))
    @settings(deadline=None, max_examples=50)
    def test_mass_and_burden_balance_whatever_loops(self, coil: int, waste: int, part: int) -> None:
        """Slab in is coil out and what of the waste does not loop; the coil carries slab and electricity, once."""
        looped = waste * part // 100
        slab = coil + waste - looped
        record = charge(slab, looped, coil, waste)
        into = sum((i.amount.to("t") for i in record.inputs or ()), Fraction(0))
        out = sum((o.amount.to("t") for o in record.outputs or ()), Fraction(0))
        assert into == out
        carried = exact(calculate(record).per_tonne) * coil / 10**6
        assert abs(carried - (560 + Fraction(slab, 10**6) * 2000)) <= Fraction(coil, 10**6) * Fraction(5, 10**4)

    def test_is_found_good_by_everybody(self) -> None:
        def loop(record: BatchRecord) -> BatchRecord:
            crop = Output("waste", "crop ends", "0.6", "t", DECLARED)
            back = Input("crop ends", "0.6", "t", DECLARED, material="home-scrap")
            lines = {"outputs": (*(record.outputs or ()), crop), "inputs": (*(record.inputs or ()), back)}
            return msgspec.structs.replace(record, **lines)

        made = p.plant(loop)
        report = verified(made)
        assert (report.exit_code, report[8].status) == (0, Status.PASS)
        assert "input-looped" in {f.code for f in report[9].findings}
        assert replayed(made).discrepancies == []
