"""What an endpoint asks of its caller, as FastAPI dependencies.

@router.post(..., dependencies=[Depends(require(WRITE_PRODUCTION))])
def endpoint(key: Annotated[ApiKey, Depends(require(WRITE_PRODUCTION))]): key.check_operator(gln)
def endpoint(caller: Caller): tier = tier_of(caller, issuer)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from backend.access.service import ApiKey, authenticate
from backend.access.tiers import Tier
from backend.context import Context, context_of
from backend.database import reading
from backend.errors import NotAllowed, NotAuthenticated

_bearer = HTTPBearer(auto_error=False, description="an API key, from `leafproof backend keys create`")


def caller_of(
    request: Request,
    context: Annotated[Context, Depends(context_of)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> ApiKey | None:
    """The caller's API key, None for the public. A key that is wrong is an error, never just the public.
    Raises `NotAuthenticated`."""
    if credentials is None:
        if "authorization" in request.headers:
            raise NotAuthenticated("the Authorization header is not `Bearer` and an API key")
        return None
    with reading(context.engine) as connection:
        return authenticate(connection, credentials.credentials, int(time.time()))


Caller = Annotated[ApiKey | None, Depends(caller_of)]


def require(scope: str) -> Callable[[ApiKey | None], ApiKey]:
    """A dependency that lets only keys with `scope` through and hands the key to the endpoint."""

    def check(caller: Caller) -> ApiKey:
        if caller is None:
            raise NotAuthenticated(f"this needs an API key with scope {scope}")
        if not caller.allows(scope):
            raise NotAllowed(f"this API key does not have scope {scope}")
        return caller

    return check


def tier_of(caller: ApiKey | None, issuer: str) -> Tier:
    """Up to which tier the caller may read the bodies of `issuer`'s statements."""
    return Tier.PUBLIC if caller is None else caller.tier(issuer)
