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
from leafproof.record import Input, Output, shares_for
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


def of_quantity(connection: Connection, run: Row, tonnes: Fraction, field: str) -> int:
    """Shares of the run's lot that `tonnes` of it are; raises `InvalidInput` naming `field`."""
    try:
        found = shares_for(tonnes, product_mass(outputs_of(run)))
    except InvalidInput as error:
        raise InvalidInput(field, f"lot {run['gtin']}/{run['lot']}: {error.reason}") from error
    if found == 0:
        raise InvalidInput(field, f"lot {run['gtin']}/{run['lot']}: too little to be one share of 10^18")
    return found


def promise(
    connection: Connection, company: Row, run_id: str, inputs: tuple[Input, ...]
) -> list[tuple[str, str, int]]:
    """Check that the company holds what `inputs` take, and note it as spent by this run: (gtin, lot, shares).

    Raises `InvalidInput` for a lot that is unknown, not the company's, or overdrawn.
    """
    found: dict[Lot, int] = {}
    for number, line in enumerate(inputs):
        lot, field = line.parent, f"inputs.{number}"
        if lot is None:
            continue
        # Locked, so that two runs that close at once cannot both take the last tonne.
        parent = repository.run_of_lot(connection, str(lot.gtin), str(lot.code), lock=True)
        if parent is None or parent["outputs"] is None:
            raise InvalidInput(f"{field}.lot", f"{line.name}: lot {lot} is unknown here, or its run is not closed")
        if parent["id"] == run_id:
            raise InvalidInput(f"{field}.lot", f"{line.name}: lot {lot} cannot be made from itself")
        if lot in found:
            raise InvalidInput(f"{field}.lot", f"{line.name}: lot {lot} is given twice; add the quantities up")
        wanted = of_quantity(connection, parent, line.amount.to("t"), f"{field}.quantity")
        left = held(connection, lot, maker_of(connection, parent), company, run_id)
        if left <= 0 and maker_of(connection, parent) != company["gln"]:
            raise InvalidInput(f"{field}.lot", f"{line.name}: no share of lot {lot} belongs to {company['name']}")
        if wanted > left:
            mass = product_mass(outputs_of(parent))
            rest = max(left, 0) * mass / SHARES
            raise InvalidInput(
                f"{field}.quantity",
                f"{line.name}: lot {lot} is overdrawn, {line.quantity} {line.unit} are wanted and "
                f"{float(rest):.6g} t are left",
            )
        found[lot] = wanted
    taken = [(str(lot.gtin), str(lot.code), count) for lot, count in found.items()]
    repository.put_run_inputs(connection, run_id, taken)
    return taken
