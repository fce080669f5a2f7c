"""A reader believes the trust file, not the node."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from backend.anchor.deploy import deploy, make_trust
from backend.embedded.accounts import new_mnemonic
from backend.embedded.node import EmbeddedNode
from leafproof.client import chain_reader
from leafproof.client.chain_reader import AnotherChain, NotFinal, OtherCode, read_chain
from leafproof.client.rpc import Rpc
from leafproof.errors import InvalidInput, Malformed
from leafproof.trust import CONTRACTS, Trust
from tests.integration.anchor.ledger import ACME, Ledger
from tests.support.waiting import eventually


class TestIdentity:
    @pytest.mark.anvil
    def test_another_chain_with_the_same_contracts_is_unknown(
        self, ledger: Ledger, node: EmbeddedNode, tmp_path: Path
    ) -> None:
        started = ledger.chain.header(0).time  # two nodes of one second have the same genesis block
        eventually(lambda: time.time() > started + 2, "the other one is started in another second")
        with EmbeddedNode(tmp_path / "other", new_mnemonic(), chain_id=node.chain_id) as other:
            with Rpc(other.url) as rpc:
                done = deploy(rpc, other.account(0))
                same = make_trust(
                    rpc, done.addresses, network_class="development", finality_blocks=1, deployed_block=done.block
                )
                assert (same.chain_id, same.genesis) != (ledger.trust.chain_id, ledger.trust.genesis)
                with pytest.raises(AnotherChain, match="serves another chain"):
                    read_chain(rpc, ledger.trust)

    @pytest.mark.anvil
    def test_other_code_at_the_address_is_named(self, ledger: Ledger) -> None:
        address = ledger.trust.contracts["KeyRegistry"].address
        ledger.node("anvil_setCode", address, "0x600160005260206000f3")
        with pytest.raises(OtherCode, match=f"KeyRegistry at {address} has other code"):
            read_chain(ledger.rpc, ledger.trust)

    def test_no_contract_at_the_address_is_named(self, ledger: Ledger) -> None:
        contracts = ledger.trust.contracts | {
            "LotRegistry": msgspec.structs.replace(ledger.trust.contracts["LotRegistry"], address="0x" + "77" * 20)
        }
        trust = msgspec.structs.replace(ledger.trust, contracts=contracts)
        with pytest.raises(OtherCode, match="no code"):
            read_chain(ledger.rpc, trust)

    def test_contracts_that_are_not_final_yet_are_not_read(self, ledger: Ledger) -> None:
        with pytest.raises(NotFinal):
            read_chain(ledger.rpc, ledger.trust, finality_blocks=1000)

    def test_a_trust_file_names_only_contracts_that_are_there(self, ledger: Ledger) -> None:
        nowhere = dict.fromkeys(CONTRACTS, b"\x33" * 20)
        with pytest.raises(InvalidInput, match="no contract"):
            make_trust(ledger.rpc, nowhere, network_class="development", finality_blocks=1, deployed_block=0)

    def test_a_trust_file_survives_its_own_strict_reader(self, ledger: Ledger) -> None:
        assert Trust.decode(ledger.trust.encode()) == ledger.trust


class TestReading:
    def test_events_over_many_ranges_are_the_same_events(
        self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger.admit()
        ledger.write(2)
        ledger.anchor()
        whole = read_chain(ledger.rpc, ledger.trust)
        monkeypatch.setattr(chain_reader, "FIRST_RANGE", 1)
        monkeypatch.setattr(chain_reader, "LAST_RANGE", 2)
        seen: list[tuple[int, int]] = []
        assert read_chain(ledger.rpc, ledger.trust, progress=lambda *at: seen.append(at)) == whole
        assert len(seen) > 2
        assert seen[-1][0] == seen[-1][1]
        assert whole.operators[ledger.address(ACME)].removed is None

    def test_one_lot_is_read_in_few_calls(self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
        calls: list[str] = []
        call = Rpc.call

        def counted(rpc: Rpc, method: str, *params: object) -> object:
            calls.append(method)
            return call(rpc, method, *params)

        monkeypatch.setattr(Rpc, "call", counted)
        read_chain(ledger.rpc, ledger.trust, keys=[b"\x01" * 32], lots=[b"\x02" * 32], logs=[ledger.log_id])
        assert len(calls) <= 14

    @pytest.mark.anvil
    def test_a_node_that_makes_up_an_event_is_not_believed(self, ledger: Ledger) -> None:
        code = ledger.node("eth_getCode", ledger.trust.contracts["LotRegistry"].address, "latest")
        assert isinstance(code, str)
        registry = ledger.trust.contracts["KeyRegistry"].address
        # The same trust file, but the registry's code now emits an event that it does not have: LOG1 of topic 7.
        ledger.node("anvil_setCode", registry, "0x600760006000a100")
        account = ledger.signers.get("authority")
        chain = ledger.chain
        call = chain.call_of("KeyRegistry", "removeOperator", [ledger.address(ACME)])
        nonce = chain.nonce(ledger.address("authority"))
        chain.send(chain.sign(account, nonce, call, 100_000, chain.fees())[1])
        eventually(lambda: chain.nonce(ledger.address("authority")) > nonce, "the transaction is mined")
        changed = ledger.trust.contracts | {
            "KeyRegistry": msgspec.structs.replace(
                ledger.trust.contracts["KeyRegistry"],
                code_sha256="4b5d29a8a9c9b5b8b8d7d9bd0fd9f6b8a6a3c5a6dcdd1fd5d2f1c7c7bfae4f10",
            )
        }
        with pytest.raises(OtherCode):
            read_chain(ledger.rpc, msgspec.structs.replace(ledger.trust, contracts=changed))
        raw = {"address": [registry], "fromBlock": "0x0", "toBlock": "latest"}
        log = ledger.node("eth_getLogs", raw)[-1]
        with pytest.raises(Malformed, match="not an event of this contract"):
            chain_reader.decode_log(log, chain_reader.contracts_of(ledger.trust))
