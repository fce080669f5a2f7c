"""One demo, played once and then opened again to be looked at; and a copy of it in which lies are told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backend.embedded.errors import PartMissing
from backend.embedded.node import find_anvil
from tests.e2e.bench import Bench, Grounds
from tests.e2e.processes import Demo, belonging
from tests.support.require import need


@dataclass(frozen=True)
class Played:
    """A demo that was played with --once: its folder, its JSON line, its exit code, what it left running."""

    folder: Path
    result: dict[str, Any]
    code: int
    left: dict[int, str]


@dataclass(frozen=True)
class Serving:
    """The same, opened again and serving."""

    folder: Path
    result: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.result["passport_url"]).partition("/01/")[0]

    @property
    def trust(self) -> str:
        return str(self.folder / "trust.json")

    @property
    def rpc(self) -> str:
        return str(self.result["rpc_url"])

    @property
    def key_file(self) -> Path:
        return self.folder / "auditor.key"


def _need_a_node() -> None:
    try:
        find_anvil()
    except PartMissing as error:
        need(False, error.message)


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A working week, played by a process that then ended."""
    _need_a_node()
    root = tmp_path_factory.mktemp("demo")
    demo = Demo(root / "kept", root / "said.txt", "--once", "--json")
    result = demo.result()
    code = demo.process.wait(120)
    demo.end()
    return Played(demo.folder, result, code, belonging(demo.folder))


@pytest.fixture(scope="session")
def serving(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A copy of the played demo, opened and serving: what a test changes in it, it puts back."""
    root = tmp_path_factory.mktemp("serving")
    shutil.copytree(played.folder, root / "kept")
    demo = Demo(root / "kept", root / "said.txt", "--json")
    try:
        yield Serving(demo.folder, demo.result())
    finally:
        demo.end()


@pytest.fixture(scope="session")
def grounds(played: Played, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    """Another copy, of which only the chain runs."""
    root = tmp_path_factory.mktemp("grounds")
    shutil.copytree(played.folder, root / "kept")
    with Grounds(root / "kept") as grounds:
        yield grounds


@pytest.fixture
def bench(grounds: Grounds, tmp_path: Path) -> Iterator[Bench]:
    """Database and chain as the demo left them, for one test."""
    with grounds.lent(tmp_path) as bench:
        yield bench


@pytest.fixture(scope="session")
def lot_codes(played: Played) -> list[str]:
    """The coils' lots, the oldest first."""
    from backend.demo.cast import Period, steel_orders

    days = json.loads((played.folder / "demo.json").read_bytes()).get("days", 5)
    return [order.lot for order in steel_orders(Period(days))]
