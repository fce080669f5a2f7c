"""The audit export: a log as a folder of files that anyone can keep, carry and replay.

| file | content |
|---|---|
| `manifest.json` | canonical JSON: version, log, size, and of every other file its length and SHA-256 |
| `entries/00000000.cbor`, ... | CBOR array of `[envelope, body or null, disclosures]`, 256 entries a file |
| `leaves.bin` | the leaf hashes that the log holds, 32 bytes each |
| `received/00000000.bundle`, ... | of each lot taken in of another company all that is kept, as a bundle |
| `rollups.json` | canonical JSON: the derived sums, see `leafproof.replay.source.Rollup` |
| `checkpoint` | where the log published one: its newest, with what witnesses cosigned (C2SP tlog-checkpoint) |

The manifest makes any changed bit visible as such; what makes it a lie or not is decided by the chain alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, Self

import msgspec
import rfc8785

from leafproof import cbor, values
from leafproof.envelope import LogRef
from leafproof.errors import Malformed
from leafproof.replay.source import Entry, Rollup
from leafproof.trust import decode_json

CHUNK = 256  # entries a file
MANIFEST, LEAVES, ROLLUPS, CHECKPOINT = "manifest.json", "leaves.bin", "rollups.json", "checkpoint"
MAX_MANIFEST = 64 << 20  # a hundred bytes a file: some hundred million entries
MAX_CHUNK = 512 << 20  # 256 entries of the largest body and envelope, with room for disclosures
MAX_ROLLUPS = 1 << 30
_MAX_NUMBER = 2**53 - 1  # RFC 8785 3.2.2.3: no larger whole number is JSON's
_DECODER = msgspec.json.Decoder(list[Rollup])


class FileDigest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file's length in bytes, and its SHA-256 in hexadecimal."""

    length: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The digest of a file's content."""
        return cls(len(data), hashlib.sha256(data).hexdigest())


class LogName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A log reference in JSON: contract and log id as 0x and hexadecimal digits."""

    chain_id: int
    contract: str
    log_id: str

    @classmethod
    def of(cls, ref: LogRef) -> Self:
        """From the binary form."""
        return cls(ref.chain_id, "0x" + ref.contract.hex(), "0x" + ref.log_id.hex())

    def ref(self) -> LogRef:
        """The binary form; raises `Malformed`."""
        contract, log_id = self.contract.removeprefix("0x"), self.log_id.removeprefix("0x")
        try:
            raw = [self.chain_id, bytes.fromhex(contract), bytes.fromhex(log_id)]
        except ValueError as error:
            raise Malformed("manifest", "contract or log id is not hexadecimal") from error
        found = LogRef.from_cbor(raw, "manifest")
        if LogName.of(found) != self:
            raise Malformed("manifest", "contract or log id is not in lower-case hexadecimal")
        return found


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an export holds."""

    version: Literal[1]
    log: LogName
    size: int
    files: dict[str, FileDigest]

    def encode(self) -> bytes:
        """The file's bytes."""
        return rfc8785.dumps(msgspec.to_builtins(self))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Raises `Malformed` naming the field; the files listed are exactly those that `size` asks for."""
        manifest = decode_json(data, cls, "manifest", MAX_MANIFEST)
        # Counted first: of a size that somebody made up the names would fill the memory.
        received = {name for name in manifest.files if name.startswith("received/")}
        if received != {received_name(n) for n in range(len(received))}:
            raise Malformed("manifest", "received bundles are not numbered from 0 on")
        named = manifest.files.keys() - received - {CHECKPOINT}
        count = 2 - (-manifest.size // CHUNK)
        if manifest.size < 0 or count != len(named) or named != file_names(manifest.size):
            raise Malformed("manifest", "does not list exactly the files of its size")
        for name, file in manifest.files.items():
            values.digest(file.sha256, f"manifest.files.{name}.sha256")
        return manifest


def chunk_name(number: int) -> str:
    """The file of the entries from `number` x 256 on."""
    return f"entries/{number:08d}.cbor"


def received_name(number: int) -> str:
    """The file of a received lot's bundle."""
    return f"received/{number:08d}.bundle"


def file_names(size: int) -> set[str]:
    """All files of an export of `size` entries, without the manifest, the checkpoint and what was received."""
    return {LEAVES, ROLLUPS, *(chunk_name(n) for n in range(-(-size // CHUNK)))}


def encode_chunk(entries: Iterable[Entry]) -> bytes:
    """A file of entries."""
    return cbor.encode([[e.envelope, e.body, list(e.disclosures)] for e in entries])


def decode_chunk(data: bytes) -> list[Entry]:
    """Raises `Malformed`."""
    rows = cbor.decode(data, "entries", MAX_CHUNK)
    if not isinstance(rows, list) or len(rows) > CHUNK:
        raise Malformed("entries", f"not a list of at most {CHUNK} entries")
    found: list[Entry] = []
    for row in rows:
        match row:
            case [bytes(envelope), bytes() | None as body, [*disclosures]] if all(
                isinstance(d, str) for d in disclosures
            ):
                found.append(Entry(envelope, body, tuple(disclosures)))
            case _:
                raise Malformed("entries", "a row is not [envelope, body or null, disclosures]")
    return found


class SumsAt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The derived sums of a log that may be growing: those of its first `size` entries."""

    size: int
    rollups: list[Rollup]

    def encode(self) -> bytes:
        """Canonical JSON."""
        return rfc8785.dumps(msgspec.to_builtins(self))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Raises `Malformed`."""
        found = decode_json(data, cls, "rollups", MAX_ROLLUPS)
        if not 0 <= found.size < 2**63:
            raise Malformed("rollups.size", "not the size of a log")
        return found


def encode_rollups(rollups: Sequence[Rollup]) -> bytes:
    """The file of derived sums."""
    return rfc8785.dumps([msgspec.to_builtins(r) for r in rollups])


def decode_rollups(data: bytes) -> list[Rollup]:
    """Raises `Malformed`."""
    return decode_json(data, list[Rollup], "rollups", MAX_ROLLUPS)


def rollups_in(blocks: Iterable[bytes]) -> Iterator[Rollup]:
    """The same sums from the file's bytes block by block, so that they need not be in memory together.

    Raises `Malformed` for what `decode_rollups` refuses, and where a text holds what looks like the seam of two
    sums, which no text of ours does.
    """
    kept = b""
    for block in blocks:
        kept += block
        seam = kept.rfind(b"},{")
        if seam >= 0:
            yield from _rollups(kept[: seam + 1] + b"]")
            kept = b"[" + kept[seam + 2 :]
    yield from _rollups(kept)


def _rollups(data: bytes) -> list[Rollup]:
    try:
        found = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Malformed("rollups", str(error)) from error
    # Without an escape in it, a list of texts and whole numbers has one canonical form, which two libraries write;
    # this one writes it fifty times faster.
    plain = b"\\" not in data and all(max(abs(r.start), abs(r.count)) <= _MAX_NUMBER for r in found)
    if plain and msgspec.json.encode(found, order="sorted") == data:
        return found
    return decode_rollups(data)
