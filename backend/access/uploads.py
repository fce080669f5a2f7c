"""Bodies of requests, read no further than their limit; those that need no API key, no oftener than theirs.

router.post(..., openapi_extra=described(MEDIA_TYPE))
async def endpoint(data: Annotated[bytes, Depends(signed("opinion", MAX_FILE))]): ...
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request

from backend.access.limits import RateLimit
from leafproof.errors import Malformed


def described(media_type: str) -> dict[str, Any]:
    """What an endpoint that takes such a body says of it in the OpenAPI document."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {"requestBody": {"required": True, "content": {media_type: binary}}}


async def read(request: Request, field: str, limit: int) -> bytes:
    """The body. Raises `Malformed` naming `field` beyond `limit` bytes."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > limit:
            raise Malformed(field, f"more than {limit} bytes")
    return bytes(data)


def limit_of(request: Request, field: str) -> RateLimit:
    """The running backend's limit of uploads of one kind, made at the first of them."""
    state = request.app.state
    if not hasattr(state, "upload_limits"):
        state.upload_limits = {}
    limits: dict[str, RateLimit] = state.upload_limits
    return limits.setdefault(field, RateLimit())


def signed(field: str, limit: int) -> Callable[[Request], Awaitable[bytes]]:
    """A dependency: a statement that its issuer signed at home, whose signature says who he is.

    It raises `TooMany`, before a byte is read, for an address that sent too many, and `Malformed` as `read` does.
    """

    async def take(request: Request) -> bytes:
        limit_of(request, field).take(request.client.host if request.client else "")
        return await read(request, field, limit)

    return take
