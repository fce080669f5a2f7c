"""HTML from templates: escaped by default, one environment a language, a strict policy for every page.

A page loads one style sheet and one deferred script from this server, runs nothing inline, and connects nowhere
but here and to the chain nodes that its policy names (Content Security Policy Level 3).
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from backend.errors import NotFound
from backend.web.i18n import LANGUAGES, Language, language

_TYPES = {
    "page.css": "text/css; charset=utf-8",
    "verify.js": "text/javascript; charset=utf-8",
    "leaf.svg": "image/svg+xml",
    "LICENSES.txt": "text/plain; charset=utf-8",
}
_FOREVER = "public, max-age=31536000, immutable"  # addresses carry the content's hash
_MIN_GZIP = 1024  # bytes; below, the answer's headers weigh more
HTML = "text/html; charset=utf-8"
_INDENT = re.compile(r"\n\s+<")  # for whoever reads a template; a page is read on a phone

router = APIRouter(tags=["pages"])


@cache
def _environment(code: str) -> Environment:
    made = Environment(
        loader=PackageLoader("backend.web", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    of = language(code)
    made.globals.update(_=of.text, language=of, languages=LANGUAGES, asset=asset)
    made.filters.update(flag=of.flag, finding=of.finding, number=of.number, time=of.time)
    return made


@cache
def _static(name: str) -> tuple[bytes, bytes]:
    """A file's bytes, as they are and compressed. Raises `NotFound`."""
    if name not in _TYPES:
        raise NotFound(f"there is no file {name[:40]!r} here")
    data = resources.files("backend.web").joinpath("static", name).read_bytes()
    return data, gzip.compress(data, 9, mtime=0)


@cache
def asset(name: str) -> str:
    """The address of a static file, with a part of its hash, so that it may be kept for good."""
    return f"/static/{name}?v={hashlib.sha256(_static(name)[0]).hexdigest()[:12]}"


@router.get("/static/{name}", include_in_schema=False)
def static(request: Request, name: str) -> Response:
    """Style sheet, script, and the licences of what the script contains."""
    plain, packed = _static(name)
    headers = {"Cache-Control": _FOREVER if "v" in request.query_params else "no-cache", "Vary": "Accept-Encoding"}
    if takes_gzip(request.headers):
        return Response(packed, media_type=_TYPES[name], headers={**headers, "Content-Encoding": "gzip"})
    return Response(plain, media_type=_TYPES[name], headers=headers)


@router.get("/favicon.ico", include_in_schema=False)
def favicon(request: Request) -> Response:
    """What browsers ask for unasked."""
    return static(request, "leaf.svg")


def takes_gzip(headers: Mapping[str, str]) -> bool:
    """Whether the reader that sends these headers unpacks gzip (RFC 9110 12.5.3)."""
    offered = headers.get("accept-encoding", "").lower().replace(" ", "")
    return any(one == "gzip" or (one.startswith("gzip;q=") and one[7:8] == "1") for one in offered.split(","))


def policy(nodes: Sequence[str] = ()) -> str:
    """The Content-Security-Policy of a page that may ask the chain nodes of these origins."""
    connect = " ".join(["'self'", *nodes])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src {connect}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )


def origin(url: str) -> str | None:
    """Scheme, host and port of an http(s) URL, or None; nothing else of it may enter a policy."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    if not all(c.isascii() and (c.isalnum() or c in ".-:") for c in host):
        return None
    name = f"[{host}]" if ":" in host else host
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{name}" + (f":{port}" if port and port != standard else "")


def page(
    request: Request,
    of: Language,
    template: str,
    values: Mapping[str, Any],
    status: int = 200,
    nodes: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The page `template` in the language `of`; it may ask the chain nodes of the origins `nodes`."""
    drawn = _environment(of.code).get_template(template).render(path=_path(request), **values)
    html = _INDENT.sub("\n<", drawn).encode("utf-8")
    sent = {
        "Content-Language": of.code,
        "Content-Security-Policy": policy(nodes),
        **(headers or {}),
    }
    if len(html) >= _MIN_GZIP and takes_gzip(request.headers):
        sent["Content-Encoding"] = "gzip"
        html = gzip.compress(html, 6, mtime=0)
    return Response(html, status, sent, HTML)


def _path(request: Request) -> str:
    """The page's own address without its query, as the reader's browser wrote it."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return raw.partition(b"?")[0].decode("ascii", "replace")
