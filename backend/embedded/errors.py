"""What can go wrong with a part that runs beside us."""

from leafproof.errors import LeafproofError


class PartMissing(LeafproofError):
    """A program that an embedded part needs is not on this machine; the text says how to get it."""


class PartFailed(LeafproofError):
    """An embedded part did not start, did not become ready, or died too often; the text ends with its log."""


class ChainStateUnreadable(LeafproofError):
    """No stored generation of the chain's state can be loaded, and an empty chain would be a silent loss."""
