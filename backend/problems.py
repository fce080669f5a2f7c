"""Every error as an answer a program can read: problem details (RFC 9457), `application/problem+json`.

Members beside the standard's: `field` names the part of the input at fault, `errors` lists each with its
`field` and `detail`, `request_id` is the one in the server's log. What went wrong inside is logged, never sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy import exc
from starlette.exceptions import HTTPException
from starlette.responses import Response

from backend import errors
from leafproof.errors import InvalidInput, LeafproofError, Malformed

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "5"  # seconds
_log = structlog.get_logger(__name__)

# The first class of an error's ancestry that stands here decides. Kernel errors are about the caller's input.
_STATUS: dict[type[BaseException], HTTPStatus] = {
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Gone: HTTPStatus.GONE,
    errors.NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.LogDamaged: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.SettingsError: HTTPStatus.INTERNAL_SERVER_ERROR,
    Malformed: HTTPStatus.BAD_REQUEST,
    LeafproofError: HTTPStatus.UNPROCESSABLE_ENTITY,
    exc.OperationalError: HTTPStatus.SERVICE_UNAVAILABLE,
    exc.TimeoutError: HTTPStatus.SERVICE_UNAVAILABLE,
}
_HEADERS = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": RETRY_AFTER},
}
_DETAILS = {
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong here; the server's log has it under this request id.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database does not answer for now.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests; slow down.",
}


def problem(
    status: int,
    detail: str | None = None,
    *,
    request_id: str = "",
    faults: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer; `faults` are (field, detail)."""
    known = HTTPStatus(status)
    content: dict[str, Any] = {
        "type": "about:blank",  # RFC 9457 4.2.1: means no more than the status
        "title": known.phrase,
        "status": int(status),
        "detail": detail or _DETAILS.get(known, known.description or known.phrase),
    }
    if faults:
        content["field"] = faults[0][0]
        content["errors"] = [{"field": field, "detail": text} for field, text in faults]
    if request_id:
        content["request_id"] = request_id
    return Response(
        json.dumps(content, ensure_ascii=False),
        status,
        {**_HEADERS.get(known, {}), "Cache-Control": "no-store", **(headers or {})},
        MEDIA_TYPE,
    )


def answer(error: Exception, request_id: str = "") -> Response:
    """The problem that says what `error` is about; what is unexpected, or our own fault, is logged."""
    status = next((_STATUS[c] for c in type(error).__mro__ if c in _STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)
    if status >= 500 and not isinstance(error, errors.Unavailable):
        _log.error("a request failed", exc_info=error)
        return problem(status, request_id=request_id)
    if isinstance(error, InvalidInput):
        return problem(status, str(error), request_id=request_id, faults=[(error.field, error.reason)])
    wait = {"Retry-After": str(error.seconds)} if isinstance(error, errors.TooMany) else {}
    return problem(status, str(error), request_id=request_id, headers=wait)


def _request_id(request: Request) -> str:
    return str(getattr(request.state, "request_id", ""))


async def _on_error(request: Request, error: Exception) -> Response:
    return answer(error, _request_id(request))


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    stock = HTTPStatus(error.status_code).phrase
    detail = None if error.detail == stock else error.detail
    return problem(error.status_code, detail, request_id=_request_id(request), headers=error.headers)


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [_fault(e) for e in error.errors()]
    broken = any(e["type"] == "json_invalid" for e in error.errors())
    status = HTTPStatus.BAD_REQUEST if broken else HTTPStatus.UNPROCESSABLE_ENTITY
    detail = "; ".join(f"{field}: {text}" for field, text in faults[:5])
    return problem(status, detail, request_id=_request_id(request), faults=faults[:50])


def _fault(error: Mapping[str, Any]) -> tuple[str, str]:
    if error["type"] == "json_invalid":  # its location is a place in the text, no member
        return "body", f"no JSON at character {error['loc'][-1] + 1}: {error['ctx']['error']}"
    return _field(error["loc"]), str(error["msg"])


def _field(location: Sequence[int | str]) -> str:
    parts = location[1:] if len(location) > 1 and location[0] in ("query", "path", "body", "header") else location
    return ".".join(str(p) for p in parts)


# What any operation may answer, and what only those may that change something.
_TOLD = (400, 401, 403, 404, 422)
_TOLD_OF_CHANGES = (409, 413, 415)
_TEXT = {"type": "string"}
_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Problem details, RFC 9457.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        **dict.fromkeys(("type", "title", "detail", "field", "request_id"), _TEXT),
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "detail"],
                "properties": dict.fromkeys(("field", "detail"), _TEXT),
            },
        },
    },
}


def describe(document: dict[str, Any]) -> None:
    """Tell in an OpenAPI document what errors look like here, in place of what FastAPI takes them for."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for stock in ("HTTPValidationError", "ValidationError"):
        schemas.pop(stock, None)
    schemas["Problem"] = _SCHEMA
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in document["paths"].values():
        operations.pop("head", None)  # as GET, without the body
        for method, operation in operations.items():
            for status in _TOLD if method == "get" else (*_TOLD, *_TOLD_OF_CHANGES):
                told = {"description": HTTPStatus(status).phrase, "content": content}
                operation["responses"][str(status)] = told


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem. What no handler here knows, `backend.guard` answers."""
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    for known in (LeafproofError, exc.OperationalError, exc.TimeoutError):
        app.add_exception_handler(known, _on_error)
