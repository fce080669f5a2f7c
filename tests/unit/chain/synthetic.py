"""Logs as a node would give them, made from the committed ABI files and independent of the decoder's own table."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from eth_hash.auto import keccak

import leafproof
from leafproof import trust
from leafproof.chain.decode import decode_log
from leafproof.chain.fold import Identity, fold
from leafproof.chain.places import Block, Contracts, Event
from leafproof.chain.possession import Claim, prove
from leafproof.chain.view import ChainView, Role
from leafproof.keys import SigningKey

ARTIFACTS = Path(leafproof.__file__).parent / "chain" / "artifacts"
CONTRACTS = Contracts(*(bytes([n]) * 20 for n in range(0x0A, 0x10)))
FILES = dict(zip((field.name for field in fields(Contracts)), trust.CONTRACTS, strict=True))
IDENTITY = Identity(31337, b"\x01" * 32, {})
ACME, OTHER, REGISTRAR, ZERO = b"\xa1" * 20, b"\xa2" * 20, b"\xa3" * 20, b"\x00" * 20


def abi_events(contract: str) -> dict[str, dict[str, Any]]:
    """The events of a contract's ABI, by name."""
    abi = json.loads((ARTIFACTS / f"{FILES[contract]}.json").read_text())["abi"]
    return {item["name"]: item for item in abi if item["type"] == "event"}


def signature(item: dict[str, Any]) -> str:
    """As it is hashed into the first topic."""
    return f"{item['name']}({','.join(i['type'] for i in item['inputs'])})"


def block_hash(number: int) -> bytes:
    return hashlib.sha256(b"block %d" % number).digest()


def block(number: int) -> Block:
    return Block(number, block_hash(number), 1_700_000_000 + number)


def raw_log(contract: str, name: str, values: list[Any], number: int = 1, index: int = 0) -> dict[str, Any]:
    """One log of eth_getLogs; addresses as 20 bytes, in the order of the event's inputs."""
    item = abi_events(contract)[name]
    topics, types, rest = [bytes(keccak(signature(item).encode()))], [], []
    plain = [v.hex() if i["type"] == "address" else v for i, v in zip(item["inputs"], values, strict=True)]
    for given, value in zip(item["inputs"], plain, strict=True):
        if given["indexed"]:
            topics.append(encode([given["type"]], [value]))
        else:
            types.append(given["type"])
            rest.append(value)
    return {
        "address": "0x" + getattr(CONTRACTS, contract).hex(),
        "topics": ["0x" + t.hex() for t in topics],
        "data": "0x" + encode(types, rest).hex(),
        "blockNumber": hex(number),
        "blockHash": "0x" + block_hash(number).hex(),
        "transactionHash": "0x" + hashlib.sha256(b"%d" % number).hexdigest(),
        "transactionIndex": "0x0",
        "logIndex": hex(index),
        "removed": False,
    }


@dataclass
class Chain:
    """Events one after the other, a block each."""

    events: list[Event] = field(default_factory=list)

    def emit(self, contract: str, name: str, *values: Any) -> None:
        number = len(self.events) + 1
        self.events.append(decode_log(raw_log(contract, name, list(values), number), CONTRACTS))

    def admit(self, operator: bytes = ACME) -> None:
        self.emit("keys", "OperatorAdmitted", operator, "https://id.gs1.org/417/4012345000009")

    def register(self, key: SigningKey, operator: bytes = ACME, proof: bytes | None = None) -> None:
        claim = Claim(IDENTITY.chain_id, CONTRACTS.keys, operator, Role.ISSUER, bytes(32), "issuer")
        self.emit(
            "keys", "KeyRegistered", key.public.key_id, operator, 0, bytes(32), "issuer", key.public.cose,
            proof or prove(key, claim),
        )  # fmt: skip

    def open(self, owner: bytes = ACME, name: str = "plant") -> bytes:
        log_id = bytes(keccak(encode(["address", "string"], [owner.hex(), name])))
        self.emit("log", "Opened", log_id, owner, name)
        return log_id

    def mint(
        self, lot: bytes, inputs: dict[bytes, int] | None = None, operator: bytes = ACME, custody: int = 0
    ) -> bytes:
        """As LotRegistry.mint emits it: the lot, its record, its inputs, and the shares last."""
        lot_id = bytes(keccak(encode(["address", "bytes32"], [operator.hex(), lot])))
        self.emit("lots", "LotMinted", lot_id, operator, lot, custody)
        self.emit("lots", "RecordSet", lot_id, 1, bytes(32), hashlib.sha256(lot).digest(), 5)
        for parent, shares in (inputs or {}).items():
            self.emit("lots", "TransferSingle", operator, operator, ZERO, int.from_bytes(parent, "big"), shares)
            self.emit("lots", "Consumed", lot_id, parent, operator, shares)
        self.emit("lots", "TransferSingle", operator, ZERO, operator, int.from_bytes(lot_id, "big"), 10**18)
        return lot_id

    def view(self, events: list[Event] | None = None) -> ChainView:
        last = len(self.events) + 1
        blocks = {n: block(n) for n in range(last + 1)}
        return fold(CONTRACTS, IDENTITY, self.events if events is None else events, blocks, block(last))
