"""Frames to measure with: gateways registered as the chain's events would have it, and what they sign."""

from __future__ import annotations

import hashlib
import random
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from eth_abi.abi import encode
from sqlalchemy import Engine

from backend import database
from backend.anchor.registry import identity_of
from backend.anchor.tables import chain_cursor, chain_events
from leafproof import frame, values
from leafproof.chain.decode import topics_of
from leafproof.chain.possession import Claim, prove
from leafproof.chain.view import Role
from leafproof.envelope import FrameHeader, LogRef, parse
from leafproof.frame import FrameContent, Opening, Reading
from leafproof.keys import SigningKey
from leafproof.trust import CONTRACTS, Contract, Trust
from leafproof.values import Gln

CHAIN_ID = 31337
ADDRESSES = {name: bytes([0x11 + i]) * 20 for i, name in enumerate(CONTRACTS)}
OPERATOR, FACILITY = Gln.parse("4012345000016"), Gln.parse("4012345000023")
_ACCOUNT = b"\xa1" * 20
# Points of a plant, and watt-hours of an interval, least and most: one byte is enough for some of the smallest.
_POINTS = {"main": (3_000, 9_000), "furnace": (300, 60_000), "rolling": (900, 20_000), "compressor": (240, 900)}
_SEED = 8428


def trust() -> Trust:
    """A reader's trust file for a chain that exists in the database alone."""
    contracts = {
        name: Contract("0x" + address.hex(), hashlib.sha256(name.encode()).hexdigest())
        for name, address in ADDRESSES.items()
    }
    return Trust(1, CHAIN_ID, "0x" + "0f" * 32, "development", 1, 1, contracts)


@dataclass(frozen=True)
class Gateway:
    """One gateway with its key, for a log."""

    name: str
    key: SigningKey
    log: LogRef
    partition: int = 0

    @property
    def issuer(self) -> str:
        """As its statements name it."""
        return values.gateway_uri(OPERATOR, self.name)

    @property
    def topic(self) -> str:
        """Where its frames go."""
        return f"leafproof/v1/{self.partition}/{OPERATOR}/{FACILITY}/{self.name}/frames"


def new_gateways(count: int, log: LogRef, partition: int = 0) -> list[Gateway]:
    """Gateways of a partition, with fresh ES256 keys."""
    return [Gateway(f"gw-{partition}-{number}", SigningKey.generate(), log, partition) for number in range(count)]


def register(engine: Engine, gateways: list[Gateway]) -> None:
    """Write what the follower of the chain would have read: the operator, and each gateway's key."""
    events = [_event("KeyRegistry", "OperatorAdmitted", [_ACCOUNT], ["string"], [str(OPERATOR)])]
    for one in gateways:
        claim = Claim(CHAIN_ID, ADDRESSES["KeyRegistry"], _ACCOUNT, Role.GATEWAY, one.log.log_id, one.issuer)
        public = one.key.public
        events.append(
            _event(
                "KeyRegistry",
                "KeyRegistered",
                [public.key_id, _ACCOUNT],
                ["uint8", "bytes32", "string", "bytes", "bytes"],
                [int(Role.GATEWAY), one.log.log_id, one.issuer, public.cose, prove(one.key, claim)],
            )
        )
    rows = [{"block_number": 1, "log_index": index, **event} for index, event in enumerate(events)]
    cursor = {"block_number": 1, "block_hash": b"\x01" * 32, "block_time": int(time.time()) - 86_400}
    with database.transaction(engine) as connection:
        connection.execute(sa.insert(chain_events), rows)
        row = {"id": 1, "identity": identity_of(trust()), "version": 1, **cursor}
        connection.execute(sa.insert(chain_cursor).values(row))


def _event(contract: str, name: str, indexed: list[bytes], types: list[str], plain: list[Any]) -> dict[str, Any]:
    topics = [topics_of("keys")[name], *(one.rjust(32, b"\0") for one in indexed)]
    return {
        "block_hash": b"\x01" * 32,
        "block_time": int(time.time()) - 86_400,
        "contract": ADDRESSES[contract],
        "tx_hash": b"\x02" * 32,
        "data": encode(types, plain),
        **{f"topic{place}": topics[place] if place < len(topics) else None for place in range(4)},
    }


def frames(gateway: Gateway, count: int, readings: int) -> list[bytes]:
    """Signed messages of one gateway, in order: `readings` in each, of the plant's points, a second apart, as
    whole watt-hours of interval meters."""
    now = int(time.time())
    each = max(1, readings // len(_POINTS))
    names, chance = list(_POINTS), random.Random(_SEED)
    start = now - count * each
    opening: Opening | None = Opening("first start", None, None, None, start)
    made, previous = [], None
    for sequence in range(count):
        at = start + sequence * each
        said = []
        for number in range(readings):
            point = names[number // each % len(names)]
            watt_hours = Decimal(chance.randint(*_POINTS[point]))
            said.append(Reading(point, at + number % each, watt_hours, "Wh"))
        body = frame.encode_body(FACILITY, FrameContent(str(FACILITY), frame.group(said), [], opening))
        place = FrameHeader(now * 1000, sequence, previous, None, "live")
        envelope = frame.sign_frame(gateway.key, gateway.issuer, FACILITY, gateway.log, place, body, now)
        previous, opening = parse(envelope).statement_id, None
        made.append(frame.encode_message(envelope, body))
    return made
