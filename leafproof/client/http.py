"""Fetching over HTTP: bounded, with a time-out, without following to other hosts."""

from __future__ import annotations

import httpx
import msgspec

from leafproof.errors import InvalidInput, LeafproofError
from leafproof.texts import printable

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_PROBLEM = "application/problem+json"  # RFC 9457
_MAX_PROBLEM, _MAX_DETAIL = 65536, 500
_NOT_LET_IN = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


class ServerRefused(LeafproofError):
    """The server cannot be reached, or does not give what was asked for."""


class NotLetIn(ServerRefused):
    """The server does not know the API key, or does not let it see this."""


def address(url: str, field: str) -> httpx.URL:
    """`url` as an http or https address whose host a resolver can be asked for; raises `InvalidInput` naming
    `field`, and not the address, which may carry a password."""
    try:
        parsed = httpx.URL(url)
        _ = parsed.host  # decodes punycode
        parsed.raw_host.decode("ascii").encode("idna")  # what sockets do: labels of 1 to 63 octets
    except (httpx.InvalidURL, UnicodeError, TypeError):
        raise InvalidInput(field, "not a URL") from None
    if parsed.scheme not in ("http", "https") or not parsed.host or (parsed.port or 0) > 65535:
        raise InvalidInput(field, "not an http or https URL with a host")
    return parsed


def origin(url: httpx.URL) -> str:
    """Scheme, host and port: what may be said of an address."""
    return f"{url.scheme}://{url.host}" + (f":{url.port}" if url.port else "")


def fetch(url: str, accept: str, limit: int, api_key: str | None = None) -> bytes:
    """The resource at `url` as media type `accept`, at most `limit` bytes.

    Raises `InvalidInput` for an address or a key that is none, `NotLetIn` where the server refuses the key,
    `ServerRefused` for anything else that it does wrong.
    """
    asked, headers = address(url, "url"), {"Accept": accept}
    if api_key:
        headers["Authorization"] = f"Bearer {_sendable(api_key)}"
    try:
        with httpx.stream("GET", asked, headers=headers, timeout=_TIMEOUT, follow_redirects=False) as answer:
            if answer.status_code != httpx.codes.OK:
                raise _refusal(answer)
            if answer.headers.get("content-type", "").partition(";")[0].strip() != accept:
                raise ServerRefused(f"{answer.url.host} has no {accept} at {answer.url.path}")
            return _read(answer, limit)
    except httpx.HTTPError as error:
        raise ServerRefused(f"the server at {origin(asked)} cannot be read ({type(error).__name__})") from error


def send(url: str, content: bytes, kind: str, limit: int) -> bytes:
    """Post `content` of media type `kind`; the JSON answer of at most `limit` bytes. Raises as `fetch` does."""
    asked = address(url, "url")
    headers = {"Accept": "application/json", "Content-Type": kind}
    try:
        with httpx.stream("POST", asked, content=content, headers=headers, timeout=_TIMEOUT) as answer:
            if answer.status_code not in (httpx.codes.OK, httpx.codes.CREATED):
                raise _refusal(answer)
            return _read(answer, limit)
    except httpx.HTTPError as error:
        raise ServerRefused(f"the server at {origin(asked)} cannot be reached ({type(error).__name__})") from error


def _sendable(api_key: str) -> str:
    if not (api_key.isascii() and api_key.isprintable()) or " " in api_key:
        raise InvalidInput("API key", "has characters that no API key has")
    return api_key


def _read(answer: httpx.Response, limit: int) -> bytes:
    data = bytearray()
    for part in answer.iter_bytes():
        data += part
        if len(data) > limit:
            raise ServerRefused(f"{answer.url.host} sent more than {limit} bytes")
    return bytes(data)


def _refusal(answer: httpx.Response) -> ServerRefused:
    """In the server's own words, where it has any."""
    said = _detail(answer) or f"to {answer.url.path}"
    kind = NotLetIn if answer.status_code in _NOT_LET_IN else ServerRefused
    return kind(f"{answer.url.host} answered {answer.status_code} {said}")


def _detail(answer: httpx.Response) -> str | None:
    if answer.headers.get("content-type", "").partition(";")[0].strip() != _PROBLEM:
        return None
    try:
        detail = msgspec.json.decode(_read(answer, _MAX_PROBLEM)).get("detail")
    except (ServerRefused, msgspec.MsgspecError, UnicodeError, RecursionError, AttributeError):
        return None
    return f"({printable(detail[:_MAX_DETAIL])})" if isinstance(detail, str) and detail else None
