"""What operators and the authority ask of the chain: once each, in order, and never lost."""

from __future__ import annotations

import hashlib
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from backend.anchor.chain import TRANSFER_GAS, Call, Chain
from backend.anchor.signers import Signers
from backend.anchor.slots import RECEIPT_LAG
from backend.anchor.transactions import Queue, submit
from backend.database import reading, transaction
from backend.errors import Conflict, NotFound, SettingsError
from leafproof.chain.view import SHARES, lot_hash, lot_id
from leafproof.client.rpc import NodeRefused, Rpc
from leafproof.errors import InvalidInput
from leafproof.keys import SigningKey
from leafproof.values import Lot
from tests.integration.anchor.ledger import ACME, OTHER, Ledger
from tests.support.rpc_relay import RpcRelay
from tests.support.waiting import eventually

COIL, TOWER = Lot.parse("04012345000016", "C-1"), Lot.parse("04006381333931", "T-1")


def record(ledger: Ledger, index: int) -> list[object]:
    return [ledger.log_id, ledger.leaf(index), index]


class TestSubmitting:
    def test_the_same_key_twice_happens_once(self, any_ledger: Ledger) -> None:
        ledger = any_ledger
        before = ledger.chain.nonce(ledger.address("authority"))
        args = [ledger.address(ACME), "https://id.gs1.org/417/4012345000009"]
        for _ in range(2):
            ledger.submit("authority", "KeyRegistry", "admitOperator", args, "admit")
        ledger.settle("admit")
        ledger.submit("authority", "KeyRegistry", "admitOperator", args, "admit")
        ledger.queue().work()
        assert ledger.status("admit").state == "final"
        assert ledger.chain.nonce(ledger.address("authority")) == before + 1

    def test_a_key_that_stands_for_another_call_is_a_conflict(self, ledger: Ledger) -> None:
        ledger.submit("authority", "KeyRegistry", "removeOperator", [ledger.address(ACME)], "one")
        with pytest.raises(Conflict):
            ledger.submit("authority", "KeyRegistry", "removeOperator", [ledger.address(OTHER)], "one")

    @pytest.mark.parametrize(
        ("contract", "function", "args"),
        [
            ("KeyRegistry", "admitOperator", [b"\x01" * 20]),
            ("KeyRegistry", "admitOperator", [b"\x01" * 19, "x"]),
            ("KeyRegistry", "admit", [b"\x01" * 20, "x"]),
            ("Registry", "admitOperator", [b"\x01" * 20, "x"]),
            ("LotRegistry", "mint", [b"\x01" * 32, b"\x02" * 32, [], 0]),
            ("TransparencyLog", "extend", [b"\x01" * 32, 2**64, b"\x02" * 32, []]),
        ],
    )
    def test_a_call_that_the_contract_does_not_have_is_refused_at_once(
        self, sqlite: Engine, contract: str, function: str, args: list[object]
    ) -> None:
        with transaction(sqlite) as connection, pytest.raises(InvalidInput):
            submit(connection, ACME, contract, function, args, "wrong")

    def test_it_is_part_of_the_callers_transaction(self, ledger: Ledger) -> None:
        with pytest.raises(ZeroDivisionError), transaction(ledger.engine) as connection:
            submit(connection, ACME, "TransparencyLog", "open", ["second"], "open second")
            raise ZeroDivisionError
        with pytest.raises(NotFound):
            ledger.status("open second")

    def test_a_signer_without_a_key_is_named_and_its_transaction_waits(self, ledger: Ledger) -> None:
        stranger = "operator-4012345123456"
        ledger.submit(stranger, "TransparencyLog", "open", ["x"], "open x")
        ledger.queue().work()
        found = ledger.status("open x")
        assert found.state == "queued"
        assert found.error is not None
        assert stranger in found.error


class TestSending:
    def test_a_signers_transactions_go_in_order(self, ledger: Ledger) -> None:
        for i in range(4):
            ledger.submit(ACME, "TransparencyLog", "open", [f"log {i}"], f"open {i}")
        ledger.settle(*(f"open {i}" for i in range(4)))
        blocks = [ledger.status(f"open {i}").block_number for i in range(4)]
        assert None not in blocks
        assert blocks == sorted(blocks, key=int)

    def test_one_that_needs_anothers_waits_for_it(self, ledger: Ledger) -> None:
        ledger.submit("authority", "KeyRegistry", "admitOperator", [ledger.address(ACME), "gln"], "admit")
        ledger.submit(ACME, "KeyRegistry", "register", ledger.register(SigningKey.generate()), "register")
        ledger.settle("register")
        assert ledger.status("register").state == "final"

    def test_what_the_node_does_not_take_is_noted_and_keeps_no_other_signer(
        self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with_chain, refused = Chain.estimate, ledger.address(ACME)

        def estimate(chain: Chain, sender: bytes, call: Call) -> int:
            if sender == refused:
                raise NodeRefused("eth_estimateGas", -32000, "gas required exceeds allowance (0)")
            return with_chain(chain, sender, call)

        ledger.submit(ACME, "TransparencyLog", "open", ["x"], "open x")
        ledger.submit("authority", "KeyRegistry", "admitOperator", [ledger.address(OTHER), "gln"], "admit")
        with monkeypatch.context() as patched:
            patched.setattr(Chain, "estimate", estimate)
            ledger.settle("admit")
        waits = ledger.status("open x")
        assert (waits.state, ledger.status("admit").state) == ("queued", "final")
        assert "gas required exceeds allowance" in str(waits.error)
        ledger.settle("open x")
        assert ledger.status("open x").state == "final"

    def test_a_refusal_is_recorded_with_the_contracts_own_error(self, any_ledger: Ledger) -> None:
        ledger = any_ledger
        ledger.submit(ACME, "KeyRegistry", "register", ledger.register(SigningKey.generate()), "register")
        ledger.submit(ACME, "TransparencyLog", "open", ["after it"], "after")
        ledger.settle("register", "after")
        refused = ledger.status("register")
        assert refused.state == "failed"
        assert refused.error is not None
        assert refused.error.startswith("NotOperator(0x")
        assert ledger.status("after").state == "final"

    @pytest.mark.anvil
    def test_what_the_node_does_not_take_says_why_and_goes_out_when_it_can(self, ledger: Ledger) -> None:
        poor = ledger.address(ACME)
        purse = ledger.node("eth_getBalance", "0x" + poor.hex(), "latest")
        ledger.node("anvil_setBalance", "0x" + poor.hex(), "0x0")
        ledger.submit(ACME, "TransparencyLog", "open", ["poor"], "poor")
        queue = ledger.queue()
        for _ in range(2):
            queue.work()
        assert "funds" in str(ledger.status("poor").error).lower()
        ledger.node("anvil_setBalance", "0x" + poor.hex(), purse)
        eventually(lambda: queue.work() or ledger.status("poor").state == "final", "it is final")

    @pytest.mark.anvil
    def test_a_stuck_one_is_replaced_only_by_itself(self, ledger: Ledger) -> None:
        ledger.node("evm_setAutomine", False)
        try:
            queue = ledger.queue()
            ledger.submit(ACME, "TransparencyLog", "open", ["slow"], "slow")
            queue.work()
            for _ in range(4):
                ledger.node("anvil_setNextBlockBaseFeePerGas", hex(500 * 10**9))
                ledger.node("evm_mine")
            ledger.submit(ACME, "TransparencyLog", "open", ["next"], "next")
            queue.work()
            slow = [row for row in ledger.attempts(ACME) if row.nonce == 2]
            assert len(slow) == 2
            assert slow[1].max_fee > slow[0].max_fee
            assert ledger.status("next").state == "queued"
            ledger.node("evm_mine")
            queue.work()
            ledger.node("evm_mine")
            queue.work()
            assert (ledger.status("slow").state, ledger.status("next").state) == ("final", "final")
        finally:
            ledger.node("evm_setAutomine", True)
            ledger.node("anvil_setNextBlockBaseFeePerGas", hex(10**9))

    @pytest.mark.anvil
    def test_a_reorganisation_makes_it_sent_again(self, ledger: Ledger) -> None:
        snapshot = ledger.node("evm_snapshot")
        ledger.admit()
        ledger.done(ACME, "KeyRegistry", "register", ledger.register(SigningKey.generate()), "register")
        before = ledger.status("register").tx_hash
        ledger.node("evm_revert", snapshot)
        queue = ledger.queue()
        for _ in range(3):
            queue.work()
        assert ledger.status("register").state == "final"
        assert ledger.status(f"admit {ACME}").state == "final"
        assert before is not None
        ledger.follow()

    def test_two_queues_at_once_send_nothing_twice(self, any_ledger: Ledger) -> None:
        ledger = any_ledger
        before = ledger.chain.nonce(ledger.address(ACME))
        for i in range(6):
            ledger.submit(ACME, "TransparencyLog", "open", [f"log {i}"], f"open {i}")
        threads = [threading.Thread(target=ledger.queue().work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ledger.settle(*(f"open {i}" for i in range(6)))
        assert {ledger.status(f"open {i}").state for i in range(6)} == {"final"}
        assert ledger.chain.nonce(ledger.address(ACME)) == before + 6


class TestNonceOfAnother:
    """A nonce of ours that is used, and no receipt of ours."""

    def test_a_receipt_that_comes_late_is_waited_for(self, ledger: Ledger) -> None:
        asked: list[float] = []  # moments

        def late(method: str, _params: list[object], result: object) -> object:
            if method != "eth_getTransactionReceipt" or result is None:
                return result
            asked.append(time.monotonic())
            return result if asked[-1] - asked[0] > RECEIPT_LAG / 5 else None

        with RpcRelay(ledger.url, late) as relay, Rpc(relay.url, retries=0) as rpc:
            queue = Queue(Chain(rpc, ledger.trust), ledger.engine, ledger.signers, ledger.logs)
            ledger.submit(ACME, "TransparencyLog", "open", ["late"], "late")
            eventually(lambda: queue.work() or ledger.status("late").state == "final", "it is final")
        assert len(asked) > 1
        assert len(ledger.attempts(ACME)) == 3  # open, appoint, and this one, once
        assert {state for _, state in ledger.slots(ACME)} == {"final"}

    @pytest.mark.anvil
    def test_used_by_somebody_else_it_is_signed_again_for_the_next(self, ledger: Ledger) -> None:
        chain, account = ledger.chain, ledger.signers.get(ACME)
        taken = chain.nonce(ledger.address(ACME))
        queue = ledger.queue()
        ledger.node("evm_setAutomine", False)
        ledger.submit(ACME, "TransparencyLog", "open", ["mine"], "mine")
        queue.work()
        (ours,) = [a for a in ledger.attempts(ACME) if a.nonce == taken]
        ledger.node("anvil_dropTransaction", "0x" + bytes(ours.tx_hash).hex())
        _, theirs = chain.sign(account, taken, Call(b"\x07" * 20, b""), TRANSFER_GAS, chain.fees())
        chain.send(theirs)
        ledger.node("evm_setAutomine", True)
        eventually(lambda: queue.work() or ledger.status("mine").state == "final", "it is final")
        assert dict(ledger.slots(ACME))[taken] == "lost"
        assert dict(ledger.slots(ACME))[taken + 1] == "final"


class TestLots:
    def test_a_record_waits_for_its_anchor_and_is_proven_against_the_head_of_that_moment(
        self, any_ledger: Ledger
    ) -> None:
        ledger = any_ledger
        ledger.admit()
        ledger.write(5)
        ledger.submit(ACME, "LotRegistry", "mint", [lot_hash(COIL), record(ledger, 2), [], 0], "mint")
        ledger.queue().work()
        waiting = ledger.status("mint")
        assert (waiting.state, waiting.error) == ("queued", "waits for the anchor of entry 2")
        ledger.anchor()
        ledger.write(4)
        ledger.anchor()
        ledger.settle("mint")
        assert ledger.status("mint").state == "final"
        registry = ledger.follow()
        with reading(ledger.engine) as connection:
            found = registry.lot(connection, lot_id(ledger.address(ACME), COIL))
        assert found is not None
        assert found.current.leaf == ledger.leaf(2)
        assert found.current.version == 1

    @pytest.mark.anvil
    def test_an_anchor_that_comes_between_does_not_spoil_a_mint(self, ledger: Ledger) -> None:
        ledger.admit()
        ledger.write(3)
        ledger.anchor()
        ledger.node("evm_setAutomine", False)
        try:
            ledger.write(2)
            ledger.anchorer().step(at_once=True)
            queue = ledger.queue()
            ledger.submit(ACME, "LotRegistry", "mint", [lot_hash(COIL), record(ledger, 1), [], 0], "mint")
            queue.work()
            ledger.node("evm_mine")  # the anchor first, then the mint with a proof against the old head
            for _ in range(3):
                queue.work()
                ledger.node("evm_mine")
            queue.work()
        finally:
            ledger.node("evm_setAutomine", True)
        assert ledger.status("mint").state == "final"

    def test_lots_are_made_from_shares_that_were_handed_over(self, ledger: Ledger) -> None:
        ledger.admit()
        ledger.admit(OTHER)
        ledger.write(4)
        ledger.anchor()
        coil = lot_id(ledger.address(ACME), COIL)
        half = SHARES // 2
        token = int.from_bytes(coil, "big")
        sender, receiver = ledger.address(ACME), ledger.address(OTHER)
        tower = [lot_hash(TOWER), record(ledger, 3), [[coil, half]], 0]
        ledger.done(ACME, "LotRegistry", "mint", [lot_hash(COIL), record(ledger, 0), [], 0], "coil")
        ledger.submit(OTHER, "LotRegistry", "mint", tower, "too early")
        ledger.queue().work()
        assert str(ledger.status("too early").error).startswith("Overdrawn(")
        ledger.done(ACME, "LotRegistry", "safeTransferFrom", [sender, receiver, token, half, b""], "hand over")
        ledger.done(OTHER, "LotRegistry", "mint", tower, "tower")
        ledger.done(ACME, "LotRegistry", "supersede", [lot_hash(COIL), record(ledger, 1)], "corrected")
        registry = ledger.follow()
        with reading(ledger.engine) as connection:
            view = registry.view(connection, keys=(), lots=(coil,), logs=())
            child = registry.lot(connection, lot_id(receiver, TOWER))
        assert view is not None
        assert child is not None
        assert [(c.parent, c.shares) for c in child.inputs] == [(coil, half)]
        assert view.lots[coil].current.version == 2
        assert [t.shares for t in view.transfers] == [SHARES, half, half]

    def test_a_record_that_is_not_in_the_log_is_refused(self, ledger: Ledger) -> None:
        ledger.admit()
        ledger.write(2)
        ledger.anchor()
        other = hashlib.sha256(b"another statement").digest()
        args = [lot_hash(COIL), [ledger.log_id, other, 1], [], 0]
        ledger.submit(ACME, "LotRegistry", "mint", args, "mint")
        ledger.queue().work()
        assert ledger.status("mint").state == "failed"
        assert "another statement" in str(ledger.status("mint").error)


class TestSigners:
    @pytest.fixture
    def signers(self, tmp_path: Path) -> Signers:
        return Signers(tmp_path / "keys")

    def test_a_key_that_others_may_read_is_refused(self, signers: Signers, tmp_path: Path) -> None:
        signers.get_or_create("anchor")
        path = tmp_path / "keys" / "anchor.key"
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o644)
        with pytest.raises(SettingsError, match="can be read by others"):
            Signers(tmp_path / "keys").get("anchor")

    @pytest.mark.parametrize("content", ["", "0" * 64, "g" * 64, "1" * 63, "1" * 200, "\xff"])
    def test_a_file_without_a_key_is_said_and_not_shown(
        self, signers: Signers, tmp_path: Path, content: str
    ) -> None:
        signers.get_or_create("authority")
        path = tmp_path / "keys" / "anchor.key"
        path.touch(mode=0o600)
        path.write_text(content, encoding="latin-1")
        with pytest.raises(SettingsError) as caught:
            signers.get("anchor")
        assert not content or content[:63] not in caught.value.message

    def test_a_name_cannot_leave_the_folder(self, signers: Signers) -> None:
        for name in ("../authority", "operator-1", "", "authority.key"):
            with pytest.raises(InvalidInput):
                signers.get(name)

    def test_a_key_is_never_replaced(self, signers: Signers) -> None:
        before = signers.get_or_create("anchor").address
        with pytest.raises(SettingsError, match="another key"):
            signers.store("anchor", b"\x05" * 32)
        assert signers.get("anchor").address == before
        assert signers.names() == ["anchor"]
