"""Putting the contracts on a chain, and the trust file that names them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount

from backend.anchor.chain import Call, Chain, Receipt, address_of
from backend.anchor.contracts import encode_creation
from backend.errors import Unavailable
from leafproof.chain.decode import quantity
from leafproof.client.chain_reader import code_at, read_header
from leafproof.client.rpc import Rpc
from leafproof.errors import InvalidInput, Malformed
from leafproof.trust import CONTRACTS, Contract, NetworkClass, Trust

WAIT = 180.0  # seconds for each contract to be final: a public chain makes a block every 12
_POLL = 0.2

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Deployed:
    """Where the contracts are, by name, and the first block that may hold an event of theirs."""

    addresses: dict[str, bytes]
    block: int


def deploy(
    rpc: Rpc,
    account: LocalAccount,
    *,
    authority: bytes | None = None,
    finality_blocks: int = 1,
    progress: Progress | None = None,
) -> Deployed:
    """Deploy the contracts; those that have an authority are owned by `authority`, else by the account.

    Raises `Unavailable` when a contract is not final in time, `Reverted`, `NodeUnreachable` or `NodeRefused`.
    """
    chain = _bare_chain(rpc, finality_blocks)
    addresses: dict[str, bytes] = {}
    blocks: list[int] = []
    owner = authority or address_of(account)
    for name in CONTRACTS:
        if progress is not None:
            progress(name)
        call = Call(None, encode_creation(name, _arguments(name, addresses, owner)))
        nonce = chain.nonce(address_of(account))
        gas = chain.estimate(address_of(account), call)
        tx_hash, raw = chain.sign(account, nonce, call, gas, chain.fees())
        refusal = chain.send(raw)
        receipt = _final_receipt(chain, tx_hash, raw, name, refusal)
        if receipt.created is None:
            raise Malformed("receipt", "the node does not say where the contract is")
        addresses[name] = receipt.created
        blocks.append(receipt.block_number)
    return Deployed(addresses, blocks[0])


def _arguments(name: str, addresses: Mapping[str, bytes], owner: bytes) -> list[Any]:
    """What the constructor takes; `addresses` has those deployed before."""
    match name:
        case "TransparencyLog":
            return []
        case "KeyRegistry":
            return [owner]
        case "LotRegistry":
            return [addresses["TransparencyLog"], addresses["KeyRegistry"]]
    return [owner, addresses["KeyRegistry"]]


def make_trust(
    rpc: Rpc,
    addresses: Mapping[str, bytes],
    *,
    network_class: NetworkClass,
    finality_blocks: int,
    deployed_block: int,
    registrars: Sequence[bytes] = (),
    publishers: Sequence[str] = (),
    verifiers: Sequence[str] = (),
    rpc_urls: Sequence[str] = (),
    witnesses: Sequence[str] = (),
    witnesses_required: int = 0,
) -> Trust:
    """The trust file of contracts at `addresses` (by name), as this node shows them: give it to readers only after
    comparing it with what another node says. Raises `InvalidInput` if there is no contract at an address."""
    contracts = {}
    for name in CONTRACTS:
        code = code_at(rpc, addresses[name])
        if not code:
            raise InvalidInput(name, f"there is no contract at 0x{addresses[name].hex()}")
        contracts[name] = Contract("0x" + addresses[name].hex(), hashlib.sha256(code).hexdigest())
    trust = Trust(
        version=1,
        chain_id=quantity(rpc.call("eth_chainId"), "chain id"),
        genesis="0x" + read_header(rpc, 0).hash.hex(),
        network_class=network_class,
        finality_blocks=finality_blocks,
        deployed_block=deployed_block,
        contracts=contracts,
        registrars=["0x" + r.hex() for r in registrars],
        publishers=list(publishers),
        verifiers=list(verifiers),
        rpc_urls=list(rpc_urls),
        witnesses=list(witnesses),
        witnesses_required=witnesses_required,
    )
    return Trust.decode(trust.encode())


def _bare_chain(rpc: Rpc, finality_blocks: int) -> Chain:
    """The node's chain before there are contracts to trust."""
    nowhere = {name: Contract("0x" + "00" * 20, "00" * 32) for name in CONTRACTS}
    chain_id = quantity(rpc.call("eth_chainId"), "chain id")
    genesis = "0x" + read_header(rpc, 0).hash.hex()
    return Chain(rpc, Trust(1, chain_id, genesis, "development", finality_blocks, 0, nowhere))


def _final_receipt(chain: Chain, tx_hash: bytes, raw: bytes, name: str, refusal: str | None) -> Receipt:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        receipt = chain.receipt(tx_hash)
        if receipt is not None and receipt.block_number <= chain.latest() - chain.trust.finality_blocks + 1:
            if not receipt.succeeded:
                raise Unavailable(f"the creation of {name} was mined and failed")
            return receipt
        time.sleep(_POLL)
        if receipt is None:
            refusal = chain.send(raw) or refusal
    raise Unavailable(f"{name} was not final after {WAIT:g} seconds ({refusal or 'the node took it'})")
