"""The tree cut into tiles (C2SP tlog-tiles): how a log stores and serves its hashes.

The tile (L, n) holds the hashes of level 8 * L from index 256 * n, up to 256 of them. A full tile never
changes; only the rightmost of each level is partial. All levels between are computed from these.

Over HTTP a tile is `tile/<L>/<n>`, and a bundle of entries `tile/entries/<n>`: n in groups of three digits, each
but the last behind an x (1234067 is `x001/x234/067`), and `.p/<width>` behind a partial one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from leafproof.errors import Malformed
from leafproof.tree import HASH_SIZE, NodeReader, inclusion_proof, node_hash, verify_inclusion

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT

MAX_TILE_LEVEL = 7  # a tree of 2^63 leaves has no higher one
_PATH = re.compile(r"((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")

TileFetcher = Callable[[int, int], bytes]
"""Hashes of the tile (level, index), one after the other; empty where there is none."""


def tile_path(number: int, width: int = TILE_WIDTH) -> str:
    """A tile's or an entry bundle's place below its level."""
    digits = f"{number:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    path = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def read_tile_path(path: str) -> tuple[int, int]:
    """Number and width of what `tile_path` wrote; raises `Malformed` for any other form."""
    found = _PATH.fullmatch(path)
    if found is None:
        raise Malformed("tile", "not a path of three-digit groups")
    number = int(found[1].replace("x", "").replace("/", "") + found[2])
    width = int(found[3]) if found[3] else TILE_WIDTH
    if number >= 1 << 55 or tile_path(number, width) != path:  # the width of a full one stands in no path
        raise Malformed("tile", "its number or width is not in its one form")
    return number, width


def tile_width(level: int, number: int, size: int) -> int:
    """How many hashes a tree of `size` leaves has in this tile: 256, fewer at its edge, 0 beyond."""
    return max(0, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - number * TILE_WIDTH))


def _subtree(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
    return hashes[0]


def node_reader(fetch: TileFetcher) -> NodeReader:
    """Reads perfect subtrees from tiles, each tile once; the reader raises `Malformed` where one is missing."""
    seen: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        tile_level, rise = divmod(level, TILE_HEIGHT)
        start = index << rise
        key = (tile_level, start // TILE_WIDTH)
        if key not in seen:
            seen[key] = fetch(*key)
        first = start % TILE_WIDTH * HASH_SIZE
        data = seen[key][first : first + (HASH_SIZE << rise)]
        if len(data) != HASH_SIZE << rise:
            raise Malformed("tile", f"level {key[0]}, number {key[1]} lacks the hashes from {start}")
        return _subtree([data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)])

    return read


def proven_leaves(number: int, size: int, root: bytes, read: NodeReader) -> list[bytes]:
    """The leaf hashes in tile `number` of level 0, as far as a tree of `size` entries has them: each is in `root`.

    One proof serves all 256: the audit path of the tile's first leaf (RFC 9162 2.1.3) is composed by `read` from
    the same tiles, and so every other leaf is hashed into it. Raises `ProofInvalid`, and `Malformed` where a tile
    is short.
    """
    first = number * TILE_WIDTH
    path = inclusion_proof(first, size, read)
    leaves = [read(0, index) for index in range(first, min(first + TILE_WIDTH, size))]
    verify_inclusion(leaves[0], first, size, path, root)
    return leaves


class TileEdge:
    """The partial tiles at the right edge of a growing tree; `append` returns the tiles that changed."""

    def __init__(self, size: int, fetch: TileFetcher) -> None:
        """Fetch the partial tile of each level of a tree of `size` leaves; raises `Malformed` if one is short."""
        self._partial: list[bytearray] = []
        self._counts: list[int] = []
        count = size
        while count:
            held = count % TILE_WIDTH
            data = fetch(len(self._partial), count // TILE_WIDTH)[: held * HASH_SIZE] if held else b""
            if len(data) != held * HASH_SIZE:
                raise Malformed("tile", f"the last one of level {len(self._partial)} is short")
            self._partial.append(bytearray(data))
            self._counts.append(count)
            count //= TILE_WIDTH

    def append(self, leaves: Iterable[bytes]) -> dict[tuple[int, int], bytes]:
        """Add leaf hashes; the new content of each tile touched, by (level, index)."""
        changed: dict[tuple[int, int], bytes] = {}
        touched: set[int] = set()
        for leaf in leaves:
            self._add(0, leaf, changed, touched)
        for level in touched:
            if self._partial[level]:
                changed[level, self._counts[level] // TILE_WIDTH] = bytes(self._partial[level])
        return changed

    def _add(self, level: int, value: bytes, changed: dict[tuple[int, int], bytes], touched: set[int]) -> None:
        if level == len(self._partial):
            self._partial.append(bytearray())
            self._counts.append(0)
        tile = self._partial[level]
        tile += value
        touched.add(level)
        self._counts[level] += 1
        if len(tile) == TILE_WIDTH * HASH_SIZE:
            full = bytes(tile)
            changed[level, self._counts[level] // TILE_WIDTH - 1] = full
            tile.clear()
            self._add(
                level + 1,
                _subtree([full[i : i + HASH_SIZE] for i in range(0, len(full), HASH_SIZE)]),
                changed,
                touched,
            )
