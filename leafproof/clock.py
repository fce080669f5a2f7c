"""Times as statements write them: UTC, whole seconds, `2026-11-23T08:00:00Z` (RFC 3339)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from leafproof.errors import InvalidInput

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def utc_text(seconds: int) -> str:
    """Unix seconds as text."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_seconds(text: str, field: str) -> int:
    """Unix seconds of such a text; raises `InvalidInput` naming `field`."""
    if _UTC.fullmatch(text):
        try:
            return int(datetime.fromisoformat(text).timestamp())
        except ValueError:
            pass
    raise InvalidInput(field, f"{text[:40]!r} is not a UTC time such as 2026-11-23T08:00:00Z")


def zone(name: str, field: str = "zone") -> ZoneInfo:
    """An IANA time zone; raises `InvalidInput` naming `field`."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError) as error:
        raise InvalidInput(field, f"unknown time zone {name[:40]!r}") from error


def local_date(seconds: int, zone_name: str) -> str:
    """The local calendar date, such as 2018-01-01, of a moment."""
    return datetime.fromtimestamp(seconds, zone(zone_name)).date().isoformat()
