"""Check 7, time: between which moments of the chain was a frame signed, and how long after it metered?

* *Signed after*: a frame names the newest anchored block that it had seen; nobody can name a block's hash before
  the block is there. It counts if the chain holds an anchor of the frame's log in that very block.
* *Signed before*: the block of the first head that covers the frame.
* The gateway's clock should lie between the two. It is only its word, so that a clock that is off is told and
  proves nothing.
* What is live and was anchored long after it was metered is late, and is shown as that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from leafproof import clock
from leafproof.chain.view import ChainView, Moment
from leafproof.frame import FrameContent, place_of
from leafproof.verification.report import Finding, Status
from leafproof.verification.statements import Statement

CLOCK_SKEW = 300  # seconds that clocks may differ, as in Kerberos (RFC 4120 1.6)
LATE = 86_400  # seconds from metering to anchor; a gateway that is online needs minutes


@dataclass(frozen=True, slots=True)
class Timing:
    """What bounds a frame in time. `unknown`: it names a block in which the chain holds no anchor of its log;
    `impossible`: it names one that is not older than its own anchor; `late` in seconds, 0 if it is not."""

    after: Moment | None
    before: Moment | None
    unknown: bool
    impossible: bool
    clock_off: bool
    late: int


def of(statement: Statement, chain: ChainView) -> Timing:
    """The timing of a frame; its body is looked at only for lateness, where it is disclosed."""
    header, place = statement.envelope.header, place_of(statement.envelope)
    log = chain.logs.get(header.log.log_id)
    anchor = log.first_covering(statement.index) if log else None
    before = anchor.moment if anchor else None
    named = place.beacon
    held = {(h.moment.block_number, h.moment.block_hash): h.moment for h in log.heads} if log and named else {}
    after = held.get(named) if named else None
    return Timing(
        after,
        before,
        unknown=named is not None and after is None,
        impossible=after is not None and before is not None and after >= before,
        clock_off=(after is not None and header.issued_at < after.block_time - CLOCK_SKEW)
        or (before is not None and header.issued_at > before.block_time + CLOCK_SKEW),
        late=_late(statement, before) if place.mode == "live" else 0,
    )


def _late(statement: Statement, before: Moment | None) -> int:
    if before is None or not isinstance(statement.content, FrameContent):
        return 0
    oldest = min((t for series in statement.content.series for t in series.times), default=before.block_time)
    behind = before.block_time - oldest
    return behind if behind > LATE else 0


def judge(frames: Iterable[Statement], chain: ChainView) -> Iterator[Finding]:
    """What can be said of a lot's frames together."""
    timings = [(statement, of(statement, chain)) for statement in frames]
    for statement, timing in timings:
        if timing.impossible:
            yield Finding(Status.FAIL, "beacon-later", statement.label)
    befores = [t.before.block_time for _, t in timings if t.before]
    afters = [t.after.block_time for _, t in timings if t.after]
    if befores:
        params = {"count": str(len(timings)), "before": clock.utc_text(max(befores))}
        if len(afters) == len(timings):
            params["after"] = clock.utc_text(min(afters))
            yield Finding(Status.PASS, "time-bounded", "", params)
        else:
            yield Finding(Status.PASS, "time-bounded-above", "", params)
    yield from _counted("beacon-unknown", [t for _, t in timings if t.unknown])
    yield from _counted("clock-off", [t for _, t in timings if t.clock_off])
    late = [t.late for _, t in timings if t.late]
    if late:
        params = {"count": str(len(late)), "hours": str(max(late) // 3600)}
        yield Finding(Status.WARNING, "late", "", params)


def _counted(code: str, found: list[Timing]) -> Iterator[Finding]:
    if found:
        yield Finding(Status.WARNING, code, "", {"count": str(len(found))})
