# SPDX-License-Identifier: Apache-2.0
"""Measure what each transaction costs and write docs/gas.md: `brownie run gas` (or `make gas`).

Every figure comes from a receipt; a contract test measures again and compares the page.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from brownie import KeyRegistry, LotRegistry, TransparencyLog, accounts
from brownie.network.transaction import TransactionReceipt

from tests.contracts import merkle

PAGE = Path(__file__).resolve().parents[1] / "docs" / "gas.md"
RECORD_DEPTH = 20  # batch records are proven in logs of 2^20 entries

INTRODUCTION = """\
# What the chain costs

Written by `make gas`, from receipts; do not edit. A contract test measures again and compares.

Gas of the whole transaction, calldata included, compiled and run for EVM version `paris`. Proofs are the
costliest of their size: an extension from 2^n - 1 to 2^n entries hashes every sibling into both heads; a record
is the last leaf of 2^20. The floor is what calldata alone would cost where EIP-7623 holds (Prague and later):
such a chain charges the larger of the two.

| transaction | gas | calldata, bytes | floor of EIP-7623 |
|---|---:|---:|---:|
"""


def _floor(calldata: bytes) -> int:
    """EIP-7623: ten gas a token, of which a zero byte has one and any other byte four."""
    zeros = calldata.count(0)
    return 21_000 + 10 * (zeros + 4 * (len(calldata) - zeros))


def _row(name: str, tx: TransactionReceipt) -> str:
    calldata = bytes.fromhex(tx.input.removeprefix("0x"))
    floor = "" if tx.contract_address else f"{_floor(calldata):,}"
    return f"| {name} | {tx.gas_used:,} | {len(calldata):,} | {floor} |\n"


class Bench:
    """The contracts with an operator, and logs in which whatever leaf is asked for is the last one."""

    def __init__(self) -> None:
        self.authority, self.operator, self.anchor, self.buyer = accounts[:4]
        self.me = {"from": self.operator}
        self.logs = TransparencyLog.deploy({"from": self.authority})
        self.keys = KeyRegistry.deploy(self.authority, {"from": self.authority})
        self.lots = LotRegistry.deploy(self.logs, self.keys, {"from": self.authority})
        self.rows = [_row(f"deploy {c._name}", c.tx) for c in (self.logs, self.keys, self.lots)]

    def add(self, name: str, tx: TransactionReceipt) -> TransactionReceipt:
        self.rows.append(_row(name, tx))
        return tx

    def record(self, text: str) -> tuple:
        leaf = merkle.leaf_hash(text.encode())
        root, proof = merkle.path(RECORD_DEPTH, leaf)
        log_id = self.logs.open(text, self.me).return_value
        self.logs.extend(log_id, 2**RECORD_DEPTH, root, [], self.me)
        return (log_id, leaf, 2**RECORD_DEPTH - 1, proof)

    def measure_log(self) -> None:
        for exponent in (10, 20, 30):
            old, new, proof = merkle.edge(2**exponent)
            opened = self.logs.open(f"Works {exponent}", self.me)
            log_id = opened.return_value
            appointed = self.logs.appoint(log_id, self.anchor, self.me)
            first = self.logs.extend(log_id, 2**exponent - 1, old, [], {"from": self.anchor})
            if exponent == 10:
                self.add("open a log", opened)
                self.add("appoint an anchor key", appointed)
                self.add("the first head, by an anchor key", first)
            tx = self.logs.extend(log_id, 2**exponent, new, proof, {"from": self.anchor})
            self.add(f"extend at 2^{exponent}, costliest proof, by an anchor key", tx)

    def measure_keys(self) -> None:
        admitted = self.keys.admitOperator(
            self.operator, "https://id.gs1.org/417/9506000134352", {"from": self.authority}
        )
        self.add("admit an operator", admitted)
        cose_key = b"\xa4\x01\x02\x20\x01\x21\x58\x20" + b"x" * 32 + b"\x22\x58\x20" + b"y" * 32  # P-256
        key_id = hashlib.sha256(cose_key).digest()
        issuer, log_id = "https://id.gs1.org/417/9506000134352", hashlib.sha256(b"log").digest()
        registered = self.keys.register(key_id, 1, log_id, issuer, cose_key, b"s" * 64, self.me)
        self.add("register a gateway's key (P-256)", registered)
        self.add("retire a key", self.keys.retire(key_id, 1, 1_000_000, self.me))

    def measure_lots(self) -> None:
        lot = [hashlib.sha256(b"lot %d" % i).digest() for i in range(4)]
        parents = []
        for i in (0, 1):
            tx = self.lots.mint(lot[i], self.record(f"record {i}"), [], self.me)
            parents.append(tx.return_value)
        self.add("mint a lot", tx)
        inputs = [(parent, 10**17) for parent in parents]
        child = self.add("mint a lot from 2 inputs", self.lots.mint(lot[2], self.record("child"), inputs, self.me))
        self.add("supersede a record", self.lots.supersede(lot[2], self.record("child, corrected"), self.me))
        token = int(str(child.return_value), 16)
        arguments = (self.operator, self.buyer, token, 10**17, b"", self.me)
        self.add("transfer shares, to a new holder", self.lots.safeTransferFrom(*arguments))
        self.add("transfer shares, to a holder", self.lots.safeTransferFrom(*arguments))


def page() -> str:
    """The whole page, measured now, on a chain at its beginning."""
    bench = Bench()
    bench.measure_log()
    bench.measure_keys()
    bench.measure_lots()
    return INTRODUCTION + "".join(bench.rows)


def main() -> None:
    """Write docs/gas.md."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page())
