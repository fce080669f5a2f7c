"""What happens to a lot after its record: corrections, which supersede, and transfers of its shares.

Nothing is edited. A correction is a newer record with a newer footprint; the older ones stay in the log.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from backend.corrections import service as corrections
from backend.errors import Conflict, NotFound
from backend.footprints import reissue
from backend.production import parents, pointing, recording, repository, runs, shares, weighing
from backend.production import service as production
from backend.production.statements import Desk, Logged
from leafproof import units
from leafproof.correction import What
from leafproof.errors import InvalidInput
from leafproof.record import Input, Output
from leafproof.values import Gln, Lot


@dataclass(frozen=True, slots=True)
class Correction:
    """New facts in place of the last ones; None leaves them as they are. `reason` says why, `by` who decided."""

    reason: str
    by: str
    outputs: Sequence[Output] | None = None
    inputs: Sequence[Input] | None = None
    what: What = "record"


def correct(connection: Connection, desk: Desk, lot: Lot, change: Correction) -> Logged:
    """A record that supersedes the lot's current one, with the energy metered anew, its footprints, and the
    correction that says why; another one where the facility counts by other choices than it did.

    Input lots stay as they were: their shares are spent on the chain. Raises `InvalidInput` naming the field,
    `NotFound`, and `Conflict` where nothing is recorded yet.
    """
    run = runs.find_of_lot(connection, lot, lock=True)
    before = recording.current(connection, lot)
    if before is None:
        raise Conflict(f"lot {lot} has no record yet that could be corrected")
    outputs = shares.outputs_of(run) if change.outputs is None else tuple(change.outputs)
    inputs = runs.read_inputs(run) if change.inputs is None else tuple(change.inputs)
    if _lots_of(inputs) != _lots_of(runs.read_inputs(run)):
        raise InvalidInput("inputs", "input lots and their quantities stay: their shares are spent on the chain")
    place = production.facility(connection, Gln(run["facility"]))
    found = recording.gather(connection, desk, run, lock=True)
    outputs = weighing.named(found.plan.plan, outputs, "outputs")
    inputs = weighing.named(found.plan.plan, inputs, "inputs")
    segments = runs.segments_of(connection, run)
    runs.check_facts(connection, desk, place, run, found.plan, run["closed"], outputs, inputs, segments)
    entered = {
        "outputs": msgspec.json.encode(outputs).decode("utf-8"),
        "inputs": msgspec.json.encode(inputs).decode("utf-8"),
    }
    weighing.take(connection, run["id"], (*outputs, *inputs))
    repository.update_run(connection, run["id"], **entered)
    earlier = reissue.current(connection, lot)
    logged = recording.issue(connection, desk, runs.find(connection, run["id"]), inputs, found, before)
    changes = [(bytes(before["statement_id"]), logged.statement_id)]
    issuer, log = Gln(place["company"]), desk.log(logged.log)
    corrections.state(connection, desk, log, issuer, lot, change.what, change.reason, change.by, changes)
    reissue.explain(connection, desk, log, issuer, lot, earlier)
    return logged


def _lots_of(inputs: Sequence[Input]) -> dict[Lot, object]:
    return {line.named: line.amount.to("t") for line in inputs if line.named is not None}


def transfer(
    connection: Connection,
    desk: Desk,
    lot: Lot,
    sender: Gln,
    to: str,
    amount: units.Quantity,
    idempotency_key: str | None = None,
) -> str:
    """Hand shares of a lot, made here or received, to another operator, named by its address (0x...) or party GLN;
    the transfer's id.

    Asked again under the sender's `idempotency_key`, it is the first transfer. Raises `InvalidInput` naming `to`
    or `quantity`, `NotFound`, and `Conflict` before the lot is recorded, or for a key of another transfer.
    """
    parent = parents.find(connection, lot, lock=True)
    if parent is None:
        runs.find_of_lot(connection, lot)
    if parent is None or (parent.run is not None and recording.current(connection, lot) is None):
        raise Conflict(f"lot {lot} has no record yet, so the chain holds no shares of it")
    giver = production.company(connection, sender)
    receiver = _address(connection, to)
    asked = {
        "gtin": str(lot.gtin),
        "lot": str(lot.code),
        "sender": str(sender),
        "receiver": receiver,
        "quantity": f"{amount.value:f}",
        "unit": amount.unit,
    }
    if idempotency_key is not None:
        before = repository.transfer_of_key(connection, str(sender), idempotency_key)
        if before is not None:
            return _same_transfer(before, asked, idempotency_key)
    if receiver == giver["address"]:
        raise InvalidInput("to", "the lot's holder itself")
    if amount.value <= 0:
        raise InvalidInput("quantity", f"{amount} is not positive")
    wanted = parent.shares_of(amount.to("t"), "quantity")
    left = parents.held(connection, parent, giver)
    if wanted > left:
        raise InvalidInput("quantity", f"{amount} of lot {lot} are more than {giver['name']} holds")
    transfer_id = str(uuid.uuid4())
    key = pointing.transfer_key(transfer_id, 0)
    try:
        repository.insert_transfer(
            connection,
            id=transfer_id,
            **asked,
            shares=wanted,
            created_at=desk.now(),
            idempotency_key=idempotency_key,
            transaction=key,
            attempt=0,
            tried_at=desk.now(),
        )
    except IntegrityError:  # of another lot, at the same moment: those of one lot wait for each other
        raise _taken(idempotency_key) from None
    pointing.submit_transfer(connection, lot, giver, receiver, wanted, key)
    return transfer_id


def _same_transfer(before: repository.Row, asked: Mapping[str, object], key: str) -> str:
    if any(before[name] != value for name, value in asked.items()):
        raise _taken(key)
    return str(before["id"])


def _taken(key: str | None) -> Conflict:
    return Conflict(f"the idempotency key {key!r} stands for another transfer of this sender")


def _address(connection: Connection, to: str) -> bytes:
    if to.startswith("0x"):
        try:
            found = bytes.fromhex(to[2:])
        except ValueError:
            found = b""
        if len(found) != 20 or not any(found):
            raise InvalidInput("to", f"{to[:50]!r} is not an address of 20 bytes")
        return found
    company = repository.company(connection, str(Gln.parse(to, "to")))
    if company is None:
        raise NotFound(f"company {to} is not known here; give its address instead")
    return bytes(company["address"])
