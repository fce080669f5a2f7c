"""Custody: what is stored together, what leaves when, and what a damaged or full outbox does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from iot_gateway import outbox as outboxes
from iot_gateway.errors import OutboxFull, OutboxInUse, OutboxUnusable
from iot_gateway.frames import Framer
from iot_gateway.outbox import Outbox
from iot_gateway.outbox_file import FILE
from iot_gateway.sources.base import Batch, Rejected
from leafproof import envelope as envelopes
from leafproof import frame as frames
from leafproof.envelope import LogRef
from leafproof.errors import InvalidInput
from leafproof.frame import MAX_READINGS, Reading
from leafproof.keys import EDDSA, SigningKey
from leafproof.notice import Acknowledgement, Beacon
from leafproof.values import Gln

LOG = LogRef(1337, bytes(20), bytes(32))
NOW = 1_795_000_000
EPOCH = NOW * 1000
KEY = SigningKey.generate()
FACILITY = Gln("8801234000017")

Maker = Callable[[], Outbox]


def framer(key: SigningKey = KEY, log: LogRef = LOG) -> Framer:
    return Framer(key, "urn:leafproof:gateway:4012345000009:gw", FACILITY, log)


@pytest.fixture
def open_outbox(tmp_path: Path) -> Iterator[Maker]:
    """Opens the outbox of the test; the one before is closed first, as if its process had ended."""
    current: list[Outbox] = []

    def make() -> Outbox:
        if current:
            current.pop().close()
        current.append(Outbox(tmp_path / "data", framer()))
        return current[-1]

    yield make
    for box in current:
        box.close()


@contextmanager
def opened(folder: Path, by: Framer) -> Iterator[Outbox]:
    box = Outbox(folder, by)
    try:
        yield box
    finally:
        box.close()


def readings(count: int, first: int = 0) -> list[Reading]:
    return [Reading("main", NOW + 900 * (first + i), Decimal(first + i), "kWh") for i in range(count)]


def sent(box: Outbox) -> list[envelopes.Envelope]:
    return [envelopes.parse(frames.decode_message(message)[0]) for _, message in box.unacknowledged(0, 10_000)]


def contents(box: Outbox) -> list[frames.FrameContent]:
    return [frames.decode_body(frames.decode_message(message)[1]) for _, message in box.unacknowledged(0, 10_000)]


def ack(epoch: int, sequence: int, index: int = 0, key: SigningKey = KEY) -> Acknowledgement:
    return Acknowledgement(key.public.key_id, epoch, sequence, index)


def beacon(size: int, time: int = NOW, number: int = 5) -> Beacon:
    return Beacon(number, number.to_bytes(32, "big"), time, size, bytes(32))


class TestEpochs:
    def test_the_first_epoch_opens_with_a_first_start(self, open_outbox: Maker) -> None:
        box = open_outbox()
        box.begin_epoch("live", NOW)
        (envelope,), (content,) = sent(box), contents(box)
        place = frames.place_of(envelope)
        envelope.verify(KEY.public)
        assert (place.epoch, place.sequence, place.previous, place.mode) == (EPOCH, 0, None, "live")
        assert content.opening == frames.Opening("first start", None, None, None, NOW)
        assert content.heartbeats == [NOW]

    def test_after_a_clean_stop_it_is_a_restart_that_names_the_gap(self, open_outbox: Maker) -> None:
        box = open_outbox()
        box.begin_epoch("live", NOW)
        box.heartbeat("live", NOW + 10)
        box.stop(NOW + 20)
        opening = open_outbox().begin_epoch("live", NOW + 100)
        assert opening == frames.Opening("restart", EPOCH, 1, NOW + 20, NOW + 100)

    def test_without_a_clean_stop_it_is_a_crash_that_ended_with_the_last_frame(self, open_outbox: Maker) -> None:
        box = open_outbox()
        box.begin_epoch("live", NOW)
        box.heartbeat("live", NOW + 10)
        opening = open_outbox().begin_epoch("live", NOW + 100)
        assert opening == frames.Opening("crash", EPOCH, 1, NOW + 10, NOW + 100)

    def test_an_epoch_never_repeats_even_when_the_clock_went_back(self, open_outbox: Maker) -> None:
        open_outbox().begin_epoch("live", NOW)
        box = open_outbox()
        box.begin_epoch("live", NOW - 86_400)
        assert frames.place_of(sent(box)[-1]).epoch == EPOCH + 1

    def test_previous_goes_across_epochs(self, open_outbox: Maker) -> None:
        box = open_outbox()
        box.begin_epoch("live", NOW)
        box.heartbeat("live", NOW)
        box = open_outbox()
        box.begin_epoch("live", NOW + 1)
        one, two, three = sent(box)
        assert frames.place_of(two).previous == one.statement_id
        assert frames.place_of(three).previous == two.statement_id


class TestTaking:
    def test_readings_and_position_are_stored_together(self, open_outbox: Maker) -> None:
        box = open_outbox()
        box.begin_epoch("recorded", NOW)
        box.store("s", "recorded", Batch(readings(3), "3"), NOW, close_frame=False)
        box.store("s", "recorded", Batch(readings(2, 3), "5"), NOW, close_frame=True)
        box = open_outbox()
        assert box.position("s") == "5"
        assert box.pending("s") == 0
        (series,) = contents(box)[1].series
        assert [r.value for r in series] == [Decimal(1000 * i) for i in range(5)]
        assert frames.place_of(sent(box)[1]).mode == "recorded"

    def test_what_is_pending_survives_a_crash_and_comes_in_the_next_frame(self, open_outbox: Maker) -> None:
        box = open_outbox()
        box.begin_epoch("live", NOW)
        box.store("s", "live", Batch(readings(3), "3"), NOW, close_frame=False)
        box = open_outbox()
        box.begin_epoch("live", NOW + 5)
        assert box.pending("s") == 3
        box.store("s", "live", Batch([], "3"), NOW, close_frame=True)
        assert contents(box)[-1].count == 3

    def test_two_sources_keep_their_readings_apart(self, open_outbox: Maker) -> None:
        box = open_outbox()
        box.begin_epoch("live", NOW)
        box.store("a", "live", Batch(readings(1), "1"), NOW, close_frame=False)
        box.store("b", "simulated", Batch(readings(2), "2"), NOW, close_frame=True)
        assert box.pending("a") == 1
        assert frames.place_of(sent(box)[-1]).mode == "simulated"
        assert contents(box)[-1].count == 2

    def test_readings_whose_names_fill_a_body_go_into_several_frames(self, open_outbox: Maker) -> None:
        box = open_outbox()
        box.begin_epoch("live", NOW)
        many = [Reading(f"point-{i:050}", NOW, Decimal("1.234567"), "m3") for i in range(MAX_READINGS)]
        box.store("s", "live", Batch(many, "1"), NOW, close_frame=True)
        told = [reading for content in contents(box) for series in content.series for reading in series]
        assert told == many
        assert [frames.place_of(e).sequence for e in sent(box)] == list(range(len(sent(box))))

    def test_a_frame_that_cannot_be_made_stores_nothing(self, open_outbox: Maker) -> None:
        box = open_outbox()
        box.begin_epoch("live", NOW)
        with pytest.raises(InvalidInput):
            box.store(
                "s", "live", Batch([Reading("no name!", NOW, Decimal(1), "kWh")], "1"), NOW, close_frame=True
            )
        assert box.position("s") is None
        assert len(sent(box)) == 1

    def test_broken_lines_are_kept_up_to_a_bound_and_counted_beyond(
        self, open_outbox: Maker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(outboxes, "MAX_REJECTED", 3)
        box = open_outbox()
        box.begin_epoch("live", NOW)
        rejected = [Rejected(i, "bad", "text") for i in range(2)]
        for position in "123":
            box.store("s", "live", Batch([], position, rejected), NOW, close_frame=False)
        with sqlite3.connect(tmp_path / "data" / FILE) as db:
            assert db.execute("SELECT count(*) FROM rejected").fetchone() == (3,)
            assert db.execute("SELECT rejected FROM source").fetchone() == (6,)
        db.close()


class TestLettingGo:
    @pytest.fixture
    def box(self, open_outbox: Maker) -> Outbox:
        box = open_outbox()
        box.begin_epoch("live", NOW)
        for i in range(1, 5):
            box.heartbeat("live", NOW + i)
        return box

    @staticmethod
    def kept(box: Outbox) -> int:
        with sqlite3.connect(box.folder / FILE) as db:
            (count,) = db.execute("SELECT count(*) FROM frame").fetchone()
        db.close()
        return int(count)

    def test_an_acknowledged_frame_is_not_sent_again_but_kept(self, box: Outbox) -> None:
        assert box.acknowledge(ack(EPOCH, 2, 30), b"signed") == 3
        assert [frames.place_of(e).sequence for e in sent(box)] == [3, 4]
        assert self.kept(box) == 5
        assert box.acknowledge(ack(EPOCH, 2, 30), b"signed") == 0

    def test_it_goes_when_an_anchored_head_covers_it_and_not_one_entry_before(self, box: Outbox) -> None:
        box.acknowledge(ack(EPOCH, 2, 30), b"signed")
        assert box.anchored(beacon(30))
        assert self.kept(box) == 5
        assert box.anchored(beacon(31, NOW + 1))
        assert self.kept(box) == 2

    def test_a_head_that_came_before_the_acknowledgement_counts(self, box: Outbox) -> None:
        box.anchored(beacon(100))
        box.acknowledge(ack(EPOCH, 4, 30), b"signed")
        assert self.kept(box) == 0

    def test_an_older_beacon_is_passed_over_even_when_its_block_number_is_higher(self, box: Outbox) -> None:
        assert box.anchored(beacon(10, NOW, 8))
        assert not box.anchored(beacon(999, NOW - 1, 9))
        assert not box.anchored(beacon(10, NOW, 8))
        box.heartbeat("live", NOW)
        assert frames.place_of(sent(box)[-1]).beacon == (8, (8).to_bytes(32, "big"))

    @pytest.mark.parametrize(
        "word",
        [
            ack(EPOCH, 5),
            ack(EPOCH + 1, 0),
            ack(EPOCH, -1),
            ack(EPOCH, 1, -1),
            ack(EPOCH, 1, 2**64),
            ack(EPOCH, 1, 0, SigningKey.generate()),
        ],
    )
    def test_the_word_about_frames_never_made_is_refused(self, box: Outbox, word: Acknowledgement) -> None:
        with pytest.raises(InvalidInput):
            box.acknowledge(word, b"signed")
        assert len(sent(box)) == 5

    def test_the_word_of_a_log_that_went_back_is_refused_and_nothing_is_deleted(self, box: Outbox) -> None:
        box.acknowledge(ack(EPOCH, 1, 95), b"signed")
        box.anchored(beacon(100))
        with pytest.raises(InvalidInput, match="older ones were at 95"):
            box.acknowledge(ack(EPOCH, 3, 40), b"signed")
        box.heartbeat("live", NOW)
        with pytest.raises(InvalidInput, match="signed after 100 entries"):
            box.acknowledge(ack(EPOCH, 5, 99), b"signed")
        assert self.kept(box) == 4
        assert box.acknowledge(ack(EPOCH, 5, 102), b"signed") == 4

    def test_an_acknowledgement_covers_its_own_epoch_alone(self, box: Outbox) -> None:
        box.begin_epoch("live", NOW + 50)
        box.acknowledge(ack(EPOCH + 50_000, 0), b"signed")
        assert {frames.place_of(e).epoch for e in sent(box)} == {EPOCH}


class TestTrouble:
    def test_a_full_outbox_stores_nothing_and_goes_on_when_there_is_room(
        self, open_outbox: Maker, tmp_path: Path
    ) -> None:
        box = open_outbox()
        box.begin_epoch("live", NOW)
        (pages,) = box._db.execute("PRAGMA page_count").fetchone()
        box._db.execute(f"PRAGMA max_page_count = {pages + 4}")
        stored = 0
        with pytest.raises(OutboxFull):
            for stored in range(1000):
                box.store("s", "live", Batch(readings(512, stored * 512), str(stored)), NOW, close_frame=True)
        assert box.position("s") == str(stored - 1)
        assert len(sent(box)) == stored + 1
        box._db.execute("PRAGMA max_page_count = 1000000")
        box.store("s", "live", Batch(readings(512, stored * 512), str(stored)), NOW, close_frame=True)
        told = [r.value for content in contents(box) for series in content.series for r in series]
        assert told == [Decimal(1000 * i) for i in range((stored + 1) * 512)]
        assert [frames.place_of(e).sequence for e in sent(box)] == list(range(stored + 2))

    @pytest.mark.parametrize("damage", ["garbage", "a hole", "another program's"])
    def test_a_damaged_outbox_is_set_aside_and_said_so(self, tmp_path: Path, damage: str) -> None:
        with opened(tmp_path, framer()) as box:
            box.begin_epoch("live", NOW)
            for i in range(20):
                box.store("s", "live", Batch(readings(512, i * 512), str(i)), NOW, close_frame=True)
        path = tmp_path / FILE
        if damage == "garbage":
            path.write_bytes(b"not a database" * 1000)
        elif damage == "a hole":
            whole = path.read_bytes()
            path.write_bytes(whole[:8192] + bytes(16384) + whole[24576:])
        else:
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA application_id = 7")
            db.close()
        before = path.read_bytes()
        with opened(tmp_path, framer()) as box:
            assert box.set_aside is not None
            assert box.set_aside.read_bytes() == before
            opening = box.begin_epoch("live", NOW + 1)
            assert opening.reason == "restored"
            assert opening.last_epoch is None

    def test_one_process_at_a_time(self, open_outbox: Maker, tmp_path: Path) -> None:
        open_outbox()
        with pytest.raises(OutboxInUse):
            Outbox(tmp_path / "data", framer())

    @pytest.mark.parametrize(
        "other", [framer(SigningKey.generate(EDDSA)), framer(log=LogRef(1, bytes(20), bytes(32)))]
    )
    def test_another_key_or_log_is_refused(self, tmp_path: Path, other: Framer) -> None:
        with opened(tmp_path, framer()) as box:
            box.begin_epoch("live", NOW)
        with pytest.raises(OutboxUnusable, match="another key or for another log"):
            Outbox(tmp_path, other)

    def test_a_newer_version_is_refused_and_left_as_it_is(self, tmp_path: Path) -> None:
        with opened(tmp_path, framer()):
            pass
        with sqlite3.connect(tmp_path / FILE) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
        with pytest.raises(OutboxUnusable, match="newer than this program"):
            Outbox(tmp_path, framer())
        assert not list(tmp_path.glob(f"{outboxes.DAMAGED}*"))
