"""The garbage collector, told what kind of program this is.

A group of frames makes hundreds of thousands of objects that live for a moment, none of them in a cycle;
collecting at CPython's usual pace took a fifth of the CPU of ingest (docs/performance.md).
"""

from __future__ import annotations

import gc

YOUNG = 50_000  # objects between collections of the youngest; CPython's 700 is for programs that make few


def collect_seldom() -> None:
    """To be called once, when everything is imported and wired: what is there now is for good."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
