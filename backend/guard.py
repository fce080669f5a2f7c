"""What stands around every request: its id, its bounds, the headers of its answer, its line in the log.

Plain ASGI, for a middleware that copies the answer's stream would cost as much as serving a tile.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.metrics import HttpMetrics
from backend.problems import answer, problem
from leafproof.body import OPINION
from leafproof.bundle import MEDIA_TYPE

MAX_REQUEST = 8 << 20  # bytes: an offline bundle of some hundred lots takes one MiB, its frames some more
_TYPES = (
    "application/json",
    "application/cbor",
    "application/cose",
    MEDIA_TYPE,
    OPINION,
    "multipart/form-data",
    "text/csv",
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    # Data is no page; a page sets a policy of its own.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_log = structlog.get_logger(__name__)


class Guard:
    """The outermost part of the application that is ours. `secure`: readers come by https."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics, secure: bool) -> None:
        self._app = app
        self._metrics = metrics
        self._headers = dict(_HEADERS)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 0

        async def dress(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._serve(scope, receive, dress, request_id)
            except Exception as error:  # no traceback leaves this process
                if status:
                    _log.error("an answer broke off", exc_info=error)
                    raise
                await answer(error, request_id)(scope, receive, dress)
            self._account(scope, status, time.perf_counter() - started)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_REQUEST:
            refused = problem(413, f"A request has at most {MAX_REQUEST} bytes.", request_id=request_id)
            await refused(scope, receive, send)
            return
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        has_body = length != "0" or "transfer-encoding" in headers
        if has_body and kind not in _TYPES:
            refused = problem(415, f"A body is one of {', '.join(_TYPES)}.", request_id=request_id)
            await refused(scope, receive, send)
            return
        await self._app(scope, _bounded(receive), send)

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        route: Any = scope.get("route")
        path = getattr(route, "path", "unknown")  # the pattern: a label of each address would never end
        self._metrics.observe(scope["method"], path, status, seconds)
        _log.info(
            "request", method=scope["method"], path=scope["path"], status=status, ms=round(seconds * 1000, 1)
        )


def _bounded(receive: Receive) -> Receive:
    """`receive`, but for bodies that are longer than they said or did not say."""
    taken = 0

    async def count() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MAX_REQUEST:
            raise HTTPException(413, f"A request has at most {MAX_REQUEST} bytes.")
        return message

    return count
