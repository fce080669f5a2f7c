"""Who holds how much of a lot: 10^18 shares, counted here as the chain will count them.

The chain has the last word (LotRegistry reverts what is overdrawn); this ledger says so before a record is signed.
What a run of ours was promised counts as spent from its close on.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec
from sqlalchemy import Connection

from backend.production import repository
from backend.production.repository import Row
from leafproof.chain.view import SHARES
from leafproof.errors import InvalidInput
from leafproof.record import Output, shares_for
from leafproof.values import Lot


def outputs_of(run: Row) -> tuple[Output, ...]:
    """What the run of a lot made, as entered last."""
    return msgspec.json.decode(run["outputs"], type=tuple[Output, ...])


def product_mass(outputs: tuple[Output, ...]) -> Fraction:
    """Tonnes by which a lot's shares are counted, see `leafproof.record.BatchRecord.product_mass`."""
    return sum((o.amount.to("t") for o in outputs if o.role in ("product", "co-product")), Fraction(0))


def maker_of(connection: Connection, run: Row) -> str:
    """The GLN of the company whose run it is."""
    place = repository.facility(connection, run["facility"])
    assert place is not None  # a foreign key says so
    return str(place["company"])


def held(connection: Connection, lot: Lot, maker: str, company: Row, but_run: str = "") -> int:
    """Shares of `lot` that a company can still hand on or spend, what `but_run` spends left out."""
    gtin, code = str(lot.gtin), str(lot.code)
    own = SHARES if maker == company["gln"] else 0
    own += repository.received(connection, gtin, code, company["address"])
    own -= repository.given(connection, gtin, code, company["gln"])
    return own - repository.spent(connection, gtin, code, company["gln"], but_run)


def of_quantity(lot: Lot, mass: Fraction, tonnes: Fraction, field: str) -> int:
    """Shares of a lot of `mass` tonnes that `tonnes` of it are; raises `InvalidInput` naming `field`."""
    try:
        found = shares_for(tonnes, mass)
    except InvalidInput as error:
        raise InvalidInput(field, f"lot {lot}: {error.reason}") from error
    if found == 0:
        raise InvalidInput(field, f"lot {lot}: too little to be one share of 10^18")
    return found
