"""Answers that are kept in memory while they are true, in front of everything that makes answers.

What must hold:

1. Only what the public is told is kept: a request with an Authorization header goes past, and its answer is never
   stored. So no reader's tier can show in another's answer.
2. Nothing is answered that was not true when the request came: what depends on the database is compared with a
   stamp that was read after (`backend.stamps`). What no statement and no event tells, as a company's name in our
   tables, shows after `MAX_AGE`; and so does a tile that was damaged and repaired, which is compared with nothing.
3. An endpoint says itself what may be kept, by `keep`; what says nothing is never kept.
4. Memory is bounded by `MAX_BYTES`; what was asked for longest ago goes first.

Conditional requests (RFC 9110 13.1.2) and HEAD are answered here, from the kept answer to the plain GET. Of
requests for the same thing that come at once, one is worked on and the others wait for it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.stamps import Stamp, Watch

MAX_BYTES = 64 << 20  # of all answers: some thousand pages, or eight thousand tiles
MAX_ANSWER = 1 << 20  # bytes; a larger one is a bundle with frames, and rare
MAX_AGE = 60  # seconds
MAX_ADDRESS = 1024  # bytes; a key is no more than a part of `_OVERHEAD`
_OVERHEAD = 2048  # bytes that an entry takes beside its body
_DROPPED = (b"content-length", b"content-type", b"content-encoding")  # of an answer without a body

Variant = Callable[[Headers, Mapping[str, str]], Hashable]
"""By which of its headers and query parameters an address has several answers."""


class While(StrEnum):
    """How long an answer is true."""

    FOREVER = "forever"  # nothing that is said or logged changes it; a repair of the log does, see `MAX_AGE`
    FACTS = "facts"  # until something is said, or happens on the chain
    HEADS = "heads"  # until anything at all is logged, anchored or read


def keep(request: Request, how_long: While) -> None:
    """Say that the answer to this request, if it is a 200, may be kept."""
    request.state.kept = how_long


def unchanged(known: str, etag: str) -> bool:
    """Whether an If-None-Match header names the answer's tag, compared weakly (RFC 9110 8.8.3.2)."""
    return known.strip() == "*" or etag.removeprefix("W/") in (
        part.strip().removeprefix("W/") for part in known.split(",")
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; `route` is what made it, for the figures."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    route: Any

    @property
    def etag(self) -> str:
        """The answer's tag; empty if it has none."""
        return next((value.decode("latin-1") for name, value in self.headers if name == b"etag"), "")


@dataclass(frozen=True, slots=True)
class Entry:
    """A kept answer; its stamp was read before it was made, `made` by the monotonic clock."""

    answer: Answer
    how_long: While
    stamp: Stamp
    made: float

    @property
    def is_fresh(self) -> bool:
        """Whether it was made within `MAX_AGE`."""
        return self.made + MAX_AGE >= time.monotonic()

    def holds(self, stamp: Stamp) -> bool:
        """Whether it is true for a request that came before `stamp` was read."""
        if not self.is_fresh:
            return False
        if self.stamp.number >= stamp.number:
            return True
        return self.stamp.facts == stamp.facts and (self.how_long is While.FACTS or self.stamp == stamp)


class Store:
    """Entries by key, the least recently used one first to go. Used by one event loop."""

    def __init__(self, limit: int = MAX_BYTES) -> None:
        self._limit = limit
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self.bytes = 0

    def get(self, key: Hashable) -> Entry | None:
        """What is kept under the key, true or not any more."""
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
        return found

    def put(self, key: Hashable, entry: Entry) -> None:
        """Keep it, unless it is too large for its use."""
        self.drop(key)
        size = len(entry.answer.body) + _OVERHEAD
        if size > min(MAX_ANSWER, self._limit):
            return
        self._entries[key] = entry
        self.bytes += size
        while self.bytes > self._limit:
            self.drop(next(iter(self._entries)))

    def drop(self, key: Hashable) -> None:
        """Forget what is kept under the key, if anything is."""
        found = self._entries.pop(key, None)
        if found is not None:
            self.bytes -= len(found.answer.body) + _OVERHEAD


class Kept:
    """The layer. `variants` names, by patterns of paths, what is looked at; all else goes past."""

    def __init__(self, app: ASGIApp, watch: Watch, variants: Mapping[str, Variant], store: Store) -> None:
        self._app = app
        self._watch = watch
        self._variants = [(re.compile(path), variant) for path, variant in variants.items()]
        self._store = store
        self._under_way: dict[Hashable, asyncio.Future[None]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        variant = self._variant(scope)
        if variant is None:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "authorization" in headers:
            await self._app(scope, receive, send)
            return
        address = (scope.get("raw_path") or scope["path"], scope["query_string"])
        if sum(map(len, address)) > MAX_ADDRESS:
            await self._app(scope, receive, send)
            return
        key = (*address, variant(headers, QueryParams(scope["query_string"])))
        answer = await self._answer(key, scope, receive)
        scope["route"] = answer.route  # for the figures: by pattern
        await _send(answer, headers, scope["method"] == "HEAD", send)

    def _variant(self, scope: Scope) -> Variant | None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return None
        return next((variant for path, variant in self._variants if path.fullmatch(scope["path"])), None)

    async def _answer(self, key: Hashable, scope: Scope, receive: Receive) -> Answer:
        entry = self._store.get(key)
        if entry is not None and entry.how_long is While.FOREVER and entry.is_fresh:
            return entry.answer
        stamp = await self._watch.now()  # before it is made: what changes meanwhile makes it old, never new
        while not (entry is not None and entry.holds(stamp)):
            under_way = self._under_way.get(key)
            if under_way is None:
                return await self._made(key, stamp, scope, receive)
            await asyncio.shield(under_way)
            entry = self._store.get(key)
        return entry.answer

    async def _made(self, key: Hashable, stamp: Stamp, scope: Scope, receive: Receive) -> Answer:
        done = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            answer, how_long = await self._ask(scope, receive)
            if how_long is not None and answer.status == 200:
                self._store.put(key, Entry(answer, how_long, stamp, time.monotonic()))
            return answer
        finally:
            del self._under_way[key]
            done.set_result(None)

    async def _ask(self, scope: Scope, receive: Receive) -> tuple[Answer, While | None]:
        """The whole answer to the plain GET, and how long it may be kept."""
        plain = [(name, value) for name, value in scope["headers"] if name != b"if-none-match"]
        inner = {**scope, "method": "GET", "headers": plain, "state": {**scope.get("state", {}), "kept": None}}
        status, headers, body = 500, (), bytearray()

        async def collect(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], tuple(message["headers"])
            else:
                body.extend(message.get("body", b""))

        await self._app(inner, receive, collect)
        return Answer(status, headers, bytes(body), inner.get("route")), inner["state"]["kept"]


async def _send(answer: Answer, asked: Headers, head: bool, send: Send) -> None:
    status, headers, body = answer.status, list(answer.headers), answer.body
    known = asked.get("if-none-match")
    if known and status == 200 and (etag := answer.etag) and unchanged(known, etag):
        status, headers, body = 304, [pair for pair in headers if pair[0] not in _DROPPED], b""
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})
