"""The chain's tests on geth: a second implementation, whose blocks come when they come."""

from __future__ import annotations

import pytest

from tests.integration.anchor.test_anchorer import TestAnchoring, TestFaults, TestRewriting
from tests.integration.anchor.test_chain_reader import TestIdentity, TestReading
from tests.integration.anchor.test_deploy import TestCommands, TestDeploy
from tests.integration.anchor.test_registry import TestRegistry
from tests.integration.anchor.test_transactions import TestLots, TestNonceOfAnother, TestSending, TestSubmitting
from tests.integration.anchor.test_workers import TestWorkers
from tests.networks.ground import Ground

__all__ = [
    "TestAnchoring",
    "TestCommands",
    "TestDeploy",
    "TestFaults",
    "TestIdentity",
    "TestLots",
    "TestNonceOfAnother",
    "TestReading",
    "TestRegistry",
    "TestRewriting",
    "TestSending",
    "TestSubmitting",
    "TestWorkers",
]


@pytest.fixture(scope="module")
def ground(geth_ground: Ground) -> Ground:
    return geth_ground
