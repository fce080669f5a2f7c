"""Times as statements write them: UTC, whole seconds, `2026-11-23T08:00:00Z` (RFC 3339)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from leafproof.errors import InvalidInput

_UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
LATEST = 253402214400  # 9999-12-31T00:00:00Z: up to here every zone has a calendar date for a moment


def utc_text(seconds: int) -> str:
    """Unix seconds (0 to `LATEST`) as text."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_seconds(text: str, field: str) -> int:
    """Unix seconds of such a text; raises `InvalidInput` naming `field`."""
    if _UTC.fullmatch(text):
        try:
            seconds = int(datetime.fromisoformat(text).timestamp())
        except ValueError:
            seconds = -1
        if 0 <= seconds < LATEST:
            return seconds
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
