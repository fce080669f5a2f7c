"""A gateway of its own for each test."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.gateway.plant import Plant

_NUMBERS = itertools.count(1)
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """A gateway's folder and name; no other test on the shared broker has the same."""
    return Plant(tmp_path / "gateway", f"gw-{next(_NUMBERS)}")


@pytest.fixture
def start(plant: Plant) -> Iterator[Start]:
    """Starts the gateway; whatever still runs after the test is killed."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str) -> subprocess.Popen[bytes]:
        running.append(plant.start(*arguments))
        return running[-1]

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait()
