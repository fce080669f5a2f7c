"""Fetching over HTTP: bounded, with a time-out, without following to other hosts."""

from __future__ import annotations

import httpx

from leafproof.errors import InvalidInput, LeafproofError

_TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class ServerRefused(LeafproofError):
    """The server cannot be reached, or does not give what was asked for."""


def fetch(url: str, accept: str, limit: int, api_key: str | None = None) -> bytes:
    """The resource at `url` as media type `accept`, at most `limit` bytes.

    Raises `InvalidInput` for an address that is none, `ServerRefused` for anything that the server does wrong.
    """
    headers = {"Accept": accept}
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    try:
        with httpx.stream("GET", url, headers=headers, timeout=_TIMEOUT, follow_redirects=False) as answer:
            if answer.status_code != httpx.codes.OK:
                raise ServerRefused(f"{answer.url.host} answered {answer.status_code} to {answer.url.path}")
            if answer.headers.get("content-type", "").partition(";")[0].strip() != accept:
                raise ServerRefused(f"{answer.url.host} has no {accept} at {answer.url.path}")
            data = bytearray()
            for part in answer.iter_bytes():
                data += part
                if len(data) > limit:
                    raise ServerRefused(f"{answer.url.host} sent more than {limit} bytes")
            return bytes(data)
    except httpx.InvalidURL as error:
        raise InvalidInput("url", f"not an address ({error})") from error
    except httpx.HTTPError as error:
        raise ServerRefused(f"the server cannot be read ({type(error).__name__})") from error
