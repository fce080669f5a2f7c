"""Signed notes and checkpoints, against what others published."""

from __future__ import annotations

import pytest

from leafproof import checkpoint, note, tree
from leafproof.checkpoint import Checkpoint
from leafproof.envelope import LogRef
from leafproof.errors import Malformed, ProofInvalid, SignatureInvalid
from leafproof.keys import EDDSA, ES256, SigningKey
from leafproof.note import COSIGNATURE, ED25519, Note, Verifier

# golang.org/x/mod/sumdb/note, note_test.go
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()
# A checkpoint of a public log, cosigned by public witnesses: arche2025h1.staging.ct.transparency.dev, May 2026.
CT = """\
arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
"""
CT_LOG = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
REMORA = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
# C2SP tlog-checkpoint and tlog-cosignature: the example, whose keys are not published.
SOFA = """\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""
LOG = LogRef(31337, b"\x11" * 20, b"\x22" * 32)
KEY, OTHER = SigningKey.generate(EDDSA), SigningKey.generate(EDDSA)


class TestOthersNotes:
    def test_gos_own_note_verifies(self) -> None:
        read = Note.decode(PETERS_NOTE)
        (found,) = read.signed_by([Verifier.parse(PETER)])
        assert (found.by.name, found.time) == ("PeterNeumann", None)
        assert read.encode() == PETERS_NOTE

    def test_a_public_logs_checkpoint_verifies_by_the_log_and_by_its_witness(self) -> None:
        read = Note.decode(CT.encode())
        log, remora = read.signed_by([Verifier.parse(CT_LOG), Verifier.parse(REMORA)])
        assert (log.by.kind, log.time) == (ED25519, None)
        assert (remora.by.kind, remora.time) == (COSIGNATURE, 0x6A122120)
        head = Checkpoint.parse(read.text)
        assert (head.origin, head.size) == ("arche2025h1.staging.ct.transparency.dev", 1432088532)
        assert head.text == read.text

    def test_the_specifications_example_is_read(self) -> None:
        read = Note.decode(SOFA.encode())
        assert Checkpoint.parse(read.text).size == 20852163
        assert [s.name for s in read.signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
        assert int.from_bytes(read.signatures[1].value[:8], "big") == 1679315147
        assert read.encode() == SOFA.encode()

    @pytest.mark.parametrize("vkey", [PETER, REMORA, CT_LOG])
    def test_a_key_is_written_as_it_was_read(self, vkey: str) -> None:
        assert Verifier.parse(vkey).vkey == vkey

    @pytest.mark.parametrize(
        "vkey",
        [
            # Wrong length, unknown type: note_test.go. The rest: transparency-dev/formats, note_cosigv1_test.go.
            "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
            "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "bananas.sigstore.dev+12344556",
            "rekor.sigstore.dev+12345678+THIS_IS_NOT_BASE64!",
            "rekor.sigstore.dev+12345678+AwEB",
            PETER.replace("c74f20a3", "00000000"),
            PETER.replace("PeterNeumann", "Peter Neumann"),
            PETER.replace("PeterNeumann", ""),
        ],
    )
    def test_what_is_no_key_is_none(self, vkey: str) -> None:
        with pytest.raises(Malformed):
            Verifier.parse(vkey)


class TestOurNotes:
    text = Checkpoint(checkpoint.origin_of(LOG), 7, b"\x07" * 32).text

    def test_each_changed_byte_of_text_or_signature_is_noticed(self) -> None:
        whole = checkpoint.sign(KEY, LOG, 7, b"\x07" * 32).plus([note.cosign(OTHER, "w", self.text, 5)]).encode()
        keys = [checkpoint.verifier_of(LOG, KEY.public), Verifier.of("w", COSIGNATURE, OTHER.public)]
        assert [v.time for v in Note.decode(whole).signed_by(keys)] == [None, 5]
        for place in range(len(whole)):
            broken = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
            try:
                found = Note.decode(broken).signed_by(keys)
            except (Malformed, SignatureInvalid):
                continue
            assert len(found) < 2, place

    def test_a_cosignature_is_of_its_time(self) -> None:
        signed = note.cosign(KEY, "w", self.text, 5)
        moved = note.Signature("w", signed.key_id, (6).to_bytes(8, "big") + signed.value[8:])
        with pytest.raises(SignatureInvalid):
            Note(self.text, (moved,)).signed_by([Verifier.of("w", COSIGNATURE, KEY.public)])

    def test_a_plain_signature_is_no_cosignature(self) -> None:
        plain = Note(self.text, (note.sign(KEY, "w", self.text),))
        assert plain.signed_by([Verifier.of("w", COSIGNATURE, KEY.public)]) == []

    def test_of_one_key_the_newest_signature_stays(self) -> None:
        made = Note(self.text, (note.cosign(KEY, "w", self.text, 5),))
        again = made.plus([note.cosign(KEY, "w", self.text, 6), note.cosign(OTHER, "w", self.text, 7)])
        assert [int.from_bytes(s.value[:8], "big") for s in again.signatures] == [6, 7]

    def test_a_key_of_another_kind_signs_none(self) -> None:
        with pytest.raises(Malformed, match="Ed25519"):
            note.sign(SigningKey.generate(ES256), "w", self.text)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"a text\n",
            b"a text\n\n",
            b"a text\n\n- w AAAAAAA=\n",
            "a text\n\n— w AAAAAAA=".encode(),
            "a text\n\n— w  AAAAAAA=\n".encode(),
            "a text\n\n— w AAAA\n".encode(),
            "a text\n\n— w AAAAAAB=\n".encode(),
            "a\ttext\n\n— w AAAAAAA=\n".encode(),
            b"a text\xff\n\n",
            ("a text\n\n" + "— w AAAAAAA=\n" * 101).encode(),
            b"a" * (note.MAX_NOTE + 1),
        ],
    )
    def test_what_is_no_note_is_none(self, data: bytes) -> None:
        with pytest.raises(Malformed):
            Note.decode(data)

    @pytest.mark.parametrize("text", ["a\n7\n", "a\n07\nAAAA\n", "a\n7\nAAAA\n", "\n7\n" + "A" * 43 + "=\n"])
    def test_what_is_no_checkpoint_is_none(self, text: str) -> None:
        with pytest.raises(Malformed):
            Checkpoint.parse(text)


class TestWitnessesOfAHead:
    leaves = tuple(tree.leaf_hash(bytes([i])) for i in range(5))
    witnesses = (Verifier.of("w1", COSIGNATURE, KEY.public), Verifier.of("w2", COSIGNATURE, OTHER.public))

    def root(self, size: int) -> bytes:
        frontier = tree.Frontier()
        for leaf in self.leaves[:size]:
            frontier.append(leaf)
        return frontier.root()

    def cosigned(self, size: int, ref: LogRef = LOG) -> bytes:
        made = checkpoint.sign(SigningKey.generate(EDDSA), ref, size, self.root(size))
        return made.plus([note.cosign(KEY, "w1", made.text, 5)]).encode()

    def proof(self, old: int, new: int) -> list[bytes]:
        from leafproof.tiles import TileEdge, node_reader

        store = TileEdge(0, lambda *_: b"").append(self.leaves)
        return tree.consistency_proof(old, new, node_reader(lambda level, n: store.get((level, n), b"")))

    @pytest.mark.parametrize("size", [3, 4, 5])
    def test_of_itself_or_of_one_that_extends_it(self, size: int) -> None:
        found = checkpoint.witnesses_of(
            LOG, 3, self.root(3), self.cosigned(size), self.proof(3, size), self.witnesses
        )
        assert [v.by.name for v in found] == ["w1"]

    def test_not_of_another_log_nor_of_another_history(self) -> None:
        other = LogRef(31337, b"\x11" * 20, b"\x33" * 32)
        for data, root, proof in (
            (self.cosigned(3, other), self.root(3), self.proof(3, 3)),
            (self.cosigned(5), b"\x00" * 32, self.proof(3, 5)),
            (self.cosigned(5), self.root(3), self.proof(3, 5)[:-1]),
            (self.cosigned(2), self.root(3), []),
        ):
            with pytest.raises(ProofInvalid):
                checkpoint.witnesses_of(LOG, 3, root, data, proof, self.witnesses)
