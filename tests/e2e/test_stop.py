"""However the demo ends, nothing that it started goes on."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import Played
from tests.e2e.processes import Demo, belonging
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
PARTS = ("anvil", "mosquitto", "backend serve")


def parts(folder: Path) -> set[str]:
    running = " ".join(belonging(folder).values()).replace("amqtt_broker", "mosquitto")
    return {part for part in PARTS if part in running}


def nothing_left(folder: Path) -> None:
    eventually(lambda: not belonging(folder), f"nothing of {folder} runs: {belonging(folder)}", 30)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGKILL, -9)])
def test_a_serving_demo_ends_with_all_its_parts(played: Played, tmp_path: Path, number: int, code: int) -> None:
    folder = tmp_path / "kept"
    shutil.copytree(played.folder, folder)
    demo = Demo(folder, tmp_path / "said.txt", "--json")
    try:
        demo.result()
        assert parts(folder) == set(PARTS)
        assert demo.end(number) == code, demo.told()
    finally:
        demo.end(signal.SIGKILL)
    nothing_left(folder)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 130), (signal.SIGHUP, -1)])
def test_a_demo_that_is_stopped_while_it_plays_ends_with_all_its_parts(
    played: Played, tmp_path: Path, number: int, code: int
) -> None:
    demo = Demo(tmp_path / "kept", tmp_path / "said.txt", "--once", "--json")
    try:
        wanted = set(PARTS if number == signal.SIGTERM else PARTS[:2])
        eventually(lambda: parts(demo.folder) >= wanted, "its parts are up", 120)
        assert demo.end(number) == code, demo.told()
    finally:
        demo.end(signal.SIGKILL)
    nothing_left(demo.folder)
