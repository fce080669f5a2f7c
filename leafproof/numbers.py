"""Exact arithmetic for accounting: sums and shares are rationals, published parts have a stated quantum.

Rounding happens once, where a number is published: the total is rounded half to even to its quantum
(IEEE 754 roundTiesToEven), and its parts are cut by largest remainder so that they add up to it, ties going to
the earlier part. Every replay therefore gives the same digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from leafproof.errors import PrecisionLost
from leafproof.units import MAX_DIGITS


def _steps(value: Fraction, quantum: Decimal) -> Fraction:
    return value / Fraction(quantum)


def _publish(steps: int, quantum: Decimal) -> Decimal:
    if abs(steps) >= 10**MAX_DIGITS:
        raise PrecisionLost(f"a result has more than {MAX_DIGITS} digits at quantum {quantum}")
    sign, digits, exponent = quantum.as_tuple()
    mantissa = steps * int("".join(map(str, digits)))
    return Decimal(mantissa).scaleb(int(exponent)) if not sign else -Decimal(mantissa).scaleb(int(exponent))


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
