"""What can go wrong in a gateway, beside bad input (`leafproof.errors.InvalidInput`)."""

from __future__ import annotations

from leafproof.errors import LeafproofError


class SourceFailed(LeafproofError):
    """A source that cannot be read for now: a file that is missing, a meter that does not answer."""


class SourceChanged(SourceFailed):
    """A source that is no longer what its stored position was taken from; waiting will not help."""


class OutboxFull(LeafproofError):
    """There is no room to store more; nothing was stored, and the position stands where it stood."""


class OutboxInUse(LeafproofError):
    """Another gateway process holds this data folder."""


class OutboxUnusable(LeafproofError):
    """An outbox that cannot be used as it is: written by a newer version, or by another key."""
