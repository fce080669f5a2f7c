"""Passports over HTTP: one address a lot (GS1 Digital Link), in the form that the reader asks for.

Everything that only reads is public. What a reader's API key opens beyond that, the evidence says by its tiers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from backend import kept, problems
from backend.access import uploads
from backend.access.dependencies import Caller, tier_of
from backend.access.limits import RateLimit
from backend.access.service import ApiKey
from backend.context import Context, context_of
from backend.errors import Gone, LogDamaged, NotFound
from backend.passports import profiles, service, upload, view
from backend.passports.among import among
from backend.passports.document import document
from backend.passports.negotiation import best
from backend.passports.service import Passport, Passports
from backend.web import i18n, pages, qr
from backend.web.i18n import Language
from leafproof import bundle as bundles
from leafproof.errors import InvalidInput, Malformed
from leafproof.values import Lot

LISTED = 200  # lots on the start page
JSON, HTML, BUNDLE, LINKSET = "application/json", "text/html", bundles.MEDIA_TYPE, "application/linkset+json"
_OFFERS = (JSON, HTML, BUNDLE, LINKSET)
_VARY = "Accept, Accept-Language, Accept-Encoding, Authorization"
_STATUS = {Malformed: 400, NotFound: 404, Gone: 410, LogDamaged: 500}  # of pages, as `backend.problems` has them
_VOCABULARY = "https://gs1.org/voc"  # link types of GS1 Digital Link

router = APIRouter(tags=["passports"])


def passports_of(request: Request, context: Annotated[Context, Depends(context_of)]) -> Passports:
    """The running backend's passports, made at the first request."""
    state = request.app.state
    if not hasattr(state, "passports"):
        state.passports = service.of(context)
    found = state.passports
    assert isinstance(found, Passports)
    return found


def _lot(gtin: str, lot: str) -> Lot:
    """The lot of an address. Raises `Malformed` naming `gtin` or `lot`."""
    try:
        return Lot.parse(gtin, lot)
    except InvalidInput as error:
        raise Malformed(error.field, error.reason) from error


def _language(
    lang: Annotated[str | None, Query(max_length=10, description="en or zh; default: Accept-Language")] = None,
    accept_language: Annotated[str | None, Header()] = None,
) -> Language:
    return i18n.choose(lang, accept_language)


def _variant(headers: Mapping[str, str], query: Mapping[str, str]) -> tuple[str | None, str, bool]:
    """Which of an address's answers a reader gets: its form, its language, and whether it is packed."""
    form = best(headers.get("accept"), _OFFERS)
    of = i18n.choose(query.get("lang"), headers.get("accept-language"))
    return form, of.code, pages.takes_gzip(headers)


KEPT: dict[str, kept.Variant] = dict.fromkeys(
    (r"/01/[^/]+/10/.+", r"/v1/lots/[^/]+/.+/bundle", r"/v1/verify/footprints/[^/]+/.+"), _variant
)
Shared = Annotated[Context, Depends(context_of)]
Service = Annotated[Passports, Depends(passports_of)]
OfLot = Annotated[Lot, Depends(_lot)]
Spoken = Annotated[Language, Depends(_language)]


@router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
def start(request: Request, context: Shared, passports: Service, of: Spoken) -> Response:
    """What this is, and the lots of this backend."""
    told = {
        "lots": passports.lots(LISTED),
        "trust": passports.trust,
        "url": context.settings.url,
        "link": view.passport_path,
        "parse": Lot.parse,
    }
    return _page(request, context, of, "start.html", told)


@router.api_route(
    "/01/{gtin}/10/{lot:path}",
    methods=["GET", "HEAD"],
    operation_id="passport",
    responses={200: {"content": {name: {} for name in _OFFERS}}},
    response_class=Response,
)
def passport(
    request: Request,
    context: Shared,
    passports: Service,
    of: Spoken,
    caller: Caller,
    gtin: str,
    lot: str,
    link_type: Annotated[str | None, Query(alias="linkType", max_length=40)] = None,
    rpc: Annotated[str | None, Query(max_length=300, description="a chain node's origin, for the page")] = None,
) -> Response:
    """The passport of a lot: a page, its JSON, its bundle, or the links to all of these."""
    form = LINKSET if link_type == "linkset" else best(request.headers.get("accept"), _OFFERS)
    if form is None:
        return problems.problem(406, f"This address answers with {', '.join(_OFFERS)}.")
    try:
        found = _lot(gtin, lot)
        if form == LINKSET:
            passports.exists(found)
            return _linkset(context, found)
        if form == BUNDLE:
            return _bundle(request, passports, found, caller)
        shown = passports.passport(found, lambda issuer: tier_of(caller, issuer))
    except (Malformed, NotFound, Gone, LogDamaged) as error:
        if form != HTML:
            raise
        told = {"reason": str(error), "gtin": gtin, "lot": lot, "damaged": isinstance(error, Gone | LogDamaged)}
        return _page(request, context, of, "missing.html", told, _STATUS[type(error)])
    headers = _headers(context, shown, form, of, caller)
    _keep(request, shown, caller)
    if kept.unchanged(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if form == JSON:
        return _json(document(shown, of, _links(context, found), context.settings.notice), headers)
    return _passport_page(request, context, shown, of, rpc, headers)


@router.get("/v1/verify/footprints/{gtin}/{lot:path}", response_class=Response)
def verify_footprint(
    request: Request, context: Shared, passports: Service, of: Spoken, caller: Caller, lot: OfLot
) -> Response:
    """The numbered checks of a lot's footprint, the footprint, the record and where the chain holds it."""
    shown = passports.passport(lot, lambda issuer: tier_of(caller, issuer))
    headers = _headers(context, shown, JSON, of, caller)
    _keep(request, shown, caller)
    return _json(document(shown, of, _links(context, lot), context.settings.notice), headers)


@router.post("/v1/verify", response_class=Response, openapi_extra=upload.OPENAPI)
async def verify_upload(request: Request, passports: Service, of: Spoken) -> Response:
    """The numbered checks of an uploaded bundle, against the chain that this server follows.

    The verdict is this server's word; `leafproof verify` gives your own.
    """
    if (refused := upload.other_kind(request)) is not None:
        return refused
    limit = uploads.limit_of(request, "bundle")
    try:
        limit.take(request.client.host if request.client else "")
        data = await upload.read(request)
        with _running(limit):
            report = await run_in_threadpool(passports.judge, data, upload.MAX_UPLOAD)
    except InvalidInput as error:
        raise Malformed(error.field, error.reason) from error
    return _json(report.to_json(of.text), {"Cache-Control": "no-store", "Content-Language": of.code})


@router.get(
    "/v1/lots/{gtin}/{lot:path}/bundle",
    responses={200: {"content": {BUNDLE: {}}}},
    response_class=Response,
)
def get_bundle(request: Request, passports: Service, lot: OfLot, caller: Caller) -> Response:
    """All that is needed to check the lot, in one file; more of it for a reader's API key."""
    return _bundle(request, passports, lot, caller)


@router.api_route(
    "/v1/lots/{gtin}/{lot:path}/qr.svg", methods=["GET", "HEAD"], operation_id="qr_svg", response_class=Response
)
def qr_svg(context: Shared, passports: Service, of: Spoken, lot: OfLot) -> Response:
    """The QR code of the passport's address, as a drawing."""
    passports.exists(lot)
    title = of.text("QR code of the passport of lot {lot}").format(lot=lot.code)
    return Response(qr.svg(_url(context, lot), title), media_type="image/svg+xml", headers=_for_a_day())


@router.api_route(
    "/v1/lots/{gtin}/{lot:path}/qr.png", methods=["GET", "HEAD"], operation_id="qr_png", response_class=Response
)
def qr_png(context: Shared, passports: Service, lot: OfLot) -> Response:
    """The QR code of the passport's address, as an image."""
    passports.exists(lot)
    return Response(qr.png(_url(context, lot)), media_type="image/png", headers=_for_a_day())


def _passport_page(
    request: Request, context: Context, shown: Passport, of: Language, rpc: str | None, headers: dict[str, str]
) -> Response:
    suggested = [url for url in shown.trust.rpc_urls if pages.origin(url)]
    asked = pages.origin(rpc) if rpc else None
    nodes = list(dict.fromkeys(o for o in [*map(pages.origin, suggested), asked] if o))
    found = shown.material
    printed, record = found.footprint, found.record
    status, head, rest = view.verdict(shown, of)
    told = {
        "p": shown,
        "status": status,
        "verdict_head": head,
        "verdict_rest": rest,
        "record": record.content if record else None,
        "record_statement": record.statement if record else None,
        "footprint": printed.content if printed else None,
        "parts": view.parts(shown, printed.content) if printed else (),
        "stages": view.stages(printed.content) if printed else (),
        "profile": profiles.known(printed.content) if printed else None,
        "beside": profiles.beside(found),
        "grades": view.grades(shown),
        "energy": view.energy_of_run(printed.content) if printed else None,
        "among": among(shown),
        "after_gate": [one.content for one in found.stages],
        "inputs": view.inputs(shown, shown.lot),
        "checks": view.checks(shown),
        "hidden": shown.hidden_outcomes(),
        "device": view.device_config(shown, of, suggested, nodes, asked),
        "url": _url(context, shown.lot),
        "bundle": view.lot_path(shown.lot, "bundle"),
        "qr": view.lot_path(shown.lot, "qr.svg"),
        "link": view.passport_path,
        "years": view.years,
        "percent": view.percent,
    }
    return _page(request, context, of, "passport.html", told, nodes=nodes, headers=headers)


def _page(
    request: Request,
    context: Context,
    of: Language,
    template: str,
    values: dict[str, Any],
    status: int = 200,
    nodes: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    told = {
        "notice": context.settings.notice,
        "tail": f"?lang={of.code}" if "lang" in request.query_params else "",
        **values,
    }
    sent = {"Vary": _VARY, "Cache-Control": "public, no-cache", **(headers or {})}
    return pages.page(request, of, template, told, status, nodes, sent)


def _bundle(request: Request, passports: Passports, lot: Lot, caller: ApiKey | None) -> Response:
    data, tier = passports.bundle(lot, lambda issuer: tier_of(caller, issuer))
    etag = f'"{hashlib.sha256(data).hexdigest()[:24]}"'
    if caller is None:
        kept.keep(request, kept.While.HEADS)
    elif kept.unchanged(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers={"ETag": etag, **_cached(caller)})
    name = "".join(c if c.isalnum() or c in "-._" else "_" for c in f"{lot.gtin}_{lot.code}")
    return Response(
        data,
        media_type=BUNDLE,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.bundle"',
            "ETag": etag,
            "Leafproof-Tier": tier.word,
            **_cached(caller),
        },
    )


def _headers(context: Context, shown: Passport, form: str, of: Language, caller: ApiKey | None) -> dict[str, str]:
    path = view.passport_path(shown.lot)
    return {
        "ETag": f'W/"{_tag(context, shown, form, of)}"',
        **_cached(caller),
        "Content-Language": of.code,
        "Link": f'<{context.settings.url}{path}?linkType=linkset>; rel="linkset"; type="{LINKSET}", '
        f'<{context.settings.url}{path}>; rel="canonical"',
    }


def _cached(caller: ApiKey | None) -> dict[str, str]:
    """Caches on the way may store what the public gets, and ask each time whether it is still true."""
    return {"Cache-Control": f"{'public' if caller is None else 'private'}, no-cache", "Vary": _VARY}


def _keep(request: Request, shown: Passport, caller: ApiKey | None) -> None:
    if caller is None:
        kept.keep(request, kept.While.FACTS if shown.settled else kept.While.HEADS)


def _tag(context: Context, shown: Passport, form: str, of: Language) -> str:
    """Over everything that the answer depends on: the evidence, the form, and this server's own words."""
    seen = (shown.etag, form, of.code, context.settings.notice, pages.asset("page.css"), pages.asset("verify.js"))
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:24]


def _links(context: Context, lot: Lot) -> dict[str, str]:
    base = context.settings.url
    return {
        "passport": base + view.passport_path(lot),
        "bundle": base + view.lot_path(lot, "bundle"),
        "qr_svg": base + view.lot_path(lot, "qr.svg"),
        "qr_png": base + view.lot_path(lot, "qr.png"),
        "verify": f"{base}/v1/verify/footprints/{view.lot_path(lot, '')[len('/v1/lots/') : -1]}",
    }


def _linkset(context: Context, lot: Lot) -> Response:
    """RFC 9264 JSON form, with the link types of GS1 Digital Link."""
    links, url = _links(context, lot), _url(context, lot)
    one = {
        "anchor": url,
        f"{_VOCABULARY}/defaultLink": [{"href": url, "type": HTML, "title": "Product passport"}],
        f"{_VOCABULARY}/sustainabilityInfo": [
            {"href": url, "type": HTML, "hreflang": list(i18n.LANGUAGES)},
            {"href": url, "type": JSON},
        ],
        f"{_VOCABULARY}/traceability": [{"href": links["bundle"], "type": BUNDLE}],
    }
    return _json({"linkset": [one]}, _cached(None), LINKSET)


def _url(context: Context, lot: Lot) -> str:
    return context.settings.url + view.passport_path(lot)


def _json(content: dict[str, Any], headers: dict[str, str], kind: str = JSON) -> Response:
    return Response(json.dumps(content, ensure_ascii=False), headers=headers, media_type=kind)


def _for_a_day() -> dict[str, str]:
    return {"Cache-Control": "public, max-age=86400"}


@contextmanager
def _running(limit: RateLimit) -> Iterator[None]:
    limit.enter()
    try:
        yield
    finally:
        limit.leave()
