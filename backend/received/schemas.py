"""What the HTTP interface of received lots gives. Quantities are decimal text, never JSON numbers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from backend.log.schemas import Hex


class ReceivedOut(BaseModel):
    """A lot that was taken in: its maker's address on chain and name as issuer, its footprints by profile in kg
    CO2e per tonne, how many statements the bundle had, and the numbered checks."""

    gtin: str
    lot: str
    operator: Hex
    issuer: str
    footprints: dict[str, str]
    statements: int
    verdict: str
    checks: list[Any]


class HoldingOut(BaseModel):
    """A received lot: `held` tonnes of it a company can still take in; `current` says whether the chain still
    points to the record that is here: if not, ask the supplier for a newer bundle."""

    gtin: str
    lot: str
    operator: Hex
    issuer: str
    received_at: str
    held: str
    current: bool


class HoldingPage(BaseModel):
    """Received lots by product and code; `next` is the next page's `after`, null at the end."""

    lots: list[HoldingOut]
    next: str | None
