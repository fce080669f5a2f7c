"""Times as people enter them: RFC 3339 with an offset, or local time where the facility is.

A local time that its zone's clock shows twice, or never, is refused: only whoever was there knows which it was.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from leafproof import clock
from leafproof.errors import InvalidInput


def parse(text: str, zone_name: str, field: str) -> int:
    """Unix seconds of `2018-03-01T06:00:00+09:00`, `...Z` or, in the zone, `2018-03-01 06:00`.

    Raises `InvalidInput` naming `field`.
    """
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        found = None
    if found is None or len(text.strip()) < 16:  # a date alone is no moment
        raise InvalidInput(field, f"{text[:40]!r} is no time such as 2018-03-01T06:00+09:00 or 2018-03-01 06:00")
    if found.microsecond:
        raise InvalidInput(field, f"{text[:40]!r} is finer than a second")
    moment = found if found.tzinfo is not None else _local(found, zone_name, field)
    seconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    if not 0 <= seconds < 1 << 34:  # 2514; what comes later is a slip of the keyboard
        raise InvalidInput(field, f"{text[:40]!r} is not between 1970 and 2514")
    return seconds


def _local(naive: datetime, zone_name: str, field: str) -> datetime:
    zone = clock.zone(zone_name)
    first, second = naive.replace(tzinfo=zone), naive.replace(tzinfo=zone, fold=1)
    try:
        exists = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == naive
    except OverflowError:
        raise InvalidInput(field, f"{naive.isoformat()} is not between 1970 and 2514") from None
    if not exists:
        raise InvalidInput(field, f"{naive.isoformat()} does not exist in {zone_name}: clocks were put forward")
    if first.utcoffset() != second.utcoffset():
        raise InvalidInput(
            field, f"{naive.isoformat()} happened twice in {zone_name}: write it with its offset, as +01:00"
        )
    return first
