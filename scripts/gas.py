# SPDX-License-Identifier: Apache-2.0
"""Measure what each transaction costs and write docs/gas.md: `brownie run gas` (or `make gas`).

Every figure comes from a receipt; a contract test measures again and compares the page.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from brownie import (
    CertificateClaims,
    Classification,
    KeyRegistry,
    LabelRegistry,
    LotRegistry,
    TransparencyLog,
    accounts,
    chain,
)
from brownie.network.transaction import TransactionReceipt

from tests.contracts import merkle

PAGE = Path(__file__).resolve().parents[1] / "docs" / "gas.md"
SEGREGATED = 2  # ILotRegistry.Custody
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
        ruled = [
            contract.deploy(self.authority, self.keys, {"from": self.authority})
            for contract in (CertificateClaims, LabelRegistry, Classification)
        ]
        self.claims, self.labels, self.classes = ruled
        deployed = (self.logs, self.keys, self.lots, *ruled)
        self.rows = [_row(f"deploy {c._name}", c.tx) for c in deployed]

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
            tx = self.lots.mint(lot[i], self.record(f"record {i}"), [], SEGREGATED, self.me)
            parents.append(tx.return_value)
        self.add("mint a lot", tx)
        inputs = [(parent, 10**17) for parent in parents]
        child = self.add(
            "mint a lot from 2 inputs", self.lots.mint(lot[2], self.record("child"), inputs, SEGREGATED, self.me)
        )
        self.add("supersede a record", self.lots.supersede(lot[2], self.record("child, corrected"), self.me))
        token = int(str(child.return_value), 16)
        arguments = (self.operator, self.buyer, token, 10**17, b"", self.me)
        self.add("transfer shares, to a new holder", self.lots.safeTransferFrom(*arguments))
        self.add("transfer shares, to a holder", self.lots.safeTransferFrom(*arguments))

    def measure_certificates(self) -> None:
        authority, word = {"from": self.authority}, {"from": self.anchor}
        admitted = self.add("admit a registry", self.claims.admitRegistry("I-REC(E)", authority))
        registry = admitted.return_value
        self.add("appoint its registrar", self.claims.appointRegistrar(registry, self.anchor, authority))
        of = [hashlib.sha256(text).digest() for text in (b"cancellation", b"subject", b"footprint")]
        first = 10**21  # serials of I-REC have 22 digits
        for i in range(3):
            serial = first + 10 * i
            tx = self.claims.claim(registry, serial, serial + 9, *of, serial - 10 if i else 0, self.me)
        self.add("claim a range of serials", tx)
        between = self.claims.claim(registry, first + 10**6, first + 10**6, *of, 0, self.me)
        self.add("claim, 3 claims away from the hint", between)
        self.add("name a newer footprint", self.claims.nameFootprint(registry, first, of[0], self.me))
        self.add("attest a claim", self.claims.attest(registry, first, of[0], word))
        self.add("reject a claim", self.claims.reject(registry, first + 10, of[0], first, word))
        self.add("dismiss a registrar", self.claims.dismissRegistrar(registry, self.anchor, authority))
        self.add("remove a registry", self.claims.removeRegistry(registry, authority))

    def measure_labels(self) -> None:
        authority, host = {"from": self.authority}, {"from": self.buyer}
        begin, end = 10**9, 2**34 - 1  # not the present time: what its zero bytes cost would change every day
        word = [hashlib.sha256(b"word %d" % i).digest() for i in range(3)]
        admitted = self.labels.admitScheme(self.anchor, "Low-carbon steel", authority)
        self.add("admit a scheme", admitted)
        scheme, owner = admitted.return_value, {"from": self.anchor}
        self.add("publish a scheme's criteria", self.labels.publish(scheme, word[0], owner))
        accredited = self.labels.accredit(scheme, self.operator, begin, end, word[0], owner)
        self.add("accredit a certifier", accredited)
        issued = self.add("issue a label", self.labels.issue(scheme, word[0], word[1], begin, end, self.me))
        label = issued.return_value
        self.add("suspend a label", self.labels.suspend(label, word[2], self.me))
        self.add("resume a label", self.labels.resume(label, self.me))
        self.add("revoke a label", self.labels.revoke(label, word[2], self.me))
        market = self.add("admit a market", self.labels.admitMarket(self.buyer, "EU", authority)).return_value
        recognised = self.labels.recognise(market, scheme, word[0], 8, begin, end, word[1], host)
        self.add("recognise a scheme", recognised)
        self.add("withdraw a recognition", self.labels.withdrawRecognition(market, scheme, word[0], host))
        self.add("withdraw an accreditation", self.labels.withdrawAccreditation(scheme, self.operator, owner))
        self.add("offer a scheme to another owner", self.labels.transferScheme(scheme, self.operator, owner))
        self.add("accept a scheme", self.labels.acceptScheme(scheme, self.me))
        self.add("remove a scheme", self.labels.removeScheme(scheme, authority))

    def measure_classification(self) -> None:
        authority, content = {"from": self.authority}, hashlib.sha256(b"list").digest()
        self.add("propose a version of the living list", self.classes.propose(content, self.me))
        self.add("refuse it", self.classes.refuse(content, content, authority))
        self.classes.propose(content, self.me)
        soon = chain[-1].timestamp | 0xFFFFFF  # no zero byte, whatever the day; half a year ahead at most
        self.add("adopt it", self.classes.adopt(content, soon, authority))


def page() -> str:
    """The whole page, measured now, on a chain at its beginning."""
    bench = Bench()
    bench.measure_log()
    bench.measure_keys()
    bench.measure_lots()
    bench.measure_certificates()
    bench.measure_labels()
    bench.measure_classification()
    return INTRODUCTION + "".join(bench.rows)


def main() -> None:
    """Write docs/gas.md."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page())
