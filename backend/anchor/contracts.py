"""The contracts as committed: ABI and bytecode; calls encoded, reverts decoded.

The files in leafproof/chain/artifacts are made from contracts/ and a test proves it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_hash.auto import keccak
from web3 import Web3
from web3.contract import Contract as Web3Contract
from web3.exceptions import Web3Exception

from leafproof.errors import InvalidInput
from leafproof.trust import CONTRACTS

_ERROR_STRING = keccak(b"Error(string)")[:4]  # Solidity's `revert("...")` and `require`
_PANIC = keccak(b"Panic(uint256)")[:4]


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract; `bytecode` is what creates it."""

    name: str
    abi: list[dict[str, Any]]
    bytecode: bytes


@cache
def artifact(name: str) -> Artifact:
    """The committed artifact of one of the contracts; raises `InvalidInput`."""
    if name not in CONTRACTS:
        raise InvalidInput("contract", f"{name[:40]!r} is none of {', '.join(CONTRACTS)}")
    text = resources.files("leafproof.chain").joinpath("artifacts", f"{name}.json").read_text(encoding="utf-8")
    content = json.loads(text)
    return Artifact(name, content["abi"], bytes.fromhex(content["bytecode"].removeprefix("0x")))


def encode_call(contract: str, function: str, args: Sequence[Any]) -> bytes:
    """Calldata of `contract.function(*args)`; addresses as 20 bytes, tuples as lists in the ABI's order.

    Raises `InvalidInput` naming the function if there is none that takes these.
    """
    try:
        encoded = _codec(contract).encode_abi(function, args=[_plain(a) for a in args])
    except (Web3Exception, ValueError, TypeError, OverflowError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InvalidInput(f"{contract}.{function}", f"cannot be called so: {reason}") from error
    return bytes.fromhex(encoded[2:])


def encode_creation(contract: str, args: Sequence[Any]) -> bytes:
    """Data of the transaction that creates the contract."""
    made = artifact(contract)
    data = _codec(contract).constructor(*[_plain(a) for a in args]).data_in_transaction
    assert bytes.fromhex(data[2:]).startswith(made.bytecode)
    return bytes.fromhex(data[2:])


def describe_revert(data: bytes) -> str:
    """What a contract reverted with, such as `NotLarger(5, 4)`; the name of a custom error comes first."""
    selector, rest = data[:4], data[4:]
    known = _errors().get(selector)
    if selector == _ERROR_STRING:
        known = ("Error", ("string",))
    elif selector == _PANIC:
        known = ("Panic", ("uint256",))
    if known is None:
        return f"an unknown error 0x{data[:36].hex()}" if data else "a revert without a reason"
    name, types = known
    try:
        values = abi_decode(types, rest)
    except Exception:  # noqa: BLE001 - eth_abi raises its own errors and bare ones; the name is what matters
        return name
    return f"{name}({', '.join('0x' + v.hex() if isinstance(v, bytes) else str(v) for v in values)})"


@cache
def _codec(contract: str) -> type[Web3Contract]:
    made = artifact(contract)
    # A provider is never called: this web3 encodes.
    return Web3().eth.contract(abi=made.abi, bytecode=made.bytecode)


@cache
def _errors() -> dict[bytes, tuple[str, tuple[str, ...]]]:
    found = {}
    for name in CONTRACTS:
        for item in artifact(name).abi:
            if item["type"] == "error":
                types = tuple(i["type"] for i in item["inputs"])
                found[keccak(f"{item['name']}({','.join(types)})".encode())[:4]] = (item["name"], types)
    return found


def _plain(value: Any) -> Any:
    """web3 takes an address as text with a checksum only; everything else as it is."""
    if isinstance(value, bytes) and len(value) == 20:
        return Web3.to_checksum_address(value)
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
