"""Reading a log from a running backend. Nothing it says is believed, and nothing it says can crash the reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from leafproof.bundle import MAX_BUNDLE, MEDIA_TYPE
from leafproof.checkpoint import Checkpoint
from leafproof.client.http import NotLetIn, fetch
from leafproof.envelope import LogRef
from leafproof.errors import LeafproofError, Malformed
from leafproof.note import MAX_NOTE, Note
from leafproof.replay import export
from leafproof.replay.source import Entry, Rollup
from leafproof.structs import convert
from leafproof.tiles import TILE_WIDTH, TileFetcher, tile_path, tile_width
from leafproof.tree import HASH_SIZE

_MAX_LIST = 8 << 20
_MAX_RECEIVED = 1_000_000  # lots: a hundred a day for decades


class _Head(msgspec.Struct):
    chain_id: int
    contract: str
    log_id: str
    size: int


class _Logs(msgspec.Struct):
    logs: list[_Head]


class _Received(msgspec.Struct):
    lots: int


class LogServer:
    """A `leafproof.replay.source.LogSource` on one log of a backend; see `logs_of`."""

    def __init__(self, url: str, head: _Head, api_key: str | None) -> None:
        self._base, self._api_key = f"{url}/v1", api_key
        raw = [head.chain_id, _unhex(head.contract), _unhex(head.log_id)]
        self._ref = LogRef.from_cbor(raw, "logs")
        self._size = head.size
        self._faults: list[tuple[int | None, str]] = []
        self._url = url
        self._tile: tuple[int, bytes] = (-1, b"")
        self._rollups: list[Rollup] | None = None
        self._checkpoint = self._read_checkpoint()
        if api_key is not None:  # after the checkpoint, which must not be of more entries than are read
            self._read_sums()

    @property
    def ref(self) -> LogRef:
        """See `LogSource`."""
        return self._ref

    @property
    def size(self) -> int:
        """See `LogSource`."""
        return self._size

    def entries(self) -> Iterator[Entry | None]:
        """See `LogSource`."""
        for start in range(0, self._size, export.CHUNK):
            count = min(export.CHUNK, self._size - start)
            try:
                url = f"{self._base}/audit/logs/{self._ref.log_id.hex()}/chunks/{start // export.CHUNK}"
                found = export.decode_chunk(fetch(url, "application/cbor", export.MAX_CHUNK, self._api_key))
            except LeafproofError as error:
                self._faults.append((start, error.message))
                found = []
            yield from found[:count]
            yield from [None] * (count - len(found))

    def leaf_hash(self, index: int) -> bytes | None:
        """See `LogSource`."""
        number = index // TILE_WIDTH
        if self._tile[0] != number:
            try:
                data = tile_fetcher(self._url, self._ref.log_id, self._size)(0, number)
            except LeafproofError as error:
                self._faults.append((index, error.message))
                data = b""
            self._tile = (number, data)
        start = HASH_SIZE * (index % TILE_WIDTH)
        return self._tile[1][start : start + HASH_SIZE] or None

    def rollups(self) -> list[Rollup] | None:
        """See `LogSource`; None without an API key, since they are for auditors alone."""
        return self._rollups

    def checkpoint(self) -> bytes | None:
        """See `LogSource`."""
        return self._checkpoint

    def received(self) -> Iterator[bytes]:
        """See `LogSource`; nothing without an API key, since it is for auditors alone."""
        base = f"{self._base}/audit/logs/{self._ref.log_id.hex()}/received"
        try:
            told = fetch(base, "application/json", _MAX_LIST, self._api_key) if self._api_key else b'{"lots":0}'
            for number in range(
                min(convert(msgspec.json.decode(told), _Received, "received").lots, _MAX_RECEIVED)
            ):
                yield fetch(f"{base}/{number}", MEDIA_TYPE, MAX_BUNDLE, self._api_key)
        except NotLetIn:
            raise
        except (LeafproofError, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            self._faults.append((None, f"what was received of other companies cannot be read ({error})"))

    def _read_checkpoint(self) -> bytes | None:
        """What a reader who demands witnesses will miss, and nobody else."""
        try:
            url = f"{self._base}/logs/{self._ref.log_id.hex()}/tlog/checkpoint"
            found = fetch(url, "text/plain", MAX_NOTE)
            self._size = max(self._size, Checkpoint.parse(Note.decode(found).text).size)
        except LeafproofError:
            return None
        return found

    def _read_sums(self) -> None:
        """The sums and the size of the log that they are of: entries that come later are left for later."""
        url = f"{self._base}/audit/logs/{self._ref.log_id.hex()}/rollups"
        try:
            found = export.SumsAt.decode(fetch(url, "application/json", export.MAX_ROLLUPS, self._api_key))
        except NotLetIn:  # a wrong key is the caller's slip, not the log's discrepancy
            raise
        except LeafproofError as error:
            self._faults.append((None, error.message))
            return
        self._size, self._rollups = found.size, found.rollups

    def faults(self) -> list[tuple[int | None, str]]:
        """See `LogSource`."""
        return self._faults


def tile_fetcher(url: str, log_id: bytes, size: int) -> TileFetcher:
    """Reads the tiles of a log's tree of `size` leaves from the backend at `url`; each call raises what
    `leafproof.client.http.fetch` does."""
    base = f"{url.rstrip('/')}/v1/logs/{log_id.hex()}/tlog/tile"

    def read(level: int, number: int) -> bytes:
        path = tile_path(number, tile_width(level, number, size))
        return fetch(f"{base}/{level}/{path}", "application/octet-stream", HASH_SIZE * TILE_WIDTH)

    return read


def logs_of(url: str, api_key: str | None) -> list[LogServer]:
    """All logs of the backend at `url`; raises `ServerRefused` (for a wrong API key as well) or `Malformed`."""
    base = url.rstrip("/")
    data = fetch(f"{base}/v1/logs", "application/json", _MAX_LIST)
    try:
        value: Any = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Malformed("logs", "not JSON") from error
    return [LogServer(base, head, api_key) for head in convert(value, _Logs, "logs").logs]


def _unhex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return b""
