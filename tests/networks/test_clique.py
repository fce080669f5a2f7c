"""The chain's tests on Clique: three validators, a block a second, final with the second one's signature."""

from __future__ import annotations

import pytest

from tests.integration.anchor.ledger import Ledger
from tests.integration.anchor.test_anchorer import TestAnchoring
from tests.integration.anchor.test_transactions import TestLots
from tests.networks.ground import Ground

__all__ = ["TestAnchoring", "TestLots"]


@pytest.fixture(scope="module")
def ground(clique_ground: Ground) -> Ground:
    return clique_ground


class TestFinality:
    def test_a_block_counts_when_more_than_half_of_the_validators_signed_on_it(self, ledger: Ledger) -> None:
        head = ledger.write(3)
        ledger.anchor()
        anchor = ledger.latest_anchor()
        assert anchor is not None
        assert (anchor.size, anchor.root) == head
        assert ledger.chain.latest() >= anchor.moment.block_number + 1
