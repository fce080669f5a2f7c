"""Input lots: made by an operator of this server, or received of another company with its bundle.

Of both is asked the same: who made it, how many tonnes its shares are counted by, and how many shares a company
holds. Of lots that are made here this server's own ledger says it (`backend.production.shares`); of received ones
the chain, less what our own runs and transfers were promised and the chain does not have yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import Connection

from backend.anchor import holdings
from backend.production import repository, shares
from backend.production.repository import Row
from backend.received import evidence
from leafproof.chain.view import SHARES, Address, lot_id
from leafproof.errors import InvalidInput
from leafproof.record import Input
from leafproof.values import Lot


@dataclass(frozen=True, slots=True)
class Parent:
    """An input lot; `run` is the one that made it here, None for a received lot. `mass` in tonnes."""

    lot: Lot
    operator: Address
    mass: Fraction
    run: Row | None

    @property
    def token(self) -> bytes:
        """Its id on chain."""
        return lot_id(self.operator, self.lot)

    def shares_of(self, tonnes: Fraction, field: str) -> int:
        """Shares that `tonnes` of it are; raises `InvalidInput` naming `field`."""
        return shares.of_quantity(self.lot, self.mass, tonnes, field)


def find(connection: Connection, lot: Lot, *, lock: bool = False) -> Parent | None:
    """The lot, if its run is closed or its bundle was received; with `lock`, nobody else takes of it before this
    transaction ends."""
    run = repository.run_of_lot(connection, str(lot.gtin), str(lot.code), lock=lock)
    if run is not None:
        return None if run["outputs"] is None else _made_here(connection, lot, run)
    row = evidence.lot(connection, lot, lock=lock)
    record = None if row is None else evidence.record(connection, bytes(row["record"]))
    if row is None or record is None:
        return None
    return Parent(lot, bytes(row["operator"]), record.product_mass(), None)


def _made_here(connection: Connection, lot: Lot, run: Row) -> Parent:
    maker = repository.company(connection, shares.maker_of(connection, run))
    assert maker is not None  # a foreign key says so
    return Parent(lot, bytes(maker["address"]), shares.product_mass(shares.outputs_of(run)), run)


def held(connection: Connection, parent: Parent, company: Row, but_run: str = "") -> int:
    """Shares that a company can still spend, what `but_run` spends left out."""
    if parent.run is not None:
        return shares.held(connection, parent.lot, shares.maker_of(connection, parent.run), company, but_run)
    gtin, code = str(parent.lot.gtin), str(parent.lot.code)
    holding = holdings.of(connection, parent.token, bytes(company["address"]))
    promised = repository.spent(connection, gtin, code, company["gln"], but_run)
    given = repository.given(connection, gtin, code, company["gln"])
    # What went on the chain was noted here before, unless this database is older than the chain.
    return holding.received - max(given, holding.given) - max(promised, holding.spent)


def promise(connection: Connection, company: Row, run_id: str, inputs: tuple[Input, ...]) -> None:
    """Check that the company holds what `inputs` take, and note it as spent by this run.

    Raises `InvalidInput` for a lot that is unknown, not the company's, or overdrawn.
    """
    found: dict[Lot, int] = {}
    for number, line in enumerate(inputs):
        lot, field = line.named, f"inputs.{number}"
        if lot is None:
            continue
        # Locked, so that two runs that close at once cannot both take the last tonne.
        parent = find(connection, lot, lock=True)
        if parent is None and line.material is not None:
            continue  # named without evidence: counted as its material
        if parent is None:
            reason = f"lot {lot} is unknown here, or its run is not closed; another company's is taken in first"
            raise InvalidInput(f"{field}.lot", f"{line.name}: {reason}")
        if parent.run is not None and parent.run["id"] == run_id:
            raise InvalidInput(f"{field}.lot", f"{line.name}: lot {lot} cannot be made from itself")
        if lot in found:
            raise InvalidInput(f"{field}.lot", f"{line.name}: lot {lot} is given twice; add the quantities up")
        found[lot] = _taken(connection, company, run_id, line, parent, field)
    taken = [(str(lot.gtin), str(lot.code), count) for lot, count in found.items()]
    repository.put_run_inputs(connection, run_id, taken)


def _taken(connection: Connection, company: Row, run_id: str, line: Input, parent: Parent, field: str) -> int:
    """The shares that a line takes, if the company has them."""
    lot = parent.lot
    wanted = parent.shares_of(line.amount.to("t"), f"{field}.quantity")
    left = held(connection, parent, company, run_id)
    if left <= 0 and parent.operator != bytes(company["address"]):
        raise InvalidInput(f"{field}.lot", f"{line.name}: no share of lot {lot} belongs to {company['name']}")
    if wanted > left:
        rest = max(left, 0) * parent.mass / SHARES
        raise InvalidInput(
            f"{field}.quantity",
            f"{line.name}: lot {lot} is overdrawn, {line.quantity} {line.unit} are wanted and "
            f"{float(rest):.6g} t are left",
        )
    return wanted
