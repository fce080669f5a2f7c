"""Logging: one JSON object a line on standard error, ours and the libraries' alike, with secrets taken out."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

import structlog

HIDDEN = "[hidden]"
_SECRET_NAME = re.compile(r"password|secret|token|authorization|api_?key|private|credential|cookie", re.IGNORECASE)
_SECRET_TEXT = (
    (re.compile(r"(leafproof_[0-9a-f]{16}_)[0-9a-f]+"), rf"\1{HIDDEN}"),  # an API key
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^/\s@]+@"), rf"\1{HIDDEN}@"),  # a password in a URL
    (re.compile(r"(?i)(\bbearer\s+)\S+"), rf"\1{HIDDEN}"),
    (re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END|$)", re.DOTALL), rf"\1{HIDDEN}\2"),
)
# What each of these has in it: nearly all texts have none of it, and each line of the log has a dozen.
_SUSPECT = re.compile(r"leafproof_|://|bearer|-----BEGIN", re.IGNORECASE)


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        if _SUSPECT.search(value):
            for pattern, replacement in _SECRET_TEXT:
                value = pattern.sub(replacement, value)
        return value
    if isinstance(value, dict):
        return {k: HIDDEN if _is_secret(str(k)) else _clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(v) for v in value]
    if isinstance(value, (int, float)) or value is None:
        return value
    return _clean(str(value))


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take secrets out of a log event: by the name of a member, and by the look of a text."""
    cleaned: dict[str, Any] = _clean(dict(event))
    return cleaned


def configure(level: str) -> None:
    """Set up structlog and the standard library's logging for this process, at `level` and above."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                redact,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.raiseExceptions = False  # what cannot be written must not be printed raw instead
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # the guard writes that line, with the request's id
    for name in ("httpx", "alembic"):  # one writes whole URLs, the other each of its plug-ins
        logging.getLogger(name).setLevel(logging.WARNING)
