"""What a reader takes from the events, and what it refuses to take."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof.chain.fold import fold
from leafproof.chain.view import Custody, Moment
from leafproof.errors import Malformed
from leafproof.keys import EDDSA, SigningKey
from tests.unit.chain.synthetic import (
    ACME,
    CONTRACTS,
    IDENTITY,
    OTHER,
    REGISTRAR,
    ZERO,
    Chain,
    block,
    block_hash,
)

KEY = SigningKey.generate()


class TestLogs:
    def test_heads_in_order_with_their_moments(self) -> None:
        chain = Chain()
        log_id = chain.open()
        chain.emit("log", "Extended", log_id, 3, b"\x03" * 32)
        chain.emit("log", "Extended", log_id, 9, b"\x09" * 32)
        log = chain.view().logs[log_id]
        assert [(h.size, h.moment.block_number) for h in log.heads] == [(3, 2), (9, 3)]
        assert log.first_covering(3) == log.heads[1]
        assert log.heads[0].moment.block_time == block(2).time
        assert not log.sealed

    def test_a_log_that_changed_hands_and_was_sealed(self) -> None:
        chain = Chain()
        log_id = chain.open()
        chain.emit("log", "LogTransferred", log_id, ACME, OTHER)
        chain.emit("log", "Sealed", log_id, bytes(32))
        log = chain.view().logs[log_id]
        assert log.owner == OTHER
        assert log.sealed

    def test_a_head_that_does_not_grow_is_no_event_of_this_contract(self) -> None:
        chain = Chain()
        log_id = chain.open()
        chain.emit("log", "Extended", log_id, 3, b"\x03" * 32)
        chain.emit("log", "Extended", log_id, 3, b"\x04" * 32)
        with pytest.raises(Malformed, match="does not grow"):
            chain.view()

    def test_a_head_of_a_log_never_opened_or_sealed_is_refused(self) -> None:
        chain = Chain()
        chain.emit("log", "Extended", b"\x07" * 32, 3, b"\x03" * 32)
        with pytest.raises(Malformed, match="never opened"):
            chain.view()
        chain = Chain()
        log_id = chain.open()
        chain.emit("log", "Sealed", log_id, bytes(32))
        chain.emit("log", "Extended", log_id, 3, b"\x03" * 32)
        with pytest.raises(Malformed, match="sealed"):
            chain.view()


class TestKeys:
    def test_a_key_with_its_proof_stands(self) -> None:
        for key in (KEY, SigningKey.generate(EDDSA)):
            chain = Chain()
            chain.admit()
            chain.register(key)
            view = chain.view()
            assert view.keys[key.public.key_id].operator == ACME
            assert view.unproven_keys == ()

    def test_a_key_without_a_valid_proof_is_never_used(self) -> None:
        chain = Chain()
        chain.admit()
        chain.register(KEY, proof=b"\x01" * 64)
        view = chain.view()
        assert view.keys == {}
        assert view.unproven_keys == (KEY.public.key_id,)

    def test_a_squatter_who_comes_first_takes_nothing(self) -> None:
        chain = Chain()
        chain.admit(OTHER)
        chain.admit(ACME)
        chain.register(KEY, OTHER, proof=b"\x01" * 64)
        chain.register(KEY, ACME)
        chain.emit("keys", "KeyCompromised", KEY.public.key_id, OTHER)
        view = chain.view()
        assert view.keys[KEY.public.key_id].operator == ACME
        assert view.keys[KEY.public.key_id].compromised is None
        assert view.unproven_keys == ()

    def test_a_proof_made_for_another_operator_does_not_count(self) -> None:
        chain = Chain()
        chain.admit(ACME)
        chain.admit(OTHER)
        chain.register(KEY, ACME)
        proof = chain.events[-1].proof
        copied = Chain()
        copied.admit(OTHER)
        copied.register(KEY, OTHER, proof=proof)
        assert copied.view().unproven_keys == (KEY.public.key_id,)

    def test_of_two_operators_with_a_valid_proof_the_first_stands(self) -> None:
        chain = Chain()
        chain.admit(OTHER)
        chain.admit(ACME)
        chain.register(KEY, OTHER)
        chain.register(KEY, ACME)
        assert chain.view().keys[KEY.public.key_id].operator == OTHER

    def test_a_key_of_whoever_was_not_admitted_is_not_used(self) -> None:
        chain = Chain()
        chain.register(KEY)
        chain.admit()
        view = chain.view()
        assert view.keys == {}
        assert view.unproven_keys == ()

    def test_a_removed_operator_keeps_the_keys_of_before(self) -> None:
        chain = Chain()
        chain.admit()
        chain.register(KEY)
        chain.emit("keys", "OperatorRemoved", ACME)
        view = chain.view()
        assert view.operators[ACME].removed is not None
        assert KEY.public.key_id in view.keys

    def test_an_operator_admitted_again_did_not_speak_in_between(self) -> None:
        chain = Chain()
        for name in ("OperatorAdmitted", "OperatorRemoved") * 2 + ("OperatorAdmitted",):
            told = [f"urn:example:{len(chain.events)}"] if name == "OperatorAdmitted" else []
            chain.emit("keys", name, ACME, *told)
        operator = chain.view().operators[ACME]

        def under(number: int) -> str | None:
            found = operator.at(Moment(number, block_hash(number), block(number).time, 1))
            return found.identifier if found else None

        names = ["urn:example:0", "urn:example:2", "urn:example:4"]
        # A block each; the first statement may come before its operator's admission.
        assert [under(n) for n in range(7)] == [names[0], names[0], None, names[1], None, names[2], names[2]]
        assert operator.at(None) == operator

    def test_retired_then_compromised(self) -> None:
        chain = Chain()
        chain.admit()
        chain.register(KEY)
        chain.emit("keys", "KeyRetired", KEY.public.key_id, ACME, 4, 99)
        chain.emit("keys", "KeyCompromised", KEY.public.key_id, ACME)
        key = chain.view().keys[KEY.public.key_id]
        assert key.retired is not None
        assert (key.retired.epoch, key.retired.last_sequence) == (4, 99)
        assert key.compromised is not None
        assert key.compromised.block_number == 4

    def test_only_a_registrar_accredited_at_that_moment_attests(self) -> None:
        chain = Chain()
        chain.admit()
        chain.register(KEY)
        chain.emit("keys", "KeyAttested", KEY.public.key_id, ACME, REGISTRAR, b"\x01" * 32)
        chain.emit("keys", "RegistrarAccredited", REGISTRAR, "Notified body")
        assert chain.view().keys[KEY.public.key_id].attested_by == ()
        chain.emit("keys", "KeyAttested", KEY.public.key_id, ACME, REGISTRAR, b"\x01" * 32)
        chain.emit("keys", "RegistrarWithdrawn", REGISTRAR)
        view = chain.view()
        assert view.keys[KEY.public.key_id].attested_by == (REGISTRAR,)
        assert view.registrars == {}
        chain.emit("keys", "AttestationWithdrawn", KEY.public.key_id, ACME, REGISTRAR)
        assert chain.view().keys[KEY.public.key_id].attested_by == ()


class TestLots:
    def test_a_lot_its_inputs_and_versions(self) -> None:
        chain = Chain()
        slab = chain.mint(b"\x01" * 32)
        coil = chain.mint(b"\x02" * 32, {slab: 10**18})
        chain.emit("lots", "RecordSet", coil, 2, bytes(32), b"\x09" * 32, 8)
        view = chain.view()
        assert [(c.parent, c.shares) for c in view.lots[coil].inputs] == [(slab, 10**18)]
        assert view.lots[coil].current.leaf == b"\x09" * 32
        assert [(t.sender, t.receiver) for t in view.transfers] == [(ZERO, ACME), (ACME, ZERO), (ZERO, ACME)]

    def test_a_lot_says_its_chain_of_custody(self) -> None:
        chain = Chain()
        lots = [chain.mint(bytes([1 + model]) * 32, custody=model) for model in range(6)]
        view = chain.view()
        assert [view.lots[lot].custody for lot in lots] == list(Custody)
        with pytest.raises(Malformed, match="custody"):
            chain.mint(b"\x09" * 32, custody=6)

    def test_a_transfer_of_nothing_is_no_transfer(self) -> None:
        chain = Chain()
        chain.emit("lots", "TransferSingle", OTHER, OTHER, ACME, 77, 0)
        assert chain.view().transfers == ()

    @pytest.mark.parametrize("left_out", [3, 4])
    def test_events_left_out_are_noticed(self, left_out: int) -> None:
        chain = Chain()
        lot = chain.mint(b"\x01" * 32)
        chain.emit("lots", "RecordSet", lot, 2, bytes(32), b"\x08" * 32, 7)
        chain.emit("lots", "RecordSet", lot, 3, bytes(32), b"\x09" * 32, 8)
        events = [e for e in chain.events if e.place.block_number != {3: 1, 4: 4}[left_out]]
        with pytest.raises(Malformed):
            chain.view(events)

    def test_a_lot_id_that_is_not_its_hash_is_refused(self) -> None:
        chain = Chain()
        chain.emit("lots", "LotMinted", b"\x05" * 32, ACME, b"\x06" * 32, 0)
        with pytest.raises(Malformed, match="hash"):
            chain.view()

    def test_a_minted_lot_without_a_record_or_inputs_without_a_lot_are_refused(self) -> None:
        chain = Chain()
        slab = chain.mint(b"\x01" * 32)
        with pytest.raises(Malformed, match="without a record"):
            chain.view([e for e in chain.events if type(e).__name__ != "RecordSet"])
        chain.emit("lots", "Consumed", b"\x05" * 32, slab, ACME, 4)
        with pytest.raises(Malformed, match="never minted"):
            chain.view()


class TestOrder:
    @staticmethod
    def long_chain() -> Chain:
        chain = Chain()
        chain.admit()
        chain.register(KEY)
        log_id = chain.open()
        for size in (2, 5, 11):
            chain.emit("log", "Extended", log_id, size, bytes([size]) * 32)
        slab = chain.mint(b"\x01" * 32)
        chain.mint(b"\x02" * 32, {slab: 5})
        chain.emit("keys", "KeyRetired", KEY.public.key_id, ACME, 1, 2)
        return chain

    @settings(max_examples=30, deadline=None)
    @given(st.randoms(use_true_random=False))
    def test_the_order_in_which_a_node_answers_does_not_matter(self, random: object) -> None:
        chain = self.long_chain()
        shuffled = list(chain.events)
        random.shuffle(shuffled)
        assert chain.view(shuffled) == chain.view()

    @settings(max_examples=30, deadline=None)
    @given(st.data())
    def test_an_event_given_twice_is_refused(self, data: st.DataObject) -> None:
        chain = self.long_chain()
        twice = data.draw(st.sampled_from(chain.events))
        with pytest.raises(Malformed, match="twice"):
            chain.view([*chain.events, twice])

    def test_an_event_of_another_fork_is_refused(self) -> None:
        chain = self.long_chain()
        blocks = {n: block(n) for n in range(40)}
        blocks[3] = block(39)
        with pytest.raises(Malformed, match="another chain"):
            fold(CONTRACTS, IDENTITY, chain.events, blocks, block(30))

    def test_an_event_after_the_block_that_is_asked_for_is_refused(self) -> None:
        chain = self.long_chain()
        with pytest.raises(Malformed, match="not one of those read"):
            fold(CONTRACTS, IDENTITY, chain.events, {n: block(n) for n in range(40)}, block(3))
