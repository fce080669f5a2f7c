"""A chain node over HTTP that holds what a `World` says: its events as the contracts emit them, nothing more.

Programs and pages read it as they read any node; what a test changes in the world, they all see.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from eth_hash.auto import keccak

from leafproof.chain.possession import Claim, prove
from leafproof.chain.view import ChainView, LabelStatus, RegisteredKey
from leafproof.chain.view import Claim as Claimed
from leafproof.keys import SigningKey
from leafproof.trust import CONTRACTS, Contract, Trust
from tests.support import world as w
from tests.support.rpc_server import RpcServer
from tests.support.world import LOG, World
from tests.unit.chain.synthetic import FILES, raw_log

ADDRESSES = {name: bytes([0x11 + i]) * 20 for i, name in enumerate(CONTRACTS)} | {"TransparencyLog": LOG.contract}
REGISTRAR = b"\x66" * 20  # who rejected what is rejected
_HEAD = "0x" + keccak(b"head(bytes32)")[:4].hex()
_Event = tuple[int, str, str, list[Any]]  # block, contract, name, values


def trust_of(registrars: tuple[bytes, ...] = ()) -> Trust:
    """The trust file of a reader who trusts the world's contracts."""
    contracts = {
        name: Contract("0x" + ADDRESSES[name].hex(), hashlib.sha256(_code(name)).hexdigest()) for name in CONTRACTS
    }
    trusted = ["0x" + one.hex() for one in registrars]
    return Trust(1, LOG.chain_id, "0x" + w.GENESIS.hex(), "development", 1, 1, contracts, trusted)


def _code(name: str) -> bytes:
    return f"the code of {name}".encode()


class WorldChain(RpcServer):
    """A context manager; `url` is the node's. `view`, `unproven` (ids of keys that are registered without a valid
    proof of possession) and `most` (blocks that one question may span) may be changed at any time; `asked` counts
    the questions."""

    def __init__(self, world: World, *others: World) -> None:
        super().__init__()
        parties = [party for one in (world, *others) for party in one.everybody]
        self._signers = {k.public.key_id: k for p in parties for k in (p.key, p.gateway)}
        self.view: ChainView = world.view()
        self.unproven: set[bytes] = set()
        self.most = 1_000_000
        self.asked = 0

    def respond(self, content: bytes) -> bytes:
        """Of one question, or of a batch."""
        request = json.loads(content)
        self.asked += 1
        answer = list(map(self._answer, request)) if isinstance(request, list) else self._answer(request)
        return json.dumps(answer).encode()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        return {
            "jsonrpc": "2.0",
            "id": request["id"],
            "result": self._result(request["method"], request["params"]),
        }

    def _result(self, method: str, params: list[Any]) -> Any:
        match method:
            case "eth_chainId":
                return hex(LOG.chain_id)
            case "eth_blockNumber":
                return hex(self._latest)
            case "eth_getBlockByNumber":
                number = int(params[0], 16)
                at = self.view.at  # the newest block may come late
                time = at.block_time if number == at.block_number else w.moment(number).block_time
                return {"number": params[0], "hash": _hash(number), "timestamp": hex(time)}
            case "eth_getCode":
                return "0x" + next(_code(n) for n, a in ADDRESSES.items() if "0x" + a.hex() == params[0]).hex()
            case "eth_call":
                assert params[0]["data"].startswith(_HEAD)
                newest = self.view.logs[LOG.log_id].heads[-1]
                return "0x" + newest.size.to_bytes(32, "big").hex() + newest.root.hex()
            case "eth_getLogs":
                return [log for log in self.logs() if _asked(log, params[0])]
        raise AssertionError(method)

    @property
    def _latest(self) -> int:
        return max(self.view.at.block_number, *(block for block, *_ in self._events()))

    def logs(self) -> list[dict[str, Any]]:
        """All events, as eth_getLogs gives them."""
        found: list[dict[str, Any]] = []
        for index, (block, contract, name, values) in enumerate(sorted(self._events(), key=lambda e: e[0])):
            address = "0x" + ADDRESSES[FILES[contract]].hex()
            made = raw_log(contract, name, values, block, index)
            found.append({**made, "address": address, "blockHash": _hash(block)})
        return found

    def _events(self) -> Iterator[_Event]:
        for log in self.view.logs.values():
            yield 1, "log", "Opened", [log.log_id, log.owner, log.name]
            for head in log.heads:
                yield head.moment.block_number, "log", "Extended", [log.log_id, head.size, head.root]
        for operator in self.view.operators.values():
            for one in (*operator.before, operator):
                yield one.admitted.block_number, "keys", "OperatorAdmitted", [one.address, one.identifier]
                if one.removed:
                    yield one.removed.block_number, "keys", "OperatorRemoved", [one.address]
        for address, name in self.view.registrars.items():
            yield 2, "keys", "RegistrarAccredited", [address, name]
        for key in self.view.keys.values():
            yield from self._key(key)
        for lot in self.view.lots.values():
            first, *more = lot.versions
            block = first.moment.block_number
            yield block, "lots", "LotMinted", [lot.lot_id, lot.operator, lot.lot_hash, int(lot.custody)]
            yield block, "lots", "RecordSet", [lot.lot_id, 1, first.log_id, first.leaf, first.index]
            for spent in lot.inputs:
                yield block, "lots", "Consumed", [lot.lot_id, spent.parent, lot.operator, spent.shares]
            for one in more:
                values = [lot.lot_id, one.version, one.log_id, one.leaf, one.index]
                yield one.moment.block_number, "lots", "RecordSet", values

        for registry, name in self.view.registries.items():
            yield 2, "claims", "RegistryAdmitted", [registry, name]
        said = {(c.registry, c.attested.registrar) for c in self.view.claims if c.attested}
        for appointed in sorted(said | {(c.registry, REGISTRAR) for c in self.view.claims if c.rejected}):
            yield 3, "claims", "RegistrarAppointed", list(appointed)
        for claim in self.view.claims:
            yield from _claim(claim)
        yield from _labelling(self.view)

    def _key(self, key: RegisteredKey) -> Iterator[_Event]:
        registry = ADDRESSES["KeyRegistry"]
        claim = Claim(LOG.chain_id, registry, key.operator, key.role, key.log_id, key.issuer)
        signer = SigningKey.generate() if key.key_id in self.unproven else self._signers[key.key_id]
        whose = [key.key_id, key.operator]
        values = [*whose, int(key.role), key.log_id, key.issuer, key.cose, prove(signer, claim)]
        yield key.registered.block_number, "keys", "KeyRegistered", values
        for registrar in key.attested_by:
            yield key.registered.block_number, "keys", "KeyAttested", [*whose, registrar, b"\x01" * 32]
        if key.retired:
            end = [key.retired.epoch, key.retired.last_sequence]
            yield key.retired.moment.block_number, "keys", "KeyRetired", [*whose, *end]
        if key.compromised:
            yield key.compromised.block_number, "keys", "KeyCompromised", whose


def _claim(claim: Claimed) -> Iterator[_Event]:
    place, block = [claim.subject, claim.registry], claim.moment.block_number
    serials = [claim.first, claim.last, claim.cancellation]
    yield block, "claims", "Claimed", [*place, claim.operator, *serials]
    for named in claim.footprints:
        values = [*place, named.version, claim.first, named.footprint]
        yield named.moment.block_number, "claims", "FootprintNamed", values
    if claim.attested:
        word = [*place, claim.attested.registrar, claim.first, claim.attested.evidence]
        yield claim.attested.moment.block_number, "claims", "Attested", word
    if claim.rejected:
        yield claim.rejected.block_number, "claims", "Rejected", [*place, REGISTRAR, claim.first, bytes([1]) * 32]


def _labelling(view: ChainView) -> Iterator[_Event]:
    for version in view.list_versions:
        block = version.adopted.block_number
        yield block, "classes", "Proposed", [version.content, bytes([7]) * 20]
        yield block, "classes", "Adopted", [version.version, version.content, version.in_force_from]
    for scheme in view.schemes.values():
        yield 4, "labels", "SchemeAdmitted", [scheme.scheme, scheme.owner, scheme.name]
        for number, content in enumerate(scheme.published, 1):
            yield 5, "labels", "SchemePublished", [scheme.scheme, number, content]
    for market in view.markets.values():
        yield 4, "labels", "MarketAdmitted", [market.market, market.authority, market.name]
    for held in view.accreditations:
        place = [held.scheme, held.certifier]
        values = [*place, held.start, held.until, held.scope]
        yield held.moment.block_number, "labels", "CertifierAccredited", values
        if held.ended:
            yield held.ended.block_number, "labels", "AccreditationWithdrawn", place
    for said in view.recognitions:
        place = [said.market, said.scheme, said.category]
        values = [*place, said.accepted, said.start, said.until, said.agreement]
        yield said.moment.block_number, "labels", "Recognised", values
        if said.ended:
            yield said.ended.block_number, "labels", "RecognitionWithdrawn", place
    for label in view.labels.values():
        whose = [label.label, label.subject, label.certifier, label.scheme, label.statement]
        values = [*whose, label.version, label.start, label.until]
        yield label.issued.block_number, "labels", "LabelIssued", values
        for change in label.changes:
            block, by = change.moment.block_number, [label.label, change.by]
            match change.status:
                case LabelStatus.SUSPENDED:
                    yield block, "labels", "LabelSuspended", [*by, change.reason]
                case LabelStatus.REVOKED:
                    yield block, "labels", "LabelRevoked", [*by, change.reason]
                case LabelStatus.VALID:
                    yield block, "labels", "LabelResumed", by


def _hash(block: int) -> str:
    return "0x" + (w.moment(block).block_hash if block else w.GENESIS).hex()


def _asked(log: dict[str, Any], query: dict[str, Any]) -> bool:
    if not int(query["fromBlock"], 16) <= int(log["blockNumber"], 16) <= int(query["toBlock"], 16):
        return False
    wanted = [query["address"], *query.get("topics", ())]
    given = [log["address"], *log["topics"], *[""] * 4]
    return all(w is None or g in (w if isinstance(w, list) else [w]) for w, g in zip(wanted, given, strict=False))
