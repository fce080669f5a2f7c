"""The log's head on a real chain: what is sent, what is refused, what stops a log."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from backend.anchor.anchorer import Anchorer, AnchorPolicy, stopped
from backend.anchor.chain import Chain, Reverted
from backend.database import reading, transaction
from backend.errors import Unavailable
from backend.log.service import HostedLog, HostedLogs, TransparencyLog
from backend.log.tables import tiles
from leafproof.client.rpc import NodeUnreachable, Rpc
from tests.integration.anchor.ledger import Ledger
from tests.support.proxy import FaultProxy
from tests.support.storage import LOG_KEY, open_test_log, statement
from tests.support.waiting import eventually


def fork(ledger: Ledger, engine: Engine, count: int, start: int) -> TransparencyLog:
    """A log of the same name with other entries from the first one on, as a rewriting server would have it."""
    log = open_test_log(engine, ledger.log.ref)
    with transaction(engine) as connection:
        log.append(connection, [statement(i, ref=log.ref) for i in range(start, start + count)])
    return log


class TestAnchoring:
    def test_each_head_extends_the_one_before_and_is_known_with_its_block(self, any_ledger: Ledger) -> None:
        ledger = any_ledger
        first = ledger.write(3)
        ledger.anchor()
        assert ledger.held() == first
        second = ledger.write(70)
        ledger.anchor()
        assert ledger.held() == second
        registry = ledger.follow()
        with reading(ledger.engine) as connection:
            newest = registry.latest_anchor(connection, ledger.log_id)
            covering = registry.first_head_covering(connection, ledger.log_id, 2)
            later = registry.first_head_covering(connection, ledger.log_id, 3)
            none = registry.first_head_covering(connection, ledger.log_id, 73)
        assert newest is not None
        assert (newest.size, newest.root) == second
        assert ledger.chain.is_canonical(newest.moment.block_number, newest.moment.block_hash)
        assert covering is not None
        assert (covering.size, covering.root) == first
        assert later == newest
        assert none is None

    def test_nothing_new_costs_nothing(self, ledger: Ledger) -> None:
        ledger.write(2)
        ledger.anchor()
        before = ledger.chain.nonce(ledger.address("anchor"))
        for _ in range(3):
            assert ledger.anchorer().step(at_once=True)
        assert ledger.chain.nonce(ledger.address("anchor")) == before

    def test_it_waits_for_its_time_or_for_enough_entries_unless_asked(self, ledger: Ledger) -> None:
        anchorer = ledger.anchorer(AnchorPolicy(seconds=3600, entries=10))
        ledger.write(1)
        eventually(anchorer.step, "the first anchor")
        ledger.write(5)
        anchorer.step()
        assert [row.size for row in ledger.attempts("anchor")] == [1]
        head = ledger.write(5)
        eventually(anchorer.step, "the anchor of enough entries")
        assert ledger.held() == head
        head = ledger.write(1)
        anchorer.step()
        assert [row.size for row in ledger.attempts("anchor")] == [1, 11]
        eventually(lambda: anchorer.step(at_once=True), "the anchor that was asked for")
        assert ledger.held() == head

    def test_an_account_that_was_not_appointed_is_told_so(self, ledger: Ledger) -> None:
        ledger.done(
            "operator-4012345000009", "TransparencyLog", "dismiss",
            [ledger.log_id, ledger.address("anchor")], "dismiss",
        )  # fmt: skip
        ledger.write(1)
        anchorer = ledger.anchorer()
        assert not anchorer.step(at_once=True)
        refused = anchorer.states[0].refused
        assert refused is not None
        assert refused.startswith("NotAnchorKey(")
        assert ledger.slots("anchor") == []


class TestRewriting:
    def test_the_contract_refuses_a_head_that_does_not_extend_the_last(
        self, ledger: Ledger, second: Engine
    ) -> None:
        ledger.write(5)
        ledger.anchor()
        log = fork(ledger, second, 9, start=100)
        with reading(second) as connection:
            size, root = log.head(connection)
            proof = log.consistency_proof(connection, 5, 9)
        call = ledger.chain.call_of("TransparencyLog", "extend", [ledger.log_id, size, root, proof])
        with pytest.raises(Reverted, match="NotConsistent") as caught:
            ledger.chain.estimate(ledger.address("anchor"), call)
        assert caught.value.name == "NotConsistent"

    def test_a_log_that_does_not_contain_the_held_head_is_stopped_until_it_does(
        self, ledger: Ledger, second: Engine
    ) -> None:
        ledger.write(5)
        held = ledger.write(0)
        ledger.anchor()
        log = fork(ledger, second, 9, start=100)
        rewritten = ledger.anchorer(engine=second, logs=HostedLogs([HostedLog(log, LOG_KEY)]))
        rewritten.step(at_once=True)
        with reading(second) as connection:
            alarm = stopped(connection, ledger.log_id)
        assert alarm is not None
        assert (alarm.held_size, alarm.held_root) == held
        assert "another head of 5 entries" in alarm.reason
        assert ledger.held() == held
        with transaction(second) as connection, pytest.raises(Unavailable, match="it continues in a successor"):
            log.append(connection, [statement(999, ref=log.ref)])
        with reading(ledger.engine) as connection:
            assert stopped(connection, ledger.log_id) is None

    def test_a_database_restored_from_before_the_anchor_stops_too(self, ledger: Ledger, second: Engine) -> None:
        ledger.write(5)
        ledger.anchor()
        log = fork(ledger, second, 3, start=0)
        restored = ledger.anchorer(engine=second, logs=HostedLogs([HostedLog(log, LOG_KEY)]))
        restored.step(at_once=True)
        with reading(second) as connection:
            alarm = stopped(connection, ledger.log_id)
        assert alarm is not None
        assert "the log has 3" in alarm.reason

    @pytest.mark.anvil
    def test_the_alarm_goes_when_the_foreign_head_vanishes(self, ledger: Ledger, second: Engine) -> None:
        ledger.write(3)
        snapshot = ledger.node("evm_snapshot")
        log = fork(ledger, second, 2, start=50)
        other = ledger.anchorer(engine=second, logs=HostedLogs([HostedLog(log, LOG_KEY)]))
        other.step(at_once=True)
        anchorer = ledger.anchorer()
        anchorer.step(at_once=True)
        with reading(ledger.engine) as connection:
            assert stopped(connection, ledger.log_id) is not None
        ledger.node("evm_revert", snapshot)
        ledger.anchor()
        with reading(ledger.engine) as connection:
            assert stopped(connection, ledger.log_id) is None

    def test_what_the_contract_refuses_is_named(self, ledger: Ledger) -> None:
        ledger.write(3)
        ledger.anchor()
        ledger.write(4)
        with transaction(ledger.engine) as connection:  # a disk that forgot: the tree behind the head goes bad
            (stored,) = connection.execute(sa.select(tiles.c.hashes).where(tiles.c.level == 0)).scalars()
            damaged = stored[:-1] + bytes([stored[-1] ^ 1])
            connection.execute(sa.update(tiles).where(tiles.c.level == 0).values(hashes=damaged))
        anchorer = ledger.anchorer()
        anchorer.step(at_once=True)
        refused = anchorer.states[0].refused
        assert refused is not None
        assert refused.startswith("NotConsistent(")


class TestFaults:
    def test_killed_between_storing_and_sending_it_sends_the_same_bytes(
        self, ledger: Ledger, tmp_path: Path
    ) -> None:
        ledger.write(4)
        (tmp_path / "trust.json").write_bytes(ledger.trust.encode())
        script = Path(__file__).with_name("killed_before_sending.py")
        command = [sys.executable, script, ledger.url, tmp_path / "trust.json", ledger.keys, tmp_path / "chain.db"]
        ended = subprocess.run([*map(str, command), ledger.log_id.hex()], check=False, capture_output=True)
        assert ended.returncode == -9, ended.stderr.decode()
        assert ledger.held()[0] == 0
        (stored,) = ledger.attempts("anchor")
        assert stored.sent_block is None
        ledger.anchor()
        assert ledger.held()[0] == 4
        assert [row.tx_hash for row in ledger.attempts("anchor")] == [stored.tx_hash]

    @pytest.mark.anvil
    def test_a_stuck_anchor_is_replaced_with_a_higher_fee_and_the_newest_head(self, ledger: Ledger) -> None:
        ledger.node("evm_setAutomine", False)
        try:
            anchorer = ledger.anchorer()
            ledger.write(3)
            anchorer.step(at_once=True)
            newest = ledger.write(4)
            for _ in range(4):
                ledger.node("anvil_setNextBlockBaseFeePerGas", hex(500 * 10**9))
                ledger.node("evm_mine")
            anchorer.step(at_once=True)
            before, after = ledger.attempts("anchor")
            assert before.nonce == after.nonce
            assert after.max_fee > before.max_fee
            assert (before.size, after.size) == (3, 7)
            ledger.node("evm_mine")
            assert anchorer.step()
            assert ledger.held() == newest
            assert ledger.slots("anchor") == [(0, "final")]
        finally:
            ledger.node("evm_setAutomine", True)
            ledger.node("anvil_setNextBlockBaseFeePerGas", hex(10**9))  # a snapshot does not keep it

    @pytest.mark.anvil
    def test_an_anchor_that_is_only_waiting_is_not_replaced(self, ledger: Ledger) -> None:
        ledger.node("evm_setAutomine", False)
        try:
            anchorer = ledger.anchorer()
            ledger.write(3)
            for _ in range(4):
                anchorer.step(at_once=True)
            assert len(ledger.attempts("anchor")) == 1
        finally:
            ledger.node("evm_setAutomine", True)

    @pytest.mark.anvil
    def test_after_a_reorganisation_what_vanished_is_sent_again(self, any_ledger: Ledger) -> None:
        ledger = any_ledger
        ledger.write(3)
        ledger.anchor()
        before = ledger.latest_anchor()
        assert before is not None
        ledger.node("anvil_reorg", 1, [])
        assert ledger.held()[0] == 0
        ledger.anchor()
        assert ledger.held()[0] == 3
        after = ledger.latest_anchor()
        assert after is not None
        assert after.root == before.root
        assert after.moment.block_hash != before.moment.block_hash
        assert len(ledger.attempts("anchor")) == 1

    @pytest.mark.anvil
    def test_a_node_restored_to_an_older_state_gets_every_anchor_again(self, ledger: Ledger) -> None:
        ledger.write(2)
        ledger.anchor()
        snapshot = ledger.node("evm_snapshot")
        heads = []
        for _ in range(3):
            heads.append(ledger.write(5))
            ledger.anchor()
        assert ledger.latest_anchor() is not None
        ledger.node("evm_revert", snapshot)
        assert ledger.held()[0] == 2
        ledger.anchor()
        assert ledger.held() == heads[-1]
        registry = ledger.follow()
        with reading(ledger.engine) as connection:
            found = registry.heads(connection, ledger.log_id, 10)
            assert registry.missing(connection) == []
        assert [(h.size, h.root) for h in reversed(found)][1:] == heads
        assert {state for _, state in ledger.slots("anchor")} == {"final"}

    def test_two_anchorers_on_one_database_do_no_harm(self, any_ledger: Ledger) -> None:
        ledger = any_ledger
        errors: list[BaseException] = []

        def run(anchorer: Anchorer) -> None:
            try:
                for _ in range(12):
                    anchorer.step(at_once=True)
            except BaseException as error:
                errors.append(error)
                raise

        ledger.write(2)
        threads = [threading.Thread(target=run, args=(ledger.anchorer(),)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(5):
            ledger.write(3)
        for thread in threads:
            thread.join()
        assert errors == []
        ledger.anchor()
        assert ledger.held()[0] == 17
        assert {state for _, state in ledger.slots("anchor")} == {"final"}

    @pytest.mark.anvil
    def test_two_servers_with_one_key_do_no_harm(self, ledger: Ledger, second: Engine) -> None:
        twin = ledger.twin(second, 6)
        ledger.write(6)
        ledger.node("evm_setAutomine", False)
        try:
            one = ledger.anchorer()
            two = ledger.anchorer(engine=second, logs=twin)
            one.step(at_once=True)
            two.step(at_once=True)
            ledger.node("evm_mine")
        finally:
            ledger.node("evm_setAutomine", True)
        for anchorer in (one, two, one, two):
            anchorer.step(at_once=True)
        head = ledger.write(2)
        for anchorer in (two, one, two):
            anchorer.step(at_once=True)
        assert ledger.held() == head or ledger.held()[0] == 6
        ledger.anchor()
        assert ledger.held() == head

    def test_an_outage_is_told_and_over_when_the_chain_is_back(self, ledger: Ledger) -> None:
        host, port = ledger.url.removeprefix("http://").split(":")
        with FaultProxy((host, int(port))) as proxy, Rpc(f"http://{proxy.host}:{proxy.port}", retries=0) as rpc:
            anchorer = ledger.anchorer(chain=Chain(rpc, ledger.trust))
            ledger.write(2)
            anchorer.step(at_once=True)
            proxy.cut(refuse=True)
            head = ledger.write(3)
            with pytest.raises(NodeUnreachable, match="does not answer"):
                anchorer.step(at_once=True)
            proxy.heal()
            eventually(lambda: anchorer.step(at_once=True), "the anchor after the outage")
        assert ledger.held() == head

    @pytest.mark.anvil
    def test_somebody_elses_nonces_that_vanished_are_filled(self, ledger: Ledger) -> None:
        snapshot = ledger.node("evm_snapshot")
        account = ledger.signers.get("anchor")
        chain = ledger.chain
        foreign = chain.call_of("TransparencyLog", "open", ["made by hand"])
        gas = chain.estimate(ledger.address("anchor"), foreign)
        chain.send(chain.sign(account, 0, foreign, gas, chain.fees())[1])
        ledger.write(3)
        ledger.anchor()
        assert ledger.slots("anchor") == [(1, "final")]
        registry = ledger.follow()
        ledger.node("evm_revert", snapshot)
        ledger.anchor()
        assert ledger.held()[0] == 3
        registry = ledger.follow()
        with reading(ledger.engine) as connection:
            assert len(registry.missing(connection)) == 1
        assert [nonce for nonce, _ in ledger.slots("anchor")] == [0, 1]
