"""How much of a lot an address holds by the chain's final blocks; lots need not be of this server's operators."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy import Connection

from backend.anchor.registry import raw_event
from backend.anchor.tables import chain_events
from leafproof.chain.decode import decode_log, topics_of
from leafproof.chain.events import Transferred
from leafproof.chain.places import Contracts
from leafproof.chain.view import Address

_ZERO, _NONE = bytes(20), b""
_SINGLE, _BATCH = topics_of("lots")["TransferSingle"], topics_of("lots")["TransferBatch"]


@dataclass(slots=True)
class Holding:
    """Shares that came in, went on to others, and were spent on lots."""

    received: int = 0
    given: int = 0
    spent: int = 0

    @property
    def balance(self) -> int:
        """What is left."""
        return self.received - self.given - self.spent


def of(connection: Connection, lot_id: bytes, holder: Address) -> Holding:
    """What the chain says of a lot's shares in the hands of one address."""
    # ERC-1155 does not index token ids; a single transfer's data begins with its id.
    single = sa.and_(chain_events.c.topic0 == _SINGLE, sa.func.substr(chain_events.c.data, 1, 32) == lot_id)
    query = sa.select(chain_events).where(sa.or_(single, chain_events.c.topic0 == _BATCH))
    found = Holding()
    for row in connection.execute(query).mappings():
        event = decode_log(raw_event(row), Contracts(_NONE, _NONE, bytes(row["contract"]), _NONE, _NONE, _NONE))
        if not isinstance(event, Transferred):
            continue
        shares = sum(count for lot, count in event.lots if lot == lot_id)
        if event.receiver == holder:
            found.received += shares
        if event.sender == holder and event.receiver == _ZERO:
            found.spent += shares
        elif event.sender == holder:
            found.given += shares
    return found
