# SPDX-License-Identifier: Apache-2.0
"""Whatever is claimed, attested and rejected by whomever, in whatever order: no serial belongs to two claims."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.contracts.conftest import digest, reverts

SERIAL = st.integers(1, 60)
LENGTH = st.integers(1, 20)
WHO = st.integers(0, 1)


@dataclass
class Range:
    last: int
    by: int
    attested: bool = False


def test_serials_are_disjoint(claims, people, chain):
    operators = [people.operator, people.other_operator]
    authority, word = {"from": people.authority}, {"from": people.registrar}
    registry = claims.admitRegistry("I-REC(E)", authority).return_value
    claims.appointRegistrar(registry, people.registrar, authority)
    a_hash = digest("anything")
    chain.snapshot()

    class Serials(RuleBasedStateMachine):
        """A model that compares with every claim; the chain compares with two neighbours and must agree."""

        def __init__(self) -> None:
            super().__init__()
            chain.revert()
            self.held: dict[int, Range] = {}

        def _below(self, serial: int, choice: int) -> int:
            """Some claim below a serial, or 0."""
            below = [0, *(first for first in self.held if first < serial)]
            return below[choice % len(below)]

        @rule(first=SERIAL, length=LENGTH, by=WHO, choice=st.integers(0, 10))
        def claim(self, first, length, by, choice):
            last = first + length - 1
            taken = any(first <= one.last and other <= last for other, one in self.held.items())
            call = (registry, first, last, a_hash, a_hash, a_hash, self._below(first, choice))
            if taken:
                with reverts("SerialsClaimed"):
                    claims.claim(*call, {"from": operators[by]})
                return
            claims.claim(*call, {"from": operators[by]})
            self.held[first] = Range(last, by)

        @rule(serial=SERIAL)
        def attest(self, serial):
            one = self.held.get(serial)
            if one is None or one.attested:
                with reverts("AlreadyAttested" if one else "UnknownClaim"):
                    claims.attest(registry, serial, a_hash, word)
                return
            claims.attest(registry, serial, a_hash, word)
            one.attested = True

        @rule(choice=st.integers(0, 10))
        def reject(self, choice):
            if not self.held:
                return
            first = sorted(self.held)[choice % len(self.held)]
            call = (registry, first, a_hash, self._below(first, choice), word)
            if self.held[first].attested:
                with reverts("AlreadyAttested"):
                    claims.reject(*call)
                return
            claims.reject(*call)
            del self.held[first]

        @rule(serial=SERIAL, by=WHO)
        def name_footprint(self, serial, by):
            one = self.held.get(serial)
            if one is None or one.by != by:
                with reverts("NotClaimant" if one else "UnknownClaim"):
                    claims.nameFootprint(registry, serial, a_hash, {"from": operators[by]})
                return
            claims.nameFootprint(registry, serial, a_hash, {"from": operators[by]})

        @rule(serial=SERIAL)
        def a_stranger_gets_nowhere(self, serial):
            stranger = {"from": people.stranger}
            with reverts("NotOperator"):
                claims.claim(registry, serial, serial, a_hash, a_hash, a_hash, 0, stranger)
            with reverts("NotOperator"):
                claims.nameFootprint(registry, serial, a_hash, stranger)
            with reverts("NotRegistrar"):
                claims.attest(registry, serial, a_hash, stranger)
            with reverts("NotRegistrar"):
                claims.reject(registry, serial, a_hash, 0, stranger)

        @invariant()
        def the_chain_agrees(self):
            found, first = {}, int(claims.claimOf(registry, 0)["next"])
            end = 0
            while first:
                entry = claims.claimOf(registry, first)
                assert end < first <= entry["last"]  # in order, and disjoint
                end = int(entry["last"])
                assert entry["operator"] in operators
                found[first] = Range(end, operators.index(entry["operator"]), bool(entry["attested"]))
                first = int(entry["next"])
            assert found == self.held

    run_state_machine_as_test(
        Serials, settings=settings(max_examples=12, stateful_step_count=14, deadline=None, database=None)
    )
