"""Envelopes, keys, frames and notices: one form, strictly read, nothing lost."""

from __future__ import annotations

import base64
import hashlib
import json
from decimal import Decimal
from typing import Any

import cbor2
import pytest
import scitt_cose
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof import body, cbor, disclosure, frame, notice, receipt, tree
from leafproof.chain.possession import Claim, holds, prove
from leafproof.chain.view import Role
from leafproof.envelope import MAX_ENVELOPE, FrameHeader, Header, LogRef, parse, sign
from leafproof.errors import InvalidInput, LeafproofError, Malformed, ProofInvalid, SignatureInvalid
from leafproof.frame import FrameContent, Opening, Reading
from leafproof.keys import _P256_ORDER, EDDSA, ES256, PublicKey, SigningKey
from leafproof.record import BatchRecord
from leafproof.values import Gln
from tests.support.world import PLANT

LOG = LogRef(31337, b"\x01" * 20, b"\x02" * 32)
KEYS = {algorithm: SigningKey.generate(algorithm) for algorithm in (ES256, EDDSA)}
HEADER = Header("https://id.gs1.org/417/8801234500012", "urn:x", 1_700_000_000, body.BATCH_RECORD, LOG)
BODY = body.encode("hello")


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(key: SigningKey = KEYS[ES256], header: Header = HEADER) -> bytes:
    return sign(key, header, BODY)


class TestEnvelope:
    @pytest.mark.parametrize("algorithm", [ES256, EDDSA])
    def test_reads_back_and_verifies(self, algorithm: int) -> None:
        key = KEYS[algorithm]
        read = parse(signed(key))
        read.verify(key.public)
        assert (read.header, read.key_id) == (HEADER, key.public.key_id)
        body.check_hash(read, BODY)

    @pytest.mark.parametrize("algorithm", [ES256, EDDSA])
    def test_is_a_cose_sign1_that_another_library_verifies(self, algorithm: int) -> None:
        key = KEYS[algorithm]
        read = scitt_cose.verify_sign1(signed(key), public_key_pem=key.public.pem())
        assert read.payload == hashlib.sha256(BODY).digest()

    def test_identity_does_not_depend_on_the_signature(self) -> None:
        one, other = parse(signed()), parse(signed())
        assert one.raw != other.raw
        assert one.statement_id == other.statement_id

    def test_the_other_form_of_a_signature_is_refused(self) -> None:
        raw = signed()
        twin = raw[:-32] + (_P256_ORDER - int.from_bytes(raw[-32:], "big")).to_bytes(32, "big")
        with pytest.raises(SignatureInvalid, match="low-s"):
            parse(twin).verify(KEYS[ES256].public)

    def test_another_key_is_refused(self) -> None:
        with pytest.raises(SignatureInvalid):
            parse(signed()).verify(SigningKey.generate().public)

    @pytest.mark.parametrize(
        "change",
        [
            lambda m: {**m, 99: 1},
            lambda m: {k: v for k, v in m.items() if k != 258},
            lambda m: {**m, 258: -43},
            lambda m: {**m, 1: -257},
            lambda m: {**m, 15: {**m[15], 7: b"x"}},
            lambda m: {**m, 15: {**m[15], 1: ""}},
            lambda m: {**m, "log": [0, b"\x01" * 20, b"\x02" * 32]},
            lambda m: {**m, "log": [1, b"\x01" * 19, b"\x02" * 32]},
            lambda m: {**m, "frame": [1, 0, None, None, "guessed"]},
            lambda m: {**m, "frame": [-1, 0, None, None, "live"]},
            lambda m: {**m, 4: b"short"},
            lambda m: {**m, 15: {**m[15], 6: True}},
        ],
    )
    def test_a_header_with_other_members_is_refused(self, change: Any) -> None:
        protected, _, payload, signature = cbor2.loads(signed()[1:])
        altered = cbor.encode(change(cbor2.loads(protected)))
        with pytest.raises(Malformed):
            parse(b"\xd2" + cbor.encode([altered, {}, payload, signature]))

    @pytest.mark.parametrize(
        "make",
        [
            lambda p, b, s: b"\xd2" + cbor.encode([p, {4: b"x"}, b, s]),
            lambda p, b, s: cbor.encode([p, {}, b, s]),
            lambda p, b, s: b"\xd2" + cbor.encode([p, {}, b + b"x", s]),
            lambda p, b, s: b"\xd2" + cbor.encode([p, {}, b, s + b"x"]),
            lambda p, b, s: b"\xd2" + cbor.encode([p, {}, b, s]) + b"\x00",
            lambda p, b, s: b"\xd2\x84\x59" + len(p).to_bytes(2, "big") + cbor.encode([p, {}, b, s])[3:],
            lambda p, b, s: b"\xd2\x84" + b"\x00" * (MAX_ENVELOPE + 1),
            lambda p, b, s: b"",
        ],
    )
    def test_any_other_form_is_refused(self, make: Any) -> None:
        protected, _, payload, signature = cbor2.loads(signed()[1:])
        with pytest.raises(Malformed):
            parse(make(protected, payload, signature))

    @given(st.binary(max_size=300))
    def test_arbitrary_bytes_never_crash_the_parser(self, data: bytes) -> None:
        for whole in (data, b"\xd2\x84" + data):
            with pytest.raises(Malformed):
                parse(whole)


class TestKeys:
    def test_the_key_id_is_the_thumbprint_of_the_required_members(self) -> None:
        public = KEYS[ES256].public
        members = cbor2.loads(public.cose)
        assert sorted(members) == [-3, -2, -1, 1]
        assert public.key_id == hashlib.sha256(public.cose).digest()

    def test_rfc_9679_example(self) -> None:
        """The COSE key of RFC 9679 section 6, whose thumbprint it prints."""
        x = "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d"
        y = "1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c"
        cose = cbor.encode({1: 2, -1: 1, -2: bytes.fromhex(x), -3: bytes.fromhex(y)})
        printed = "496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec"
        assert PublicKey.from_cose(cose).key_id.hex() == printed

    @pytest.mark.parametrize(
        "value",
        [
            {1: 2, -1: 1, -2: b"\x01" * 32, -3: b"\x01" * 32},
            {1: 2, -1: 2, -2: b"\x01" * 32, -3: b"\x01" * 32},
            {1: 1, -1: 6, -2: b"\x01" * 31},
            {1: 1, -1: 6, -2: b"\x01" * 32, 3: -8},
            [],
        ],
    )
    def test_what_is_no_key_is_refused(self, value: Any) -> None:
        with pytest.raises(Malformed):
            PublicKey.from_cose(cbor.encode(value))

    @pytest.mark.parametrize("algorithm", [ES256, EDDSA])
    def test_private_keys_survive_their_file_and_stay_unprinted(self, algorithm: int) -> None:
        key = KEYS[algorithm]
        assert SigningKey.from_pem(key.pem()).public == key.public
        assert "PRIVATE" not in repr(key) and key.pem().hex() not in repr(key)

    def test_possession_holds_for_its_claim_alone(self) -> None:
        key = KEYS[ES256]
        claim = Claim(1, b"\x01" * 20, b"\x02" * 20, Role.GATEWAY, b"\x03" * 32, "urn:gw")
        proof = prove(key, claim)
        assert holds(key.public.cose, claim, proof)
        other = Claim(1, b"\x01" * 20, b"\x09" * 20, Role.GATEWAY, b"\x03" * 32, "urn:gw")
        assert not holds(key.public.cose, other, proof)
        assert not holds(b"junk", claim, proof)


readings = st.builds(
    Reading,
    st.sampled_from(["main", "line-1", "gas"]),
    st.integers(1 << 28, 2_000_000_000),
    st.decimals(min_value=-(10**9), max_value=10**9, places=3),
    st.sampled_from(["kWh", "Wh", "m3", "kg"]),
)


class TestFrame:
    @given(st.lists(readings, min_size=1, max_size=60))
    @settings(deadline=None)
    def test_every_reading_comes_back_exactly(self, taken: list[Reading]) -> None:
        content = FrameContent(str(PLANT), frame.group(taken), [], None)
        read = frame.decode_body(frame.encode_body(PLANT, content))
        assert read == content

        def plain(point: str, time: int, value: Decimal, unit: str) -> tuple[str, int, Decimal, str]:
            return (point, time, value * 1000, "Wh") if unit == "kWh" else (point, time, value, unit)

        given_ = sorted(plain(r.point, r.time, r.value, r.unit) for r in taken)
        assert sorted((r.point, r.time, r.value, r.unit) for s in read.series for r in s) == given_

    def test_kilowatt_hours_travel_as_whole_watt_hours(self) -> None:
        (series,) = frame.group([Reading("main", 1 << 30, Decimal("3.17"), "kWh")])
        assert (series.unit, series.numbers) == ("Wh", [3170])
        assert type(series.numbers[0]) is int

    def test_an_epoch_opens_with_what_ended_the_last(self) -> None:
        opening = Opening("crash", 3, 41, 1_600_000_000, 1_600_000_060)
        content = FrameContent(str(PLANT), [], [1_600_000_060], opening)
        assert frame.decode_body(frame.encode_body(PLANT, content)) == content

    def test_too_many_readings_are_refused(self) -> None:
        many = frame.group([Reading("main", (1 << 30) + i, Decimal(i), "Wh") for i in range(513)])
        with pytest.raises(InvalidInput, match="at most 512"):
            frame.encode_body(PLANT, FrameContent(str(PLANT), many, [], None))

    @pytest.mark.parametrize(
        "pack",
        [
            [],
            [{2: 1, 6: 0}],
            [{-2: f"{PLANT}/main", -3: 1 << 30, -4: "kWh", 2: 1.5, 6: 0}],
            [{-2: f"{PLANT}/main", -3: 5, -4: "kWh", 2: 1, 6: 0}],
            [{-2: f"{PLANT}/main", -3: 1 << 30, -4: "furlong", 2: 1, 6: 0}],
            [{-2: "8801234500011/main", -3: 1 << 30, -4: "Wh", 2: 1, 6: 0}],
            [{-2: f"{PLANT}/main", -3: 1 << 30, -4: "Wh", 2: 10**50, 6: 0}],
            [{-2: f"{PLANT}/heartbeat", -3: 1 << 30, -4: "Wh", 2: 1, 6: 0}],
            [{-2: f"{PLANT}/main", -3: 1 << 30, 4: True}],
            [{-2: f"{PLANT}/main", -3: 1 << 30, -4: "Wh", 2: 1, 6: 0}, {2: 1, 6: "0"}],
            [
                {-2: f"{PLANT}/main", -3: 1 << 30, -4: "Wh", 2: 1, 6: 0},
                {-2: f"{PLANT}/heartbeat", -3: 1 << 30, 4: True},
                {2: 5, 6: 900},  # of which run?
            ],
            [5],
        ],
    )
    def test_a_pack_that_breaks_a_rule_is_refused(self, pack: list[Any]) -> None:
        with pytest.raises(LeafproofError):
            frame.decode_body(body.encode(pack, None))

    @given(st.binary(max_size=200))
    def test_arbitrary_bytes_never_crash_the_readers(self, data: bytes) -> None:
        for read in (frame.decode_body, frame.decode_message):
            with pytest.raises(LeafproofError):
                read(data)

    def test_a_message_carries_envelope_and_body(self) -> None:
        assert frame.decode_message(frame.encode_message(b"e", b"b")) == (b"e", b"b")

    def test_only_frames_have_a_place(self) -> None:
        place = FrameHeader(1, 0, None, (7, b"\x07" * 32), "live")
        envelope = frame.sign_frame(KEYS[ES256], "urn:gw", PLANT, LOG, place, BODY, 1_700_000_000)
        assert frame.place_of(parse(envelope)) == place
        with pytest.raises(Malformed):
            frame.place_of(parse(signed()))


class TestNotices:
    key = KEYS[EDDSA]
    ack = notice.Acknowledgement(b"\x05" * 32, 7, 41, 1000)
    beacon = notice.Beacon(9, b"\x09" * 32, 1_700_000_000, 1001, b"\x0a" * 32)

    def test_come_back(self) -> None:
        sent = notice.sign_acknowledgement(self.key, LOG, self.ack)
        assert notice.read_acknowledgement(sent, self.key.public, LOG) == self.ack
        told = notice.sign_beacon(self.key, LOG, self.beacon)
        assert notice.read_beacon(told, self.key.public, LOG) == self.beacon

    def test_count_for_their_log_key_and_kind_alone(self) -> None:
        sent = notice.sign_acknowledgement(self.key, LOG, self.ack)
        other = LogRef(1, LOG.contract, LOG.log_id)
        for attempt in (
            lambda: notice.read_acknowledgement(sent, self.key.public, other),
            lambda: notice.read_acknowledgement(sent, KEYS[ES256].public, LOG),
            lambda: notice.read_beacon(sent, self.key.public, LOG),
        ):
            with pytest.raises(SignatureInvalid):
                attempt()

    def test_no_changed_byte_counts(self) -> None:
        sent = notice.sign_acknowledgement(self.key, LOG, self.ack)
        for place in range(len(sent)):
            broken = bytearray(sent)
            broken[place] ^= 0x10
            with pytest.raises((Malformed, SignatureInvalid)):
                notice.read_acknowledgement(bytes(broken), self.key.public, LOG)


class TestReceipt:
    def test_leads_from_the_entry_to_the_signed_root(self) -> None:
        entries = [bytes([i]) for i in range(3)]
        leaves = [tree.leaf_hash(entry) for entry in entries]
        root = tree.node_hash(tree.node_hash(leaves[0], leaves[1]), leaves[2])
        proof = receipt.Inclusion(3, 2, [tree.node_hash(leaves[0], leaves[1])])
        sent = receipt.sign(KEYS[EDDSA], root, proof)
        assert receipt.verify(sent, KEYS[EDDSA].public, leaves[2]) == (proof, root)
        log_key = KEYS[EDDSA].public.pem()
        found = scitt_cose.verify_receipt(sent, leaf_entry_hex=entries[2].hex(), log_public_key_pem=log_key)
        assert found.ok, found.errors
        with pytest.raises((SignatureInvalid, ProofInvalid)):
            receipt.verify(sent, KEYS[EDDSA].public, leaves[1])
        with pytest.raises(SignatureInvalid):
            receipt.verify(sent, KEYS[ES256].public, leaves[2])
        with pytest.raises(Malformed):
            receipt.verify(b"\xd2\x80", KEYS[EDDSA].public, leaves[2])


class TestDisclosure:
    KEY = KEYS[ES256]

    def made(self, *hidden: str, claims: dict[str, Any] | None = None) -> tuple[bytes, dict[str, str]]:
        shown = claims or {"run": "order-1", "inputs": [{"lot": "A"}, {"lot": "B"}], "outputs": ["coil"]}
        return disclosure.issue(self.KEY, "us", "t", shown, hidden)

    def read(self, data: bytes, *given: str) -> dict[str, Any]:
        return disclosure.read(data, given, self.KEY.public, "us", "t", ("inputs", "outputs"))

    def forged(self, payload: dict[str, Any]) -> bytes:
        """A JWT of `payload`, whatever it holds, really signed by the issuer."""
        parts = [{"alg": "ES256", "typ": "t"}, {"iss": "us", "_sd_alg": "sha-256", **payload}]
        text = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        return body.encode(f"{text}.{base64url(self.KEY.sign(text.encode()))}")

    def test_what_is_disclosed_is_read_and_what_is_not_is_absent(self) -> None:
        data, texts = self.made("inputs", "outputs")
        assert self.read(data, texts["outputs"]) == {"run": "order-1", "outputs": ["coil"]}

    def test_only_what_may_be_withheld_is(self) -> None:
        data, texts = self.made("run", claims={"run": "order-1"})
        with pytest.raises(Malformed, match="may not be withheld"):
            self.read(data, texts["run"])
        data, _ = self.made("run", "inputs", "outputs")
        with pytest.raises(Malformed, match="more digests"):
            self.read(data)

    def test_one_member_has_one_value_for_all_readers(self) -> None:
        texts = [base64url(json.dumps([salt, "inputs", [salt]]).encode()) for salt in "ab"]
        digests = [base64url(hashlib.sha256(t.encode()).digest()) for t in texts]
        assert self.read(self.forged({"_sd": digests}), texts[0])["inputs"] == ["a"]  # then outputs are in neither
        for text in texts:
            with pytest.raises(Malformed, match="more digests"):
                self.read(self.forged({"_sd": digests, "outputs": []}), text)

    def test_no_line_of_a_member_is_hidden(self) -> None:
        text = base64url(json.dumps(["salt", {"lot": "B"}]).encode())
        line = {"...": base64url(hashlib.sha256(text.encode()).digest())}
        with pytest.raises(Malformed, match="parts of a member"):
            self.read(self.forged({"inputs": [{"lot": "A"}, line]}))
        hidden = base64url(json.dumps(["salt", "inputs", [{"lot": "A"}, line]]).encode())
        digest = base64url(hashlib.sha256(hidden.encode()).digest())
        with pytest.raises(Malformed, match="parts of a member"):
            self.read(self.forged({"_sd": [digest]}), hidden)

    def test_a_deeply_nested_member_is_refused_in_words(self) -> None:
        deep: Any = []
        for _ in range(400):
            deep = [deep]
        with pytest.raises(Malformed):
            read = self.read(self.forged({"inputs": deep}))
            BatchRecord.read(self.forged(read), (), self.KEY.public, "us")


class TestCbor:
    @pytest.mark.parametrize("data", ["9f01ff", "a201020103", "0000", "c482", "5f41aaff", "81" * 40])
    def test_loose_encodings_are_refused(self, data: str) -> None:
        with pytest.raises(Malformed):
            cbor.decode(bytes.fromhex(data), "x", 100)

    @pytest.mark.parametrize("data", ["1800", "fb3ff0000000000000", "a2026101016102"])
    def test_only_the_deterministic_encoding_is_read(self, data: str) -> None:
        with pytest.raises(Malformed):
            cbor.decode_deterministic(bytes.fromhex(data), "x", 100)

    def test_length_is_bounded(self) -> None:
        with pytest.raises(Malformed, match="at most 3"):
            cbor.decode(b"\x84\x00\x00\x00\x00", "x", 3)


def test_a_facility_is_a_gln() -> None:
    assert Gln.parse(str(PLANT)) == PLANT
