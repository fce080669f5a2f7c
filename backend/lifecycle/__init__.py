"""Stages after the gate: logistics, installation, use and recycling of a lot, beside its footprint."""
