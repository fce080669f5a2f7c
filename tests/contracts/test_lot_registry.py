# SPDX-License-Identifier: Apache-2.0
"""A lot is minted once, its shares are spent once, and its record must be in the log."""

from __future__ import annotations

import pytest
from eth_abi import encode
from web3 import Web3

from tests.contracts import merkle
from tests.contracts.conftest import (
    BOOK_AND_CLAIM,
    NOBODY,
    NOT_STATED,
    SHARES,
    ZERO32,
    Tree,
    digest,
    events,
    plain,
    reverts,
)

STEEL, PIPE, BOLT = (digest(name) for name in ("steel", "pipe", "bolt"))


def token(lot_id) -> int:
    return int(str(lot_id), 16)


@pytest.fixture(scope="module")
def me(people):
    return {"from": people.operator}


@pytest.fixture
def steel(lots, tree, me):
    """A lot of the operator, from leaf 0, without inputs."""
    return lots.mint(STEEL, tree.proof(0), [], NOT_STATED, me).return_value


class TestMint:
    def test_id_record_and_shares(self, lots, tree, people, me):
        tx = lots.mint(STEEL, tree.proof(3), [], NOT_STATED, me)
        lot_id = tx.return_value
        word = Web3.keccak(encode(["address", "bytes32"], [people.operator.address, bytes.fromhex(STEEL[2:])]))
        assert lot_id == lots.lotIdOf(people.operator, STEEL) == word.to_0x_hex()
        leaf = "0x" + tree.leaves[3].hex()
        assert events(tx) == [
            ("LotMinted", {"lotId": lot_id, "operator": people.operator, "lot": STEEL, "custody": NOT_STATED}),
            ("RecordSet", {"lotId": lot_id, "version": 1, "logId": tree.id, "leaf": leaf, "index": 3}),
            (
                "TransferSingle",
                {
                    "operator": people.operator,
                    "from": NOBODY,
                    "to": people.operator,
                    "id": token(lot_id),
                    "value": SHARES,
                },
            ),
        ]
        assert plain(lots.recordOf(lot_id)) == (people.operator, 1, 3, tree.id, leaf)
        assert lots.balanceOf(people.operator, token(lot_id)) == SHARES == lots.SHARES()

    def test_says_its_chain_of_custody_once(self, lots, tree, me):
        tx = lots.mint(STEEL, tree.proof(3), [], BOOK_AND_CLAIM, me)
        assert tx.events["LotMinted"]["custody"] == BOOK_AND_CLAIM
        for unknown in (BOOK_AND_CLAIM + 1, 255):
            with reverts("no reason"):
                lots.mint(PIPE, tree.proof(4), [], unknown, me)

    def test_nothing_is_known_of_other_lots(self, lots):
        assert plain(lots.recordOf(digest("no lot"))) == (NOBODY, 0, 0, ZERO32, ZERO32)

    def test_only_by_operators(self, lots, keys, tree, people, me):
        for someone in (people.stranger, people.authority, people.registrar):
            with reverts("NotOperator"):
                lots.mint(STEEL, tree.proof(0), [], NOT_STATED, {"from": someone})
        keys.removeOperator(people.operator, {"from": people.authority})
        with reverts("NotOperator"):
            lots.mint(STEEL, tree.proof(0), [], NOT_STATED, me)

    def test_once(self, lots, tree, me, steel):
        with reverts("LotExists"):
            lots.mint(STEEL, tree.proof(1), [], NOT_STATED, me)

    def test_the_same_lot_code_of_another_operator_is_another_lot(self, lots, tree, people, steel):
        other = lots.mint(STEEL, tree.proof(1), [], NOT_STATED, {"from": people.other_operator}).return_value
        assert other != steel

    def test_a_leaf_serves_one_lot_of_an_operator(self, lots, tree, me, steel):
        with reverts("LeafUsed"):
            lots.mint(PIPE, tree.proof(0), [], NOT_STATED, me)

    def test_a_leaf_taken_by_another_operator_blocks_nobody(self, lots, tree, people, me):
        lots.mint(STEEL, tree.proof(0), [], NOT_STATED, {"from": people.other_operator})
        lots.mint(STEEL, tree.proof(0), [], NOT_STATED, me)

    def test_a_leaf_that_is_not_in_the_log_is_refused(self, lots, tree, me):
        log_id, leaf, index, proof = tree.proof(5)
        wrong = [
            (log_id, merkle.leaf_hash(b"never logged"), index, proof),
            (log_id, leaf, index + 1, proof),
            (log_id, leaf, 2**64 - 1, proof),
            (log_id, leaf, index, proof[:-1]),
            (log_id, leaf, index, [*proof, leaf]),
            (log_id, leaf, index, []),
            (digest("no log"), leaf, index, proof),
            (digest("no log"), leaf, 0, []),
        ]
        for record in wrong:
            with reverts("NotIncluded"):
                lots.mint(STEEL, record, [], NOT_STATED, me)

    def test_an_inner_node_does_not_pass_for_a_leaf(self, lots, tree, me):
        log_id, leaf, _, proof = tree.proof(0)
        with reverts("NotIncluded"):
            lots.mint(STEEL, (log_id, merkle.node_hash(leaf, proof[0]), 0, proof[1:]), [], NOT_STATED, me)

    def test_the_proof_is_against_the_current_head(self, lots, logs, tree, people, me):
        stale = tree.proof(5)
        leaves = merkle.leaves(len(tree.leaves) + 1)
        proof = merkle.consistency(len(tree.leaves), leaves)
        logs.extend(tree.id, len(leaves), merkle.root(leaves), proof, {"from": people.authority})
        with reverts("NotIncluded"):
            lots.mint(STEEL, stale, [], NOT_STATED, me)
        lots.mint(STEEL, (tree.id, leaves[5], 5, merkle.inclusion(5, leaves)), [], NOT_STATED, me)


class TestInputs:
    def test_are_spent(self, lots, tree, people, me, steel):
        other = lots.mint(BOLT, tree.proof(1), [], NOT_STATED, me).return_value
        tx = lots.mint(PIPE, tree.proof(2), [(steel, SHARES // 4), (other, SHARES)], NOT_STATED, me)
        pipe = tx.return_value
        assert [dict(e) for e in tx.events["Consumed"]] == [
            {"child": pipe, "parent": steel, "by": people.operator, "shares": SHARES // 4},
            {"child": pipe, "parent": other, "by": people.operator, "shares": SHARES},
        ]
        held = [lots.balanceOf(people.operator, token(lot)) for lot in (steel, other, pipe)]
        assert held == [SHARES - SHARES // 4, 0, SHARES]

    def test_by_whoever_bought_them(self, lots, tree, people, me, steel):
        lots.safeTransferFrom(people.operator, people.other_operator, token(steel), 60, b"", me)
        tx = lots.mint(PIPE, tree.proof(1), [(steel, 60)], NOT_STATED, {"from": people.other_operator})
        assert tx.events["Consumed"]["by"] == people.other_operator
        assert lots.balanceOf(people.other_operator, token(steel)) == 0

    def test_not_more_than_held(self, lots, tree, people, me, steel):
        with reverts("Overdrawn"):
            lots.mint(PIPE, tree.proof(1), [(steel, SHARES + 1)], NOT_STATED, me)
        with reverts("Overdrawn"):
            lots.mint(PIPE, tree.proof(1), [(steel, SHARES), (steel, 1)], NOT_STATED, me)
        with reverts("Overdrawn"):
            lots.mint(PIPE, tree.proof(1), [(steel, 1)], NOT_STATED, {"from": people.other_operator})
        with reverts("Overdrawn"):
            lots.mint(PIPE, tree.proof(1), [(steel, 2**256 - 1)], NOT_STATED, me)

    def test_not_of_an_account_that_merely_approved(self, lots, tree, people, me, steel):
        lots.setApprovalForAll(people.other_operator, True, me)
        with reverts("Overdrawn"):
            lots.mint(PIPE, tree.proof(1), [(steel, 1)], NOT_STATED, {"from": people.other_operator})

    def test_of_one_lot_twice_add_up(self, lots, tree, people, me, steel):
        lots.mint(PIPE, tree.proof(1), [(steel, SHARES // 2), (steel, SHARES // 2)], NOT_STATED, me)
        assert lots.balanceOf(people.operator, token(steel)) == 0

    def test_of_no_shares_or_an_unknown_lot_are_refused(self, lots, tree, me, steel):
        with reverts("NoShares"):
            lots.mint(PIPE, tree.proof(1), [(steel, 0)], NOT_STATED, me)
        for shares in (0, 1):
            with reverts("UnknownLot"):
                lots.mint(PIPE, tree.proof(1), [(digest("no lot"), shares)], NOT_STATED, me)

    def test_a_lot_does_not_feed_on_itself(self, lots, tree, people, me):
        with reverts("Overdrawn"):
            lots.mint(PIPE, tree.proof(1), [(lots.lotIdOf(people.operator, PIPE), 1)], NOT_STATED, me)

    def test_at_most_64(self, lots, tree, people, me, steel):
        with reverts("TooManyInputs"):
            lots.mint(PIPE, tree.proof(1), [(steel, 1)] * 65, NOT_STATED, me)
        lots.mint(PIPE, tree.proof(1), [(steel, 1)] * 64, NOT_STATED, me)
        assert lots.balanceOf(people.operator, token(steel)) == SHARES - 64

    def test_a_refused_mint_spends_nothing(self, lots, tree, people, me, steel):
        with reverts("Overdrawn"):
            lots.mint(PIPE, tree.proof(1), [(steel, 1), (steel, SHARES)], NOT_STATED, me)
        assert lots.balanceOf(people.operator, token(steel)) == SHARES
        lots.mint(PIPE, tree.proof(1), [], NOT_STATED, me)


class TestSupersede:
    def test_moves_the_record_and_leaves_the_shares(self, lots, tree, people, me, steel):
        lots.safeTransferFrom(people.operator, people.buyer, token(steel), 5, b"", me)
        tx = lots.supersede(STEEL, tree.proof(7), me)
        leaf = "0x" + tree.leaves[7].hex()
        assert events(tx) == [
            ("RecordSet", {"lotId": steel, "version": 2, "logId": tree.id, "leaf": leaf, "index": 7})
        ]
        assert plain(lots.recordOf(steel)) == (people.operator, 2, 7, tree.id, leaf)
        assert lots.balanceOf(people.operator, token(steel)) == SHARES - 5
        assert lots.supersede(STEEL, tree.proof(8), me).events["RecordSet"]["version"] == 3

    def test_may_point_into_another_log(self, lots, logs, people, me, steel):
        other = Tree(logs, people.authority, "another", 3)
        other.leaves[2] = merkle.leaf_hash(b"a record of its own")
        other.id = logs.open("a third", {"from": people.authority}).return_value
        logs.extend(other.id, 3, merkle.root(other.leaves), [], {"from": people.authority})
        lots.supersede(STEEL, other.proof(2), me)
        assert lots.recordOf(steel)[3] == other.id

    def test_only_ones_own_lot(self, lots, tree, people, steel):
        with reverts("UnknownLot"):
            lots.supersede(STEEL, tree.proof(1), {"from": people.other_operator})
        with reverts("NotOperator"):
            lots.supersede(STEEL, tree.proof(1), {"from": people.stranger})

    def test_only_a_lot_that_exists(self, lots, tree, me):
        with reverts("UnknownLot"):
            lots.supersede(PIPE, tree.proof(1), me)

    def test_not_by_an_operator_that_was_removed(self, lots, keys, tree, people, me, steel):
        keys.removeOperator(people.operator, {"from": people.authority})
        with reverts("NotOperator"):
            lots.supersede(STEEL, tree.proof(1), me)

    def test_an_older_record_does_not_come_back(self, lots, tree, me, steel):
        with reverts("LeafUsed"):
            lots.supersede(STEEL, tree.proof(0), me)
        lots.supersede(STEEL, tree.proof(1), me)
        with reverts("LeafUsed"):
            lots.supersede(STEEL, tree.proof(0), me)

    def test_the_record_must_be_in_the_log(self, lots, tree, me, steel):
        log_id, leaf, index, proof = tree.proof(4)
        with reverts("NotIncluded"):
            lots.supersede(STEEL, (log_id, leaf, index + 1, proof), me)


class TestShares:
    def test_are_transferred_and_never_made(self, lots, people, me, steel):
        lots.safeTransferFrom(people.operator, people.buyer, token(steel), 30, b"", me)
        lots.safeTransferFrom(people.buyer, people.stranger, token(steel), 10, b"", {"from": people.buyer})
        held = [lots.balanceOf(a, token(steel)) for a in (people.operator, people.buyer, people.stranger)]
        assert held == [SHARES - 30, 20, 10]

    def test_not_by_strangers_and_not_more_than_held(self, lots, people, me, steel):
        with reverts("ERC1155MissingApprovalForAll"):
            lots.safeTransferFrom(
                people.operator, people.stranger, token(steel), 1, b"", {"from": people.stranger}
            )
        with reverts("ERC1155InsufficientBalance"):
            lots.safeTransferFrom(people.operator, people.buyer, token(steel), SHARES + 1, b"", me)

    def test_the_registry_is_an_erc1155(self, lots):
        assert lots.supportsInterface("0xd9b67a26")
        assert lots.supportsInterface("0x01ffc9a7")
        assert not lots.supportsInterface("0xffffffff")

    def test_it_names_the_contracts_it_trusts(self, lots, logs, keys):
        assert (lots.LOGS(), lots.KEYS()) == (logs, keys)


class TestReentrancy:
    """A receiver that calls back finds the mint complete: the lot exists, its inputs are gone."""

    @pytest.fixture
    def receiver(self, LotReceiver, lots, keys, people, me, steel):
        receiver = LotReceiver.deploy(lots, me)
        keys.admitOperator(receiver, "urn:example:receiver", {"from": people.authority})
        lots.safeTransferFrom(people.operator, receiver, token(steel), 100, b"", me)
        return receiver

    def test_a_contract_can_be_an_operator(self, lots, tree, receiver, me, steel):
        receiver.mint(PIPE, tree.proof(1), [(steel, 100)], me)
        assert lots.balanceOf(receiver, token(lots.lotIdOf(receiver, PIPE))) == SHARES

    def test_the_same_lot_again(self, lots, tree, receiver, me):
        receiver.prepare(lots.mint.encode_input(PIPE, tree.proof(2), [], NOT_STATED), me)
        with reverts("LotExists"):
            receiver.mint(PIPE, tree.proof(1), [], me)

    def test_the_same_leaf_again(self, lots, tree, receiver, me):
        receiver.prepare(lots.mint.encode_input(BOLT, tree.proof(1), [], NOT_STATED), me)
        with reverts("LeafUsed"):
            receiver.mint(PIPE, tree.proof(1), [], me)

    def test_the_same_shares_again(self, lots, tree, receiver, me, steel):
        receiver.prepare(lots.mint.encode_input(BOLT, tree.proof(2), [(steel, 1)], NOT_STATED), me)
        with reverts("Overdrawn"):
            receiver.mint(PIPE, tree.proof(1), [(steel, 100)], me)

    def test_superseding_inside_the_mint_is_version_2(self, lots, tree, receiver, me):
        receiver.prepare(lots.supersede.encode_input(PIPE, tree.proof(2)), me)
        tx = receiver.mint(PIPE, tree.proof(1), [], me)
        assert [e["version"] for e in tx.events["RecordSet"]] == [1, 2]

    def test_a_contract_that_takes_no_tokens_gets_none(self, lots, logs, people, me, steel):
        with reverts("ERC1155InvalidReceiver"):
            lots.safeTransferFrom(people.operator, logs, token(steel), 1, b"", me)
