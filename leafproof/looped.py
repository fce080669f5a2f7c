"""Home scrap: what a run charges of the plant's own scrap, which carries no burden and gives none.

Scrap that goes back into the process that made it, its inherent properties unchanged, is a closed loop: nothing is
allocated, for it displaces raw material of the same kind within the system (ISO 14044:2006, 4.3.4.3.3 a). Waste
carries nothing out of a run, so home scrap brings nothing into one: all that came in from outside is carried by
what goes out, once, and the loop changes no total.

Such an input is of material `home-scrap`, needs no factor, and must be of no more mass than the waste of the same
record. So a run can lean on its own loop alone: scrap that was bought, or that another product's run gave, is a
material with a factor, or a lot with a footprint of its own.
"""

from __future__ import annotations

from fractions import Fraction

from leafproof.errors import InvalidInput
from leafproof.record import BatchRecord, Input

HOME_SCRAP = "home-scrap"


def looped(record: BatchRecord) -> tuple[Input, ...]:
    """The record's lines of home scrap. Raises `InvalidInput` where they are more than its waste, or a lot."""
    lines = tuple(line for line in record.inputs or () if line.material == HOME_SCRAP)
    if any(line.named for line in lines):
        raise InvalidInput("inputs", "home scrap is no lot")
    taken = sum((line.amount.to("t") for line in lines), Fraction(0))
    given = sum((o.amount.to("t") for o in record.outputs or () if o.role == "waste"), Fraction(0))
    if taken > given:
        raise InvalidInput("inputs", "more home scrap goes in than the run gives off as waste")
    return lines
