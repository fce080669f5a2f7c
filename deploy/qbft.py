"""The genesis of a Besu QBFT network without fees.

What must hold: `extraData` is the RLP of [32 bytes of vanity, validators in ascending order, no vote, round 0, no
seals]; every validator's node starts from the same bytes of the same file, as the hash of block 0 stands in the
trust file; the EVM has what code compiled for `paris` uses.
"""

from __future__ import annotations

from typing import Any

import rlp
from eth_keys.datatypes import PrivateKey

from leafproof.errors import InvalidInput

# "ctical byzantine fault tolerance" in ASCII: by this mark all clients know a block of this family.
_MIX_HASH = "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365"
_BLOCK_SECONDS = 2
_EPOCH_BLOCKS = 30_000
# Twice the block time, as Besu's documentation asks.
_REQUEST_SECONDS = 4
# An anchor takes under 100,000 gas; room for a few hundred transactions a block.
_GAS_LIMIT = 30_000_000


def extra_data(validators: list[bytes]) -> bytes:
    """The genesis block's `extraData`; raises `InvalidInput` for addresses not of 20 bytes, or not distinct."""
    if not validators or any(len(address) != 20 for address in validators):
        raise InvalidInput("validators", "not addresses of 20 bytes each")
    if len(set(validators)) != len(validators):
        raise InvalidInput("validators", "one is named twice")
    return bytes(rlp.encode([b"\0" * 32, sorted(validators), [], b"", []]))


def genesis(validators: list[bytes], chain_id: int, timestamp: int) -> dict[str, Any]:
    """The content of genesis.json; raises `InvalidInput` as `extra_data` does."""
    return {
        "config": {
            "chainId": chain_id,
            "berlinBlock": 0,
            "londonBlock": 0,
            "zeroBaseFee": True,
            "qbft": {
                "blockperiodseconds": _BLOCK_SECONDS,
                "epochlength": _EPOCH_BLOCKS,
                "requesttimeoutseconds": _REQUEST_SECONDS,
            },
        },
        "nonce": "0x0",
        "timestamp": hex(timestamp),
        "gasLimit": hex(_GAS_LIMIT),
        "difficulty": "0x1",
        "baseFeePerGas": "0x0",
        "mixHash": _MIX_HASH,
        "coinbase": "0x" + "0" * 40,
        "alloc": {},
        "extraData": "0x" + extra_data(validators).hex(),
    }


def enode(key: PrivateKey, host: str, port: int = 30303) -> str:
    """A node's address for its peers."""
    return f"enode://{key.public_key.to_hex().removeprefix('0x')}@{host}:{port}"
