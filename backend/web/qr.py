"""QR codes of passport addresses (ISO/IEC 18004): error level M, quiet zone of four modules (its 6.3.8)."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

import segno

QUIET_ZONE = 4  # modules
_SCALE = 8  # pixels a module: a code of version 6 is then 392 pixels wide, enough for a label of 4 cm at 240 dpi


@lru_cache(maxsize=256)
def svg(url: str, title: str) -> bytes:
    """The code as a drawing without a size of its own, named `title` for those who do not see it."""
    return _saved(url, "svg", omitsize=True, title=title, desc=url, svgclass=None, lineclass=None, light="#fff")


@lru_cache(maxsize=256)
def png(url: str) -> bytes:
    """The code as an image, black on white."""
    return _saved(url, "png", scale=_SCALE, light="#fff")


def _saved(url: str, kind: str, **options: object) -> bytes:
    out = BytesIO()
    segno.make(url, error="m", boost_error=False, micro=False).save(out, kind=kind, border=QUIET_ZONE, **options)
    return out.getvalue()
