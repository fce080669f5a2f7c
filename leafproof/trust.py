"""The trust file: what a reader believes before reading anything, obtained apart from the server it checks.

It names one chain (id, genesis hash), the contracts on it (address and SHA-256 of the deployed code), how many
blocks on top make one final, the registrars whose attestations count, who may publish emission factors, and the
witnesses of which so many must have cosigned a log's head. What is not in it fails as unknown.
The file is canonical JSON (RFC 8785), so that it has one form and one hash.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal, Self, TypeVar

import msgspec
import rfc8785

from leafproof import values
from leafproof.errors import Malformed
from leafproof.note import COSIGNATURE, Verifier

MAX_TRUST_FILE = 65536
T = TypeVar("T")
# In the order in which they are deployed: each needs those before it.
CONTRACTS = (
    "TransparencyLog",
    "KeyRegistry",
    "LotRegistry",
    "CertificateClaims",
    "LabelRegistry",
    "Classification",
)
NetworkClass = Literal["development", "single operator", "consortium", "public"]


class Contract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A contract that the reader trusts: address as 0x and 40 lower-case hexadecimal digits."""

    address: str
    code_sha256: str

    @property
    def address_bytes(self) -> bytes:
        """The 20 bytes."""
        return bytes.fromhex(self.address[2:])

    @property
    def code_hash(self) -> bytes:
        """SHA-256 of the runtime code."""
        return bytes.fromhex(self.code_sha256)


class Trust(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reader's anchors of trust. `finality_blocks` counts the block itself: 1 is final at once (QBFT,
    automine); `deployed_block` is where reading of events starts; `publishers` are issuers of factor sets, as
    statements name them, `verifiers` those of opinions; `rpc_urls` are hints, not trust; of the `witnesses`
    (vkeys, C2SP tlog-cosignature) `witnesses_required` or more must have cosigned each head."""

    version: Literal[1]
    chain_id: int
    genesis: str
    network_class: NetworkClass
    finality_blocks: int
    deployed_block: int
    contracts: dict[str, Contract]
    registrars: list[str] = []
    publishers: list[str] = []
    rpc_urls: list[str] = []
    verifiers: list[str] = []
    witnesses: list[str] = []
    witnesses_required: int = 0

    @property
    def genesis_hash(self) -> bytes:
        """Hash of block 0."""
        return bytes.fromhex(self.genesis[2:])

    @property
    def log_contract(self) -> bytes:
        """Address of the TransparencyLog."""
        return self.contracts["TransparencyLog"].address_bytes

    @property
    def trusted_registrars(self) -> frozenset[bytes]:
        """Addresses whose attestations count."""
        return frozenset(bytes.fromhex(r[2:]) for r in self.registrars)

    @property
    def trusted_witnesses(self) -> tuple[Verifier, ...]:
        """The witnesses' keys."""
        return tuple(Verifier.parse(vkey) for vkey in self.witnesses)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the file, to be compared by voice or print."""
        return hashlib.sha256(self.encode()).hexdigest()

    def encode(self) -> bytes:
        """The file's bytes; without witnesses or verifiers it is the file that it was before there were any."""
        members = msgspec.to_builtins(self)
        if not self.verifiers:
            del members["verifiers"]
        if not self.witnesses:
            del members["witnesses"], members["witnesses_required"]
        return rfc8785.dumps(members)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a trust file; raises `Malformed` naming the field."""
        trust = decode_json(data, cls, "trust file", MAX_TRUST_FILE)
        if set(trust.contracts) != set(CONTRACTS):
            raise Malformed("trust file", f"contracts are not exactly {', '.join(CONTRACTS)}")
        _hex(trust.genesis, 32, "genesis")
        for name, contract in trust.contracts.items():
            _hex(contract.address, 20, f"contracts.{name}.address")
            values.digest(contract.code_sha256, f"contracts.{name}.code_sha256")
        for registrar in trust.registrars:
            _hex(registrar, 20, "registrars")
        if trust.chain_id < 1 or trust.finality_blocks < 1 or trust.deployed_block < 0:
            raise Malformed("trust file", "chain id and finality blocks start at 1, deployed block at 0")
        _check_witnesses(trust)
        return trust


def _check_witnesses(trust: Trust) -> None:
    """One key counts once, whatever names it cosigns under."""
    keys = trust.trusted_witnesses
    if any(key.kind != COSIGNATURE for key in keys) or len({key.raw for key in keys}) != len(keys):
        raise Malformed("witnesses", "not each a cosigner's key of its own")
    if not 0 <= trust.witnesses_required <= len(keys):
        raise Malformed("witnesses_required", f"not between 0 and the {len(keys)} witnesses named")


def _hex(text: str, size: int, field: str) -> None:
    digits = text.removeprefix("0x")
    if len(text) != 2 + 2 * size or len(digits) != 2 * size or set(digits) - set("0123456789abcdef"):
        raise Malformed(field, f"not 0x and {2 * size} lower-case hexadecimal digits")


def decode_json(data: bytes, kind: type[T], field: str, limit: int) -> T:
    """Strict, canonical JSON (RFC 8785) of a known shape; raises `Malformed` naming the field at fault."""
    if len(data) > limit:
        raise Malformed(field, f"{len(data)} bytes, at most {limit} are read")
    try:
        value: Any = msgspec.json.decode(data)
        typed = msgspec.convert(value, kind)
        canonical = rfc8785.dumps(value)
    except (msgspec.MsgspecError, rfc8785.CanonicalizationError, UnicodeError, RecursionError) as error:
        raise Malformed(field, str(error)) from error
    if canonical != data:
        raise Malformed(field, "not in canonical form (RFC 8785)")
    return typed
