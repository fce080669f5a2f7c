"""What the database holds, told by a few numbers, so that an answer can be kept for as long as they stay.

Whoever changes what an answer tells changes a stamp, in the same transaction and whichever process it is:

* `facts`: a log's `revision` counts what was said, cosigned or forgotten besides frames (records, footprints,
  plans, factors, witnesses' words, deleted bodies), and the chain's `version` every event besides a new head,
  reorganisations too;
* `heads`: the logs' sizes and the last block read. They move all the time, and matter only to an answer that
  still waits for an anchor or for a pointer on the chain.

`Watch.now` gives a stamp that was read after it was asked for. Requests that come while one is being read share
the next one, so that a thousand requests cost a few dozen small queries, and none is ever told the past.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import anyio
import sqlalchemy as sa
from anyio import CapacityLimiter
from sqlalchemy import Engine

from backend.anchor.tables import chain_cursor
from backend.database import reading
from backend.log.tables import logs

_LOGS = sa.select(logs.c.revision, logs.c.size).order_by(logs.c.number)
_CHAIN = sa.select(chain_cursor.c.version, chain_cursor.c.block_hash)


@dataclass(frozen=True, slots=True)
class Stamp:
    """See the module. `number` counts this process's readings; two stamps that say the same are equal."""

    facts: tuple[Any, ...]
    heads: tuple[Any, ...]
    number: int = field(compare=False, default=0)


def read(engine: Engine, number: int = 0) -> Stamp:
    """The database's stamp at this moment."""
    with reading(engine) as connection:
        held = connection.execute(_LOGS).all()
        chain = connection.execute(_CHAIN).one_or_none()
    version, block = (None, None) if chain is None else chain
    return Stamp((version, *(row.revision for row in held)), (block, *(row.size for row in held)), number)


class Watch:
    """Reads stamps for all requests of one event loop, one at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._number = 0
        self._reading: asyncio.Task[None] | None = None
        self._next: asyncio.Future[Stamp] | None = None
        self._limiter: CapacityLimiter | None = None

    async def now(self) -> Stamp:
        """A stamp read after this call. Raises what the database raises."""
        loop = asyncio.get_running_loop()
        if self._next is None:
            self._next = loop.create_future()
        asked = self._next
        if self._reading is None:
            self._reading = loop.create_task(self._read())
        return await asyncio.shield(asked)  # whoever goes away takes nothing from the others

    async def _read(self) -> None:
        if self._limiter is None:
            self._limiter = CapacityLimiter(1)  # a thread of its own: slow answers must not hold up quick ones
        while self._next is not None:
            asked, self._next = self._next, None
            self._number += 1
            try:
                found = await anyio.to_thread.run_sync(read, self._engine, self._number, limiter=self._limiter)
            except Exception as error:  # noqa: BLE001 - whoever asked is told
                asked.set_exception(error)
                asked.exception()  # nobody may be left to hear it
            else:
                asked.set_result(found)
        self._reading = None
