"""A bundle as the body of a request: of the right kind, and read no further than its limit."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from backend import problems
from backend.access import uploads
from leafproof import bundle as bundles

MAX_UPLOAD = 8 << 20  # bytes: a public bundle of a lot with some hundred input lots
OPENAPI = uploads.described(bundles.MEDIA_TYPE)


def other_kind(request: Request) -> Response | None:
    """The answer to a request whose body is said to be no bundle."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in (bundles.MEDIA_TYPE, "application/cbor"):
        return None
    return problems.problem(415, f"A bundle is sent as {bundles.MEDIA_TYPE}.")


async def read(request: Request) -> bytes:
    """The request's body. Raises `Malformed` beyond `MAX_UPLOAD`."""
    return await uploads.read(request, "bundle", MAX_UPLOAD)
