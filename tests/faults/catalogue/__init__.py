"""All faults, in the order of the table."""

from __future__ import annotations

from tests.faults.catalogue import chain, connections, delivery, gateways, keys, killed, load, storage
from tests.faults.fault import Fault

FAULTS: tuple[Fault, ...] = (
    *killed.FAULTS,
    *connections.FAULTS,
    *delivery.FAULTS,
    *chain.FAULTS,
    *storage.FAULTS,
    *gateways.FAULTS,
    *keys.FAULTS,
    *load.FAULTS,
)
