"""The head that the contract holds of one log, without reading the chain's events: four short calls."""

from __future__ import annotations

from eth_abi.abi import decode as abi_decode
from eth_hash.auto import keccak

from leafproof.chain.view import Head, Moment
from leafproof.client.chain_reader import NotFinal, final_block, read_header
from leafproof.client.rpc import Rpc
from leafproof.errors import Malformed
from leafproof.trust import Trust

_HEAD = keccak(b"head(bytes32)")[:4]  # TransparencyLog.sol
_TRIES = 3


def read_head(rpc: Rpc, trust: Trust, log_id: bytes) -> Head:
    """What the trust file's contract held of `log_id` at the newest final block; its size is 0 before the first
    anchor, and for a log that nobody opened. `moment` is that block.

    `check_identity` comes first: here the node is taken for one of the right chain. Raises `NotFinal`,
    `Malformed`, `NodeUnreachable` or `NodeRefused`.
    """
    data = "0x" + (_HEAD + log_id).hex()
    for _ in range(_TRIES):
        at = final_block(rpc, trust.finality_blocks)
        answer = rpc.call("eth_call", {"to": "0x" + trust.log_contract.hex(), "data": data}, hex(at.number))
        try:
            size, root = abi_decode(["uint64", "bytes32"], bytes.fromhex(str(answer).removeprefix("0x")))
        except Exception as error:  # eth_abi raises its own errors and bare ones
            raise Malformed("head", "the contract did not answer with size and root") from error
        if read_header(rpc, at.number) == at:
            return Head(size, root, Moment(at.number, at.hash, at.time))
    raise NotFinal(f"the chain at {rpc.name} changed {_TRIES} times while its head was read")
