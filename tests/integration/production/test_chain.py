"""Two companies on a real chain: minted, handed over, spent, corrected, and verified by what the chain says."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from backend.access.tiers import Tier
from backend.anchor.anchorer import Anchorer
from backend.anchor.tables import chain_transactions
from backend.database import reading, transaction
from backend.embedded.node import EmbeddedNode
from backend.passports.bundles import BundleBuilder
from backend.production import lots, pointing
from backend.production.service import signer_of
from leafproof import units
from leafproof.chain.possession import Claim, prove
from leafproof.chain.view import Role, lot_id
from leafproof.keys import SigningKey
from leafproof.values import Gln, Lot, party_uri
from leafproof.verification.report import Report, Status
from leafproof.verification.verify import verify
from tests.integration.anchor.ledger import Ledger, make_ledger
from tests.integration.production.works import (
    FABRICATOR,
    START,
    STEEL,
    STEWARD,
    Gateway,
    Works,
    coil,
    of_lot,
    product,
    section,
    slab,
)

HOUR = 3600


class Group:
    """Both companies with accounts on the chain; the steward is admitted too, for its factor set."""

    def __init__(self, ledger: Ledger, node: EmbeddedNode) -> None:
        self.ledger = ledger
        for number, party in enumerate((STEEL, FABRICATOR, STEWARD), start=4):
            ledger.signers.store(signer_of(party), node.account(number).key)
        addresses = {p: ledger.address(signer_of(p)) for p in (STEEL, FABRICATOR)}
        self.works = Works(ledger.engine, ledger.log, ledger.keys, addresses).found()

    def admit(self, *parties: Gln) -> None:
        for party in parties:
            self.ledger.admit(signer_of(party))
            self.register(party, self.works.signer.key(party), Role.ISSUER, party_uri(party))
        for party, gateway in ((STEEL, self.works.mill), (FABRICATOR, self.works.shop)):
            if party in parties:
                self.register(party, gateway.key, Role.GATEWAY, gateway.issuer)

    def register(self, party: Gln, key: SigningKey, role: Role, issuer: str) -> None:
        ledger, signer = self.ledger, signer_of(party)
        registry = ledger.trust.contracts["KeyRegistry"].address_bytes
        log = bytes(32) if role is Role.ISSUER else ledger.log_id
        claim = Claim(ledger.trust.chain_id, registry, ledger.address(signer), role, log, issuer)
        args = [key.public.key_id, int(role), log, issuer, key.public.cose, prove(key, claim)]
        ledger.done(signer, "KeyRegistry", "register", args, f"register {key.public.key_id.hex()}")

    def settle(self) -> None:
        """Record, anchor, send, until nothing moves."""
        self.works.recorder().step()
        anchorer: Anchorer = self.ledger.anchorer()
        anchorer.step(at_once=True)
        self.ledger.anchor()
        self.ledger.queue().work()

    def states(self) -> dict[str, tuple[str, str | None]]:
        with reading(self.ledger.engine) as connection:
            rows = connection.execute(chain_transactions.select().order_by(chain_transactions.c.id)).mappings()
            return {r["key"].partition(":")[0] + "/" + r["function"]: (r["state"], r["error"]) for r in rows}

    def verify(self, lot: Lot) -> Report:
        registry = self.ledger.follow()
        builder = BundleBuilder(self.works.desk.logs, registry)
        with reading(self.ledger.engine) as connection:
            bundle = builder(connection, lot, Tier.AUDITOR)
            return verify(bundle, self.ledger.trust, registry.view(connection))

    def transfer(self, tonnes: str) -> None:
        with transaction(self.ledger.engine) as connection:
            amount = units.Quantity(Decimal(tonnes), "t")
            lots.transfer(connection, self.works.desk, coil("A"), STEEL, str(FABRICATOR), amount)


@pytest.fixture
def group(node: EmbeddedNode, sqlite: Engine, tmp_path: Path) -> Iterator[Group]:
    with make_ledger(node.url, [node.account(i) for i in range(4)], sqlite, tmp_path / "keys") as ledger:
        yield Group(ledger, node)


def failures(report: Report) -> list[str]:
    return [f"{c.number} {f.text()}" for c in report.checks for f in c.findings if f.status is Status.FAIL]


def feed(works: Works, gateway: Gateway) -> None:
    works.meter(gateway, ["12.25"] * 12, each=4)


def test_from_slab_to_section_everything_verifies(group: Group) -> None:
    works = group.works
    group.admit(STEEL, FABRICATOR, STEWARD)
    feed(works, works.mill)
    feed(works, works.shop)
    works.run(coil("A"), START + 60, START + HOUR, [product("10")], [slab("11")])
    group.settle()
    assert failures(group.verify(coil("A"))) == []
    group.transfer("3")
    # The section's record is logged before the transfer is mined: the queue keeps the order.
    works.run(section("S"), START + HOUR, START + 2 * HOUR, [product("2.9", "section")], [of_lot(coil("A"), "3")])
    group.settle()
    assert {k: v for k, v in group.states().items() if k.startswith(("record", "transfer"))} == {
        "record/mint": ("final", None),
        "transfer/safeTransferFrom": ("final", None),
    }
    report = group.verify(section("S"))
    assert failures(report) == []
    assert {c.number for c in report.checks if c.status not in (Status.PASS, Status.WARNING)} == set()
    registry = group.ledger.follow()
    with reading(group.ledger.engine) as connection:
        minted = registry.lot(connection, lot_id(works.addresses[FABRICATOR], section("S")))
    assert minted is not None
    assert [i.shares for i in minted.inputs] == [3 * 10**17]


def test_a_correction_moves_the_chains_pointer_and_the_lot_verifies(group: Group) -> None:
    works = group.works
    group.admit(STEEL, STEWARD)
    feed(works, works.mill)
    works.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
    group.settle()
    with transaction(group.ledger.engine) as connection:
        lots.correct(
            connection, works.desk, coil("A"), lots.Correction("misread", "shift leader", outputs=[product("9")])
        )
    group.settle()
    report = group.verify(coil("A"))
    assert failures(report) == []
    assert "version 2" in report[6].findings[0].text()


def test_a_correction_that_the_chain_does_not_point_to_yet_fails_nobody(group: Group) -> None:
    works = group.works
    group.admit(STEEL, STEWARD)
    feed(works, works.mill)
    works.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
    group.settle()
    with transaction(group.ledger.engine) as connection:
        lots.correct(
            connection, works.desk, coil("A"), lots.Correction("misread", "shift leader", outputs=[product("9")])
        )
    assert (group.verify(coil("A")).exit_code, failures(group.verify(coil("A")))) == (3, [])
    anchorer = group.ledger.anchorer()
    anchorer.step(at_once=True)
    group.ledger.anchor()  # and the queue did not send what points to it
    report = group.verify(coil("A"))
    assert (report.exit_code, failures(report)) == (0, [])
    assert "version 1" in report[6].findings[0].text()


def test_what_the_chain_refused_is_asked_again(group: Group) -> None:
    works = group.works
    group.admit(STEWARD)
    feed(works, works.mill)
    works.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
    group.settle()
    state, error = group.states()["record/mint"]
    assert (state, str(error).startswith("NotOperator")) == ("failed", True)
    group.admit(STEEL)
    recorder = works.recorder()
    assert recorder.retry(group.ledger.follow()) == 0  # not so soon
    works.time += pointing.RETRY + 1
    assert recorder.retry(group.ledger.follow()) == 1
    group.settle()
    assert group.states()["record/mint"] == ("final", None)
    assert recorder.retry(group.ledger.follow()) == 0


def test_what_the_chain_has_is_not_asked_for_again(group: Group) -> None:
    """A node that lost the receipt of a mint, or another server with our keys: the lot is there all the same."""
    works = group.works
    group.admit(STEEL, STEWARD)
    feed(works, works.mill)
    works.run(coil("A"), START, START + HOUR, [product("10")], [slab("11")])
    group.settle()
    refused = chain_transactions.update().where(chain_transactions.c.function == "mint")
    with transaction(group.ledger.engine) as connection:
        connection.execute(refused.values(state="failed", error="LotExists"))
    works.time += pointing.RETRY + 1
    assert works.recorder().retry(group.ledger.follow()) == 0
