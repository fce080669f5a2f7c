"""The energy period: a plant's energy outside runs, shared out over the good output of a span of time.

At period close, for each carrier of the metering plans: what the main meters metered in [start, end), less what
the lots' records count, is idle, standby and overhead energy. It is cut at 0.001 of the carrier's unit and shared
out by the tonnes of product and co-products of the period's lots, by largest remainder in the order of `lots`, so
that nothing remains and nothing is counted twice: for each carrier, `metered` = `in_lots` + sum of the lots'
overhead.

Estimates of what was not read count alike (`leafproof.estimating`): `metered` and `in_lots` have them, each in the
windows of the runs and of the time between them. How much of what is outside runs is estimated, at most
all of it, is `estimated`.

Beside it stands how far meters agree: of each point for which the plan states a tolerance, what it metered and
what its sub-meters did (`meters`), and what was invoiced, by a document (`invoices`). Neither changes what is
shared out.

A lot belongs to the period in which its run closed, and a period's bounds cut no run: whoever closes one, closes
it when the plant stands still. `lots` are all lots of the facility whose runs lie within it; a replay knows them
all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Self

import msgspec

from leafproof import body, clock, numbers, units, values
from leafproof.errors import InvalidInput
from leafproof.measuring import QUANTUM, Total, Window, apart
from leafproof.plan import MeteringPlan, MeteringPoint
from leafproof.record import BatchRecord
from leafproof.structs import convert
from leafproof.texts import check_printable

MAX_LOTS = 100_000
MAX_INVOICES = 200


class Balance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One carrier's energy in the period: what came in, and what the lots' records count of it. `estimated` says
    how much of what is outside runs was not read; None where the plan estimates nothing."""

    carrier: str
    unit: str
    metered: str
    in_lots: str
    estimated: str | None = None

    @property
    def outside(self) -> Decimal:
        """What is shared out. Raises `InvalidInput` where lots count more than was metered."""
        metered = units.parse_decimal(self.metered, "metered")
        rest = numbers.difference(metered, units.parse_decimal(self.in_lots, "in_lots"))
        if rest < 0:
            raise InvalidInput("in_lots", f"lots count {self.in_lots} {self.unit}, {self.metered} came in")
        return rest

    @property
    def read(self) -> Fraction:
        """Which part of what is outside runs was read, from 0 to 1. Raises `InvalidInput` where more than that, or
        less than nothing, is estimated."""
        outside = Fraction(self.outside)
        told = "0" if self.estimated is None else self.estimated
        estimated = Fraction(units.parse_decimal(told, "balances.estimated"))
        if not 0 <= estimated <= outside:
            raise InvalidInput("balances.estimated", "more than is outside runs, or less than nothing")
        return 1 - estimated / outside if outside else Fraction(1)


class Reconciled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A point with sub-meters, in its carrier's unit: what it metered, and the sum of what they did."""

    point: str
    unit: str
    metered: str
    sub_meters: str

    @property
    def difference(self) -> Decimal:
        """Losses, what has no sub-meter, and the meters' errors."""
        metered = units.parse_decimal(self.metered, "meters.metered")
        return numbers.difference(metered, units.parse_decimal(self.sub_meters, "meters.sub_meters"))

    def within(self, tolerance: str) -> bool:
        """Whether the difference is at most so many percent of what the point metered."""
        allowed = Fraction(Decimal(tolerance)) * abs(Fraction(Decimal(self.metered))) / 100
        return abs(Fraction(self.difference)) <= allowed


class Invoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a supplier invoiced of a carrier for the period; `document` is the invoice's SHA-256. Fuel energy is on
    the basis of the balance."""

    carrier: str
    quantity: str
    unit: str
    document: str

    @property
    def amount(self) -> units.Quantity:
        """The typed quantity."""
        return units.Quantity(units.parse_decimal(self.quantity, "invoices.quantity"), self.unit)


class PeriodLot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lot of the period: its record's statement id, the tonnes that carry, and its overhead by carrier, in the
    order of `balances`."""

    record: str
    tonnes: str
    overhead: tuple[str, ...]


class EnergyPeriod(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module. A newer one of the same span supersedes."""

    facility: str
    start: str
    end: str
    balances: tuple[Balance, ...]
    lots: tuple[PeriodLot, ...]
    meters: tuple[Reconciled, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    supersedes: str | None = None

    @property
    def window(self) -> tuple[int, int]:
        """Unix seconds; raises `InvalidInput` for a period that ends before it starts."""
        start, end = clock.utc_seconds(self.start, "start"), clock.utc_seconds(self.end, "end")
        if end <= start:
            raise InvalidInput("end", f"the period ends at {self.end}, not after it starts at {self.start}")
        return start, end

    def of(self, record: str) -> tuple[tuple[Balance, str], ...]:
        """Carrier and overhead of the lot with that record; raises `InvalidInput` where it is not of the
        period."""
        for lot in self.lots:
            if lot.record == record:
                return tuple(zip(self.balances, lot.overhead, strict=True))
        raise InvalidInput("period", "the energy period does not have the lot's record")

    def encode_body(self) -> bytes:
        """The statement's body: `[salt, period]`."""
        return body.encode(msgspec.to_builtins(self))

    @classmethod
    def decode_body(cls, data: bytes) -> Self:
        """Read and check a period; raises `InvalidInput` naming the field."""
        (value,) = body.decode(data, 1)
        found = convert(value, cls, "energy period")
        found.check()
        return found

    def check(self) -> None:
        """Raises `InvalidInput` unless each carrier's energy is shared out as the module says, to the last
        digit."""
        check_printable(self)
        _ = self.window
        values.Gln.parse(self.facility, "facility")
        if not 1 <= len(self.lots) <= MAX_LOTS or len({lot.record for lot in self.lots}) != len(self.lots):
            raise InvalidInput("lots", f"not 1 to {MAX_LOTS}, each once")
        if len({b.carrier for b in self.balances}) != len(self.balances):
            raise InvalidInput("balances", "one carrier is given twice")
        _ = [balance.read for balance in self.balances]
        for lot in self.lots:
            values.digest(lot.record, "lots.record")
        self._check_reconciled()
        expected = share_out(self.balances, [_tonnes(lot) for lot in self.lots])
        if [lot.overhead for lot in self.lots] != expected:
            raise InvalidInput("lots.overhead", "the shares are not those of the lots' tonnes, or do not add up")

    def _check_reconciled(self) -> None:
        if len({one.point for one in self.meters}) != len(self.meters) or len(self.invoices) > MAX_INVOICES:
            raise InvalidInput("meters", f"one point is given twice, or more than {MAX_INVOICES} invoices")
        for one in self.meters:
            units.known(one.unit)
            _ = one.difference
        carriers = {b.carrier: b for b in self.balances}
        for invoice in self.invoices:
            if invoice.carrier not in carriers:
                raise InvalidInput("invoices.carrier", f"{invoice.carrier[:40]} has no balance")
            if invoice.amount.to(carriers[invoice.carrier].unit) <= 0:
                raise InvalidInput("invoices.quantity", f"{invoice.quantity} is not positive")
            values.digest(invoice.document, "invoices.document")

    def invoiced(self) -> tuple[tuple[Balance, Decimal], ...]:
        """Each carrier with invoices: its balance, and the invoices' sum in its unit, at 0.001."""
        found = []
        for balance in self.balances:
            own = [i.amount.to(balance.unit) for i in self.invoices if i.carrier == balance.carrier]
            if own:
                found.append((balance, numbers.rounded(sum(own, Fraction(0)), QUANTUM)))
        return tuple(found)


def reconcile(plan: MeteringPlan, amount: Callable[[MeteringPoint], Fraction]) -> tuple[Reconciled, ...]:
    """Each point for which the plan states a tolerance, against its sub-meters; `amount` is what a point metered
    in the period, in the published unit."""
    found = []
    for point in (p for p in plan.points if p.tolerance is not None):
        parts = sum((amount(p) for p in plan.sub_meters(point.point)), Fraction(0))
        whole, below = numbers.rounded(amount(point), QUANTUM), numbers.rounded(parts, QUANTUM)
        found.append(Reconciled(point.point, point.published.unit, f"{whole:f}", f"{below:f}"))
    return tuple(found)


def allowed(plan: MeteringPlan, balance: Balance) -> Fraction:
    """By how much an invoice may differ from what was metered: the largest of its main meters' tolerances; without
    one, by nothing."""
    main = [p for p in plan.main_points() if p.carrier == balance.carrier]
    percent = [Fraction(Decimal(p.tolerance)) for p in main if p.tolerance is not None]
    if not percent:
        return Fraction(0)
    return max(percent) * Fraction(Decimal(balance.metered)) / 100


def _tonnes(lot: PeriodLot) -> Fraction:
    found = Fraction(units.parse_decimal(lot.tonnes, "lots.tonnes"))
    if found <= 0:
        raise InvalidInput("lots.tonnes", "not positive")
    return found


def share_out(balances: Sequence[Balance], tonnes: Sequence[Fraction]) -> list[tuple[str, ...]]:
    """Each lot's overhead by carrier: what is outside runs, by tonnes, adding up to it exactly."""
    whole = sum(tonnes, Fraction(0))
    columns = []
    for balance in balances:
        outside = balance.outside
        if Fraction(outside) % Fraction(QUANTUM):
            raise InvalidInput("metered", f"{outside} {balance.unit} has more than three places")
        parts = numbers.apportioned([Fraction(outside) * t / whole for t in tonnes], QUANTUM)
        columns.append([f"{part:f}" for part in parts])
    return [tuple(column[i] for column in columns) for i in range(len(tonnes))]


def metered(
    plan: MeteringPlan,
    point: MeteringPoint,
    records: Iterable[BatchRecord],
    span: Window,
    amount: Callable[[MeteringPoint, list[Window]], Total],
) -> tuple[Fraction, Fraction]:
    """What a point metered in `span`, with what is estimated, and how much of what is outside runs is estimated.
    `amount` is asked for it in the windows of each run on the point's line, and in each between them; where the
    plan estimates nothing, in one, for then it makes no difference."""
    runs = (record.run.on_lines.get(point.line or "", ()) for record in records)
    inside, outside = apart(*span, runs if plan.estimates(point) else ())
    rest = sum((amount(point, one) for one in outside), Total())
    return sum((amount(point, one) for one in inside), rest).whole, rest.estimated


def with_estimated(plan: MeteringPlan, balance: Balance, estimated: Fraction) -> Balance:
    """The balance with what main meters' estimates outside runs come to: at 0.001, and no more than what is
    outside."""
    if not any(p.carrier == balance.carrier and plan.estimates(p) for p in plan.main_points()):
        return balance
    told = max(Decimal("0.000"), min(numbers.rounded(estimated, QUANTUM), balance.outside))
    return msgspec.structs.replace(balance, estimated=f"{told:f}")


def counted(records: Sequence[BatchRecord], carrier: str, unit: str) -> Decimal:
    """What records count of a carrier, at 0.001. Raises `InvalidInput` for activity data that are withheld, or in
    a unit of another thing."""
    total = Fraction(0)
    for record in records:
        if record.activity is None:
            raise InvalidInput("activity", f"lot {record.of}: withheld")
        for one in record.activity:
            if one.carrier == carrier:
                total += one.whole.to(unit)
    return numbers.rounded(total, QUANTUM)


def tonnes_of(record: BatchRecord) -> str:
    """The tonnes of product and co-products, exactly. Raises `PrecisionLost` where they have no exact decimal."""
    return f"{units.exact_decimal(record.product_mass()):f}"
