"""What can be said of a part of a log by itself: leaf hashes; the form, key, signature and body of each statement.

Pure, and nearly all of a replay's work: parts may be checked side by side, in any order, by any number of
processes. What one part means for the others is found by `leafproof.replay.replay`, which takes the results in the
order of the log. So they hold what it needs and no more: of a frame its place and its readings in blocks, of any
other statement all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Self

from leafproof import tree
from leafproof.chain.view import ChainView
from leafproof.envelope import FrameHeader, LogRef
from leafproof.errors import LeafproofError, Malformed
from leafproof.frame import FrameContent, Opening
from leafproof.keys import public_key
from leafproof.replay.source import Entry
from leafproof.trust import Trust
from leafproof.verification import key_in_force
from leafproof.verification.blocks import Block
from leafproof.verification.report import Status
from leafproof.verification.statements import Statement


@dataclass(frozen=True, slots=True)
class Rules:
    """What entries are checked against: the log that they are of, the chain's keys, the reader's registrars."""

    ref: LogRef
    chain: ChainView
    registrars: frozenset[bytes]

    @classmethod
    def of(cls, ref: LogRef, trust: Trust, chain: ChainView) -> Self:
        """Without what no single entry is checked against (lots, shares, claims, labels): the rest is small."""
        return cls(ref, replace(chain, lots={}, transfers=(), claims=(), labels={}), trust.trusted_registrars)


@dataclass(frozen=True, slots=True)
class Part:
    """Consecutive entries from `start` on, as they were handed over, and the leaf hashes that the log claims."""

    start: int
    entries: list[Entry | None]
    claimed: list[bytes | None]


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """A frame's readings by metering point, and how its epoch came about."""

    facility: str
    series: list[tuple[str, Block]]
    readings: int
    opening: Opening | None


@dataclass(slots=True)
class Checked:
    """One entry. `kind` is empty where it is no statement; `place` is a frame's; `findings` are kinds of
    `leafproof.replay.report` with their messages, in their order.

    `good` says that the statement may be taken at its word; then `said` is what it says, or None of a frame whose
    body was not handed over. `withheld` says that the body of an authentic statement was not."""

    leaf: bytes
    kind: str = ""
    key_id: bytes = b""
    statement_id: bytes = b""
    place: FrameHeader | None = None
    unfit: list[tuple[str, str]] = field(default_factory=list)  # of the leaf, before the statement is looked at
    findings: list[tuple[str, str]] = field(default_factory=list)
    withheld: bool = False
    good: bool = False
    said: FrameFacts | Statement | None = None


Spread = Callable[[Rules, Iterable[Part]], Iterator[list[Checked]]]
"""Checks all parts, however it likes, and gives the results in the parts' order."""


def one_by_one(rules: Rules, parts: Iterable[Part]) -> Iterator[list[Checked]]:
    """A `Spread` that does it itself."""
    return (check(rules, part) for part in parts)


def check(rules: Rules, part: Part) -> list[Checked]:
    """Each entry of a part."""
    numbered = enumerate(zip(part.entries, part.claimed, strict=True), part.start)
    return [_entry(rules, index, entry, claimed) for index, (entry, claimed) in numbered]


def _entry(rules: Rules, index: int, entry: Entry | None, claimed: bytes | None) -> Checked:
    if entry is None:
        missing = ("missing", "the entry was not handed over, or cannot be read")
        return Checked(claimed or bytes(tree.HASH_SIZE), unfit=[missing])
    found = Checked(tree.leaf_hash(entry.envelope))
    if claimed is not None and claimed != found.leaf:
        found.unfit.append(("leaf-altered", "the entry's hash is not the one that the log holds"))
    try:
        statement = Statement.parse(entry.envelope, index, entry.body, entry.disclosures)
    except Malformed as error:
        found.findings.append(("malformed", error.message))
        return found
    envelope = statement.envelope
    found.kind, found.key_id = statement.label.partition(",")[0], envelope.key_id
    found.statement_id, found.place = envelope.statement_id, envelope.header.frame
    if envelope.header.log != rules.ref:
        found.findings.append(("other-log", "the statement was signed for another log"))
    found.good = _judge(rules, statement, found)
    if found.good:
        found.said = _said(statement)
    return found


def _judge(rules: Rules, statement: Statement, found: Checked) -> bool:
    """Whether the statement may be taken at its word."""
    good = True
    for finding in key_in_force.judge(statement, rules.chain, rules.registrars):
        if finding.status is Status.FAIL:
            found.findings.append(("key", finding.text()))
            good = False
    key = rules.chain.keys.get(statement.envelope.key_id)
    if key is None:
        return False
    public = public_key(key.cose)
    try:
        statement.envelope.verify(public)
    except LeafproofError as error:
        found.findings.append(("signature", error.message))
        return False
    found.withheld = statement.body is None
    try:
        statement.read(public)
    except LeafproofError as error:
        found.findings.append(("body", error.message))
        return False
    return good


def _said(statement: Statement) -> FrameFacts | Statement | None:
    place, content = statement.envelope.header.frame, statement.content
    if place is None:
        return statement
    if not isinstance(content, FrameContent):
        return None
    series = [(one.point, Block.of(one, place.mode)) for one in content.series]
    return FrameFacts(content.facility, series, content.count, content.opening)
