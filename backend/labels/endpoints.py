"""Labels over HTTP: whoever answers for a statement submits what he signed at home, everybody verifies.

No API key is asked for: the signature of a key that is registered on the chain says who it is. How often one
address may submit is bounded, as for opinions.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query

from backend.access import uploads
from backend.anchor.registry import Registry
from backend.context import Context, context_of
from backend.database import reading, transaction
from backend.errors import NotFound
from backend.labels import schemas as s
from backend.labels import service, worklist
from backend.labels.service import Taken
from backend.production.statements import Desk
from backend.production.worker import desk_of
from leafproof import clock, values
from leafproof.chain.view import LabelRecord
from leafproof.errors import InvalidInput
from leafproof.label import MAX_FILE
from leafproof.values import Lot
from leafproof.verification.labels import CHECKS, UNCLASSIFIED, Case, Numbered
from leafproof.verification.report import Check, Finding, Status

MEDIA_TYPE = "application/cbor"
router = APIRouter(prefix="/v1", tags=["labels"])
Shared = Annotated[Context, Depends(context_of)]
File = Annotated[bytes, Depends(uploads.signed("label statement", MAX_FILE))]
Named = Annotated[str, Query(min_length=1, max_length=128)]
Market = Annotated[str | None, Query(min_length=1, max_length=128, description="such as EU")]
ChainId = Annotated[int | None, Query(ge=0, description="the chain that you mean, to be sure")]


@router.post("/labels/statements", status_code=201, openapi_extra=uploads.described(MEDIA_TYPE))
def submit(context: Shared, data: File) -> s.TakenOut:
    """A scheme's criteria, an accreditation, a label, its change or a recognition, as `leafproof label` signed it:
    logged, and told to the chain. The same one again is the same entry."""
    desk, registry = desk_of(context), Registry(context.settings.trust())
    with transaction(context.engine) as connection:
        taken = service.submit(connection, desk, registry, data)
    return _placed(desk, taken)


def _placed(desk: Desk, taken: Taken) -> s.TakenOut:
    return s.TakenOut(
        log_id=desk.log(taken.log).ref.log_id,
        index=taken.index,
        statement_id=taken.statement_id,
        label=taken.label,
        transaction=taken.transaction,
    )


@router.get("/labels/scheme")
def show_scheme(context: Shared, name: Named) -> s.SchemeOut:
    """A scheme's criteria in force, with the signed statement."""
    desk, registry = desk_of(context), Registry(context.settings.trust())
    with reading(context.engine) as connection:
        row, said = service.newest_scheme(connection, desk, registry, name)
        opened = desk.read(connection, row["log"], row["index"])
    scheme = msgspec.to_builtins(said)
    return s.SchemeOut(
        statement_id=bytes(row["statement_id"]), scheme=scheme, envelope=opened.envelope.raw, body=opened.body
    )


@router.get("/labels/worklist")
def show_worklist(context: Shared, scheme: Named) -> list[s.WorkOut]:
    """Lots that have no valid label of the scheme, the newest first, with its criteria evaluated."""
    desk, registry = desk_of(context), Registry(context.settings.trust())
    with reading(context.engine) as connection:
        found = worklist.of_scheme(connection, desk, registry, scheme)
    return [
        s.WorkOut(
            gtin=str(one.lot.gtin),
            lot=str(one.lot.code),
            maker=one.maker,
            ready=one.ready,
            criteria=[
                s.OutcomeOut(criterion=each.criterion.words, met=each.met, found=each.found)
                for each in one.outcomes
            ],
        )
        for one in found
    ]


@router.get("/labels")
def list_labels(context: Shared, gtin: Named, lot: Named) -> list[s.LabelOut]:
    """A lot's labels, those too that were suspended or revoked."""
    desk, registry, wanted = desk_of(context), Registry(context.settings.trust()), Lot.parse(gtin, lot)
    with reading(context.engine) as connection:
        found = service.of_lot(connection, desk, registry, wanted)
    return [_label(*one) for one in found]


def _label(record: LabelRecord, case: Case, found: list[Numbered]) -> s.LabelOut:
    return s.LabelOut(
        label=record.label,
        scheme=case.scheme,
        certifier=case.certifier,
        status=record.status.value,
        start=clock.utc_text(record.start),
        until=clock.utc_text(record.until),
        markets=[one.params["market"] for _, one in found if one.code == "label-recognised"],
    )


@router.get("/verify/labels/{label}")
def verify_label(
    context: Shared, label: str, market: Market = None, chain_id: ChainId = None
) -> s.VerifiedLabelOut:
    """Seven numbered checks of a label: issued, accredited, scope, validity, status, criteria, and recognised (in
    the market that is asked for)."""
    wanted, trust = _known_form(label), context.settings.trust()
    if chain_id not in (None, trust.chain_id):
        raise NotFound(f"this server reads the chain {trust.chain_id}, not {chain_id}")
    desk, registry = desk_of(context), Registry(trust)
    with reading(context.engine) as connection:
        record, case, found = service.judged(connection, desk, registry, wanted, market)
    told = (one for _, one in found if one.status is not Status.PASS and one.code != UNCLASSIFIED)
    against = next(told, None)
    return s.VerifiedLabelOut(
        label=record.label,
        scheme=case.scheme,
        certifier=case.certifier,
        market=market,
        valid=against is None,
        reason=against.text() if against else None,
        agreement=_agreement(case, found, market),
        checks=[_check(number, name, found) for number, name in enumerate(CHECKS, 1)],
    )


def _known_form(label: str) -> bytes:
    """An id; what has not the form of one is the id of no label. Raises `NotFound`."""
    try:
        return values.digest(label, "label")
    except InvalidInput as error:
        raise NotFound(f"{label[:80]!r} is no label's id, which has 64 hexadecimal digits") from error


def _agreement(case: Case, found: list[Numbered], market: str | None) -> bytes | None:
    """The one by which the market that was asked for recognises the label."""
    told = next((one for _, one in found if one.code == "label-recognised"), None)
    if market is None or told is None:
        return None
    begins = told.params["agreement"]
    return next(one.agreement for one in case.chain.recognitions if one.agreement.hex().startswith(begins))


def _check(number: int, name: str, found: list[Numbered]) -> s.LabelCheckOut:
    """Without a finding against it, a check passes; behind a label without a statement none was made."""
    mine = [one for place, one in found if place == number]
    unstated = number > 1 and any(one.code == "label-unstated" for _, one in found)
    status = Status.NOT_CHECKED if unstated else Check(10, [*mine, Finding(Status.PASS, "no-labels")]).status
    told = [s.FindingOut(status=str(one.status), code=one.code, message=one.text()) for one in mine]
    return s.LabelCheckOut(number=number, name=name, status=str(status), findings=told)
