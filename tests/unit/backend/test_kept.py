"""The memory of kept answers: bounded, the longest unused first to go."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from starlette.types import Message, Receive, Scope, Send

from backend import kept
from backend.kept import Store, While, unchanged
from backend.stamps import Stamp, Watch
from tests.support import loops

LIMIT = 64 << 10


def entry(size: int, how_long: While = While.FOREVER, stamp: Stamp | None = None) -> kept.Entry:
    answer = kept.Answer(200, ((b"etag", b'"1"'),), bytes(size), None)
    return kept.Entry(answer, how_long, stamp or Stamp((), ()), 0.0)


class TestStore:
    def test_it_never_holds_more_than_its_limit(self) -> None:
        store = Store(LIMIT)
        for number in range(500):
            store.put(number, entry(number * 97 % 9000))
            assert store.bytes <= LIMIT
        held = [number for number in range(500) if store.get(number)]
        assert 0 < len(held) < 60
        assert held == list(range(held[0], 500))

    def test_what_is_asked_for_stays(self) -> None:
        store = Store(LIMIT)
        store.put("wanted", entry(1000))
        for number in range(200):
            store.put(number, entry(1000))
            assert store.get("wanted")

    def test_many_empty_answers_count_too(self) -> None:
        store = Store(LIMIT)
        for number in range(10_000):
            store.put(number, entry(0))
        assert sum(store.get(number) is not None for number in range(10_000)) <= 32

    def test_what_is_large_is_not_kept(self) -> None:
        store = Store()
        store.put("large", entry(kept.MAX_ANSWER + 1))
        assert (store.get("large"), store.bytes) == (None, 0)

    def test_a_newer_answer_takes_the_others_place(self) -> None:
        store = Store(LIMIT)
        for size in (9000, 100, 5000):
            store.put("one", entry(size))
        store.drop("one")
        assert store.bytes == 0


def test_an_address_too_long_to_be_a_key_goes_past() -> None:
    asked: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        asked.append(scope)

    async def never() -> Message:
        raise AssertionError

    async def ignored(_message: Message) -> None: ...

    store = kept.Store()
    layer = kept.Kept(app, Watch(sa.create_engine("sqlite://")), {".*": lambda *_: None}, store)
    scope = {"type": "http", "method": "GET", "path": "/tile", "query_string": b"x" * 2000, "headers": []}
    loops.run(layer(scope, never, ignored))
    assert (asked, store.bytes) == ([scope], 0)


class TestHolds:
    @pytest.mark.parametrize(
        ("how_long", "same", "moved", "said"),
        [(While.FACTS, True, True, False), (While.HEADS, True, False, False)],
    )
    def test_it_holds_until_what_it_tells_may_have_changed(
        self, how_long: While, same: bool, moved: bool, said: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kept.time, "monotonic", lambda: 1.0)
        made = entry(1, how_long, Stamp((1, 1), (b"a", 5), 1))
        assert made.holds(Stamp((1, 1), (b"a", 5), 2)) is same
        assert made.holds(Stamp((1, 1), (b"b", 6), 2)) is moved
        assert made.holds(Stamp((1, 2), (b"a", 6), 2)) is said

    def test_an_answer_made_after_the_request_came_is_good_for_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kept.time, "monotonic", lambda: 1.0)
        made = entry(1, While.HEADS, Stamp((2,), (b"b",), 7))
        assert made.holds(Stamp((1,), (b"a",), 6))
        assert not made.holds(Stamp((1,), (b"a",), 8))

    def test_every_answer_grows_old(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kept.time, "monotonic", lambda: kept.MAX_AGE + 1.0)
        assert not entry(1, While.FACTS).holds(Stamp((), ()))


@pytest.mark.parametrize(
    ("known", "same"),
    [('"a"', True), ('W/"a"', True), ('"b", W/"a"', True), ("*", True), ('"b"', False), ("", False), ("a", False)],
)
def test_tags_are_compared_weakly(known: str, same: bool) -> None:
    assert unchanged(known, 'W/"a"') is same
    assert unchanged(known, '"a"') is same
