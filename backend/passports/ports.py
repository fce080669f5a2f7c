"""What passports ask of other capabilities; `backend.passports.service.of` joins them to the real ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from sqlalchemy import Connection

from backend.access.tiers import Tier
from leafproof.bundle import Bundle
from leafproof.chain.view import ChainView
from leafproof.values import Lot


class Bundles(Protocol):
    """Who gathers a lot's evidence."""

    def __call__(self, connection: Connection, lot: Lot, tier: Tier) -> Bundle:
        """The lot's bundle for readers of `tier`. Raises `NotFound`."""


class ChainSource(Protocol):
    """Who knows what the chain says (`backend.anchor.registry.Registry`)."""

    def view(
        self,
        connection: Connection,
        *,
        keys: Collection[bytes] | None = None,
        lots: Collection[bytes] | None = None,
        logs: Collection[bytes] | None = None,
    ) -> ChainView | None:
        """The final chain, as far as it is about these; None before anything was read."""
