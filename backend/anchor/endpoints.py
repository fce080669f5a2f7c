"""What this server knows of its chain. Public, and nothing to be believed: readers ask a node of their own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel

from backend.anchor.registry import Registry
from backend.anchor.status import LogAnchor, chain_status
from backend.context import Context, context_of
from backend.database import reading
from backend.log.schemas import Hex
from leafproof.chain.view import Head
from leafproof.trust import NetworkClass

ANCHORS = 10  # newest heads shown for each log

router = APIRouter(prefix="/v1/chain", tags=["chain"])
Shared = Annotated[Context, Depends(context_of)]


class AnchorOut(BaseModel):
    """A final head: size and root of the log, and the block that has it; time in Unix seconds."""

    size: int
    root: Hex
    block_number: int
    block_hash: Hex
    block_time: int


class LogOut(BaseModel):
    """A log of this server; `waiting` entries are in no final head yet; `stopped` says why it takes no more."""

    log_id: Hex
    name: str
    size: int
    waiting: int
    stopped: str | None
    anchors: list[AnchorOut]


class ChainOut(BaseModel):
    """The chain of this server's trust file. `transactions` counts by state; `missing` are others' transactions
    that were final and vanished from the chain."""

    chain_id: int
    genesis: str
    network_class: NetworkClass
    finality_blocks: int
    trust_fingerprint: str
    contracts: dict[str, str]
    read_to_block: int | None
    read_to_time: int | None
    logs: list[LogOut]
    transactions: dict[str, int]
    missing: list[Hex]


@router.get("")
def chain(context: Shared, response: Response) -> ChainOut:
    """Contracts, newest anchors, pending transactions, alarms."""
    trust = context.settings.trust()
    registry = Registry(trust)
    with reading(context.engine) as connection:
        now = chain_status(connection, context, registry)
        logs = [_log_out(log, registry.heads(connection, log.hosted.log.ref.log_id, ANCHORS)) for log in now.logs]
    response.headers["Cache-Control"] = "no-store"
    number, time = now.read_to or (None, None)
    return ChainOut(
        chain_id=trust.chain_id,
        genesis=trust.genesis,
        network_class=trust.network_class,
        finality_blocks=trust.finality_blocks,
        trust_fingerprint=trust.fingerprint,
        contracts={name: contract.address for name, contract in trust.contracts.items()},
        read_to_block=number,
        read_to_time=time,
        logs=logs,
        transactions=now.transactions,
        missing=list(now.missing),
    )


def _log_out(log: LogAnchor, heads: list[Head]) -> LogOut:
    anchors = [
        AnchorOut(
            size=head.size,
            root=head.root,
            block_number=head.moment.block_number,
            block_hash=head.moment.block_hash,
            block_time=head.moment.block_time,
        )
        for head in heads
    ]
    return LogOut(
        log_id=log.hosted.log.ref.log_id,
        name=log.hosted.name,
        size=log.size,
        waiting=log.waiting,
        stopped=None if log.alarm is None else log.alarm.reason,
        anchors=anchors,
    )
