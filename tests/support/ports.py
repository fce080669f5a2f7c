"""Ports for tests; the same search as the embedded parts use."""

from backend.embedded.ports import accepts, free_port

__all__ = ["accepts", "free_port"]
