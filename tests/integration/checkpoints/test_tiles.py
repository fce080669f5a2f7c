"""The log as tlog-tiles, on both databases: a client that knows the specification alone rebuilds the tree."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from backend import kept
from backend.database import transaction
from backend.log.repair import repair
from backend.log.tables import bodies, entries
from backend.log.tables import tiles as stored_tiles
from leafproof import tiles, tree
from leafproof.checkpoint import Checkpoint, origin_of
from leafproof.note import Note, Verifier
from tests.integration.checkpoints.ground import TLOG, Ground, ground_of
from tests.support.storage import REF

SIZE = 600


@pytest.fixture
def ground(engine: Engine) -> Iterator[Ground]:
    with ground_of(engine) as made:
        yield made


class TestTiles:
    def test_checkpoint_entries_and_tiles_fit_each_other(self, ground: Ground) -> None:
        ground.grow(SIZE)
        read = Note.decode(ground.publish())
        assert [v.by.vkey for v in read.signed_by([Verifier.parse(ground.vkey)])] == [ground.vkey]
        head = Checkpoint.parse(read.text)
        assert (head.origin, head.size) == (origin_of(REF), SIZE)
        leaves = [tree.leaf_hash(entry) for entry in self.entries(ground, head.size)]
        frontier = tree.Frontier()
        for leaf in leaves:
            frontier.append(leaf)
        assert frontier.root() == head.root
        for number in range(3):
            path = tiles.tile_path(number, tiles.tile_width(0, number, SIZE))
            expected = b"".join(leaves[256 * number : 256 * number + 256])
            assert ground.http.get(f"{TLOG}/tile/0/{path}").content == expected
        top = ground.http.get(f"{TLOG}/tile/1/000.p/2").content
        full = tree.Frontier()
        for leaf in leaves[:512]:
            full.append(leaf)
        assert tree.node_hash(top[:32], top[32:]) == full.root()

    def entries(self, ground: Ground, size: int) -> Iterator[bytes]:
        for number in range(-(-size // 256)):
            path = tiles.tile_path(number, tiles.tile_width(0, number, size))
            data = ground.http.get(f"{TLOG}/tile/entries/{path}").content
            while data:
                length = int.from_bytes(data[:2], "big")
                yield data[2 : 2 + length]
                data = data[2 + length :]

    def test_entries_are_the_envelopes(self, ground: Ground) -> None:
        ground.grow(3)
        page = ground.http.get(f"{TLOG.removesuffix('/tlog')}/entries").json()["entries"]
        assert list(self.entries(ground, 3)) == [base64.b64decode(e["envelope"]) for e in page]

    def test_what_was_served_once_is_served_from_memory(self, ground: Ground) -> None:
        ground.grow(300)
        paths = [f"{TLOG}/tile/0/000", f"{TLOG}/tile/entries/000"]
        first = [ground.http.get(path).content for path in paths]
        with transaction(ground.engine) as connection:
            for table in (stored_tiles, bodies, entries):
                connection.execute(sa.delete(table))
        assert [ground.http.get(path).content for path in paths] == first
        assert ground.http.get(f"{TLOG}/tile/0/000.p/9").status_code == 404

    def test_only_the_checkpoint_may_change(self, ground: Ground) -> None:
        ground.grow(300)
        ground.publish()
        checkpoint = ground.http.get(f"{TLOG}/checkpoint")
        assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
        assert checkpoint.headers["cache-control"] == "no-cache"
        for path in (
            "tile/0/000",
            "tile/0/001.p/44",
            "tile/1/000.p/1",
            "tile/entries/000",
            "tile/entries/001.p/44",
        ):
            answer = ground.http.get(f"{TLOG}/{path}")
            assert answer.status_code == 200, path
            assert answer.headers["content-type"] == "application/octet-stream"
            assert answer.headers["cache-control"].endswith("immutable")

    def test_a_tile_that_was_repaired_is_served_once_the_kept_one_is_old(
        self, ground: Ground, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ground.grow(SIZE)
        with transaction(ground.engine) as connection:
            where = sa.and_(stored_tiles.c.level == 0, stored_tiles.c.number == 1)
            true = connection.execute(sa.select(stored_tiles.c.hashes).where(where)).scalar_one()
            connection.execute(sa.update(stored_tiles).where(where).values(hashes=bytes(len(true))))
        asked = f"{TLOG}/tile/0/001"
        assert ground.http.get(asked).content == bytes(len(true))
        repair(ground.engine, ground.log, None)
        monkeypatch.setattr(kept, "MAX_AGE", -1)
        assert ground.http.get(asked).content == true

    def test_a_partial_tile_stays_when_the_log_has_grown(self, ground: Ground) -> None:
        ground.grow(5)
        before = [ground.http.get(f"{TLOG}/tile/{what}/000.p/5").content for what in ("0", "entries")]
        ground.grow(400)
        assert [ground.http.get(f"{TLOG}/tile/{what}/000.p/5").content for what in ("0", "entries")] == before

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("tile/0/001", 404),
            ("tile/0/000.p/6", 404),
            ("tile/1/000", 404),
            ("tile/entries/000.p/6", 404),
            ("tile/entries/000", 404),
            ("tile/entries/x001/000.p/1", 404),
            ("tile/0/000.p/0", 400),
            ("tile/0/000.p/256", 400),
            ("tile/0/000.p/05", 400),
            ("tile/0/x000/000", 400),
            ("tile/0/00", 400),
            ("tile/8/000", 422),
        ],
    )
    def test_what_is_not_there_or_not_in_its_one_form(self, ground: Ground, path: str, status: int) -> None:
        ground.grow(5)
        answer = ground.http.get(f"{TLOG}/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


class TestPublishing:
    def test_a_new_log_has_a_checkpoint_of_nothing(self, ground: Ground) -> None:
        head = Checkpoint.parse(Note.decode(ground.publish()).text)
        assert (head.size, head.root) == (0, tree.EMPTY_ROOT)

    def test_a_log_that_does_not_grow_keeps_its_checkpoint(self, ground: Ground) -> None:
        ground.grow(3)
        first = ground.publish()
        assert ground.publish() == first
        ground.grow(1)
        assert Checkpoint.parse(Note.decode(ground.publish()).text).size == 4
