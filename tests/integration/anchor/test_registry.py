"""What the database knows of the chain is what a reader of the chain knows."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from eth_hash.auto import keccak

from backend.anchor.registry import Follower, Registry
from backend.anchor.tables import chain_cursor
from backend.database import reading
from backend.errors import Conflict
from leafproof.chain.view import ChainView, Custody, Role, lot_hash, lot_id
from leafproof.client.chain_reader import read_chain
from leafproof.keys import SigningKey
from leafproof.values import Lot
from tests.integration.anchor.ledger import ACME, OTHER, Ledger
from tests.support.waiting import eventually

COIL = Lot.parse("04012345000016", "C-1")


def logs_of(view: ChainView | None) -> int:
    assert view is not None
    return len(view.logs)


def play(ledger: Ledger, key: SigningKey) -> None:
    """Something of everything."""
    ledger.admit()
    ledger.admit(OTHER)
    ledger.write(3)
    ledger.anchor()
    ledger.done(ACME, "KeyRegistry", "register", ledger.register(key, role=Role.GATEWAY), "register")
    ledger.done(ACME, "KeyRegistry", "retire", [key.public.key_id, 4, 99], "retire")
    ledger.done(
        "authority", "KeyRegistry", "accreditRegistrar", [ledger.address(OTHER), "Notified body"], "accredit"
    )
    args = [ledger.address(ACME), key.public.key_id, b"\x01" * 32]
    ledger.done(OTHER, "KeyRegistry", "attest", args, "attest")
    record = [ledger.log_id, ledger.leaf(1), 1]
    ledger.done(ACME, "LotRegistry", "mint", [lot_hash(COIL), record, [], int(Custody.SEGREGATED)], "mint")
    claim_and_label(ledger, lot_id(ledger.address(ACME), COIL))


def claim_and_label(ledger: Ledger, coil: bytes) -> None:
    """Certificates and a label for the coil, by the other operator; others for something else.

    The coil's id is in every name and the list's content, for on other engines all tests share the contracts.
    """
    other, word, forever = ledger.address(OTHER), b"\x21" * 32, 2**40
    names = [f"{name} {coil.hex()[:8]}" for name in ("I-REC(E)", "Low-carbon steel", "EU")]
    registry, scheme, market = (bytes(keccak(name.encode())) for name in names)
    label, elsewhere = (bytes(keccak(other.rjust(32, b"\x00") + w * 32)) for w in (b"\x22", b"\x23"))
    soon = ledger.chain.header(ledger.chain.latest()).time + 10**6
    said = [
        ("authority", "CertificateClaims", "admitRegistry", [names[0]]),
        ("authority", "CertificateClaims", "appointRegistrar", [registry, other]),
        (ACME, "CertificateClaims", "claim", [registry, 7, 9, word, coil, word, 0]),
        (ACME, "CertificateClaims", "claim", [registry, 17, 19, word, b"\x24" * 32, word, 7]),
        (ACME, "CertificateClaims", "nameFootprint", [registry, 7, b"\x25" * 32]),
        (OTHER, "CertificateClaims", "attest", [registry, 7, word]),
        (OTHER, "CertificateClaims", "reject", [registry, 17, word, 7]),
        ("authority", "LabelRegistry", "admitScheme", [other, names[1]]),
        (OTHER, "LabelRegistry", "publish", [scheme, word]),
        (OTHER, "LabelRegistry", "accredit", [scheme, other, 0, forever, bytes(32)]),
        (OTHER, "LabelRegistry", "issue", [scheme, b"\x22" * 32, coil, 0, forever]),
        (OTHER, "LabelRegistry", "issue", [scheme, b"\x23" * 32, b"\x24" * 32, 0, forever]),
        (OTHER, "LabelRegistry", "suspend", [label, word]),
        (OTHER, "LabelRegistry", "resume", [label]),
        (OTHER, "LabelRegistry", "revoke", [elsewhere, word]),
        ("authority", "LabelRegistry", "admitMarket", [other, names[2]]),
        (OTHER, "LabelRegistry", "recognise", [market, scheme, bytes(32), 8, 0, forever, word]),
        (ACME, "Classification", "propose", [coil]),
        ("authority", "Classification", "adopt", [coil, soon]),
    ]
    for place, (signer, contract, function, args) in enumerate(said):
        ledger.done(signer, contract, function, args, f"{place}: {function}")


def send(ledger: Ledger, tx_hash: bytes, raw: bytes) -> None:
    """Until it is in a block: the node answers before that."""
    assert ledger.chain.send(raw) is None
    eventually(lambda: ledger.chain.receipt(tx_hash) is not None, "it is mined")


class TestRegistry:
    def test_the_copy_and_the_chain_say_the_same(self, any_ledger: Ledger, key: SigningKey) -> None:
        ledger = any_ledger
        play(ledger, key)
        registry = ledger.follow()
        with reading(ledger.engine) as connection:
            assert registry.view(connection) == read_chain(ledger.rpc, ledger.trust)

    def test_a_part_of_it_is_the_same_part(self, any_ledger: Ledger, key: SigningKey) -> None:
        ledger = any_ledger
        play(ledger, key)
        registry = ledger.follow()
        lots = [lot_id(ledger.address(ACME), COIL)]
        for chosen in (
            {"keys": [key.public.key_id], "lots": [], "logs": []},
            {"keys": [], "lots": lots, "logs": [ledger.log_id]},
            {"keys": [b"\x09" * 32], "lots": [b"\x09" * 32], "logs": [b"\x09" * 32]},
        ):
            with reading(ledger.engine) as connection:
                assert registry.view(connection, **chosen) == read_chain(ledger.rpc, ledger.trust, **chosen)

    def test_a_lot_comes_with_its_claims_and_labels_and_whatever_became_of_them(
        self, any_ledger: Ledger, key: SigningKey
    ) -> None:
        ledger = any_ledger
        play(ledger, key)
        registry = ledger.follow()
        coil = lot_id(ledger.address(ACME), COIL)
        with reading(ledger.engine) as connection:
            view = registry.view(connection, keys=[], lots=[coil], logs=[])
            whole = registry.view(connection)
            nothing = registry.view(connection, keys=[], lots=[], logs=[])
        assert view is not None and whole is not None and nothing is not None
        (claim,) = view.claims
        assert (claim.first, claim.last, len(claim.footprints)) == (7, 9, 2)
        assert claim.attested is not None
        (label,) = view.labels.values()
        assert [change.status.value for change in label.changes] == ["suspended", "valid"]
        assert [c.last for c in whole.claims if c.registry == claim.registry] == [9, 19]
        assert [one.scheme for one in whole.labels.values()].count(label.scheme) == 2
        assert view.recognitions == whole.recognitions
        assert view.list_versions == whole.list_versions
        assert view.lots[coil].custody is Custody.SEGREGATED
        assert (nothing.claims, nothing.labels, nothing.schemes) == ((), {}, {})

    def test_a_key_is_found_with_its_state_and_the_answer_follows_the_chain(
        self, ledger: Ledger, key: SigningKey
    ) -> None:
        registry = Registry(ledger.trust)
        with reading(ledger.engine) as connection:
            assert registry.registered_key(connection, key.public.key_id) is None
        play(ledger, key)
        ledger.follow()
        with reading(ledger.engine) as connection:
            found = registry.registered_key(connection, key.public.key_id)
        assert found is not None
        assert found.retired is not None
        assert found.attested_by == (ledger.address(OTHER),)
        ledger.done(ACME, "KeyRegistry", "compromised", [key.public.key_id], "compromised")
        ledger.follow()
        with reading(ledger.engine) as connection:
            found = registry.registered_key(connection, key.public.key_id)
        assert found is not None
        assert found.compromised is not None

    @pytest.mark.anvil
    def test_what_others_did_and_vanished_is_listed_until_it_is_back(self, ledger: Ledger) -> None:
        registry = ledger.follow()
        snapshot = ledger.node("evm_snapshot")
        call = ledger.chain.call_of("TransparencyLog", "open", ["by hand"])
        account = ledger.signers.get(OTHER)
        gas = ledger.chain.estimate(ledger.address(OTHER), call)
        tx_hash, raw = ledger.chain.sign(account, 0, call, gas, ledger.chain.fees())
        send(ledger, tx_hash, raw)
        ledger.follow()
        ledger.node("evm_revert", snapshot)
        ledger.node("evm_mine")
        ledger.follow()
        with reading(ledger.engine) as connection:
            assert registry.missing(connection) == [tx_hash]
            assert logs_of(registry.view(connection)) == 1
        send(ledger, tx_hash, raw)
        ledger.follow()
        with reading(ledger.engine) as connection:
            assert registry.missing(connection) == []
            assert logs_of(registry.view(connection)) == 2

    @pytest.mark.anvil
    def test_only_what_is_final_is_known(self, ledger: Ledger) -> None:
        ledger.trust = type(ledger.trust)(
            **{n: getattr(ledger.trust, n) for n in ledger.trust.__struct_fields__} | {"finality_blocks": 3}
        )
        follower = Follower(ledger.chain, ledger.engine)
        latest = ledger.chain.latest()
        follower.follow()
        with reading(ledger.engine) as connection:
            assert connection.execute(sa.select(chain_cursor.c.block_number)).scalar_one() == latest - 2
        assert not follower.follow()
        ledger.write(2)
        ledger.anchorer().step(at_once=True)
        assert ledger.latest_anchor() is None
        assert [state for _, state in ledger.slots("anchor")] == ["open"]
        ledger.anchorer().step()
        assert [state for _, state in ledger.slots("anchor")] == ["mined"]
        for _ in range(2):
            ledger.node("evm_mine")
        assert ledger.anchorer().step()
        assert ledger.latest_anchor() is not None

    def test_a_database_of_another_chain_is_refused(self, ledger: Ledger) -> None:
        ledger.follow()
        other = ledger.trust.contracts | {"LotRegistry": ledger.trust.contracts["KeyRegistry"]}
        ledger.trust = type(ledger.trust)(
            **{n: getattr(ledger.trust, n) for n in ledger.trust.__struct_fields__} | {"contracts": other}
        )
        with pytest.raises(Conflict, match="another trust file"):
            Follower(ledger.chain, ledger.engine).follow()
