"""The living list over HTTP. Proposing and remarking need `write:production` for an operator, adopting and
refusing `admin`; lists, lots' categories and statistics are public."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Depends, Query, Response, status

from backend.access.dependencies import require
from backend.access.service import ADMIN, WRITE_PRODUCTION, ApiKey
from backend.anchor.registry import Registry
from backend.classification import repository, service, statistics
from backend.classification import schemas as s
from backend.context import Context, context_of
from backend.database import reading, transaction
from backend.errors import NotFound
from backend.production import runs, shares
from backend.production.schemas import StatementOut
from backend.production.statements import Desk
from backend.production.status import place
from backend.production.worker import desk_of
from leafproof import clock
from leafproof.chain.view import ChainView
from leafproof.classification import Classified, LivingList, Remark, Shown
from leafproof.structs import convert
from leafproof.values import Gln, Lot, digest

router = APIRouter(prefix="/v1", tags=["living list"])
Shared = Annotated[Context, Depends(context_of)]
Writer = Annotated[ApiKey, Depends(require(WRITE_PRODUCTION))]
Admin = Annotated[ApiKey, Depends(require(ADMIN))]
Operator = Annotated[str, Query(description="GLN of the operator in whose name it is said")]
Number = Annotated[int, Query(ge=1, lt=2**31, description="a version of the living list")]


@router.post("/living-list", status_code=status.HTTP_201_CREATED)
def propose(context: Shared, key: Writer, by: Operator, content: Annotated[dict[str, Any], Body()]) -> s.StatedOut:
    """Propose a list (`leafproof.classification.LivingList` as JSON)."""
    operator, desk = Gln.parse(by, "by"), desk_of(context)
    key.check_operator(operator)
    wanted = convert(content, LivingList, "living list")
    with transaction(context.engine) as connection:
        asked = service.propose(connection, desk, operator, wanted)
    return _stated(desk, asked)


def _stated(desk: Desk, asked: service.Asked) -> s.StatedOut:
    logged = asked.logged
    stated = place(desk, logged.log, logged.index, logged.statement_id)
    return s.StatedOut(statement=stated, transaction=asked.transaction)


@router.get("/living-list")
def show_lists(context: Shared) -> list[s.ListLineOut]:
    """Every list that was proposed here, refused and adopted ones too; but for those that cannot be read any
    more, such as one whose content was deleted."""
    desk, registry = desk_of(context), Registry(context.settings.trust())
    with reading(context.engine) as connection:
        chain = service.chain_of(connection, registry)
        lines = []
        for row in repository.lists(connection):
            one = bytes(row["statement_id"])
            found = service.unless_unreadable(one, partial(service.read, connection, desk, one))
            if found is not None:
                lines.append(s.ListLineOut(**_decided(one, chain), title=found.title))
    return lines


def _decided(content: bytes, chain: ChainView) -> dict[str, Any]:
    held = next((one for one in chain.list_versions if one.content == content), None)
    return {
        "id": content,
        "state": service.state(chain, content),
        "version": held.version if held else None,
        "in_force_from": clock.utc_text(held.in_force_from) if held else None,
    }


@router.get("/living-list/{list_id}")
def show_list(context: Shared, list_id: str) -> s.ListOut:
    """A list with its entries and correlations, and its way: comments, objections, and what was decided."""
    wanted, desk = digest(list_id, "list_id"), desk_of(context)
    registry = Registry(context.settings.trust())
    with reading(context.engine) as connection:
        content = service.read(connection, desk, wanted)
        chain = service.chain_of(connection, registry)
        steps = service.history(connection, desk, chain, wanted)
    return s.ListOut(
        **_decided(wanted, chain),
        title=content.title,
        content=msgspec.to_builtins(content),
        history=[s.StepOut(did=one.did, at=clock.utc_text(one.at), by=one.by, text=one.text) for one in steps],
    )


@router.post("/living-list/{list_id}/remarks", status_code=status.HTTP_201_CREATED)
def remark(context: Shared, key: Writer, list_id: str, said: s.RemarkIn) -> StatementOut:
    """Comment on a proposal, or object to it."""
    operator, desk = Gln.parse(said.by, "by"), desk_of(context)
    key.check_operator(operator)
    named = {"proposal": list_id, "kind": said.kind, "text": said.text}
    wanted = convert(named, Remark, "remark")
    registry = Registry(context.settings.trust())
    with transaction(context.engine) as connection:
        logged = service.remark(connection, desk, registry, operator, wanted)
    return place(desk, logged.log, logged.index, logged.statement_id)


@router.post(
    "/living-list/{list_id}/adoption",
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[Depends(require(ADMIN))],
)
def adopt(context: Shared, list_id: str, wanted: s.AdoptIn) -> s.AskedOut:
    """Have the authority adopt a proposal as the next version."""
    start = clock.utc_seconds(wanted.in_force_from, "in_force_from")
    desk, registry = desk_of(context), Registry(context.settings.trust())
    with transaction(context.engine) as connection:
        key = service.adopt(connection, desk, registry, digest(list_id, "list_id"), start)
    return s.AskedOut(transaction=key)


@router.post("/living-list/{list_id}/refusal", status_code=status.HTTP_202_ACCEPTED)
def refuse(context: Shared, key: Admin, list_id: str, wanted: s.RefuseIn) -> s.StatedOut:
    """Have the authority refuse a proposal, and say why."""
    operator, desk = Gln.parse(wanted.by, "by"), desk_of(context)
    key.check_operator(operator)
    refusal = Remark(list_id, "refusal", wanted.reason)
    registry = Registry(context.settings.trust())
    with transaction(context.engine) as connection:
        asked = service.refuse(connection, desk, registry, operator, refusal)
    return _stated(desk, asked)


@router.post("/lots/{gtin}/{lot:path}/categories", status_code=status.HTTP_201_CREATED)
def classify(context: Shared, key: Writer, gtin: str, lot: str, said: s.ClassifyIn) -> s.CategoriesOut:
    """Classify a lot by the version in force. A newer version changes nothing of it until this is called again."""
    wanted, desk = Lot.parse(gtin, lot), desk_of(context)
    registry = Registry(context.settings.trust())
    shown = tuple(Shown(one.evidence, one.document) for one in said.shown)
    asked = service.Wanted(wanted, said.edition, said.code, shown)
    with transaction(context.engine) as connection:
        key.check_operator(Gln(shares.maker_of(connection, runs.find_of_lot(connection, wanted))))
        found, logged = service.classify(connection, desk, registry, asked)
        rules = service.version(connection, desk, registry, found.version)[1]
    return _categories(found, logged.statement_id, found.version, rules)


@router.get("/lots/{gtin}/{lot:path}/categories")
def show_categories(
    context: Shared, gtin: str, lot: str, version: Annotated[int | None, Query(ge=1, lt=2**31)] = None
) -> s.CategoriesOut:
    """A lot's categories as it was classified; with `version`, what they would be by that one."""
    wanted, desk = Lot.parse(gtin, lot), desk_of(context)
    registry = Registry(context.settings.trust())
    with reading(context.engine) as connection:
        rows = repository.of_lot(connection, str(wanted.gtin), str(wanted.code))
        if not rows:
            raise NotFound(f"lot {wanted} was not classified")
        found = service.classified(connection, desk, rows[-1])
        number = version or found.version
        rules = service.version(connection, desk, registry, number)[1]
    return _categories(found, bytes(rows[-1]["statement_id"]), number, rules)


def _categories(found: Classified, statement: bytes, number: int, rules: LivingList) -> s.CategoriesOut:
    candidates = {one.category for one in rules.candidates(found.edition, found.code)}
    return s.CategoriesOut(
        statement_id=statement,
        edition=found.edition,
        code=found.code,
        version=number,
        categories=list(rules.categories(found.edition, found.code, found.evidence)),
        candidates=sorted(candidates),
    )


@router.get("/statistics/categories", responses={200: {"content": {"text/csv": {}}}})
def show_statistics(context: Shared, version: Number, form: Annotated[str, Query(alias="format")] = "json") -> Any:
    """Lots and tonnes by category, origin, market and month that is over, under any version; small cells are
    suppressed. The market is a country, `unknown`, or none for what was not sold.
    `format=csv` gives a file."""
    desk, registry = desk_of(context), Registry(context.settings.trust())
    with reading(context.engine) as connection:
        found = statistics.lines(connection, desk, registry, version)
    if form == "csv":
        return Response(statistics.as_csv(found), media_type="text/csv; charset=utf-8")
    return [
        s.CellOut(
            version=one.version,
            category=one.category,
            origin=one.origin,
            market=one.market or None,
            period=one.period,
            lots=one.lots,
            tonnes=one.tonnes,
        )
        for one in found
    ]
