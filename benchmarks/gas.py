"""`gas_extend_*`: what moving a log's head costs on the chain, at the worst pair of sizes that a search finds.

Rules of Prague (EIP-7623 makes calldata dearer there), by an anchor key, from a receipt of a real EVM client. The
cost of a consistency proof depends on the bits of both sizes; pairs are searched by counting hashes and loops, the
costliest are sent.
"""

from __future__ import annotations

import functools
import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

from eth_abi.abi import encode
from eth_hash.auto import keccak

from backend.embedded.node import find_anvil
from backend.embedded.ports import free_port
from backend.embedded.process import ChildProcess, wait_until_ready
from benchmarks.sample import Row, Sample
from leafproof import tree
from leafproof.client.rpc import NodeUnreachable, Rpc

SENT = 12  # pairs that are really sent
SEED = 9162
_LEVEL = [tree.leaf_hash(b"")]  # in a log of equal entries every perfect subtree of a level has the same hash
for _ in range(63):
    _LEVEL.append(tree.node_hash(_LEVEL[-1], _LEVEL[-1]))


def _read(level: int, _index: int) -> bytes:
    return _LEVEL[level]


def _hashes(old: int, new: int) -> tuple[int, int]:
    """Hashes and loop steps of verifying old -> new (RFC 9162 2.1.4.2)."""
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    hashed = steps = 0
    while sn:
        if fn & 1 or fn == sn:
            hashed += 2
            while not fn & 1 and fn:
                fn, sn, steps = fn >> 1, sn >> 1, steps + 1
        else:
            hashed += 1
        fn, sn, steps = fn >> 1, sn >> 1, steps + 1
    return hashed, steps


def _candidates(limit: int, tries: int) -> list[tuple[int, int]]:
    """Pairs of sizes up to `limit`, the costliest first: random ones, and those around powers of two."""
    chance = random.Random(SEED)
    near = [one for power in range(limit.bit_length()) for one in ((1 << power) - 1, 1 << power, (1 << power) + 1)]
    pairs = {(old, new) for old in near for new in (*near, limit, limit - 1) if 0 < old < new <= limit}
    while len(pairs) < tries:
        new = chance.randint(2, limit)
        pairs.add((chance.randint(1, new - 1), new))
    return sorted(pairs, key=lambda pair: _hashes(*pair), reverse=True)[:SENT]


def _floor(old: int, new: int, calldata: bytes) -> int:
    """Gas that no contract can avoid: the transaction and its calldata (EIP-2028), two slots read and written
    (EIP-2929, EIP-3529), the event (Yellow Paper, appendix G), and each hash's precompile call (60 + 12 a word,
    100 for a warm call)."""
    zeros = calldata.count(0)
    hashed, _ = _hashes(old, new)
    return 21_000 + 4 * zeros + 16 * (len(calldata) - zeros) + 2 * 5_000 + (375 * 3 + 8 * 64) + hashed * 196


class _Node:
    """A development chain with one contract and a log on it."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._owner, self._anchor = rpc.call("eth_accounts")[:2]
        artifact = json.loads(
            resources.files("leafproof.chain").joinpath("artifacts/TransparencyLog.json").read_text()
        )
        self._log = ""
        self._log = self._send(self._owner, bytes.fromhex(artifact["bytecode"].removeprefix("0x")))[
            "contractAddress"
        ]
        self._logs = 0

    def extension(self, old: int, new: int) -> tuple[int, bytes]:
        """Gas of moving a fresh log's head from `old` to `new`, and the calldata."""
        self._logs += 1
        name = f"log {self._logs}"
        log_id = keccak(encode(["address", "string"], [self._owner, name]))
        self._send(self._owner, _call("open(string)", [name]))
        self._send(self._owner, _call("appoint(bytes32,address)", [log_id, self._anchor]))
        extend = "extend(bytes32,uint64,bytes32,bytes32[])"
        self._send(self._anchor, _call(extend, [log_id, old, tree.root_at(old, _read), []]))
        proof = tree.consistency_proof(old, new, _read)
        data = _call(extend, [log_id, new, tree.root_at(new, _read), proof])
        return int(self._send(self._anchor, data)["gasUsed"], 16), data

    def _send(self, sender: str, data: bytes) -> dict[str, Any]:
        transaction = {"from": sender, "data": "0x" + data.hex(), "gas": hex(3_000_000)}
        if self._log:
            transaction["to"] = self._log
        sent = self._rpc.call("eth_sendTransaction", transaction)
        for _ in range(1_000):
            receipt: dict[str, Any] | None = self._rpc.call("eth_getTransactionReceipt", sent)
            if receipt is not None:
                if receipt["status"] == "0x1":
                    return receipt
                break
            time.sleep(0.01)
        raise RuntimeError("the chain did not take a transaction of the benchmark")


def _call(signature: str, values: list[Any]) -> bytes:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak(signature.encode())[:4] + encode(types, values)


@contextmanager
def _chain() -> Iterator[Rpc]:
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = [
            str(find_anvil()),
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--hardfork",
            "prague",
            "--silent",
        ]
        node = ChildProcess("anvil", command, Path(folder) / "anvil.log")
        node.start()
        try:
            with Rpc(f"http://127.0.0.1:{port}") as rpc:
                wait_until_ready(node, lambda: _answers(rpc), 30.0)
                yield rpc
        finally:
            node.stop()


def _answers(rpc: Rpc) -> bool:
    try:
        return bool(rpc.call("eth_chainId"))
    except NodeUnreachable:
        return False


def _measure(exponent: int, short: bool) -> Sample:
    with _chain() as rpc:
        node = _Node(rpc)
        found = []
        for old, new in _candidates(1 << exponent, 2_000 if short else 200_000):
            gas, calldata = node.extension(old, new)
            found.append((gas, old, new, _floor(old, new, calldata)))
    gas, old, new, floor = max(found)
    return Sample(gas, floor, gas / floor, more={"from_size": old, "to_size": new, "pairs_sent": len(found)})


ROWS = tuple(
    Row(f"gas_extend_2_{exponent}", "gas", most, functools.partial(_measure, exponent))
    for exponent, most in ((20, "70,000"), (30, "85,000"))
)
