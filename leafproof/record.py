"""The batch record: the facts of one production run, signed by the operator.

Facts only: what came out and went in, each quantity with its source, when the run opened and closed, what
each metering point of its line metered and in which frames. What follows from them by a method stands in
footprint statements, so that the record stays when a factor changes.

`outputs`, `inputs` and `activity` can be withheld, each for itself; they are then None.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, Self

import msgspec

from leafproof import clock, disclosure, numbers, units, values
from leafproof.chain.view import SHARES
from leafproof.envelope import MODES, Mode
from leafproof.errors import InvalidInput
from leafproof.keys import PublicKey, SigningKey
from leafproof.measuring import Estimate, Measured, Window
from leafproof.plan import Basis, MeteringPoint, Method
from leafproof.structs import convert
from leafproof.texts import check_printable

JWT_TYPE = "leafproof-batch-record+sd-jwt"
MAX_LINES = 512
MAX_SEGMENTS = 200  # of one run: shifts of a month, on two lines
MAX_WEIGHINGS = 200  # of one line: the lorries of a day

Tier = Literal["public", "buyer", "authority", "auditor"]
# From which tier on, where the product's maker restricts it: quantities sold are on the delivery note, recipes and
# load curves are not.
DISCLOSED_FROM: dict[str, Tier] = {"outputs": "public", "inputs": "buyer", "activity": "authority"}


class Weighing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scale's signed reading: `gateway` (key id, hexadecimal) said at `time` what `point` weighed; less what it
    weighed empty at `tare`, where a vehicle was. `frames` are the log entries that hold the readings."""

    gateway: str
    point: str
    time: str
    tare: str | None = None
    frames: tuple[int, ...] = ()

    @property
    def times(self) -> tuple[int, ...]:
        """Unix seconds of its one or two readings; raises `InvalidInput`."""
        tare = () if self.tare is None else (clock.utc_seconds(self.tare, "weighings.tare"),)
        return (clock.utc_seconds(self.time, "weighings.time"), *tare)

    def check(self) -> None:
        """Raises `InvalidInput` naming the field."""
        values.digest(self.gateway, "weighings.gateway")
        values.point_name(self.point, "weighings.point")
        if len(set(self.times)) != len(self.times):
            raise InvalidInput("weighings.tare", f"{self.point}: full and empty at one moment")
        if len(self.frames) > 2 or any(not 0 <= index < 2**63 for index in self.frames):
            raise InvalidInput("weighings.frames", "not one or two places in a log")


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a quantity comes from: signed readings of a scale, a document (its SHA-256), or the issuer's word
    alone. `reference` may be the ticket's number of what was weighed."""

    kind: Literal["weighed", "document", "declared"]
    reference: str | None = None
    weighings: tuple[Weighing, ...] = ()

    def check(self) -> None:
        """Raises `InvalidInput` naming the field."""
        if (self.kind == "weighed") != bool(self.weighings) or len(self.weighings) > MAX_WEIGHINGS:
            raise InvalidInput("weighings", f"1 to {MAX_WEIGHINGS} belong to what was weighed, none to the rest")
        for one in self.weighings:
            one.check()


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the run made."""

    role: Literal["product", "co-product", "waste", "rework"]
    name: str
    quantity: str
    unit: str
    source: Source

    @property
    def amount(self) -> units.Quantity:
        """The typed quantity."""
        return units.Quantity(units.parse_decimal(self.quantity, "quantity"), self.unit)


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the run consumed: a lot with evidence (gtin, lot, operator's address, its footprint's statement), or
    a material without (`material` names the default factor's subject). A lot may have a material as well: then its
    factor counts where there is no evidence of the lot, or none by a profile."""

    name: str
    quantity: str
    unit: str
    source: Source
    gtin: str | None = None
    lot: str | None = None
    operator: str | None = None
    footprint: str | None = None
    material: str | None = None

    @property
    def amount(self) -> units.Quantity:
        """The typed quantity."""
        return units.Quantity(units.parse_decimal(self.quantity, "quantity"), self.unit)

    @property
    def parent(self) -> values.Lot | None:
        """The lot with evidence, if it is one."""
        return None if self.material is not None and self.footprint is None else self.named

    @property
    def named(self) -> values.Lot | None:
        """The lot that it is said to be, with evidence or without."""
        return values.Lot.parse(self.gtin, self.lot) if self.gtin and self.lot else None


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a run on one line, [start, end) in UTC."""

    line: str
    start: str
    end: str

    @property
    def window(self) -> Window:
        """Unix seconds; raises `InvalidInput`."""
        return clock.utc_seconds(self.start, "segments.start"), clock.utc_seconds(self.end, "segments.end")


class Run(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The production run, [opened, closed) in UTC, on `line`; or on several, one after the other: then `segments`
    has them all. Between two of them the run stands still, and takes nothing."""

    id: str
    line: str
    opened: str
    closed: str
    segments: tuple[Segment, ...] = ()

    @property
    def window(self) -> tuple[int, int]:
        """Unix seconds; raises `InvalidInput` for a run that closes before it opens."""
        opened, closed = clock.utc_seconds(self.opened, "opened"), clock.utc_seconds(self.closed, "closed")
        if closed <= opened:
            raise InvalidInput("closed", f"the run closes at {self.closed}, not after it opens at {self.opened}")
        return opened, closed

    @property
    def on_lines(self) -> dict[str, list[Window]]:
        """By line, when the run was on it. Raises `InvalidInput` for segments that are not one after the other,
        from the opening to the close."""
        start, end = self.window
        if not self.segments:
            return {self.line: [(start, end)]}
        found: dict[str, list[Window]] = {}
        before = start
        for one in self.segments:
            left, right = one.window
            if not before <= left < right:
                raise InvalidInput("segments", f"{one.line} from {one.start}: not behind the one before, or empty")
            found.setdefault(one.line, []).append((left, right))
            before = right
        first, last = self.segments[0], self.segments[-1]
        if (first.line, first.start, last.end) != (self.line, self.opened, self.closed):
            raise InvalidInput("segments", "they do not reach from the run's opening on its line to its close")
        if len(self.segments) > MAX_SEGMENTS:
            raise InvalidInput("segments", f"more than {MAX_SEGMENTS}")
        return found


class Estimated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was not metered, and is estimated by the metering plan's `method` (`leafproof.estimating`): `quantity`
    in the activity's unit, for so many `intervals` in `spans` of time."""

    method: Method
    intervals: int
    quantity: str
    spans: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, found: Estimate) -> Self | None:
        """As a record states it; None where nothing is estimated."""
        return cls(found.method, found.count, found.quantity, found.spans_as_text) if found.method else None

    @property
    def windows(self) -> tuple[Window, ...]:
        """The spans in Unix seconds; raises `InvalidInput`."""
        return tuple(
            (clock.utc_seconds(a, "estimated.spans"), clock.utc_seconds(b, "estimated.spans"))
            for a, b in self.spans
        )

    def check(self, within: Window) -> None:
        """Raises `InvalidInput` unless each span lies in the run's time, behind the one before."""
        units.parse_decimal(self.quantity, "estimated.quantity")
        found = self.windows
        if list(found) != sorted(set(found)) or any(not within[0] <= a < b <= within[1] for a, b in found):
            raise InvalidInput("estimated.spans", "not in order of time, or not of the run")
        if not 1 <= len(found) <= self.intervals:
            raise InvalidInput("estimated.intervals", f"{self.intervals} intervals in {len(found)} spans")


class Activity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one metering point metered during the run, and the range of log entries that holds its frames. `basis`
    says of fuel energy by which calorific value it was found. `implausible` and `frozen` count readings that the
    metering plan calls so (`leafproof.plausible`); they are in the quantity. `estimated` is not: it is added.
    `mode` is the weakest one of its own frames, where the record tells it."""

    point: str
    carrier: str
    quantity: str
    unit: str
    intervals: int
    split: int
    gaps: tuple[tuple[str, str], ...]
    first_index: int
    last_index: int
    basis: Basis | None = None
    implausible: int = 0
    frozen: int = 0
    estimated: Estimated | None = None
    mode: Mode | None = None

    @property
    def whole(self) -> units.Quantity:
        """What was metered, and what is estimated; raises `InvalidInput`."""
        metered = units.parse_decimal(self.quantity, "activity")
        more = units.parse_decimal(self.estimated.quantity, "activity") if self.estimated else Decimal(0)
        return units.Quantity(numbers.total((metered, more)), self.unit)

    @property
    def estimated_percent(self) -> str | None:
        """How much of the whole is estimated, by their magnitudes, at 0.01 %; None where nothing is, 0 of a whole
        of nothing."""
        if self.estimated is None:
            return None
        metered, more = (abs(Fraction(Decimal(text))) for text in (self.quantity, self.estimated.quantity))
        share = more / (metered + more) if metered + more else Fraction(0)
        return f"{numbers.rounded(100 * share, Decimal('0.01')):f}"

    @property
    def mostly_estimated(self) -> bool:
        """Whether more is estimated than was metered."""
        return self.estimated is not None and abs(Decimal(self.estimated.quantity)) > abs(Decimal(self.quantity))

    def check_estimated(self, within: Window) -> None:
        """Raises `InvalidInput` naming the field: an estimate takes nothing off what was metered, and see
        `Estimated.check`."""
        if self.estimated is None:
            return
        self.estimated.check(within)
        if units.parse_decimal(self.quantity, "activity") > 0 > Decimal(self.estimated.quantity):
            raise InvalidInput("estimated.quantity", f"{self.estimated.quantity} beside {self.quantity}, metered")

    @classmethod
    def of(cls, point: MeteringPoint, found: Measured, first: int, last: int) -> Self:
        """What was measured at a point, in frames of the log's entries from `first` to `last`; and what is
        estimated."""
        return cls(
            point=point.point,
            carrier=point.carrier,
            quantity=found.quantity,
            unit=found.unit,
            intervals=found.count,
            split=found.split,
            gaps=found.gaps_as_text,
            first_index=first,
            last_index=last,
            basis=found.basis,
            implausible=found.suspects.implausible,
            frozen=found.suspects.frozen,
            estimated=Estimated.of(found.estimate),
        )


class BatchRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See the module. `plan` is the metering plan's statement id, `mode` the weakest mode of its frames."""

    gtin: str
    lot: str
    product: str
    facility: str
    zone: str
    run: Run
    plan: str
    mode: Mode
    supersedes: str | None = None
    outputs: tuple[Output, ...] | None = None
    inputs: tuple[Input, ...] | None = None
    activity: tuple[Activity, ...] | None = None

    @property
    def of(self) -> values.Lot:
        """The lot that this is the record of."""
        return values.Lot.parse(self.gtin, self.lot)

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        check_printable(self)
        _ = self.of, self.run.on_lines
        values.Gln.parse(self.facility, "facility")
        clock.zone(self.zone)
        values.digest(self.plan, "plan")
        metered = [a.point for a in self.activity or ()]
        if len(set(metered)) != len(metered):
            raise InvalidInput("activity", "one metering point is given twice")
        if any(min(a.implausible, a.frozen) < 0 for a in self.activity or ()):
            raise InvalidInput("activity.implausible", "fewer than none")
        if any(MODES.index(a.mode) > MODES.index(self.mode) for a in self.activity or () if a.mode):
            raise InvalidInput("mode", f"{self.mode}, and a metering point's is weaker")
        for one in self.activity or ():
            one.check_estimated(self.run.window)
        for lines in (self.outputs or (), self.inputs or ()):
            if len(lines) > MAX_LINES:
                raise InvalidInput("record", f"more than {MAX_LINES} lines of one kind")
            for line in lines:
                line.source.check()
                if line.amount.value <= 0:
                    raise InvalidInput("quantity", f"{line.name}: {line.quantity} {line.unit} is not positive")
        weighed = [(w.gateway, w.point, w.time) for w in self.weighings()]
        if len(set(weighed)) != len(weighed):
            raise InvalidInput("weighings", "one weighing is given for two lines")
        if self.outputs is not None and self.product_mass() <= 0:
            raise InvalidInput("outputs", "no product with a mass")
        for line in self.inputs or ():
            if line.named is None and line.material is None:
                raise InvalidInput("inputs", f"{line.name}: either a lot (gtin, lot) or a material is needed")

    @property
    def simulated(self) -> tuple[str, ...]:
        """The carriers whose readings are simulated. None are named where the record does not tell all modes: then
        whatever it counts may be simulated, if its own mode says so."""
        activity = self.activity or ()
        told = self.mode == "simulated" and all(a.mode for a in activity)
        return tuple(dict.fromkeys(a.carrier for a in activity if a.mode == "simulated")) if told else ()

    def weighed(self) -> tuple[Output | Input, ...]:
        """The lines whose quantity a scale states, as far as they are disclosed."""
        lines: tuple[Output | Input, ...] = (*(self.outputs or ()), *(self.inputs or ()))
        return tuple(line for line in lines if line.source.kind == "weighed")

    def weighings(self) -> tuple[Weighing, ...]:
        """All of them, in the order of the lines."""
        return tuple(one for line in self.weighed() for one in line.source.weighings)

    def product_mass(self) -> Fraction:
        """Tonnes of product and co-products: what shares and declared units are counted by."""
        return sum(
            (o.amount.to("t") for o in self.outputs or () if o.role in ("product", "co-product")), Fraction(0)
        )

    def issue(self, key: SigningKey, issuer: str) -> tuple[bytes, dict[str, str]]:
        """Body and disclosures by member."""
        self.check()
        claims = {k: v for k, v in msgspec.to_builtins(self).items() if v is not None}
        return disclosure.issue(key, issuer, JWT_TYPE, claims, DISCLOSED_FROM)

    @classmethod
    def read(cls, data: bytes, disclosures: Iterable[str], key: PublicKey, issuer: str) -> Self:
        """Read a record from its body and the disclosures at hand; raises `InvalidInput` naming the field."""
        claims: Mapping[str, Any] = disclosure.read(data, disclosures, key, issuer, JWT_TYPE, DISCLOSED_FROM)
        record = convert(claims, cls, "batch record")
        record.check()
        return record


def shares_for(quantity: Fraction, whole: Fraction) -> int:
    """How many of a lot's 10^18 shares (LotRegistry.sol) `quantity` of its `whole` mass is, rounded down.

    Raises `InvalidInput` for more than the lot holds.
    """
    if not 0 < quantity <= whole:
        raise InvalidInput("quantity", f"{float(quantity):g} t of a lot of {float(whole):g} t")
    return SHARES * quantity.numerator * whole.denominator // (quantity.denominator * whole.numerator)
