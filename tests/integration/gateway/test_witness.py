"""The gateway as witness, against the real chain and the real server: honest, unreachable, lying, and forgetful."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI, Response

from backend.app import create_app
from backend.checkpoints.endpoints import router
from backend.context import Context
from backend.database import transaction
from backend.log.schemas import NewEntry
from backend.log.tables import bodies, entries, logs, tiles
from backend.settings import Settings
from iot_gateway import witness as witnesses
from iot_gateway.config import Config, load
from iot_gateway.outbox import Outbox, open_outbox
from iot_gateway.outbox_file import FILE
from iot_gateway.status import alarms, in_words, read_status
from iot_gateway.witness import Looked, TreeUnproven, Witness
from leafproof import envelope, frame
from leafproof.client.http import ServerRefused
from leafproof.client.rpc import NodeUnreachable
from leafproof.errors import InvalidInput
from leafproof.keys import SigningKey
from leafproof.notice import Acknowledgement, Beacon, read_acknowledgement, sign_acknowledgement
from leafproof.tiles import TILE_WIDTH, read_tile_path
from tests.integration.anchor.conftest import ledger, sqlite  # noqa: F401
from tests.integration.anchor.ledger import Ledger
from tests.support.proxy import FaultProxy
from tests.support.server import serving
from tests.support.storage import LOG_KEY, migrated_sqlite, statement  # noqa: F401

NOW = 1_795_000_000
Lie = Callable[[int, int, bytes], bytes]


@dataclass
class Server:
    """The log's API as the gateway reaches it; `lie` may change what a tile's hashes are."""

    url: str = ""
    asked: list[tuple[int, int]] = field(default_factory=list)
    lie: Lie = lambda _level, _number, hashes: hashes


@dataclass
class Scene:
    """One gateway and its log: `take` is the log's part, with the words that it signs."""

    ledger: Ledger
    server: Server
    folder: Path
    key: SigningKey = field(default_factory=SigningKey.generate)

    def config(self, **witness: Any) -> Config:
        ref = self.ledger.log.ref
        (self.folder / "trust.json").write_bytes(self.ledger.trust.encode())
        settings = {"server": self.server.url, "trust": "trust.json", "rpc": self.ledger.url} | witness
        section = "\n".join(f"{name} = {value!r}" for name, value in settings.items())
        (self.folder / "gateway.toml").write_text(
            f"""
[gateway]
name = "gw"
operator = "4012345000009"
facility = "8801234000017"
data = "data"
key = "gateway.key"
[log]
chain_id = {ref.chain_id}
contract = "0x{ref.contract.hex()}"
log_id = "{ref.log_id.hex()}"
public_key = "{LOG_KEY.public.cose.hex()}"
[broker]
host = "127.0.0.1"
[witness]
{section}
[[source]]
kind = "simulator"
name = "simulated"
seed = "s"
zone = "UTC"
interval = 900
[[source.points]]
point = "main"
peak_kw = "1"
resolution = "0.01"
"""
        )
        return load(self.folder / "gateway.toml")

    def outbox(self) -> Outbox:
        return open_outbox(self.config(), self.key)

    def witness(self, outbox: Outbox, **settings: Any) -> Witness:
        config = self.config(**settings)
        assert config.witness is not None
        return Witness(config, config.witness, outbox, threading.Event())

    def look(self, outbox: Outbox) -> Looked | None:
        with closing(self.witness(outbox)) as one:
            return one.look()

    def others(self, count: int) -> None:
        """What others have to say comes into the log."""
        self.ledger.write(count)

    def take(self, outbox: Outbox, *, log_them: bool = True) -> Acknowledgement:
        """Log what the gateway sends, or only say so; acknowledged either way."""
        raws = [frame.decode_message(message) for _, message in outbox.unacknowledged(0, 10_000)]
        new = [NewEntry(envelope.parse(raw), body) for raw, body in raws]
        with transaction(self.ledger.engine) as connection:
            index = self.ledger.log.size(connection) + len(new) - 1
            if log_them:
                index = max(self.ledger.log.append(connection, new))
        place = frame.place_of(new[-1].envelope)
        word = Acknowledgement(self.key.public.key_id, place.epoch, place.sequence, index)
        outbox.acknowledge(word, sign_acknowledgement(LOG_KEY, self.ledger.log.ref, word))
        return word

    def anchor(self) -> None:
        self.ledger.anchor()

    def kept(self) -> int:
        with closing(sqlite3.connect(self.folder / "data" / FILE)) as db:
            return int(db.execute("SELECT count(*) FROM frame").fetchone()[0])

    def alarms(self) -> list[str]:
        return alarms(read_status(self.config())["inclusion"])


def lying(app: FastAPI, server: Server) -> FastAPI:
    """The application, with a hand of its own in the tiles that it gives out."""

    @app.middleware("http")
    async def meddle(request: Any, call_next: Any) -> Any:
        answer = await call_next(request)
        parts = request.url.path.split("/")
        if "tile" not in parts or answer.status_code != 200:
            return answer
        level, path = request.url.path.partition("/tile/")[2].split("/", 1)
        level, number = int(level), read_tile_path(path)[0]
        server.asked.append((level, number))
        body = b"".join([part async for part in answer.body_iterator])
        return Response(server.lie(level, number, body), media_type="application/octet-stream")

    return app


@pytest.fixture
def scene(ledger: Ledger, tmp_path: Path) -> Iterator[Scene]:  # noqa: F811
    server = Server()
    app = create_app(Context(Settings(), ledger.engine, ledger.logs), (), (router,))
    folder = tmp_path / "gateway"
    folder.mkdir()
    with serving(lying(app, server)) as http:
        server.url = str(http.base_url)
        yield Scene(ledger, server, folder)


@pytest.fixture
def box(scene: Scene) -> Iterator[Outbox]:
    with closing(scene.outbox()) as made:
        made.begin_epoch("live", NOW)
        for second in range(9):
            made.heartbeat("live", NOW + second)
        yield made


class TestAnHonestLog:
    def test_frames_go_once_they_are_found_in_the_head_and_not_before(self, scene: Scene, box: Outbox) -> None:
        scene.others(300)
        scene.take(box)
        assert scene.look(box) is None  # nothing is anchored
        assert scene.kept() == 10
        scene.anchor()
        scene.others(700)
        looked = scene.look(box)
        assert looked is not None
        assert (looked.found, looked.missing, looked.more) == (10, 0, False)
        assert looked.head.size == 310
        assert scene.kept() == 0
        assert scene.alarms() == []
        assert "10 frames found in anchored heads, the last one of 310 entries" in in_words(
            read_status(scene.config())
        )

    def test_256_frames_cost_one_proof(self, scene: Scene, box: Outbox) -> None:
        scene.others(2 * TILE_WIDTH - 10)
        for second in range(200):
            box.heartbeat("live", NOW + second)
        scene.take(box)
        scene.anchor()
        looked = scene.look(box)
        assert looked is not None
        assert looked.found == 210
        assert sorted(scene.server.asked) == [(0, 1), (0, 2), (1, 0)]

    def test_a_beacon_alone_frees_nothing(self, scene: Scene, box: Outbox) -> None:
        scene.take(box)
        box.anchored(Beacon(9, bytes(32), NOW, 10_000, bytes(32)))
        assert scene.kept() == 10

    def test_frames_far_apart_are_found_in_several_looks(
        self, scene: Scene, box: Outbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(witnesses, "MAX_TILES", 2)
        raws = [frame.decode_message(message) for _, message in box.unacknowledged(0, 100)]
        indexes: list[int] = []
        for raw, body in raws:
            scene.others(TILE_WIDTH)
            with transaction(scene.ledger.engine) as connection:
                indexes += scene.ledger.log.append(connection, [NewEntry(envelope.parse(raw), body)])
        epoch = frame.place_of(envelope.parse(raws[0][0])).epoch
        word = Acknowledgement(scene.key.public.key_id, epoch, len(raws) - 1, indexes[-1])
        box.acknowledge(word, b"its word")
        scene.anchor()
        with closing(scene.witness(box)) as one:
            looks = []
            while not looks or looks[-1].more:
                looked = one.look()
                assert looked is not None
                looks.append(looked)
        assert sum(looked.found for looked in looks) == 10
        assert sum(looked.missing for looked in looks) == 0
        assert len(looks) >= 5

    def test_without_chain_or_server_frames_are_kept_and_found_later(self, scene: Scene, box: Outbox) -> None:
        scene.take(box)
        scene.anchor()
        with FaultProxy(("127.0.0.1", int(scene.server.url.rsplit(":", 1)[1].strip("/")))) as server:
            with FaultProxy(("127.0.0.1", int(scene.ledger.url.rsplit(":", 1)[1]))) as chain:
                urls = {
                    "server": f"http://{server.host}:{server.port}",
                    "rpc": f"http://{chain.host}:{chain.port}",
                }
                with closing(scene.witness(box, **urls)) as one:
                    chain.cut(refuse=True)
                    with pytest.raises(NodeUnreachable):
                        one.look()
                    chain.heal()
                    server.cut(refuse=True)
                    with pytest.raises(ServerRefused):
                        one.look()
                    assert (scene.kept(), scene.alarms()) == (10, [])
                    server.heal()
                    looked = one.look()
        assert looked is not None
        assert (looked.found, scene.kept()) == (10, 0)


class TestALyingServer:
    @pytest.mark.parametrize("level", [0, 1])
    def test_altered_tiles_are_an_alarm_that_survives_until_the_right_ones_are_shown(
        self, scene: Scene, level: int
    ) -> None:
        def lie(at: int, _number: int, hashes: bytes) -> bytes:
            return bytes([hashes[0] ^ 1]) + hashes[1:] if at == level else hashes

        with closing(scene.outbox()) as box:
            box.begin_epoch("live", NOW)
            scene.others(600)
            scene.take(box)
            scene.anchor()
            scene.server.lie = lie
            with pytest.raises(TreeUnproven):
                scene.look(box)
        with closing(scene.outbox()) as box:  # another process
            assert scene.kept() == 1
            (told,) = scene.alarms()
            assert "does not prove the head of 601 entries" in told
            scene.server.lie = Server.lie
            looked = scene.look(box)
        assert looked is not None
        assert (looked.found, scene.kept(), scene.alarms()) == (1, 0, [])

    def test_a_tile_cut_short_is_no_proof(self, scene: Scene, box: Outbox) -> None:
        scene.take(box)
        scene.anchor()
        scene.server.lie = lambda _level, _number, hashes: hashes[:32]
        with pytest.raises(TreeUnproven):
            scene.look(box)
        assert scene.kept() == 10


class TestALogThatDoesNotHoldWhatItSigned:
    def test_the_evidence_is_kept_and_the_frames_are_sent_again(self, scene: Scene) -> None:
        with closing(scene.outbox()) as box:
            box.begin_epoch("live", NOW)
            scene.others(300)
            word = scene.take(box, log_them=False)
            scene.others(30)
            scene.anchor()
            looked = scene.look(box)
            assert looked is not None
            assert (looked.found, looked.missing) == (0, 1)
        with closing(scene.outbox()) as box:
            (told,) = scene.alarms()
            assert "acknowledged 1 frames that the anchored head did not hold" in told
            assert "ALARM: the log acknowledged 1" in in_words(read_status(scene.config()))
            with closing(sqlite3.connect(scene.folder / "data" / FILE)) as db:
                raw, signed, size, root = db.execute("SELECT envelope, signed, size, root FROM missing").fetchone()
            assert read_acknowledgement(signed, LOG_KEY.public, scene.ledger.log.ref) == word
            assert (size, root) == scene.ledger.held()
            ((_, message),) = box.unacknowledged(0, 10)  # custody first
            assert frame.decode_message(message)[0] == raw
            box.heartbeat("live", NOW + 1)  # and its work goes on
            scene.take(box)
            scene.anchor()
            looked = scene.look(box)
            assert looked is not None
            assert (looked.found, looked.missing, scene.kept()) == (2, 0, 0)
            assert scene.alarms() == [told]  # what happened has happened

    def test_an_entry_swapped_for_another_before_it_was_anchored(self, scene: Scene, box: Outbox) -> None:
        scene.others(20)
        scene.take(box)
        rewrite(scene.ledger, 25)
        scene.anchor()
        looked = scene.look(box)
        assert looked is not None
        assert (looked.found, looked.missing, scene.kept()) == (9, 1, 1)


def rewrite(victim: Ledger, index: int) -> None:
    """The server's hand: the log begun anew with another statement at `index`, and the rest as it was."""
    with transaction(victim.engine) as connection:
        held = victim.log.page(connection, 0, 1000)
        new = [NewEntry(envelope.parse(one.envelope), None) for one in held]
        new[index] = statement("another", ref=victim.log.ref)
        for table in (bodies, tiles, entries):
            connection.execute(sa.delete(table))
        connection.execute(sa.update(logs).values(size=0, frontier=b""))
        victim.log.append(connection, new)


class TestConfiguration:
    def test_a_trust_file_of_another_log_is_refused(self, scene: Scene, box: Outbox) -> None:
        config = scene.config()
        assert config.witness is not None
        text = (scene.folder / "trust.json").read_text()
        (scene.folder / "trust.json").write_text(text.replace('"chain_id":', '"chain_id":1'))
        with pytest.raises(InvalidInput, match=r"witness\.trust: names another chain"):
            Witness(config, config.witness, box, threading.Event())

    def test_an_outbox_of_version_1_is_brought_up_to_date_with_its_frames(self, scene: Scene) -> None:
        with closing(scene.outbox()) as box:
            box.begin_epoch("live", NOW)
            word = scene.take(box)
        with closing(sqlite3.connect(scene.folder / "data" / FILE)) as db:
            db.executescript(
                "DROP TABLE acknowledgement; DROP TABLE missing; DROP TABLE witness; PRAGMA user_version = 1"
            )
        scene.anchor()
        with closing(scene.outbox()) as box:
            assert box.count_held() == 1
            looked = scene.look(box)
        assert looked is not None
        assert (looked.found, looked.head.size) == (1, word.index + 1)
