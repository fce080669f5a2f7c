"""What frames say about a window of time: the bridge from the log's bodies to the kernel's arithmetic.

All sums are made by `leafproof.metering`, from the readings of the frames themselves, in the order of the log.
The range of log entries that an activity names holds every frame with a reading that matters to it, so that
whoever replays that range gets the same digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import partial

import msgspec
from sqlalchemy import Connection

from backend.errors import LogDamaged, NotFound
from backend.log.service import TransparencyLog
from backend.production import repository
from leafproof import body as bodies
from leafproof import clock, envelope, estimating, frame, measuring, metering
from leafproof.envelope import MODES, Mode
from leafproof.errors import InvalidInput
from leafproof.frame import FrameContent
from leafproof.measuring import Measured, Window
from leafproof.metering import Intervals, Metered
from leafproof.plan import MeteringPlan, MeteringPoint
from leafproof.record import Activity

MARGIN = 86400  # seconds around a window: no interval is longer, see leafproof.metering
_MAX_GAPS_SAID = 3


@dataclass(frozen=True, slots=True)
class LoggedFrame:
    """A frame as the log holds it."""

    index: int
    mode: str
    content: FrameContent


@dataclass(frozen=True, slots=True)
class PointEvidence:
    """What one point metered in the run. `first` and `last` are the log indexes of the frames that carry it, and
    the values that it is converted by; `modes` theirs; none where nothing was metered."""

    point: MeteringPoint
    measured: Measured
    first: int | None
    last: int | None
    modes: frozenset[str]

    def activity(self, nothing: int) -> Activity:
        """As a batch record says it; `nothing` is the index named where no frame carries anything."""
        first = nothing if self.first is None else self.first
        last = nothing if self.last is None else self.last
        return msgspec.structs.replace(
            Activity.of(self.point, self.measured, first, last), mode=weakest(self.modes)
        )


def weakest(modes: Iterable[str]) -> Mode | None:
    """simulated before recorded before live; None of none."""
    found = set(modes)
    return next((mode for mode in reversed(MODES) if mode in found), None)


class FrameReader:
    """Reads the frames of one log that overlap a window, each once."""

    def __init__(self, connection: Connection, log: TransparencyLog, facility: str, start: int, end: int) -> None:
        self._connection = connection
        self._log = log
        self._facility = facility
        self._window = (start, end)
        self._frames: dict[tuple[str, int], list[LoggedFrame]] = {}
        self._intervals: dict[MeteringPoint, tuple[Intervals, list[tuple[int, LoggedFrame]]]] = {}

    def metered(self, point: MeteringPoint, start: int, end: int) -> Metered:
        """What `point` metered in [start, end), a part of the window.

        Raises `InvalidInput` for readings there that cannot be, such as of a register that runs backwards, and
        `LogDamaged` for a stored frame that is not the one that was signed.
        """
        return metering.metered(self._of_point(point)[0], start, end)

    def amount(self, point: MeteringPoint, start: int, end: int) -> Fraction:
        """The same, of all that can be read."""
        return metering.amount(self._of_point(point)[0], start, end)

    def values(self, point: MeteringPoint, start: int, end: int) -> Intervals:
        """The intervals one by one; all that are known near the window."""
        return self._of_point(point)[0]

    def gather(
        self, plan: MeteringPlan, points: Sequence[tuple[MeteringPoint, list[Window]]]
    ) -> list[PointEvidence]:
        """What each of `points` metered in its windows, which are parts of the whole one, and in which frames.
        Raises like `metered`."""
        return [self._evidence(plan, point, windows) for point, windows in points]

    def _evidence(self, plan: MeteringPlan, point: MeteringPoint, windows: list[Window]) -> PointEvidence:
        measured = measuring.measured(plan, point, self, windows)
        carrying: list[LoggedFrame] = []
        indexes: list[int] = []
        for reader in plan.readers(point):
            found, carriers = self._of_point(reader)
            named = {time for window in windows for time in _times_that_matter(reader, found, *window)}
            carrying += [one for time, one in carriers if time in named]
            # What closes an estimated gap may lie beyond the run: it belongs to the evidence, not to the amount.
            near = partial(self.values, reader)
            beside = {one for gap in measured.estimate.spans for one in estimating.closing(reader, gap, near)}
            closing = {time for one in beside for time in _times_that_matter(reader, found, *one)}
            indexes += [one.index for time, one in carriers if time in named | closing]
        return PointEvidence(
            point,
            measured,
            min(indexes, default=None),
            max(indexes, default=None),
            frozenset(one.mode for one in carrying),
        )

    def _of_point(self, point: MeteringPoint) -> tuple[Intervals, list[tuple[int, LoggedFrame]]]:
        """The point's intervals, and each reading's time with the frame that carries it."""
        if point not in self._intervals:
            reach = MARGIN if point.kind == "register" else point.interval_seconds
            if point.estimates is not None:  # what closes a gap may lie as far beyond the run as a gap is long
                reach += point.estimates.up_to_seconds
            first, last = self._window[0] - reach, self._window[1] + reach
            rows: list[tuple[int, Decimal, str]] = []
            carriers: list[tuple[int, LoggedFrame]] = []
            for one in self._of_gateway(point.gateway, max(reach, MARGIN)):
                if one.content.facility != self._facility:
                    continue
                for series in one.content.series:
                    if series.point == point.point:
                        near = [reading for reading in series if first <= reading.time <= last]
                        rows += [(reading.time, reading.value, reading.unit) for reading in near]
                        carriers += [(reading.time, one) for reading in near]
            self._intervals[point] = (metering.intervals(point, rows), carriers)
        return self._intervals[point]

    def _of_gateway(self, gateway: str, reach: int) -> list[LoggedFrame]:
        if (gateway, reach) not in self._frames:
            start, end = self._window
            indexes = repository.frame_indexes(
                self._connection, self._log.number, bytes.fromhex(gateway), start - reach, end + reach
            )
            found = [f for i in indexes if (f := read_frame(self._connection, self._log, i))]
            self._frames[gateway, reach] = found
        return self._frames[gateway, reach]


def _times_that_matter(point: MeteringPoint, found: Intervals, start: int, end: int) -> set[int]:
    """The times by which readings name the intervals that overlap the window."""
    spans = found.within(start, end)
    if point.kind == "register":
        return {time for span in spans for time in span}
    return {right if point.names == "end" else left for left, right in spans}


def read_frame(connection: Connection, log: TransparencyLog, index: int) -> LoggedFrame | None:
    """The frame at `index`; None where its body is not here any more, which leaves a gap.

    Raises `LogDamaged` where the stored body is not the one that was signed.
    """
    signed = envelope.parse(log.entry(connection, index).envelope)
    try:
        stored = log.body(connection, index)
    except NotFound:
        return None
    if stored.body is None:
        return None
    try:
        bodies.check_hash(signed, stored.body)
        return LoggedFrame(index, frame.place_of(signed).mode, frame.decode_body(stored.body))
    except InvalidInput as error:
        raise LogDamaged(f"entry {index}: {error}") from error


def missing(found: Iterable[PointEvidence]) -> str | None:
    """In one sentence, which readings are not there (yet), whether they would be estimated or not; None where
    evidence is complete."""
    for one in found:
        if gaps := one.measured.unread:
            said = gaps[:_MAX_GAPS_SAID]
            spans = ", ".join(f"{clock.utc_text(a)} to {clock.utc_text(b)}" for a, b in said)
            more = len(gaps) - _MAX_GAPS_SAID
            return f"no readings of {one.point.point} from {spans}" + (
                f", and {more} more gaps" if more > 0 else ""
            )
    return None
