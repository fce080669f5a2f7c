"""Shares over the whole chain: nobody gave more of a lot than was held."""

from __future__ import annotations

from collections import defaultdict

from leafproof.chain.view import ChainView
from leafproof.replay.report import ReplayReport

_ZERO = bytes(20)


def judge(report: ReplayReport, chain: ChainView) -> None:
    """Report whoever gave more of a lot than it held, transfer by transfer."""
    held: dict[tuple[bytes, bytes], int] = defaultdict(int)
    for transfer in chain.transfers:
        if transfer.sender != _ZERO:
            held[transfer.lot_id, transfer.sender] -= transfer.shares
            if held[transfer.lot_id, transfer.sender] < 0:
                message = f"0x{transfer.sender.hex()} gave more of lot 0x{transfer.lot_id.hex()} than it held"
                report.add("overdrawn", None, message)
        if transfer.receiver != _ZERO:
            held[transfer.lot_id, transfer.receiver] += transfer.shares
