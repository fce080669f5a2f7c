"""Proposing, discussing and adopting the living list, and classifying lots by the version in force.

What must hold:

1. a proposal is a statement, its content the version that the chain knows by the statement's id; remarks are
   statements on it, for as long as it is open;
2. the authority adopts, from a time that everybody can know of before it comes, or refuses, with a reason that is
   a statement; both only what the chain holds as proposed, and again where the chain did not take it; the contract
   keeps the versions' order;
3. a lot is classified by its maker, by the version in force at that moment; a newer version changes no lot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import structlog
from sqlalchemy import Connection

from backend.anchor import transactions
from backend.anchor.registry import Registry
from backend.classification import repository
from backend.errors import Conflict, Gone, NotFound, Unavailable
from backend.production import recording, runs, shares
from backend.production import service as production
from backend.production.repository import Row
from backend.production.statements import Archive, Desk, Logged
from leafproof import clock
from leafproof.chain.view import ChainView, ListVersion
from leafproof.classification import Classified, LivingList, Remark, Shown, in_force
from leafproof.errors import InvalidInput
from leafproof.structs import convert
from leafproof.values import Gln, Lot

CONTRACT = "Classification"
AUTHORITY = "authority"
MAX_AHEAD = 10 * 366 * 86400  # seconds: Classification.sol
# Seconds; of the chains that we know, the slowest (Ethereum: consensus-specs, phase 0, `SECONDS_PER_SLOT`).
BLOCK_SECONDS = 12
T = TypeVar("T")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement that was logged, and the transaction that tells the chain."""

    logged: Logged
    transaction: str


def chain_of(connection: Connection, registry: Registry) -> ChainView:
    """With the versions of the living list. Raises `Unavailable`."""
    view = registry.view(connection, keys=(), lots=(bytes(32),), logs=())
    if view is None:
        raise Unavailable("the chain was not read yet")
    return view


def propose(connection: Connection, desk: Desk, by: Gln, wanted: LivingList) -> Asked:
    """Log a list in an operator's name, and have the chain open it for comment. Raises `InvalidInput`."""
    wanted.check()
    logged = _put(connection, desk, by, wanted, None)
    key = f"propose:{logged.statement_id.hex()}"
    args = [logged.statement_id]
    transactions.submit(connection, production.signer_of(by), CONTRACT, "propose", args, key)
    return Asked(logged, key)


def remark(connection: Connection, desk: Desk, registry: Registry, by: Gln, said: Remark) -> Logged:
    """Log a comment or an objection. Raises `InvalidInput`, `NotFound`, and `Conflict` for what is no proposal any
    more."""
    said.check()
    if said.kind == "refusal":
        raise InvalidInput("kind", "only the authority refuses")
    proposal = bytes.fromhex(said.proposal)
    _open(connection, desk, registry, proposal)
    return _put(connection, desk, by, said, proposal)


def _open(connection: Connection, desk: Desk, registry: Registry, content: bytes) -> None:
    """Raises `NotFound`, and `Conflict` for a list that the authority decided on."""
    read(connection, desk, content)
    held = state(chain_of(connection, registry), content)
    if held != "proposed":
        raise Conflict(f"the list was {held}; propose a newer one")


def state(chain: ChainView, content: bytes) -> str:
    """What became of a list that was proposed: `proposed` (still open), `refused` or `adopted`."""
    if any(one.content == content for one in chain.list_versions):
        return "adopted"
    return "refused" if any(one.content == content for one in chain.list_refusals) else "proposed"


def refuse(connection: Connection, desk: Desk, registry: Registry, by: Gln, refusal: Remark) -> Asked:
    """Log why the authority refuses a proposal, in an operator's name, and have it refuse on the chain.

    Raises `InvalidInput`, `NotFound`, and `Conflict` for what is decided, or refused on the way.
    """
    refusal.check()
    content = bytes.fromhex(refusal.proposal)
    key = _deciding(connection, desk, registry, "refuse", content)
    logged = _put(connection, desk, by, refusal, content)
    transactions.submit(connection, AUTHORITY, CONTRACT, "refuse", [content, logged.statement_id], key)
    return Asked(logged, key)


def adopt(connection: Connection, desk: Desk, registry: Registry, content: bytes, in_force_from: int) -> str:
    """Have the authority adopt a proposal; the transaction's key. Raises `InvalidInput`, `NotFound`, and
    `Conflict` for what is decided, or on the way to it."""
    key = _deciding(connection, desk, registry, "adopt", content)
    ahead = in_force_from - desk.now()
    if not margin(registry.finality_blocks) <= ahead <= MAX_AHEAD:
        soonest = f"{margin(registry.finality_blocks)} seconds ahead"
        raise InvalidInput("in_force_from", f"is less than {soonest}, or more than ten years")
    transactions.submit(connection, AUTHORITY, CONTRACT, "adopt", [content, in_force_from], key)
    return key


def margin(finality_blocks: int) -> int:
    """How many seconds before a version is in force the authority adopts it, at the latest: twice those until a
    block is final. The contract takes no time before its block's (`IClassification.adopt`), and whoever classifies
    by this server's final view of the chain knows the version before it counts."""
    return 2 * BLOCK_SECONDS * finality_blocks


def _deciding(connection: Connection, desk: Desk, registry: Registry, act: str, content: bytes) -> str:
    """Under which key the queue keeps the next attempt to `adopt` or `refuse` a list. Raises `NotFound`, and
    `Conflict` for one that is not open for decision, or whose decision is on its way."""
    _open(connection, desk, registry, content)
    if content not in chain_of(connection, registry).list_proposals:
        raise Conflict("the chain does not hold the list as proposed yet")
    keys = {one: _next_attempt(connection, one, content) for one in ("adopt", "refuse")}
    return keys[act]


def _next_attempt(connection: Connection, act: str, content: bytes) -> str:
    """The first key that nothing was submitted under; `Conflict` unless the chain refused all before."""
    attempt = 0
    while transactions.known(connection, key := f"{act}:{content.hex()}:{attempt}"):
        if transactions.status(connection, key).state != "failed":
            raise Conflict("the list's decision is on its way to the chain")
        attempt += 1
    return key


def _put(connection: Connection, desk: Desk, by: Gln, said: LivingList | Remark, proposal: bytes | None) -> Logged:
    log = desk.logs.of_partition(0).log
    logged = desk.put(connection, log, by, said.urn, said.CONTENT_TYPE, said.encode_body())
    repository.insert_statement(
        connection,
        statement_id=logged.statement_id,
        kind="remark" if proposal else "living-list",
        proposal=proposal,
        operator=str(by),
        log=logged.log,
        index=logged.index,
        created_at=desk.now(),
    )
    return logged


def read(connection: Connection, archive: Archive, statement_id: bytes) -> LivingList:
    """A list that was proposed here. Raises `NotFound`."""
    row = repository.statement(connection, statement_id)
    if row is None or row["kind"] != "living-list":
        raise NotFound(f"list {statement_id.hex()} was not proposed here")
    return LivingList.decode_body(archive.read(connection, row["log"], row["index"]).body)


def version(
    connection: Connection, archive: Archive, registry: Registry, number: int
) -> tuple[ListVersion, LivingList]:
    """A version by its number. Raises `NotFound`."""
    held = next((one for one in chain_of(connection, registry).list_versions if one.version == number), None)
    if held is None:
        raise NotFound(f"the living list has no version {number}")
    return held, read(connection, archive, held.content)


def unless_unreadable(statement_id: bytes, read_one: Callable[[], T]) -> T | None:
    """One of many statements; None, and a line in the log, where its body was deleted or breaks today's rules: an
    answer about all of them does without it. What is damaged still raises `LogDamaged`."""
    try:
        return read_one()
    except (Gone, InvalidInput) as error:
        _log.warning("left out: cannot be read", statement=statement_id.hex(), reason=error.message)
        return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A lot's code, and the evidence for ex-outs."""

    lot: Lot
    edition: str
    code: str
    shown: tuple[Shown, ...]


def classify(connection: Connection, desk: Desk, registry: Registry, wanted: Wanted) -> tuple[Classified, Logged]:
    """State a lot's code, and the categories that follow from it by the version in force now; the same again is
    the first one.

    Raises `InvalidInput`, `NotFound` for a lot without a record, `Conflict` while no version is in force.
    """
    lot, now = wanted.lot, desk.now()
    record = recording.current(connection, lot)
    if record is None:
        raise NotFound(f"lot {lot} has no record here")
    run = runs.find_of_lot(connection, lot, lock=True)
    held = in_force(chain_of(connection, registry).list_versions, now)
    if held is None:
        raise Conflict("no version of the living list is in force yet")
    said = _said(wanted, held, read(connection, desk, held.content))
    before = repository.of_lot(connection, str(lot.gtin), str(lot.code))
    if before and classified(connection, desk, before[-1]) == said:
        return said, _logged(connection, desk, before[-1])
    maker, log = Gln(shares.maker_of(connection, run)), desk.log(record["log"])
    logged = desk.put(connection, log, maker, said.urn, said.CONTENT_TYPE, said.encode_body())
    repository.insert_classification(
        connection,
        statement_id=logged.statement_id,
        gtin=str(lot.gtin),
        lot=str(lot.code),
        version=held.version,
        log=logged.log,
        index=logged.index,
        created_at=now,
    )
    return said, logged


def _said(wanted: Wanted, held: ListVersion, rules: LivingList) -> Classified:
    named = {
        "gtin": str(wanted.lot.gtin),
        "lot": str(wanted.lot.code),
        "edition": wanted.edition,
        "code": wanted.code,
        "shown": wanted.shown,
        "version": held.version,
        "content": held.content.hex(),
        "categories": (),
    }
    said = convert(named, Classified, "classification")
    said.check()
    categories = rules.categories(said.edition, said.code, said.evidence)
    return msgspec.structs.replace(said, categories=categories)


def _logged(connection: Connection, archive: Archive, row: Row) -> Logged:
    leaf = archive.log(row["log"]).entry(connection, row["index"]).leaf_hash
    return Logged(row["log"], row["index"], bytes(row["statement_id"]), leaf)


def classified(connection: Connection, archive: Archive, row: Row) -> Classified:
    """What a lot's classification says."""
    return Classified.decode_body(archive.read(connection, row["log"], row["index"]).body)


def made(connection: Connection, archive: Archive, row: Row) -> tuple[int, tuple[str, ...]]:
    """When (Unix seconds) a classification was signed, and the categories that it states."""
    opened = archive.read(connection, row["log"], row["index"])
    return opened.envelope.header.issued_at, Classified.decode_body(opened.body).categories


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a list's way: `proposed`, a remark's kind, `refused` or `adopted`; when (Unix seconds), by which
    operator (None: the authority alone), in which words."""

    did: str
    at: int
    by: str | None
    text: str


def history(connection: Connection, archive: Archive, chain: ChainView, content: bytes) -> list[Step]:
    """A list's way: what was said of it, in the log's order, and at last what the chain says became of it. A
    refusal counts as one where the chain names it. Raises `NotFound`."""
    title = read(connection, archive, content).title
    proposed = repository.statement(connection, content)
    assert proposed is not None  # it was read
    refused = {one.reason: one.refused.block_time for one in chain.list_refusals if one.content == content}
    steps = [Step("proposed", proposed["created_at"], proposed["operator"], title)]
    decided: list[Step] = []
    for row in repository.remarks(connection, content):
        said = Remark.decode_body(archive.read(connection, row["log"], row["index"]).body)
        held = refused.get(bytes(row["statement_id"]))
        if held is None:
            steps.append(Step(said.kind, row["created_at"], row["operator"], said.text))
        else:
            decided.append(Step("refused", held, row["operator"], said.text))
    for version in chain.list_versions:
        if version.content == content:
            words = f"version {version.version}, in force from {clock.utc_text(version.in_force_from)}"
            decided.append(Step("adopted", version.adopted.block_time, None, words))
    return steps + decided
