"""Declared footprints: what a plant's product emits on average over a reference period, of all its lots."""
