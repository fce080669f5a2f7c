"""Which of our forms a reader wants: Accept with q-values and ranges (RFC 9110 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

_MAX_RANGES = 50  # browsers send under ten


def best(accept: str | None, offers: Sequence[str]) -> str | None:
    """The offer that the header prefers, the earlier one of equals; None if it takes none of them.

    A missing header takes everything. Parameters of a media type other than q are left out of account.
    """
    if accept is None or not accept.strip():
        return offers[0]
    ranges = [_parse(part) for part in accept.split(",")[:_MAX_RANGES]]
    rated = [(_quality(offer, ranges), -place, offer) for place, offer in enumerate(offers)]
    quality, _, offer = max(rated)
    return offer if quality > 0 else None


def _parse(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                quality = 0.0
            break
    return name, quality


def _quality(offer: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The quality of the most specific range that covers the offer."""
    for wanted in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        found = [quality for name, quality in ranges if name == wanted]
        if found:
            return max(found)
    return 0.0
