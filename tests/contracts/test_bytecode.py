# SPDX-License-Identifier: Apache-2.0
"""What these tests deploy is what the runtime deploys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ARTIFACTS = Path(__file__).resolve().parents[2] / "leafproof" / "chain" / "artifacts"

NAMES = sorted(path.stem for path in ARTIFACTS.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_brownie_and_the_artifact_agree_to_the_byte(request, name):
    container = request.getfixturevalue(name)
    artifact = json.loads((ARTIFACTS / f"{name}.json").read_text())
    assert container.bytecode == artifact["bytecode"].removeprefix("0x")
    assert container._build["deployedBytecode"] == artifact["deployedBytecode"].removeprefix("0x")


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_into_a_block_and_into_the_limit_of_eip_170(name):
    artifact = json.loads((ARTIFACTS / f"{name}.json").read_text())
    assert len(artifact["deployedBytecode"]) // 2 < 24_576


def test_the_log_on_chain_is_the_artifact(logs, web3):
    artifact = json.loads((ARTIFACTS / "TransparencyLog.json").read_text())
    assert web3.eth.get_code(logs.address).to_0x_hex() == artifact["deployedBytecode"]
