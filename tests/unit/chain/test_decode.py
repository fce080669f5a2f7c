"""A node's JSON becomes typed events only in the one form that the contracts' ABI gives."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from leafproof.chain import decode
from leafproof.chain.decode import decode_block, decode_log
from leafproof.chain.events import Consumed, Extended, KeyRegistered, Opened, Other, Transferred
from leafproof.chain.places import Block
from leafproof.chain.view import Role
from leafproof.errors import Malformed
from tests.unit.chain.synthetic import ACME, CONTRACTS, FILES, OTHER, ZERO, abi_events, raw_log, signature

EXTENDED = ["Extended", [b"\x01" * 32, 77, b"\x02" * 32]]
REGISTERED = ["KeyRegistered", [b"\x01" * 32, ACME, 1, b"\x02" * 32, "urn:x", b"cose", b"proof"]]


class TestTopics:
    @pytest.mark.parametrize("contract", list(FILES))
    def test_every_event_of_the_committed_abi_is_known_by_its_topic(self, contract: str) -> None:
        # URI is declared by OpenZeppelin's ERC1155 and emitted by nothing in LotRegistry.
        expected = {
            name: bytes(keccak(signature(item).encode()))
            for name, item in abi_events(contract).items()
            if name != "URI"
        }
        assert decode.topics_of(contract) == expected

    @pytest.mark.parametrize("contract", list(FILES))
    def test_indexed_values_come_first_and_no_address_stands_in_the_data(self, contract: str) -> None:
        for name, item in abi_events(contract).items():
            if name == "URI":
                continue
            indexed = [i["indexed"] for i in item["inputs"]]
            assert indexed == sorted(indexed, reverse=True), name
            assert not [i for i in item["inputs"] if i["type"] == "address" and not i["indexed"]], name


class TestDecodeLog:
    def test_a_head(self) -> None:
        event = decode_log(raw_log("log", "Extended", EXTENDED[1], number=9, index=3), CONTRACTS)
        assert isinstance(event, Extended)
        assert (event.log_id, event.size, event.root) == (b"\x01" * 32, 77, b"\x02" * 32)
        assert (event.place.block_number, event.place.log_index) == (9, 3)

    def test_a_key(self) -> None:
        event = decode_log(raw_log("keys", *REGISTERED), CONTRACTS)
        assert isinstance(event, KeyRegistered)
        assert (event.role, event.issuer, event.cose, event.proof) == (Role.GATEWAY, "urn:x", b"cose", b"proof")

    def test_transfers_one_and_many(self) -> None:
        one = decode_log(raw_log("lots", "TransferSingle", [ACME, ACME, OTHER, 5, 6]), CONTRACTS)
        many = decode_log(raw_log("lots", "TransferBatch", [ACME, ACME, OTHER, [5, 7], [6, 8]]), CONTRACTS)
        assert isinstance(one, Transferred)
        assert isinstance(many, Transferred)
        assert one.lots == (((5).to_bytes(32, "big"), 6),)
        assert many.lots[1] == ((7).to_bytes(32, "big"), 8)
        assert (many.sender, many.receiver) == (ACME, OTHER)

    def test_what_changes_nothing_is_known_all_the_same(self) -> None:
        event = decode_log(raw_log("keys", "OwnershipTransferred", [ZERO, ACME]), CONTRACTS)
        assert isinstance(event, Other)
        assert event.name == "OwnershipTransferred"

    def test_a_name_that_is_not_text_is_shown_and_stops_nobody(self) -> None:
        raw = raw_log("log", "Opened", [b"\x01" * 32, ACME, "abcd"])
        raw["data"] = raw["data"].replace(b"abcd".hex(), b"\xff\xfecd".hex())
        event = decode_log(raw, CONTRACTS)
        assert isinstance(event, Opened)
        assert event.name == "\ufffd\ufffdcd"

    def test_an_address_with_mixed_case_is_the_same_address(self) -> None:
        raw = raw_log("lots", "Consumed", [b"\x01" * 32, b"\x02" * 32, ACME, 4])
        raw["address"] = "0x" + CONTRACTS.lots.hex().upper()
        assert isinstance(decode_log(raw, CONTRACTS), Consumed)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"address": "0x" + "99" * 20}, "trusted"),
            ({"address": "0x99"}, "bytes"),
            ({"topics": []}, "topics"),
            ({"topics": ["0x" + "00" * 32]}, "not an event"),
            ({"topics": None}, "topics"),
            ({"data": "0x"}, "data"),
            ({"data": "0x123"}, "data"),
            ({"data": 7}, "data"),
            ({"removed": True}, "removed"),
            ({"removed": "no"}, "removed"),
        ],
    )
    def test_a_log_out_of_form_names_transaction_and_log_index(self, change: dict[str, Any], said: str) -> None:
        raw = raw_log("log", EXTENDED[0], EXTENDED[1], index=4) | change
        with pytest.raises(Malformed, match=said) as caught:
            decode_log(raw, CONTRACTS)
        assert raw["transactionHash"] in caught.value.message
        assert "log 4" in caught.value.message

    def test_numbers_beyond_their_type_are_refused(self) -> None:
        raw = raw_log("log", EXTENDED[0], EXTENDED[1])
        raw["topics"][2] = "0x" + (1 << 64).to_bytes(32, "big").hex()
        with pytest.raises(Malformed, match="64 bits"):
            decode_log(raw, CONTRACTS)

    def test_an_address_topic_with_more_than_20_bytes_is_refused(self) -> None:
        raw = raw_log("keys", "OperatorRemoved", [ACME])
        raw["topics"][1] = "0x01" + raw["topics"][1][4:]
        with pytest.raises(Malformed, match="20 bytes"):
            decode_log(raw, CONTRACTS)

    def test_bytes_behind_the_data_are_refused(self) -> None:
        raw = raw_log("keys", *REGISTERED)
        raw["data"] += "00" * 32
        with pytest.raises(Malformed, match="canonical"):
            decode_log(raw, CONTRACTS)

    @given(st.binary(max_size=300))
    def test_random_data_is_malformed_and_nothing_else(self, data: bytes) -> None:
        raw = raw_log("keys", *REGISTERED) | {"data": "0x" + data.hex()}
        with pytest.raises(Malformed):
            decode_log(raw, CONTRACTS)

    @given(
        st.sampled_from(["address", "topics", "data", "blockNumber", "blockHash", "transactionHash", "logIndex"]),
        st.one_of(st.none(), st.integers(), st.text(max_size=8), st.lists(st.text(max_size=3), max_size=5)),
    )
    def test_a_foreign_value_in_any_member_is_malformed(self, member: str, value: Any) -> None:
        raw = copy.deepcopy(raw_log("keys", *REGISTERED))
        raw[member] = value
        if isinstance(value, str) and value.startswith("0x"):
            return
        with pytest.raises(Malformed):
            decode_log(raw, CONTRACTS)

    @pytest.mark.parametrize("raw", [None, [], "log", 5, {}])
    def test_what_is_no_log_is_malformed(self, raw: Any) -> None:
        with pytest.raises(Malformed):
            decode_log(raw, CONTRACTS)


class TestDecodeBlock:
    def test_a_header(self) -> None:
        raw = {
            "number": "0x10",
            "hash": "0x" + "aa" * 32,
            "timestamp": "0x6553f100",
            "extraData": "0x" + "00" * 97,
        }
        assert decode_block(raw) == Block(16, b"\xaa" * 32, 0x6553F100)

    @pytest.mark.parametrize("raw", [None, {}, {"number": "0x01"}, {"number": 1}])
    def test_another_form_is_malformed(self, raw: Any) -> None:
        with pytest.raises(Malformed):
            decode_block(raw)
