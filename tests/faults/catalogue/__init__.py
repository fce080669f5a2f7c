"""All faults, in the order of the table."""

from __future__ import annotations

from tests.faults.catalogue import killed
from tests.faults.fault import Fault

FAULTS: tuple[Fault, ...] = (*killed.FAULTS,)
