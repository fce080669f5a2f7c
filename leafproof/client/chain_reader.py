"""Reading the chain that a trust file names, from a node that need not be believed about which chain it is.

In this order:

1. chain id and the hash of block 0 are the trust file's, else `AnotherChain`;
2. each contract's code has the trust file's SHA-256, else `OtherCode`;
3. the newest block that is final for the reader is fixed: nothing above it is read;
4. the contracts' events, in ranges that shrink when the node says that it is too much;
5. the headers of the events' blocks, and the final block once more: if it changed, everything is read anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from leafproof.chain.decode import decode_block, decode_log, quantity, topics_of
from leafproof.chain.events import Transferred
from leafproof.chain.fold import Identity, fold
from leafproof.chain.label_events import LabelIssued
from leafproof.chain.places import Block, Contracts, Event
from leafproof.chain.view import ChainView
from leafproof.client.rpc import NodeRefused, NodeUnreachable, Rpc
from leafproof.errors import LeafproofError, Malformed
from leafproof.trust import CONTRACTS, Trust

Progress = Callable[[int, int], None]
Query = Mapping[str, Any]

FIRST_RANGE = 2_000  # blocks: what public providers allow at the least
LAST_RANGE = 100_000
_TRIES = 3
_MAX_CODE = 24_576  # bytes, EIP-170
OPERATOR_EVENTS = ("OperatorAdmitted", "OperatorRemoved", "RegistrarAccredited", "RegistrarWithdrawn")
_TRANSFER_EVENTS = ("TransferSingle", "TransferBatch")
# What is said of no lot, and read with any: who may speak for a registry, a scheme, a market.
REGISTRY_EVENTS = ("RegistryAdmitted", "RegistryRemoved", "RegistrarAppointed", "RegistrarDismissed")
SCHEME_EVENTS = (
    "SchemeAdmitted", "SchemeRemoved", "SchemeTransferred", "SchemePublished", "CertifierAccredited",
    "AccreditationWithdrawn", "MarketAdmitted", "Recognised", "RecognitionWithdrawn",
)  # fmt: skip
LIST_EVENTS = ("Proposed", "Refused", "Adopted")
LABEL_EVENTS = ("LabelSuspended", "LabelResumed", "LabelRevoked")


class AnotherChain(LeafproofError):
    """The node serves a chain that the trust file does not name."""


class OtherCode(LeafproofError):
    """A contract of the trust file has other code on this chain, or none."""


class NotFinal(LeafproofError):
    """What is asked for is not final yet, or the chain changed under the reader."""


def read_chain(
    rpc: Rpc,
    trust: Trust,
    *,
    finality_blocks: int | None = None,
    progress: Progress | None = None,
    keys: Collection[bytes] | None = None,
    lots: Collection[bytes] | None = None,
    logs: Collection[bytes] | None = None,
) -> ChainView:
    """The chain up to its newest final block; `progress(done, total)` counts blocks.

    `finality_blocks` replaces the trust file's. With `keys` (key ids), `lots` (lot ids) or `logs` (log ids)
    only these are read: enough to verify one lot in few calls. Operators and registrars are always read; claims
    and labels are those for the lots, or for another subject that is named among them.
    Raises `AnotherChain`, `OtherCode`, `NotFinal`, `Malformed`, `NodeUnreachable` or `NodeRefused`.
    """
    identity = check_identity(rpc, trust)
    contracts = contracts_of(trust)
    queries = _queries(contracts, keys, lots, logs)
    for _ in range(_TRIES):
        at = final_block(rpc, finality_blocks or trust.finality_blocks)
        if at.number < trust.deployed_block:
            raise NotFinal(f"the contracts of block {trust.deployed_block} are not final at block {at.number}")
        events = _read_events(rpc, queries, contracts, lots, (trust.deployed_block, at.number), progress)
        issued = {event.label for event in events if isinstance(event, LabelIssued)}
        if lots is not None and issued:
            later = [_query([contracts.labels], _named("labels", LABEL_EVENTS), issued)]
            events += _read_events(rpc, later, contracts, lots, (trust.deployed_block, at.number))
        try:
            blocks = read_headers(rpc, {event.place.block_number for event in events})
        except Malformed:
            continue  # a block is gone: the chain was reorganised meanwhile
        if read_header(rpc, at.number) == at:
            return fold(contracts, identity, events, blocks, at)
    raise NotFinal(f"the chain at {rpc.name} changed {_TRIES} times while it was read, below its final block")


def _read_events(
    rpc: Rpc,
    queries: Sequence[Query],
    contracts: Contracts,
    lots: Collection[bytes] | None,
    blocks: tuple[int, int],
    progress: Progress | None = None,
) -> list[Event]:
    parts = read_logs(rpc, queries, *blocks, progress)
    return [only_lots(decode_log(raw, contracts), lots) for _, found in parts for raw in found]


def contracts_of(trust: Trust) -> Contracts:
    """The addresses that the trust file names."""
    return Contracts(*(trust.contracts[name].address_bytes for name in CONTRACTS))


def check_identity(rpc: Rpc, trust: Trust) -> Identity:
    """That the node serves the trust file's chain, with the trust file's code at its addresses.

    Raises `AnotherChain` or `OtherCode`.
    """
    chain_id = quantity(rpc.call("eth_chainId"), "chain id")
    genesis = read_header(rpc, 0).hash
    if (chain_id, genesis) != (trust.chain_id, trust.genesis_hash):
        raise AnotherChain(
            f"{rpc.name} serves another chain: id {chain_id} with genesis 0x{genesis.hex()}, "
            f"not id {trust.chain_id} with genesis {trust.genesis}"
        )
    hashes = {}
    codes = rpc.call_many("eth_getCode", [(contract.address, "latest") for contract in trust.contracts.values()])
    for (name, contract), answer in zip(trust.contracts.items(), codes, strict=True):
        code = _code(answer)
        found = hashlib.sha256(code).digest()
        if found != contract.code_hash:
            what = f"other code (SHA-256 {found.hex()})" if code else "no code"
            raise OtherCode(f"{name} at {contract.address} has {what}, not the code that the trust file names")
        hashes[contract.address_bytes] = found
    return Identity(chain_id, genesis, hashes)


def code_at(rpc: Rpc, address: bytes) -> bytes:
    """The runtime code at an address; empty if there is none."""
    return _code(rpc.call("eth_getCode", "0x" + address.hex(), "latest"))


def _code(code: Any) -> bytes:
    if not isinstance(code, str) or not code.startswith("0x") or len(code) > 2 + 2 * _MAX_CODE:
        raise Malformed("code", "not the code of a contract")
    try:
        return bytes.fromhex(code[2:])
    except ValueError:
        raise Malformed("code", "not the code of a contract") from None


def final_block(rpc: Rpc, finality_blocks: int) -> Block:
    """The newest block with `finality_blocks` - 1 blocks on top; raises `NotFinal` if there is none."""
    latest = quantity(rpc.call("eth_blockNumber"), "block number")
    if latest + 1 < finality_blocks:
        raise NotFinal(f"{rpc.name} has {latest + 1} blocks; a block is final after {finality_blocks}")
    return read_header(rpc, latest - finality_blocks + 1)


def read_header(rpc: Rpc, number: int) -> Block:
    """The header of one block; raises `Malformed` if the node does not have it."""
    return _header(rpc.call("eth_getBlockByNumber", hex(number), False), number)


def read_headers(rpc: Rpc, numbers: Collection[int]) -> dict[int, Block]:
    """The headers of many blocks; raises `Malformed` if the node does not have one."""
    wanted = sorted(numbers)
    answers = rpc.call_many("eth_getBlockByNumber", [(hex(n), False) for n in wanted])
    return {n: _header(answer, n) for n, answer in zip(wanted, answers, strict=True)}


def _header(answer: Any, number: int) -> Block:
    block = decode_block(answer)
    if block.number != number:
        raise Malformed("block", f"the node gave block {block.number} for block {number}")
    return block


def all_events(contracts: Contracts) -> list[Query]:
    """The query for everything that the contracts ever emitted."""
    return [{"address": [_hex(getattr(contracts, field.name)) for field in fields(contracts)]}]


def read_logs(
    rpc: Rpc, queries: Sequence[Query], first: int, last: int, progress: Progress | None = None
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Raw logs of the blocks `first` to `last`: (last block of the range, its logs), range by range.

    A range that is too much for the node is split.
    """
    start, span = first, FIRST_RANGE
    while start <= last:
        end = min(start + span - 1, last)
        try:
            found = [log for query in queries for log in _logs(rpc, query, start, end)]
        except NodeRefused:
            if end == start:
                raise
            span = (end - start + 1) // 2
            continue
        yield end, found
        if progress is not None:
            progress(end - first + 1, last - first + 1)
        start, span = end + 1, min(2 * span, LAST_RANGE)


def _logs(rpc: Rpc, query: Query, start: int, end: int) -> list[dict[str, Any]]:
    answer = rpc.call("eth_getLogs", {**query, "fromBlock": hex(start), "toBlock": hex(end)})
    if not isinstance(answer, list):
        raise NodeUnreachable(f"{rpc.name} gave no list of logs")
    for log in answer:
        number = quantity(log.get("blockNumber"), "log.blockNumber") if isinstance(log, dict) else -1
        if not start <= number <= end:
            raise Malformed("log", f"not of the blocks {start} to {end} that were asked for")
    return answer


def _queries(
    contracts: Contracts,
    keys: Collection[bytes] | None,
    lots: Collection[bytes] | None,
    logs: Collection[bytes] | None,
) -> list[Query]:
    if keys is None and lots is None and logs is None:
        return all_events(contracts)
    queries = []
    for addresses, ids in (
        ([contracts.log], logs),
        ([contracts.keys], keys),
        ([contracts.lots, contracts.claims], lots),
        ([contracts.labels, contracts.classes], None if lots is None else ()),
    ):
        if ids is None or ids:
            queries.append(_query(addresses, *(() if ids is None else ((), ids))))
    named = _named("keys", OPERATOR_EVENTS) if keys is not None else []
    addresses = [contracts.keys] if named else []
    if lots:
        issued = _named("labels", ("LabelIssued",))
        queries.append(_query([contracts.labels], issued, (), lots))
        named += _named("lots", _TRANSFER_EVENTS) + _named("claims", REGISTRY_EVENTS)
        named += _named("labels", SCHEME_EVENTS) + _named("classes", LIST_EVENTS)
        addresses += [contracts.lots, contracts.claims, contracts.labels, contracts.classes]
    if named:
        queries.append(_query(addresses, named))
    return queries


def _query(addresses: Sequence[bytes], *topics: Collection[bytes]) -> Query:
    """Events of these contracts whose topics are, place by place, one of those given; no topics: any."""
    wanted = [[_hex(topic) for topic in sorted(place)] or None for place in topics]
    return {"address": [_hex(address) for address in addresses], "topics": wanted}


def _named(contract: str, names: Sequence[str]) -> list[bytes]:
    topics = topics_of(contract)
    return [topics[name] for name in names]


def only_lots(event: Event, lots: Collection[bytes] | None) -> Event:
    """The event; a transfer without the lots that were not asked for: ERC-1155 does not index its ids."""
    if lots is None or not isinstance(event, Transferred):
        return event
    kept = tuple((lot, shares) for lot, shares in event.lots if lot in lots)
    return Transferred(event.place, event.caller, event.sender, event.receiver, kept)


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
