"""Each reason for the quarantine, by one lie each; and what is only judged later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cbor2
import pytest

from backend.ingest.judge import Judge, ack_topic, address
from backend.ingest.schemas import Accepted, Message, Reason, Refused, Unregistered
from leafproof import body, cbor, envelope, frame
from leafproof.chain.view import Retirement, Role
from leafproof.envelope import Header, LogRef
from leafproof.errors import InvalidInput
from leafproof.frame import FrameContent
from tests.support.storage import REF
from tests.support.stream import FACILITY, MOMENT, OPERATOR, KeyRing, Stream, gln

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def ring(stream: Stream) -> KeyRing:
    return KeyRing(stream.registered())


@pytest.fixture
def reason_of(ring: KeyRing) -> Callable[[Message], Reason]:
    def judged(message: Message) -> Reason:
        verdict = Judge(REF, 0, lambda key_id: ring.registered_key(None, key_id)).judge([message])[0]
        assert isinstance(verdict, Refused), verdict
        assert verdict.message == message
        return verdict.reason

    return judged


def parts(message: Message) -> tuple[bytes, bytes]:
    return frame.decode_message(message.payload)


def with_parts(message: Message, raw: bytes, data: bytes) -> Message:
    return replace(message, payload=frame.encode_message(raw, data))


def test_an_honest_frame_is_accepted_with_what_it_says(stream: Stream, ring: KeyRing) -> None:
    message = stream.frame(count=4)
    verdict = Judge(REF, 0, lambda key_id: ring.registered_key(None, key_id)).judge([message])[0]
    assert isinstance(verdict, Accepted)
    assert (verdict.operator, verdict.facility, verdict.gateway) == (str(OPERATOR), str(FACILITY), "gw-1")
    assert verdict.content.count == 4


def test_a_frame_of_an_unknown_key_is_to_wait(stream: Stream) -> None:
    message = stream.frame()
    assert Judge(REF, 0, lambda _: None).judge([message]) == [Unregistered(message, stream.key_id)]


class TestForm:
    def test_too_large(self, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        huge = replace(stream.frame(), payload=bytes(frame.MAX_MESSAGE + 1))
        assert reason_of(huge) is Reason.TOO_LARGE

    @pytest.mark.parametrize(
        "payload", [b"", b"\xff", b"hello", b"\x9f\x40\x40\xff", b"\x82\x40\x40\x00", cbor2.dumps([b"", b"", b""])]
    )
    def test_malformed_cbor(self, payload: bytes, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        message = replace(stream.frame(), payload=payload)
        assert reason_of(message) in (Reason.MALFORMED_MESSAGE, Reason.MALFORMED_ENVELOPE)

    def test_an_envelope_cut_short(self, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        message = stream.frame()
        raw, data = parts(message)
        assert reason_of(with_parts(message, raw[:-1], data)) is Reason.MALFORMED_ENVELOPE

    def test_a_statement_of_another_kind(self, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        message = stream.frame()
        data = body.encode({})
        header = Header(stream.issuer, f"https://id.gs1.org/414/{FACILITY}", 1, body.BATCH_RECORD, REF)
        assert reason_of(with_parts(message, envelope.sign(stream.key, header, data), data)) is Reason.NOT_A_FRAME

    def test_a_body_that_is_no_frame(self, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        assert reason_of(stream.sign(body.encode("nothing", None))) is Reason.MALFORMED_BODY

    def test_a_number_that_is_not_exact(self, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        record = {-2: f"{FACILITY}/main", -3: 1_700_000_000, -4: "Wh", 2: 1.5, 6: 0}
        assert reason_of(stream.sign(cbor2.dumps([bytes(16), [record], None]))) is Reason.MALFORMED_BODY

    def test_readings_of_another_facility(self, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        elsewhere = gln("401234500003")
        data = frame.encode_body(elsewhere, FrameContent(str(elsewhere), [], [1_700_000_000], None))
        assert reason_of(stream.sign(data)) is Reason.MALFORMED_BODY


class TestAddress:
    def test_another_log(self, reason_of: Callable[[Message], Reason]) -> None:
        other = Stream(ref=LogRef(REF.chain_id, REF.contract, b"\x99" * 32))
        assert reason_of(other.frame()) is Reason.ANOTHER_LOG

    def test_the_same_log_of_another_chain(self, reason_of: Callable[[Message], Reason]) -> None:
        other = Stream(ref=LogRef(REF.chain_id + 1, REF.contract, REF.log_id))
        assert reason_of(other.frame()) is Reason.ANOTHER_LOG

    def test_another_partition(self, reason_of: Callable[[Message], Reason]) -> None:
        assert reason_of(Stream(partition=1).frame()) is Reason.TOPIC

    @pytest.mark.parametrize(
        "part", [("gw-1", "gw-2"), (str(OPERATOR), str(gln("401234500009"))), (str(FACILITY), str(OPERATOR))]
    )
    def test_a_topic_that_names_another(
        self, part: tuple[str, str], stream: Stream, reason_of: Callable[[Message], Reason]
    ) -> None:
        message = stream.frame()
        assert reason_of(replace(message, topic=message.topic.replace(*part))) is Reason.TOPIC_OF_ANOTHER

    @pytest.mark.parametrize(
        "topic",
        [
            "",
            "leafproof/v1/0/4/4/gw/frames",
            "leafproof/v2/0/{o}/{f}/gw-1/frames",
            "leafproof/v1/00/{o}/{f}/gw-1/frames",
            "leafproof/v1/x/{o}/{f}/gw-1/frames",
            "leafproof/v1/0/{o}/{f}/gw 1/frames",
            "leafproof/v1/0/{o}/{f}/gw-1/ack",
            "leafproof/v1/0/{o}/{f}/gw-1/frames/more",
            "leafproof/v1/" + "9" * 5000 + "/{o}/{f}/gw-1/frames",
        ],
    )
    def test_no_topic_of_frames(self, topic: str, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        named = topic.replace("{o}", str(OPERATOR)).replace("{f}", str(FACILITY))
        assert reason_of(replace(stream.frame(), topic=named)) is Reason.TOPIC
        with pytest.raises(InvalidInput):
            address(named)

    def test_the_answer_goes_to_the_same_gateway(self, stream: Stream) -> None:
        assert ack_topic(stream.topic) == f"leafproof/v1/0/{OPERATOR}/{FACILITY}/gw-1/ack"


class TestKey:
    def test_a_key_of_another_role(
        self, stream: Stream, ring: KeyRing, reason_of: Callable[[Message], Reason]
    ) -> None:
        ring.put(replace(stream.registered(), role=Role.ISSUER))
        assert reason_of(stream.frame()) is Reason.NO_GATEWAY_KEY

    def test_a_key_of_another_issuer(
        self, stream: Stream, ring: KeyRing, reason_of: Callable[[Message], Reason]
    ) -> None:
        ring.put(replace(stream.registered(), issuer="urn:leafproof:gateway:somebody:else"))
        assert reason_of(stream.frame()) is Reason.ANOTHER_ISSUER

    def test_compromised(self, stream: Stream, ring: KeyRing, reason_of: Callable[[Message], Reason]) -> None:
        ring.put(replace(stream.registered(), compromised=MOMENT))
        assert reason_of(stream.frame()) is Reason.KEY_COMPROMISED

    def test_beyond_its_end(self, stream: Stream, ring: KeyRing, reason_of: Callable[[Message], Reason]) -> None:
        ring.put(replace(stream.registered(), retired=Retirement(1, 0, MOMENT)))
        stream.frame()
        assert reason_of(stream.frame()) is Reason.KEY_RETIRED


class TestSignature:
    def test_a_bit_of_it_turned(self, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        message = stream.frame()
        raw, data = parts(message)
        spoilt = raw[:-1] + bytes([raw[-1] ^ 1])
        assert reason_of(with_parts(message, spoilt, data)) is Reason.BAD_SIGNATURE

    def test_its_other_form(self, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        message = stream.frame()
        raw, data = parts(message)
        s = P256_ORDER - int.from_bytes(raw[-32:], "big")
        malleated = raw[:-32] + s.to_bytes(32, "big")
        assert reason_of(with_parts(message, malleated, data)) is Reason.BAD_SIGNATURE

    def test_signed_by_somebody_else(self, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        message = stream.frame()
        raw, data = parts(message)
        theirs = frame.decode_message(Stream().frame().payload)[0]
        forged = raw[:-64] + theirs[-64:]
        assert reason_of(with_parts(message, forged, data)) is Reason.BAD_SIGNATURE

    def test_a_header_changed_after_signing(self, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        message = stream.frame()
        raw, data = parts(message)
        protected, unprotected, payload, signature = cbor2.loads(raw[1:])
        header = cbor2.loads(protected)
        header["frame"][1] += 1
        changed = b"\xd2" + cbor.encode([cbor.encode(header), unprotected, payload, signature])
        assert reason_of(with_parts(message, changed, data)) is Reason.BAD_SIGNATURE

    def test_a_body_changed_after_signing(self, stream: Stream, reason_of: Callable[[Message], Reason]) -> None:
        message = stream.frame()
        raw, data = parts(message)
        assert reason_of(with_parts(message, raw, data[:-1] + b"\xf5")) is Reason.BODY_ALTERED


def test_a_defect_of_ours_costs_one_message_only(
    stream: Stream, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def defect(_data: bytes) -> FrameContent:
        raise ZeroDivisionError

    judge = Judge(REF, 0, lambda key_id: ring.registered_key(None, key_id))
    monkeypatch.setattr(frame, "decode_body", defect)
    (verdict,) = judge.judge([stream.frame()])
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.UNFORESEEN
