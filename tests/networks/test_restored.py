"""geth killed before it wrote what it had: it comes back with an older chain, as a restored machine does."""

from __future__ import annotations

import os
import signal

import pytest

from backend.database import reading
from tests.integration.anchor.ledger import ACME, Ledger
from tests.networks.geth import DevelopmentGeth
from tests.networks.ground import Ground


@pytest.fixture(scope="module")
def ground(geth_ground: Ground) -> Ground:
    return geth_ground


def lose_what_is_not_on_disk(geth: DevelopmentGeth) -> tuple[int, int]:
    """Heights before and after."""
    before = int(geth.call("eth_blockNumber"), 16)
    os.kill(geth.pid, signal.SIGKILL)
    geth.stop()
    geth.start()
    return before, int(geth.call("eth_blockNumber"), 16)


class TestRestoredNode:
    def test_everything_that_vanished_is_sent_again(self, geth: DevelopmentGeth, ledger: Ledger) -> None:
        ledger.write(2)
        ledger.anchor()
        geth.stop()  # politely: what is there now is on its disk
        geth.start()
        heads = []
        for _ in range(3):
            heads.append(ledger.write(5))
            ledger.anchor()
        ledger.done(ACME, "TransparencyLog", "open", ["second"], "open second")
        assert ledger.latest_anchor() is not None
        before, after = lose_what_is_not_on_disk(geth)
        assert after < before
        assert ledger.held()[0] == 2
        ledger.anchor()
        ledger.settle("open second")
        assert ledger.held() == heads[-1]
        registry = ledger.follow()
        with reading(ledger.engine) as connection:
            found = registry.heads(connection, ledger.log_id, 10)
            assert registry.missing(connection) == []
        assert [(h.size, h.root) for h in reversed(found)][1:] == heads
        assert {state for signer in ("anchor", ACME) for _, state in ledger.slots(signer)} == {"final"}

    def test_an_anchor_that_vanished_before_the_next_one_is_sent_before_it(
        self, geth: DevelopmentGeth, ledger: Ledger
    ) -> None:
        geth.stop()
        geth.start()
        first = ledger.write(3)
        ledger.anchor()
        lose_what_is_not_on_disk(geth)
        second = ledger.write(4)
        ledger.anchor()
        registry = ledger.follow()
        with reading(ledger.engine) as connection:
            found = registry.heads(connection, ledger.log_id, 10)
        assert [(h.size, h.root) for h in reversed(found)] == [first, second]
