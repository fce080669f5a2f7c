# SPDX-License-Identifier: Apache-2.0
"""Whatever is minted, sold and consumed in whatever order: shares are neither made nor lost.

The rules run on hypothesis itself: the `state_machine` fixture of brownie 1.22 rejects its own machines.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.conftest import NOT_STATED, SHARES, Tree, digest, plain, reverts

HOLDER = st.integers(0, 2)
LOT = st.integers(0, 7)
AMOUNT = st.integers(0, SHARES + SHARES // 8)


def test_shares_are_conserved(lots, keys, logs, people, chain):
    holders = [people.operator, people.other_operator, people.buyer]
    keys.admitOperator(people.buyer, "urn:example:buyer", {"from": people.authority})
    tree = Tree(logs, people.authority, "stateful")
    chain.snapshot()

    class Shares(RuleBasedStateMachine):
        """A model of balances by (lot, holder); after every step the chain must agree with it."""

        def __init__(self) -> None:
            super().__init__()
            chain.revert()
            self.held: dict[str, list[int]] = {}
            self.consumed: dict[str, int] = {}

        def _mint(self, by: int, inputs: list) -> None:
            count = len(self.held)
            tx = lots.mint(digest(f"lot {count}"), tree.proof(count), inputs, NOT_STATED, {"from": holders[by]})
            lot = str(tx.return_value)
            self.held[lot] = [SHARES if i == by else 0 for i in range(len(holders))]
            self.consumed[lot] = 0

        def _pick(self, lot: int) -> str:
            return list(self.held)[lot % len(self.held)]

        @initialize(by=HOLDER)
        def first(self, by):
            self._mint(by, [])

        @rule(by=HOLDER)
        def mint(self, by):
            self._mint(by, [])

        @rule(lot=LOT, by=HOLDER, to=HOLDER, shares=AMOUNT)
        def transfer(self, lot, by, to, shares):
            lot = self._pick(lot)
            arguments = (holders[by], holders[to], int(lot, 16), shares, b"", {"from": holders[by]})
            if shares > self.held[lot][by]:
                with reverts("ERC1155InsufficientBalance"):
                    lots.safeTransferFrom(*arguments)
                return
            lots.safeTransferFrom(*arguments)
            self.held[lot][by] -= shares
            self.held[lot][to] += shares

        @rule(lot=LOT, by=HOLDER, shares=AMOUNT, everything=st.booleans())
        def consume(self, lot, by, shares, everything):
            lot = self._pick(lot)
            held = self.held[lot][by]
            shares = held if everything else shares  # so that lots do run empty
            if not 0 < shares <= held:
                with reverts("Overdrawn" if shares else "NoShares"):
                    lots.mint(
                        digest("refused"), tree.proof(39), [(lot, shares)], NOT_STATED, {"from": holders[by]}
                    )
                return
            self._mint(by, [(lot, shares)])
            self.held[lot][by] -= shares
            self.consumed[lot] += shares

        @invariant()
        def the_chain_agrees(self):
            for lot, held in self.held.items():
                balances = lots.balanceOfBatch(holders, [int(lot, 16)] * len(holders))
                assert list(plain(balances)) == held

        @invariant()
        def nothing_is_made_or_lost(self):
            for lot, held in self.held.items():
                assert sum(held) + self.consumed[lot] == SHARES

    run_state_machine_as_test(
        Shares, settings=settings(max_examples=12, stateful_step_count=12, deadline=None, database=None)
    )
