"""The chain's pointer to a lot's record, and its shares: what is asked of `backend.anchor`'s queue.

The queue sends an operator's transactions in their order, waits until the record is anchored, and makes the proof
against the head that the chain holds at that moment. What the chain refuses (an operator not admitted yet, say) is
asked again from time to time: nothing is dropped. Whether it points to a record is the chain's word, whatever
became of our transaction.
"""

from __future__ import annotations

from sqlalchemy import Connection

from backend.anchor import transactions
from backend.anchor.registry import Registry
from backend.production import parents, repository
from backend.production.repository import Row
from backend.production.service import signer_of
from backend.production.statements import Desk, Logged
from backend.received import evidence
from leafproof.chain.view import LotRecord, lot_hash, lot_id
from leafproof.errors import InvalidInput
from leafproof.values import Lot

RETRY = 300  # seconds between two attempts at something that the chain refused
MAX_INPUTS = 64  # LotRegistry.sol


def key_of(statement_id: bytes, attempt: int) -> str:
    """Under which key the queue keeps the transaction that points to a record."""
    return f"record:{statement_id.hex()}:{attempt}"


def submit(
    connection: Connection, desk: Desk, maker: Row, lot: Lot, record: Logged, first: bool, attempt: int
) -> None:
    """Have the chain point to `record`: mint the lot with its `first` record, supersede with a later one."""
    proof = [desk.log(record.log).ref.log_id, record.leaf_hash, record.index]
    args: list[object] = [lot_hash(lot), proof]
    if first:
        product = repository.product(connection, str(lot.gtin))
        assert product is not None  # a foreign key says so
        args += [_inputs(connection, lot), product["custody"]]
    function = "mint" if first else "supersede"
    key = key_of(record.statement_id, attempt)
    transactions.submit(connection, signer_of(maker["gln"]), "LotRegistry", function, args, key)


def _inputs(connection: Connection, lot: Lot) -> list[list[object]]:
    run = repository.run_of_lot(connection, str(lot.gtin), str(lot.code))
    assert run is not None  # a record belongs to a run
    found: list[list[object]] = []
    for one in repository.inputs_of_run(connection, run["id"]):
        parent = parents.find(connection, Lot.parse(one["gtin"], one["lot"]))
        assert parent is not None  # it was there when the run was promised its shares
        found.append([parent.token, one["shares"]])
    if len(found) > MAX_INPUTS:
        raise InvalidInput("inputs", f"{len(found)} input lots, the chain takes at most {MAX_INPUTS}")
    return found


def submit_transfer(connection: Connection, lot: Lot, sender: Row, receiver: bytes, shares: int, key: str) -> None:
    """Have the chain hand shares of a lot from one address to another."""
    token = int.from_bytes(token_of(connection, lot), "big")
    args = [bytes(sender["address"]), receiver, token, shares, b""]
    transactions.submit(connection, signer_of(sender["gln"]), "LotRegistry", "safeTransferFrom", args, key)


def on_chain(connection: Connection, registry: Registry, lot: Lot) -> LotRecord | None:
    """The lot as the chain has it in a final block, if it does."""
    return registry.lot(connection, token_of(connection, lot))


def token_of(connection: Connection, lot: Lot) -> bytes:
    """The lot's id on chain, as its maker's, who may be another company."""
    received = evidence.lot(connection, lot)
    return lot_id(bytes(received["operator"] if received else _maker(connection, lot)["address"]), lot)


def points_to(lot: LotRecord, leaf: bytes) -> bool:
    """Whether the chain points, or pointed, the lot to the record with this leaf hash."""
    return any(version.leaf == leaf for version in lot.versions)


def retry(connection: Connection, desk: Desk, registry: Registry) -> int:
    """Ask again what the chain refused at least `RETRY` seconds ago and still does not have; how many."""
    now = desk.now()
    records = repository.refused_records(connection, now - RETRY)
    asked = 0
    for row in records:
        attempt = row["attempt"] + 1
        logged = Logged(row["log"], row["index"], bytes(row["statement_id"]), bytes(row["leaf_hash"]))
        lot = Lot.parse(row["gtin"], row["lot"])
        known = on_chain(connection, registry, lot)
        if known is not None and points_to(known, logged.leaf_hash):
            continue
        asked += 1
        submit(connection, desk, _maker(connection, lot), lot, logged, row["version"] == 1, attempt)
        repository.update_record(
            connection,
            row["gtin"],
            row["lot"],
            row["version"],
            transaction=key_of(logged.statement_id, attempt),
            attempt=attempt,
            tried_at=now,
        )
    transfers = repository.refused_transfers(connection, now - RETRY)
    for row in transfers:
        key = transfer_key(row["id"], row["attempt"] + 1)
        sender = repository.company(connection, row["sender"])
        assert sender is not None  # a foreign key says so
        lot = Lot.parse(row["gtin"], row["lot"])
        submit_transfer(connection, lot, sender, bytes(row["receiver"]), row["shares"], key)
        repository.update_transfer(
            connection, row["id"], transaction=key, attempt=row["attempt"] + 1, tried_at=now
        )
    return asked + len(transfers)


def transfer_key(transfer_id: str, attempt: int) -> str:
    """Under which key the queue keeps a transfer."""
    return f"transfer:{transfer_id}:{attempt}"


def _maker(connection: Connection, lot: Lot) -> Row:
    run = repository.run_of_lot(connection, str(lot.gtin), str(lot.code))
    assert run is not None  # whoever names a lot here has looked it up
    place = repository.facility(connection, run["facility"])
    assert place is not None
    maker = repository.company(connection, place["company"])
    assert maker is not None
    return maker
