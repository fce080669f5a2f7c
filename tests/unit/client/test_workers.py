"""A log checked by several processes: the same report, and no process left behind, whatever happens."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leafproof.chain.view import ChainView
from leafproof.client import workers
from leafproof.replay import replay as replaying
from leafproof.replay.checking import Checked, Part, Rules, one_by_one
from leafproof.replay.replay import replay
from leafproof.replay.source import Entry, Rollup
from tests.support import world as w
from tests.support.world import World
from tests.support.world_source import WorldSource

Damage = Callable[[WorldSource, random.Random], None]


def flip(source: WorldSource, chance: random.Random) -> None:
    """One bit of one envelope, body or disclosure."""
    place = chance.randrange(len(source.entries_))
    entry = source.entries_[place]
    if entry is None:
        return
    if chance.random() < 0.5 or entry.body is None:
        source.entries_[place] = Entry(turned(entry.envelope, chance), entry.body, entry.disclosures)
    else:
        source.entries_[place] = Entry(entry.envelope, turned(entry.body, chance), entry.disclosures)


def turned(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]


def lose(source: WorldSource, chance: random.Random) -> None:
    source.entries_[chance.randrange(len(source.entries_))] = None


def cut(source: WorldSource, chance: random.Random) -> None:
    del source.entries_[chance.randrange(len(source.entries_))]


def repeat(source: WorldSource, chance: random.Random) -> None:
    source.entries_.insert(chance.randrange(len(source.entries_)), chance.choice(source.entries_))


def swap(source: WorldSource, chance: random.Random) -> None:
    a, b = (chance.randrange(len(source.entries_)) for _ in range(2))
    source.entries_[a], source.entries_[b] = source.entries_[b], source.entries_[a]


def withhold(source: WorldSource, chance: random.Random) -> None:
    place = chance.randrange(len(source.entries_))
    entry = source.entries_[place]
    if entry is not None:
        source.entries_[place] = Entry(entry.envelope, None, ())


def lie_about_a_leaf(source: WorldSource, chance: random.Random) -> None:
    source.leaves[chance.randrange(len(source.leaves))] = bytes(32)


def lie_about_a_sum(source: WorldSource, chance: random.Random) -> None:
    source.sums = [Rollup("ab" * 32, "f", "p", "Wh", "live", "end", 900 * chance.randrange(9), 1, "1")]


DAMAGES: list[Damage] = [flip, flip, flip, lose, cut, repeat, swap, withhold, lie_about_a_leaf, lie_about_a_sum]


@pytest.fixture(scope="module")
def world() -> World:
    made, _ = w.honest_world()
    w.frames_of(made, made.steel, 6, 20)
    made.anchor()
    return made


@pytest.fixture(scope="module")
def view(world: World) -> ChainView:
    return world.view()


@pytest.fixture(scope="module", autouse=True)
def small_parts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replaying, "CHUNK", 3)
        patch.setattr(workers, "SHORT", 2)
        yield


@pytest.fixture(scope="module")
def two(world: World, view: ChainView) -> Iterator[list[workers._Worker]]:
    """Two workers that stay, so that many logs can be replayed in little time."""
    rules = Rules.of(world.ref, world.trust(), view)
    both = [workers._Worker(rules) for _ in range(2)]
    yield both
    for one in both:
        one.end()


class TestTheReport:
    @settings(max_examples=150, deadline=None)
    @given(st.integers(0, 2**32), st.lists(st.sampled_from(DAMAGES), max_size=5))
    def test_is_that_of_one_process_whatever_was_damaged(
        self, world: World, view: ChainView, two: list[workers._Worker], seed: int, damages: list[Damage]
    ) -> None:
        source, chance = WorldSource.of(world), random.Random(seed)
        for damage in damages:
            damage(source, chance)

        def spread(_: Rules, parts: Iterable[Part]) -> Iterator[list[Checked]]:
            return workers._in_order(two, iter(parts))

        alone = replay(source, world.trust(), view)
        together = replay(source, world.trust(), view, spread=spread)
        assert together.to_json() == alone.to_json()

    def test_is_that_of_one_process_from_start_to_end(self, world: World, view: ChainView) -> None:
        source = WorldSource.of(world)
        lose(source, random.Random(1))
        done: list[int] = []
        before = running_children()
        report = replay(
            source, world.trust(), view, lambda n, _: done.append(n), spread=partial(workers.spread_over, 2)
        )
        assert report.to_json() == replay(source, world.trust(), view).to_json()
        assert done == [*range(3, report.size, 3), report.size]
        assert running_children() == before


def running_children() -> set[int]:
    return {child.pid for child in multiprocessing.active_children() if child.pid is not None}


def endless(world: World) -> Iterator[Part]:
    entries: list[Any] = WorldSource.of(world).entries_[:3]
    while True:
        yield Part(0, entries, [None] * 3)


class TestProcesses:
    def test_one_that_ends_is_an_error(self, world: World, view: ChainView) -> None:
        rules = Rules.of(world.ref, world.trust(), view)
        before = running_children()
        running = workers.spread_over(2, rules, endless(world))
        next(running)
        os.kill(min(running_children() - before), signal.SIGKILL)
        with pytest.raises(workers.WorkerLost, match="code -9"):
            for _ in running:
                pass
        assert running_children() == before

    def test_what_goes_wrong_in_one_is_an_error(self, world: World, view: ChainView) -> None:
        rules = Rules.of(world.ref, world.trust(), view)
        broken: Any = Part(0, [None], [])  # one hash is missing
        with pytest.raises(workers.WorkerLost, match="ValueError"):
            for _ in workers.spread_over(2, rules, [broken] * 9):
                pass

    def test_they_end_where_nobody_wants_the_rest(self, world: World, view: ChainView) -> None:
        before = running_children()
        running = workers.spread_over(2, Rules.of(world.ref, world.trust(), view), endless(world))
        next(running)
        assert len(running_children() - before) == 2
        running.close()
        assert running_children() == before

    def test_a_short_log_needs_none(self, world: World, view: ChainView) -> None:
        rules = Rules.of(world.ref, world.trust(), view)
        part = next(endless(world))
        assert list(workers.spread_over(2, rules, [part])) == list(one_by_one(rules, [part]))

    @pytest.mark.parametrize("how", ["interrupt", "kill"])
    def test_none_outlives_the_reader(self, how: str) -> None:
        reader = subprocess.Popen(
            [sys.executable, "-c", READER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )
        try:
            assert reader.stdout and reader.stderr
            assert reader.stdout.readline() == b"2\n"
            if how == "interrupt":
                os.killpg(reader.pid, signal.SIGINT)  # as a terminal does: all of them
            else:
                reader.kill()
            _, said = reader.communicate(timeout=60)  # until everybody who could write to it has gone
            assert reader.returncode == {"interrupt": 130, "kill": -signal.SIGKILL}[how]
            assert said == b""
            wait_until_gone(reader.pid)
        finally:
            if reader.poll() is None:
                reader.kill()


# What is started in a shell's background ignores SIGINT, and so do its children: a terminal's do not.
READER = """
import multiprocessing, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from leafproof.client import workers
from leafproof.replay.checking import Rules
from tests.support import world as w
from tests.unit.client.test_workers import endless

if __name__ == "__main__":
    made, _ = w.honest_world()
    running = workers.spread_over(2, Rules.of(made.ref, made.trust(), made.view()), endless(made))
    try:
        for number, _ in enumerate(running):
            if number == 9:
                print(len(multiprocessing.active_children()), flush=True)
    except KeyboardInterrupt:
        running.close()
        raise SystemExit(130)
"""


def wait_until_gone(group: int) -> None:
    for _ in range(600):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("a process is left")
