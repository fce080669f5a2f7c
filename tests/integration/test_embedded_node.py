"""The embedded chain survives kills, restarts and broken files, and leaves nothing behind."""

from __future__ import annotations

import gzip
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from web3 import Web3

from backend.embedded.accounts import mnemonic_in, new_mnemonic
from backend.embedded.errors import ChainStateUnreadable, PartFailed, PartMissing
from backend.embedded.keeper import RestartPolicy
from backend.embedded.node import EmbeddedNode, find_anvil
from tests.support.processes import alive
from tests.support.require import need
from tests.support.waiting import eventually

MNEMONIC = new_mnemonic()


@pytest.fixture(autouse=True)
def _anvil() -> None:
    try:
        find_anvil()
    except PartMissing as error:
        need(False, error.message)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[EmbeddedNode]:
    with EmbeddedNode(tmp_path / "chain", MNEMONIC) as node:
        yield node


def connect(node: EmbeddedNode) -> Web3:
    return Web3(Web3.HTTPProvider(node.url, session=None))


def pay(node: EmbeddedNode, times: int = 1) -> int:
    """Send transactions from account 0 to account 1; the number of the last block."""
    web3 = connect(node)
    sender, receiver = node.account(0), node.account(1)
    block = 0
    for _ in range(times):
        transaction = {
            "to": receiver.address,
            "value": 1,
            "gas": 21_000,
            "nonce": web3.eth.get_transaction_count(sender.address),
            "chainId": node.chain_id,
            "maxFeePerGas": web3.eth.gas_price * 2,
            "maxPriorityFeePerGas": 0,
        }
        sent = web3.eth.send_raw_transaction(sender.sign_transaction(transaction).raw_transaction)
        block = web3.eth.wait_for_transaction_receipt(sent)["blockNumber"]
    return block


class TestRestart:
    def test_blocks_balances_and_genesis_stay(self, chain: EmbeddedNode) -> None:
        last = pay(chain, 3)
        before = connect(chain).eth.get_block(last)
        balance = connect(chain).eth.get_balance(chain.account(1).address)
        genesis = chain.genesis_hash
        chain.stop()
        chain.start()
        after = connect(chain)
        assert chain.genesis_hash == genesis == "0x" + bytes(after.eth.get_block(0)["hash"]).hex()
        assert after.eth.get_block(last)["hash"] == before["hash"]
        assert after.eth.get_balance(chain.account(1).address) == balance
        assert after.eth.get_transaction_receipt(before["transactions"][0])["blockNumber"] == last
        assert pay(chain) == last + 1

    def test_no_start_of_many_takes_the_genesis_or_the_newest_blocks_away(self, chain: EmbeddedNode) -> None:
        genesis = chain.genesis_hash
        for _ in range(6):
            time.sleep(1.0)  # a start's own block 0 is another one only in another second
            last = pay(chain)
            chain.stop()
            chain.start()
            assert chain.genesis_hash == genesis
            assert connect(chain).eth.block_number == last

    def test_new_blocks_are_dated_now_and_not_at_the_genesis(self, chain: EmbeddedNode) -> None:
        pay(chain)
        chain.stop()
        chain.start()
        earliest = int(time.time()) - 1
        block = connect(chain).eth.get_block(pay(chain))
        assert earliest <= block["timestamp"] <= time.time() + 1

    def test_each_data_folder_has_a_mnemonic_of_its_own_that_only_its_owner_reads(self, tmp_path: Path) -> None:
        one, other = mnemonic_in(tmp_path / "one" / "mnemonic"), mnemonic_in(tmp_path / "other" / "mnemonic")
        assert one != other
        assert mnemonic_in(tmp_path / "one" / "mnemonic") == one
        assert (tmp_path / "one" / "mnemonic").stat().st_mode & 0o077 == 0

    def test_another_chain_id_in_the_same_folder_is_refused(self, chain: EmbeddedNode) -> None:
        chain.stop()
        with pytest.raises(PartFailed, match="has the chain id 31337, not 4711"):
            EmbeddedNode(chain.folder, MNEMONIC, chain_id=4711).start()


class TestKill:
    def test_a_killed_node_comes_back_on_its_port_with_its_blocks(self, chain: EmbeddedNode) -> None:
        last = pay(chain, 2)
        chain.dump()
        url, genesis, killed = chain.url, chain.genesis_hash, chain.pid
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: chain.restarts == 1 and chain.alive, "a restart")
        assert (chain.url, chain.genesis_hash) == (url, genesis)
        assert chain.pid != killed
        assert connect(chain).eth.block_number == last

    def test_a_new_block_is_stored_without_being_asked(self, chain: EmbeddedNode) -> None:
        newest = max((chain.folder / "state").glob("*.gz"))
        last = pay(chain)
        eventually(lambda: max((chain.folder / "state").glob("*.gz")) > newest, "a new generation")
        os.kill(chain.pid, signal.SIGKILL)
        eventually(lambda: chain.restarts == 1 and chain.alive, "a restart")
        assert connect(chain).eth.block_number == last

    def test_killed_in_the_middle_of_a_dump_it_loses_no_generation(self, chain: EmbeddedNode) -> None:
        last = pay(chain, 2)
        chain.dump()
        stored = sorted((chain.folder / "state").glob("*.gz"))
        failures: list[PartFailed] = []

        def dump() -> None:
            try:
                chain.dump()
            except PartFailed as error:
                failures.append(error)

        os.kill(chain.pid, signal.SIGSTOP)
        dumping = threading.Thread(target=dump)
        dumping.start()
        os.kill(chain.pid, signal.SIGKILL)
        dumping.join()
        assert failures
        assert sorted((chain.folder / "state").glob("*.gz")) == stored
        eventually(lambda: chain.restarts == 1 and chain.alive, "a restart")
        assert connect(chain).eth.block_number == last

    def test_that_dies_too_often_is_given_up_with_a_reason(self, tmp_path: Path) -> None:
        with EmbeddedNode(tmp_path, MNEMONIC, policy=RestartPolicy(restarts=0)) as node:
            os.kill(node.pid, signal.SIGKILL)
            eventually(lambda: node.failure is not None, "that it is given up")
            with pytest.raises(PartFailed, match="died 1 times within 60 seconds"):
                node.pid  # noqa: B018 - the property raises


class TestMiningDuringADump:
    def test_each_stored_state_is_that_of_one_block(self, chain: EmbeddedNode) -> None:
        """Killed right then, the chain must not come back with accounts that no block explains."""
        count = 300
        paying = threading.Thread(target=pay, args=(chain, count))
        paying.start()
        states = []
        while paying.is_alive():
            chain.dump()
            newest = max((chain.folder / "state").glob("*.gz"))
            states.append(json.loads(gzip.decompress(newest.read_bytes())))
        paying.join()
        payer = chain.account(0).address.lower()
        found = [
            (s["accounts"][payer]["nonce"], len(s["transactions"]), s["best_block_number"], len(s["blocks"]) - 1)
            for s in states
        ]
        assert len(states) > 5
        assert [numbers for numbers in found if len(set(numbers)) != 1] == []


class TestBrokenFiles:
    def test_a_truncated_newest_generation_falls_back_to_the_one_before(self, chain: EmbeddedNode) -> None:
        last = pay(chain, 2)
        chain.dump()
        chain.stop()
        older, newest = sorted((chain.folder / "state").glob("*.gz"))
        newest.write_bytes(newest.read_bytes()[:-20])
        (chain.folder / "state" / "state.tmp").write_bytes(b"cut")
        chain.start()
        assert older.exists()
        assert connect(chain).eth.block_number == last

    def test_an_empty_newest_generation_falls_back_to_the_one_before(self, chain: EmbeddedNode) -> None:
        genesis = chain.genesis_hash
        chain.stop()
        max((chain.folder / "state").glob("*.gz")).write_bytes(b"")
        chain.start()
        assert chain.genesis_hash == genesis

    def test_no_readable_generation_is_an_error_and_not_an_empty_chain(self, chain: EmbeddedNode) -> None:
        chain.stop()
        for generation in (chain.folder / "state").glob("*.gz"):
            generation.write_bytes(b"")
        with pytest.raises(ChainStateUnreadable, match="restore the folder from a backup"):
            chain.start()


class TestStarting:
    def test_the_mnemonic_is_not_on_the_command_line_nor_in_the_log(self, chain: EmbeddedNode) -> None:
        command = Path(f"/proc/{chain.pid}/cmdline").read_text()
        log = (chain.folder / "anvil.log").read_text()
        for word in (MNEMONIC, MNEMONIC.split()[0] + " " + MNEMONIC.split()[1]):
            assert word not in command.replace("\0", " ") + log

    def test_a_second_supervisor_of_the_folder_is_refused(self, chain: EmbeddedNode) -> None:
        with pytest.raises(PartFailed, match="another process runs the chain"):
            EmbeddedNode(chain.folder, MNEMONIC).start()

    def test_a_taken_base_port_gives_the_next_one(self, chain: EmbeddedNode, tmp_path: Path) -> None:
        taken = int(chain.url.rpartition(":")[2])
        with EmbeddedNode(tmp_path / "second", MNEMONIC, base_port=taken) as second:
            assert int(second.url.rpartition(":")[2]) > taken

    def test_a_missing_anvil_says_what_to_do(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LEAFPROOF_ANVIL", str(tmp_path / "none"))
        with pytest.raises(PartMissing, match="LEAFPROOF_ANVIL names"):
            EmbeddedNode(tmp_path / "chain", MNEMONIC).start()

    def test_one_that_ends_at_once_shows_its_log(self, tmp_path: Path) -> None:
        broken = tmp_path / "anvil"
        broken.write_text("#!/bin/sh\necho the reason >&2\nexit 3\n")
        broken.chmod(0o755)
        with pytest.raises(PartFailed, match=r"ended while it was starting\n  anvil.log: the reason"):
            EmbeddedNode(tmp_path / "chain", MNEMONIC, binary=broken).start()

    def test_a_stopped_node_is_gone_and_stopping_it_again_does_nothing(self, tmp_path: Path) -> None:
        node = EmbeddedNode(tmp_path, MNEMONIC)
        node.start()
        anvil = node.pid
        node.stop()
        node.stop()
        assert not alive(anvil)

    def test_words_that_are_no_mnemonic_are_not_repeated_in_the_error(self, tmp_path: Path) -> None:
        with pytest.raises(PartFailed) as failed:
            EmbeddedNode(tmp_path, "these are surely no words of a list").start()
        assert "surely" not in str(failed.value)
