"""A bundle as the body of a request: of the right kind, and read no further than its limit."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from backend import problems
from leafproof import bundle as bundles
from leafproof.errors import Malformed

MAX_UPLOAD = 8 << 20  # bytes: a public bundle of a lot with some hundred input lots
# What an endpoint that takes one says of it in the OpenAPI document.
OPENAPI = {"required": True, "content": {bundles.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}


def other_kind(request: Request) -> Response | None:
    """The answer to a request whose body is said to be no bundle."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in (bundles.MEDIA_TYPE, "application/cbor"):
        return None
    return problems.problem(415, f"A bundle is sent as {bundles.MEDIA_TYPE}.")


async def read(request: Request) -> bytes:
    """The request's body. Raises `Malformed` beyond `MAX_UPLOAD`."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_UPLOAD:
            raise Malformed("bundle", f"more than {MAX_UPLOAD} bytes")
    return bytes(data)
