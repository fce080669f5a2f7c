# SPDX-License-Identifier: Apache-2.0
"""Whatever the authority, an owner, a certifier and a stranger try in whatever order: no path from stranger to role."""

from __future__ import annotations

from brownie import exceptions
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.contracts.conftest import ZERO32, digest

VALID, SUSPENDED, REVOKED = 1, 2, 3  # ILabelRegistry.Status
FOREVER = 2**63
A_HASH = digest("anything")
NAMES = ("Low-carbon steel", "Recycled steel")
WHO = st.integers(0, 4)
SCHEME = st.integers(0, 1)
LABEL = st.integers(0, 5)


def test_no_path_from_stranger_to_role(labels, keys, people, chain):
    who = [people.authority, people.registrar, people.other_operator, people.buyer, people.stranger]
    stranger = who.index(people.stranger)
    keys.admitOperator(people.stranger, "urn:example:stranger", {"from": people.authority})  # the worst of them
    ids = [labels.admitScheme.call(people.buyer, name, {"from": people.authority}) for name in NAMES]
    chain.snapshot()

    class Roles(RuleBasedStateMachine):
        """A model of who owns what; each call succeeds on chain exactly when the model allows it."""

        def __init__(self) -> None:
            super().__init__()
            chain.revert()
            self.owner: dict[int, int] = {}
            self.offered: dict[int, int] = {}
            self.published: set[int] = set()
            self.accredited: set[tuple[int, int]] = set()
            self.labels: dict[str, list[int]] = {}  # scheme, certifier, status, suspended by
            self.count = 0

        def _try(self, allowed: bool, call, *arguments):
            try:
                tx = call(*arguments)
            except exceptions.VirtualMachineError:
                assert not allowed, call
                return None
            assert allowed, call
            return tx

        @rule(by=WHO, owner=st.integers(0, 3), scheme=SCHEME)
        def admit(self, by, owner, scheme):
            allowed = by == 0 and scheme not in self.owner
            if self._try(allowed, labels.admitScheme, who[owner], NAMES[scheme], {"from": who[by]}):
                self.owner[scheme] = owner

        @rule(by=WHO, to=st.integers(0, 3), scheme=SCHEME)
        def offer(self, by, to, scheme):
            if self._try(
                self.owner.get(scheme) == by, labels.transferScheme, ids[scheme], who[to], {"from": who[by]}
            ):
                self.offered[scheme] = to

        @rule(by=WHO, scheme=SCHEME)
        def accept(self, by, scheme):
            if self._try(self.offered.get(scheme) == by, labels.acceptScheme, ids[scheme], {"from": who[by]}):
                self.owner[scheme] = self.offered.pop(scheme)

        @rule(by=WHO, scheme=SCHEME)
        def publish(self, by, scheme):
            if self._try(self.owner.get(scheme) == by, labels.publish, ids[scheme], A_HASH, {"from": who[by]}):
                self.published.add(scheme)

        @rule(by=WHO, certifier=st.integers(0, 3), scheme=SCHEME)
        def accredit(self, by, certifier, scheme):
            call = (ids[scheme], who[certifier], 0, FOREVER, ZERO32, {"from": who[by]})
            if self._try(self.owner.get(scheme) == by, labels.accredit, *call):
                self.accredited.add((scheme, certifier))

        @rule(by=WHO, certifier=WHO, scheme=SCHEME)
        def withdraw(self, by, certifier, scheme):
            allowed = self.owner.get(scheme) == by and (scheme, certifier) in self.accredited
            call = (ids[scheme], who[certifier], {"from": who[by]})
            if self._try(allowed, labels.withdrawAccreditation, *call):
                self.accredited.discard((scheme, certifier))

        @rule(by=WHO, scheme=SCHEME)
        def issue(self, by, scheme):
            self.count += 1
            operator = by in (2, stranger)
            allowed = operator and (scheme, by) in self.accredited and scheme in self.published
            word = digest(f"label {self.count}")
            tx = self._try(allowed, labels.issue, ids[scheme], word, A_HASH, 0, FOREVER, {"from": who[by]})
            if tx:
                self.labels[str(tx.return_value)] = [scheme, by, VALID, -1]

        def _pick(self, label: int) -> tuple[str, list[int]]:
            known = list(self.labels)
            return (known[label % len(known)], self.labels[known[label % len(known)]]) if known else ("", [])

        @rule(by=WHO, label=LABEL, action=st.sampled_from(("suspend", "resume", "revoke")))
        def judge(self, by, label, action):
            name, entry = self._pick(label)
            if not entry:
                return
            scheme, certifier, status, suspended_by = entry
            rules = self.owner[scheme] == by
            allowed = rules or certifier == by
            if action == "suspend":
                allowed &= status == VALID
                done = self._try(allowed, labels.suspend, name, A_HASH, {"from": who[by]})
                entry[2:] = [SUSPENDED, by] if done else entry[2:]
            elif action == "resume":
                own = certifier == by == suspended_by and (scheme, by) in self.accredited
                allowed = status == SUSPENDED and (rules or own)
                done = self._try(allowed, labels.resume, name, {"from": who[by]})
                entry[2:] = [VALID, -1] if done else entry[2:]
            else:
                allowed &= status != REVOKED
                done = self._try(allowed, labels.revoke, name, A_HASH, {"from": who[by]})
                entry[2] = REVOKED if done else entry[2]

        @invariant()
        def the_chain_agrees(self):
            for scheme, owner in self.owner.items():
                assert labels.schemeOf(ids[scheme])["owner"] == who[owner]
            for label, (_, certifier, status, _) in self.labels.items():
                assert labels.statusOf(label) == status
                assert labels.labelOf(label)["certifier"] == who[certifier]

        @invariant()
        def the_stranger_has_no_role(self):
            assert labels.owner() == people.authority
            for scheme in ids:
                assert labels.schemeOf(scheme)["owner"] != people.stranger
                assert labels.accreditationOf(scheme, people.stranger)["until"] == 0
            assert stranger not in {certifier for _, certifier, _, _ in self.labels.values()}

    run_state_machine_as_test(
        Roles, settings=settings(max_examples=15, stateful_step_count=20, deadline=None, database=None)
    )
