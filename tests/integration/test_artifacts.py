# SPDX-License-Identifier: Apache-2.0
"""The ABI and bytecode that the runtime uses are what the sources compile to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts import artifacts
from tests.support.require import need


@pytest.fixture(scope="module")
def compiled() -> dict[str, str]:
    need((artifacts.ROOT / "node_modules" / "solc").is_dir(), "node_modules/solc is missing (make setup)")
    need(artifacts.find_node() is not None, "node is missing (make setup)")
    return artifacts.compile_artifacts()


@pytest.mark.parametrize("name", artifacts.CONTRACTS)
def test_the_committed_artifact_is_compiled_from_the_sources(compiled: dict[str, str], name: str) -> None:
    assert (artifacts.ARTIFACTS / f"{name}.json").read_text() == compiled[name], "run `make artifacts`"


def test_there_is_no_other_artifact() -> None:
    assert {path.stem for path in artifacts.ARTIFACTS.glob("*.json")} == set(artifacts.CONTRACTS)


def test_artifacts_name_their_compiler_and_sources() -> None:
    version = json.loads((artifacts.ROOT / "package.json").read_text())["devDependencies"]["solc"]
    for path in artifacts.ARTIFACTS.glob("*.json"):
        artifact = json.loads(path.read_text())
        assert artifact["compiler"]["version"].startswith(f"{version}+commit.")
        assert artifact["compiler"]["settings"] == artifacts.compiler_settings()
        assert all(not Path(source).is_absolute() for source in artifact["sourceSha256"])
