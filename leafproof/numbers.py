"""Exact arithmetic for accounting: sums and shares are rationals, published parts have a stated quantum.

Rounding happens once, where a number is published: the total is rounded half to even to its quantum
(IEEE 754 roundTiesToEven), and its parts are cut by largest remainder so that they add up to it, ties going to
the earlier part. Every replay therefore gives the same digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from fractions import Fraction

from leafproof.errors import PrecisionLost
from leafproof.units import MAX_DIGITS

# Values have up to 40 digits before and after the point. The default context would round at 28, silently.
EXACT = Context(prec=100, traps=[Inexact, InvalidOperation, Overflow])


def _steps(value: Fraction, quantum: Decimal) -> Fraction:
    return value / Fraction(quantum)


def _publish(steps: int, quantum: Decimal) -> Decimal:
    if abs(steps) >= 10**MAX_DIGITS:
        raise PrecisionLost(f"a result has more than {MAX_DIGITS} digits at quantum {quantum}")
    return EXACT.multiply(Decimal(steps), quantum)


def total(values: Iterable[Decimal]) -> Decimal:
    """The exact sum; raises `PrecisionLost` where 100 digits cannot hold it."""
    found = Decimal(0)
    try:
        for value in values:
            found = EXACT.add(found, value)
    except ArithmeticError as error:
        raise PrecisionLost("a sum needs more than 100 digits") from error
    return found


def difference(larger: Decimal, smaller: Decimal) -> Decimal:
    """`larger` minus `smaller`, exactly; raises `PrecisionLost` where 100 digits cannot hold it."""
    return total((larger, smaller.copy_negate()))


def rounded(value: Fraction, quantum: Decimal) -> Decimal:
    """`value` at `quantum` (such as Decimal("0.001")), half to even; raises `PrecisionLost` beyond 40 digits."""
    return _publish(round(_steps(value, quantum)), quantum)


def rounded_down(value: Fraction, quantum: Decimal) -> Decimal:
    """`value` at `quantum`, towards minus infinity; raises `PrecisionLost` beyond 40 digits."""
    steps = _steps(value, quantum)
    return _publish(steps.numerator // steps.denominator, quantum)


def apportioned(parts: Sequence[Fraction], quantum: Decimal) -> list[Decimal]:
    """`parts` at `quantum`, adding up to their rounded total: floors first, what remains by largest remainder.

    Raises `PrecisionLost` beyond 40 digits.
    """
    steps = [_steps(p, quantum) for p in parts]
    floors = [s.numerator // s.denominator for s in steps]
    missing = round(sum(steps, Fraction(0))) - sum(floors)
    by_remainder = sorted(range(len(parts)), key=lambda i: (floors[i] - steps[i], i))
    for i in by_remainder[:missing]:
        floors[i] += 1
    return [_publish(f, quantum) for f in floors]
