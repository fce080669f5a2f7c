"""A network of three validators under the anchorer: one stops, two stop, the network is split and healed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import Engine

from leafproof.client.rpc import Rpc
from tests.integration.anchor.ledger import Ledger
from tests.networks.clique import CliqueNetwork, Validator
from tests.networks.ground import Ground
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def ground(clique_ground: Ground) -> Ground:
    return clique_ground


@contextmanager
def through(ledger: Ledger, validator: Validator) -> Iterator[Ledger]:
    """The same log, with the chain as this validator has it."""
    with Rpc(validator.url, retries=0) as rpc:
        yield replace(ledger, rpc=rpc, url=validator.url)


class TestStopped:
    def test_without_one_validator_anchoring_goes_on(self, clique: CliqueNetwork, ledger: Ledger) -> None:
        stopped = clique.validators[2]
        stopped.stop()
        try:
            head = ledger.write(4)
            ledger.anchor()
            assert ledger.held() == head
        finally:
            stopped.start()
            clique.join(stopped)
        with through(ledger, stopped) as there:
            eventually(lambda: there.held() == head, "the validator that was down has the head")

    def test_without_two_the_chain_stands_and_the_log_goes_on(self, clique: CliqueNetwork, ledger: Ledger) -> None:
        ledger.write(2)
        ledger.anchor()
        left, *stopped = clique.validators
        for validator in stopped:
            validator.stop()
        try:
            clique.stands(left)
            anchorer = ledger.anchorer()
            for _ in range(5):
                ledger.write(3)
                assert not anchorer.step(at_once=True)
            assert ledger.held()[0] == 2
            assert [state for _, state in ledger.slots("anchor")] == ["final", "open"]
        finally:
            for validator in stopped:
                validator.start()
                clique.join(validator)
        head = ledger.write(1)
        ledger.anchor()
        assert ledger.held() == head


class TestSplit:
    """One validator makes one block with the anchor in it; the two others make the chain that remains."""

    def test_an_anchor_on_the_losing_side_is_not_final_and_is_sent_again(
        self, clique: CliqueNetwork, ledger: Ledger
    ) -> None:
        alone = clique.validators[2]
        clique.split(alone)
        with through(ledger, alone) as there:
            anchorer = there.anchorer()
            there.write(3)
            assert not anchorer.step(at_once=True)
            alone.call("miner_start")
            eventually(lambda: there.held()[0] == 3, "the anchor is in a block")
            clique.stands(alone)
            lost = (alone.height, alone.block_hash(alone.height))
            assert not anchorer.step()
            assert there.slots("anchor") == [(0, "mined")]
            assert there.latest_anchor() is None
            clique.heal(alone)
            assert alone.block_hash(lost[0]) != lost[1]
            head = there.write(2)
            eventually(lambda: anchorer.step(at_once=True), "the anchor on the chain that remained")
            newest = there.latest_anchor()
        assert newest is not None
        assert (newest.size, newest.root) == head
        assert {state for _, state in ledger.slots("anchor")} == {"final"}

    def test_an_anchor_that_counted_as_final_vanishes_and_is_sent_again(
        self, clique: CliqueNetwork, ledger: Ledger
    ) -> None:
        """A trust file that takes one block for final: this reorganisation goes deeper."""
        ledger.trust = msgspec.structs.replace(ledger.trust, finality_blocks=1)
        alone = clique.validators[2]
        clique.split(alone)
        with through(ledger, alone) as there:
            anchorer = there.anchorer()
            there.write(3)
            anchorer.step(at_once=True)
            alone.call("miner_start")
            eventually(anchorer.step, "the anchor is final, as it seems")
            before = there.latest_anchor()
            assert before is not None
            clique.heal(alone)
            assert not there.chain.is_canonical(before.moment.block_number, before.moment.block_hash)
            head = there.write(2)
            eventually(lambda: anchorer.step(at_once=True) and there.held() == head, "the newest head")
        eventually(lambda: ledger.held() == head, "all have the newest head")
        after = ledger.latest_anchor()
        assert after is not None
        assert (after.size, after.root) == head

    def test_another_server_that_anchored_on_the_other_side_does_no_harm(
        self, clique: CliqueNetwork, ledger: Ledger, second: Engine
    ) -> None:
        """Both sign for the same nonce, with different heads: one of them is lost."""
        alone = clique.validators[2]
        other = ledger.anchorer(engine=second, logs=ledger.twin(second, 5))
        clique.split(alone)
        with through(ledger, alone) as there:
            anchorer = there.anchorer()
            there.write(3)
            anchorer.step(at_once=True)
            alone.call("miner_start")
            eventually(lambda: there.held()[0] == 3, "one head on one side")
            eventually(lambda: other.step(at_once=True), "another head on the other side")
            there.write(2)
            clique.heal(alone)
            eventually(lambda: there.held()[0] == 5, "the head of the heavier side")
            head = there.write(3)
            eventually(lambda: anchorer.step(at_once=True), "the newest head")
            assert there.held() == head
        assert ledger.slots("anchor") == [(0, "lost"), (1, "final")]
