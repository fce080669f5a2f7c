"""Recording a group of authentic frames inside the caller's transaction: see `backend.ingest.service` for the
rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from backend.ingest import repository, rollups
from backend.ingest.plans import PlanDirectory
from backend.ingest.repository import Place, Stream
from backend.ingest.rollups import FrameReadings
from backend.ingest.schemas import Accepted, Flag, Kind, Outcome
from backend.log.schemas import NewEntry
from backend.log.service import HostedLog
from leafproof.envelope import MODES
from leafproof.notice import Acknowledgement

# A live reading this far ahead of its arrival, in seconds: clocks that are kept at all are kept better.
AHEAD = 300
# And this far behind: a gateway's outage, or a slow clock. A day is where the difference is worth a look.
BEHIND = 86_400
_MODE: dict[str, int] = {mode: position for position, mode in enumerate(MODES)}


@dataclass(slots=True)
class _New:
    """A frame that is the first at its place."""

    frame: Accepted
    place: Place
    times: tuple[int, int]
    index: int = -1
    flags: int = 0


class Recorder:
    """Records one group; `record` is called once."""

    def __init__(self, connection: Connection, hosted: HostedLog, plans: PlanDirectory) -> None:
        self._connection = connection
        self._hosted = hosted
        self._plans = plans
        self._streams: dict[tuple[int, int], Stream] = {}
        self._new: dict[Place, _New] = {}

    def record(self, accepted: Sequence[Accepted]) -> list[Outcome]:
        """Log what is new, and say of each frame what it was."""
        if not accepted:
            return []
        numbers = self._gateways(accepted)
        places = [(numbers[a.envelope.key_id], a.place.epoch, a.place.sequence) for a in accepted]
        self._streams = repository.load_streams(self._connection, sorted({place[:2] for place in places}))
        kinds = self._classify(accepted, places)
        indexes = self._append(accepted, places, kinds)
        self._follow(accepted, places)
        self._store(accepted, places, kinds, indexes)
        keys = {number: key_id for key_id, number in numbers.items()}
        said = {place: _acknowledgement(keys[place[0]], stream) for place, stream in self._streams.items()}
        return [
            Outcome(
                one.message.topic,
                kind,
                readings=one.content.count if kind is Kind.LOGGED else 0,
                acknowledgement=said[place[:2]],
            )
            for one, place, kind in zip(accepted, places, kinds, strict=True)
        ]

    def _gateways(self, accepted: Sequence[Accepted]) -> dict[bytes, int]:
        first = {a.envelope.key_id: a for a in reversed(accepted)}
        numbers = repository.gateway_numbers(self._connection, list(first))
        for key_id in first.keys() - numbers.keys():
            numbers[key_id] = repository.add_gateway(
                self._connection, self._hosted.log.number, self._hosted.partition, first[key_id]
            )
        latest: dict[int, int] = {}
        for one in accepted:
            number = numbers[one.envelope.key_id]
            latest[number] = max(latest.get(number, 0), one.message.received_at)
        repository.seen(self._connection, latest)
        return numbers

    def _classify(self, accepted: Sequence[Accepted], places: Sequence[Place]) -> list[Kind]:
        """In the order of arrival: first at its place, the same again, or another statement."""
        # A place above the highest that ever came can only be new: in the usual order nothing is looked up.
        old = [place for place in dict.fromkeys(places) if place[2] <= self._streams[place[:2]].highest]
        first = repository.statement_ids(self._connection, old)
        taken = [place for place in old if place in first]
        others = repository.other_statements(self._connection, taken)
        kinds: list[Kind] = []
        for one, place in zip(accepted, places, strict=True):
            statement = one.envelope.statement_id
            if place not in first:
                first[place] = statement
                self._new[place] = _New(one, place, _times(one))
                kinds.append(Kind.LOGGED)
            elif first[place] == statement or (place, statement) in others:
                kinds.append(Kind.DUPLICATE)
            else:
                others.add((place, statement))
                kinds.append(Kind.EQUIVOCATION)
        return kinds

    def _append(self, accepted: Sequence[Accepted], places: Sequence[Place], kinds: Sequence[Kind]) -> list[int]:
        """Append what is to be logged; the index of each of `accepted`, -1 for duplicates."""
        logged = [i for i, kind in enumerate(kinds) if kind is not Kind.DUPLICATE]
        indexes = [-1] * len(accepted)
        if logged:
            entries = [NewEntry(accepted[i].envelope, accepted[i].body) for i in logged]
            for i, index in zip(logged, self._hosted.log.append(self._connection, entries), strict=True):
                indexes[i] = index
                if kinds[i] is Kind.LOGGED:
                    self._new[places[i]].index = index
        return indexes

    def _follow(self, accepted: Sequence[Accepted], places: Sequence[Place]) -> None:
        """Bring the streams up to date: what is contiguous now, and what does not fit."""
        for one, place in zip(accepted, places, strict=True):
            stream = self._streams[place[:2]]
            stream.last_seen = max(stream.last_seen, one.message.received_at)
        before = {key: stream.highest for key, stream in self._streams.items()}
        for place, new in self._new.items():
            stream = self._streams[place[:2]]
            stream.frames += 1
            stream.last_time = max(stream.last_time, new.times[1])
            if stream.highest != place[2] - 1 and place[2] != 0:
                new.flags |= self._gap(place)
            stream.highest = max(stream.highest, place[2])
            new.flags |= _clock(new)
        for key in sorted(self._streams):  # earlier epochs first: the next one's first frame builds on their end
            self._advance(self._streams[key], before[key])
        for new in self._new.values():
            self._streams[new.place[:2]].flagged += new.flags != 0

    def _gap(self, place: Place) -> int:
        """Flag a frame whose predecessor is neither in the log nor before it in this group."""
        gateway, epoch, sequence = place
        previous = (gateway, epoch, sequence - 1)
        if previous in self._new:
            return 0 if self._new[previous].index < self._new[place].index else Flag.AFTER_GAP
        held = self._streams[place[:2]].next_sequence >= sequence
        return 0 if held or repository.statement_ids(self._connection, [previous]) else Flag.AFTER_GAP

    def _advance(self, stream: Stream, highest_before: int) -> None:
        """Move the end of the contiguous part over all frames that are there now."""
        start = stream.next_sequence
        while True:
            sequence = stream.next_sequence
            new = self._new.get((stream.gateway, stream.epoch, sequence))
            if new is not None:
                statement = new.frame.envelope.statement_id
                if not self._linked(stream, new):
                    new.flags |= Flag.UNLINKED
                self._extend(stream, new.index, statement)
            elif sequence == start or sequence > highest_before:
                return  # nothing came now that closes the gap, or nothing earlier lies behind it
            elif not self._advance_stored(stream):
                return

    def _advance_stored(self, stream: Stream) -> bool:
        """Move over frames of earlier groups; whether there were any."""
        start = stream.next_sequence
        for row in repository.stored_run(self._connection, stream.gateway, stream.epoch, start):
            if row.sequence != stream.next_sequence:
                break
            if row.previous != stream.last_id:
                place = (stream.gateway, stream.epoch, row.sequence)
                repository.flag(self._connection, place, Flag.UNLINKED)
                stream.flagged += row.flags == 0
            self._extend(stream, row.entry, row.statement_id)
        return stream.next_sequence > start

    @staticmethod
    def _extend(stream: Stream, index: int, statement: bytes) -> None:
        stream.covered_index = max(stream.covered_index, index)
        stream.last_id = statement
        stream.next_sequence += 1

    def _linked(self, stream: Stream, new: _New) -> bool:
        """Whether a frame names the one before it: in its epoch, or at the end of the epoch before."""
        place = new.frame.place
        if place.sequence:
            return place.previous == stream.last_id
        if place.previous is None:
            return not repository.has_earlier_epoch(self._connection, stream.gateway, stream.epoch)
        opening = new.frame.content.opening
        if opening is None or opening.last_epoch is None or opening.last_sequence is None:
            return False
        end = (stream.gateway, opening.last_epoch, opening.last_sequence)
        if end in self._new:
            return self._new[end].frame.envelope.statement_id == place.previous
        found = repository.statement_ids(self._connection, [end]).get(end)
        if found is None:
            new.flags |= Flag.AFTER_GAP
            return True
        return found == place.previous

    def _store(
        self,
        accepted: Sequence[Accepted],
        places: Sequence[Place],
        kinds: Sequence[Kind],
        indexes: Sequence[int],
    ) -> None:
        repository.insert_frames(self._connection, [_frame_row(new) for new in self._new.values()])
        repository.insert_equivocations(
            self._connection,
            [
                {
                    **dict(zip(("gateway", "epoch", "sequence"), place, strict=True)),
                    "statement_id": one.envelope.statement_id,
                    "index": index,
                    "mode": _MODE[one.place.mode],
                    "received_at": one.message.received_at,
                }
                for one, place, kind, index in zip(accepted, places, kinds, indexes, strict=True)
                if kind is Kind.EQUIVOCATION
            ],
        )
        repository.save_streams(self._connection, list(self._streams.values()))
        logged = [
            FrameReadings(place[0], _MODE[one.place.mode], index, one.content)
            for one, place, index in zip(accepted, places, indexes, strict=True)
            if index >= 0
        ]
        rollups.add(self._connection, sorted(logged, key=lambda one: one.index), self._plans)


def _acknowledgement(key_id: bytes, stream: Stream) -> Acknowledgement | None:
    if not stream.next_sequence:
        return None
    return Acknowledgement(key_id, stream.epoch, stream.next_sequence - 1, stream.covered_index)


def _times(one: Accepted) -> tuple[int, int]:
    """The earliest and the latest time that a frame names; a body names at least one."""
    times = [time for part in one.content.series for time in (min(part.times), max(part.times))]
    times += one.content.heartbeats
    return min(times), max(times)


def _clock(new: _New) -> int:
    arrival = new.frame.message.received_at
    odd = new.times[1] > arrival + AHEAD or new.times[0] < arrival - BEHIND
    return Flag.ODD_CLOCK if odd and new.frame.place.mode == "live" else 0


def _frame_row(new: _New) -> dict[str, Any]:
    return {
        "gateway": new.place[0],
        "epoch": new.place[1],
        "sequence": new.place[2],
        "index": new.index,
        "statement_id": new.frame.envelope.statement_id,
        "previous": new.frame.place.previous,
        "mode": _MODE[new.frame.place.mode],
        "first_time": new.times[0],
        "last_time": new.times[1],
        "readings": new.frame.content.count,
        "received_at": new.frame.message.received_at,
        "flags": int(new.flags),
    }
