"""The metering plan: which points must exist, what each meters, and what turns its readings into activity data.

A plan says of each point on which line it is, by which gateway it is read, how often, and what a reading is:

* `interval`: an interval's amount, named by its end or its start;
* `register`: a register's state, of which differences count;
* `weight`: one weighing, or one refilling, at its time; nothing need be there between two;
* `value`: the mean of a quality over an interval, such as a calorific value: it is never summed.

A chain of conversions leads from what a meter counts to what is published: gas from Nm3 by a calorific value to
GJ, fuel oil from l by a density to kg and on to GJ, steam from t by an enthalpy to GJ, flue gas from Nm3 by a
concentration to kg of a gas. Each is a ratio with its source, stated in the plan, or read by a point of kind
`value`. Energy of fuels says whether its basis is the net or the gross calorific value (ISO 6976:2016, 3.1 and
3.2): a factor for one must not be used with the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal, Self

import msgspec

from leafproof import body, carriers, clock, units, values
from leafproof.errors import InvalidInput
from leafproof.structs import convert
from leafproof.texts import check_printable

_DAY = 86400
MAX_POINTS = 4096  # a large integrated works has some hundreds
MAX_REPLACED = 50  # meters of one place: a century's
MIN_EQUAL, MAX_EQUAL = 2, 10_000  # readings that make a meter frozen: at most a week of minutes
MAX_CONVERSIONS = 4  # l -> kg -> GJ gross -> GJ net is three
Basis = Literal["net", "gross"]
Method = Literal["neighbours"]
# What each conversion's ratio is of: dimensions above, and below the slash.
_RATIOS = {
    "calorific value": (("energy",), ("gas volume", "volume", "mass")),
    "enthalpy": (("energy",), ("mass",)),
    "density": (("mass",), ("gas volume", "volume")),
    "concentration": (("mass", "gas volume"), ("gas volume", "mass")),
    "net to gross": (("energy",), ("energy",)),
}
# What says of energy on which basis it is, and what does not hold without its conditions.
_WITH_BASIS, _WITH_CONDITIONS = ("calorific value", "net to gross"), ("enthalpy",)


class Conversion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step: an amount in the unit below the slash of `unit`, times `value`, is one in the unit above it.
    Either `value` is stated, or `point` reads it; `source` says by whom it was found, `conditions` for which
    state."""

    quantity: Literal["calorific value", "enthalpy", "density", "concentration", "net to gross"]
    unit: str
    source: str
    value: str | None = None
    point: str | None = None
    basis: Basis | None = None
    conditions: str | None = None

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        above, below = units.ratio(self.unit)
        if not above:
            raise InvalidInput("conversions.unit", f"{self.unit[:20]!r} is no ratio such as MJ/Nm3")
        allowed = _RATIOS[self.quantity]
        if units.dimension(above) not in allowed[0] or units.dimension(below) not in allowed[1]:
            raise InvalidInput("conversions.unit", f"a {self.quantity} is not in {self.unit}")
        if (self.value is None) == (self.point is None):
            raise InvalidInput("conversions.value", f"{self.quantity}: either a value or a point that reads it")
        if self.value is not None and units.parse_decimal(self.value, "conversions.value") <= 0:
            raise InvalidInput("conversions.value", f"{self.value} is not positive")
        if (self.basis is not None) != (self.quantity in _WITH_BASIS):
            raise InvalidInput("conversions.basis", f"{self.quantity}: net or gross is for calorific values alone")
        if self.quantity in _WITH_CONDITIONS and not (self.conditions or "").strip():
            raise InvalidInput("conversions.conditions", f"{self.quantity}: of which state?")
        if not self.source.strip():
            raise InvalidInput("conversions.source", f"{self.quantity}: by whom, or from which table?")


class Replacement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A register's meter exchanged at `time`: the old one's last state, the new one's first, in the point's unit.
    A reading of that very second is the old one's."""

    time: str
    final: str
    initial: str

    @property
    def moment(self) -> int:
        """Unix seconds; raises `InvalidInput`."""
        return clock.utc_seconds(self.time, "replaced.time")

    @property
    def states(self) -> tuple[Decimal, Decimal]:
        """Final and initial; raises `InvalidInput`."""
        return units.parse_decimal(self.final, "replaced.final"), units.parse_decimal(
            self.initial, "replaced.initial"
        )


class Plausible(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What readings of a point can be: `minimum` and `maximum` of one interval, in the point's unit, and how many
    equal ones make it frozen; `source` says from what, such as the rating plate. See `leafproof.plausible`."""

    source: str
    minimum: str | None = None
    maximum: str | None = None
    frozen_after: int | None = None

    @property
    def bounds(self) -> tuple[Fraction | None, Fraction | None]:
        """The least and the most; raises `InvalidInput`."""
        low, high = (
            None if text is None else Fraction(units.parse_decimal(text, f"plausible.{name}"))
            for name, text in (("minimum", self.minimum), ("maximum", self.maximum))
        )
        return low, high

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        low, high = self.bounds
        if low is not None and high is not None and low > high:
            raise InvalidInput("plausible.minimum", f"{self.minimum} is more than {self.maximum}")
        if self.frozen_after is not None and not MIN_EQUAL <= self.frozen_after <= MAX_EQUAL:
            raise InvalidInput("plausible.frozen_after", f"{MIN_EQUAL} to {MAX_EQUAL} are allowed")
        if (self.minimum, self.maximum, self.frozen_after) == (None, None, None):
            raise InvalidInput("plausible", "it states neither a range nor a number of equal readings")
        if not self.source.strip():
            raise InvalidInput("plausible.source", "by what is it known?")


class Estimates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How intervals without readings are estimated: by which method, in gaps of at most so many seconds; `source`
    names the procedure that lays it down. See `leafproof.estimating`."""

    method: Method
    up_to_seconds: int
    source: str

    def check(self, interval_seconds: int) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        if not interval_seconds <= self.up_to_seconds <= _DAY:
            raise InvalidInput("estimates.up_to_seconds", "less than one interval, or more than a day")
        if not self.source.strip():
            raise InvalidInput("estimates.source", "by which procedure?")


class Published(msgspec.Struct, frozen=True):
    """What a point's activity data come in: the unit in which the chain of conversions ends, the one that is
    published, and of fuels' energy the basis."""

    last: str
    unit: str
    basis: Basis | None


class MeteringPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place where something is metered; it outlives its meters. `parent` is null for the facility's main meter.
    `basis` is that of fuel energy as the meter itself counts it; `conversions` lead to what is published;
    `replaced` says when its meter was exchanged, `plausible` what its readings can be, `estimates` how gaps
    between them are filled, if they are. `tolerance`, of one with sub-meters: by how many percent of its amount
    their sum may differ from it, for losses, for what has no sub-meter, for the meters' accuracy."""

    point: str
    line: str | None
    carrier: str
    kind: Literal["interval", "register", "weight", "value"]
    names: Literal["end", "start"]
    interval_seconds: int
    unit: str
    resolution: str
    gateway: str  # key id, hexadecimal
    parent: str | None
    meter: str
    accuracy_class: str
    heartbeat_seconds: int
    basis: Basis | None = None
    conversions: tuple[Conversion, ...] = ()
    tolerance: str | None = None
    replaced: tuple[Replacement, ...] = ()
    plausible: Plausible | None = None
    estimates: Estimates | None = None

    @property
    def counts(self) -> bool:
        """Whether it meters an amount of a carrier; a scale for goods and a quality's point do not."""
        return self.kind != "value" and self.carrier != carriers.GOODS

    @property
    def published(self) -> Published:
        """What its readings become by the conversions; raises `InvalidInput` where they do not fit."""
        unit, basis = self.unit, self.basis
        for step in self.conversions:
            above, below = units.ratio(step.unit)
            units.scale(unit, below)
            if step.quantity == "net to gross" and basis == step.basis:
                raise InvalidInput("conversions.basis", f"{self.point}: it is {basis} already")
            unit, basis = above, step.basis or basis
        last = units.dimension(unit)
        found = Published(unit, carriers.published_unit(self.carrier, last), basis)
        burnt = carriers.named(self.carrier).category == "fuel" and last == "energy"
        if (basis is None) == burnt:
            raise InvalidInput("basis", f"{self.point}: energy of fuels is net or gross, and nothing else is")
        return found

    def check(self) -> None:
        """What holds for a point by itself; raises `InvalidInput` naming the field."""
        values.point_name(self.point)
        values.digest(self.gateway, "points.gateway")
        units.known(self.unit)
        units.parse_decimal(self.resolution, "points.resolution")
        if not 1 <= self.interval_seconds <= _DAY or _DAY % self.interval_seconds:
            raise InvalidInput("points.interval_seconds", "not a whole part of a day")
        if len(self.conversions) > MAX_CONVERSIONS:
            raise InvalidInput("points.conversions", f"more than {MAX_CONVERSIONS}")
        for step in self.conversions:
            step.check()
        if self.tolerance is not None and not 0 <= units.parse_decimal(self.tolerance, "points.tolerance") <= 100:
            raise InvalidInput("points.tolerance", f"{self.tolerance} is not a percentage from 0 to 100")
        self._check_replaced()
        self._check_plausible()
        self._check_estimates()
        if self.kind == "weight" and (self.interval_seconds, self.names) != (1, "end"):
            raise InvalidInput(
                "points.interval_seconds", f"{self.point}: a weighing is 1 second, named by its end"
            )
        if self.carrier == carriers.GOODS and (self.kind != "weight" or units.dimension(self.unit) != "mass"):
            raise InvalidInput("points.carrier", f"{self.point}: goods are weighed, in a unit of mass")
        if self.counts:
            _ = self.published
        elif self.line or self.parent or self.conversions or self.basis or self.tolerance:
            raise InvalidInput("points.line", f"{self.point}: it counts no carrier, and is on no line")
        elif self.kind == "value":
            carriers.named(self.carrier)

    def _check_replaced(self) -> None:
        moments = [one.moment for one in self.replaced if one.states]
        if moments and (self.kind != "register" or len(moments) > MAX_REPLACED):
            raise InvalidInput("points.replaced", f"for a register alone, and at most {MAX_REPLACED}")
        if any(left >= right for left, right in pairwise(moments)):
            raise InvalidInput("points.replaced", f"{self.point}: not in order of time")

    def _check_plausible(self) -> None:
        if self.plausible is None:
            return
        self.plausible.check()
        if self.kind == "weight":
            raise InvalidInput("points.plausible", f"{self.point}: not for weighings, which are lines of a record")

    def _check_estimates(self) -> None:
        if self.estimates is None:
            return
        self.estimates.check(self.interval_seconds)
        # A register's next state has all that ran meanwhile, and nothing need be between two weighings.
        if self.kind not in ("interval", "value"):
            raise InvalidInput("points.estimates", f"{self.point}: not for registers and scales")


class MeteringPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must exist at a facility from `valid_from` on; a newer version supersedes."""

    facility: str
    zone: str
    version: int
    valid_from: str
    points: tuple[MeteringPoint, ...]

    def encode_body(self) -> bytes:
        """The statement's body: `[salt, plan]`."""
        return body.encode(msgspec.to_builtins(self))

    @classmethod
    def decode_body(cls, data: bytes) -> Self:
        """Read and check a plan; raises `InvalidInput` naming the field."""
        (value,) = body.decode(data, 1)
        plan = convert(value, cls, "metering plan")
        plan.check()
        return plan

    def check(self) -> None:
        """Raises `InvalidInput` naming the field that breaks a rule."""
        check_printable(self)
        values.Gln.parse(self.facility, "facility")
        clock.zone(self.zone)
        clock.utc_seconds(self.valid_from, "valid_from")
        if not 1 <= len(self.points) <= MAX_POINTS:
            raise InvalidInput("points", f"1 to {MAX_POINTS} are allowed")
        names = [p.point for p in self.points]
        if len(set(names)) != len(names):
            raise InvalidInput("points", "one name is given twice")
        by_name = {p.point: p for p in self.points}
        for point in self.points:
            point.check()
            if point.parent is not None and point.parent not in names:
                raise InvalidInput("points.parent", f"{point.parent} is no point of this plan")
            self._check_nesting(point, by_name)
            for step in point.conversions:
                self._check_read(point, step, by_name)
        self._check_carriers()

    def _check_carriers(self) -> None:
        """What is added up and shared out must be counted as one thing."""
        known: dict[str, tuple[str, Basis | None]] = {}
        for point in (p for p in self.points if p.counts):
            found = point.published.unit, point.published.basis
            if known.setdefault(point.carrier, found) != found:
                reason = f"{point.point}: elsewhere {point.carrier} is in another unit, or on another basis"
                raise InvalidInput("points.conversions", reason)

    @staticmethod
    def _check_read(point: MeteringPoint, step: Conversion, by_name: Mapping[str, MeteringPoint]) -> None:
        """What a conversion's point reads must be that conversion's ratio, of the same carrier."""
        if step.point is None:
            return
        found = by_name.get(step.point)
        if found is None or found.kind != "value" or found.carrier != point.carrier:
            raise InvalidInput("conversions.point", f"{step.point} reads no value of {point.carrier}")
        units.scale(found.unit, step.unit)

    def _check_nesting(self, point: MeteringPoint, by_name: Mapping[str, MeteringPoint]) -> None:
        """Energy of a line is the sum of its points, energy of the facility that of its main points: a point
        that meters a part of another line's point, or of none, would be counted twice or never."""
        above = point.parent
        for _ in self.points:
            if above is None:
                return
            parent = by_name[above]
            if not parent.counts or parent.carrier != point.carrier:
                raise InvalidInput("points.parent", f"{parent.point} does not meter {point.carrier}")
            if point.line is not None and parent.line is not None:
                raise InvalidInput(
                    "points.line", f"{point.point} is metered by {parent.point} as well, and both are on a line"
                )
            above = parent.parent
        if above is not None:
            raise InvalidInput("points.parent", f"{point.point} hangs on itself")

    def point(self, name: str) -> MeteringPoint:
        """The point of that name; raises `InvalidInput`."""
        for point in self.points:
            if point.point == name:
                return point
        raise InvalidInput("point", f"{name[:63]!r} is not in the metering plan of {self.facility}")

    def of_line(self, line: str) -> tuple[MeteringPoint, ...]:
        """The points that meter a production line; raises `InvalidInput` where there are none."""
        found = tuple(p for p in self.points if p.line == line and p.counts)
        if not found:
            raise InvalidInput("line", f"no metering point of {self.facility} is on line {line[:63]!r}")
        return found

    def main_points(self) -> tuple[MeteringPoint, ...]:
        """The facility's main meters: of each carrier their sum is all that came in, or was emitted."""
        return tuple(p for p in self.points if p.parent is None and p.counts)

    def sub_meters(self, name: str) -> tuple[MeteringPoint, ...]:
        """The points that meter parts of what the point of that name does."""
        return tuple(p for p in self.points if p.parent == name)

    def readers(self, point: MeteringPoint) -> tuple[MeteringPoint, ...]:
        """The points whose readings the point's activity data rest on: itself, and those of its conversions."""
        return (point, *(self.point(step.point) for step in point.conversions if step.point is not None))

    def estimates(self, point: MeteringPoint) -> tuple[Estimates, ...]:
        """The estimates that the point's activity data may hold; none of most points."""
        return tuple(one.estimates for one in self.readers(point) if one.estimates is not None)
