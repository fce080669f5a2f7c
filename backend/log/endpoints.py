"""The log over HTTP. Everything is public but bodies, which go by access tier.

Nothing here is to be believed: a reader checks the proofs against a head that the chain holds.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from backend.access.dependencies import Caller, tier_of
from backend.context import Context, context_of
from backend.database import reading
from backend.errors import Gone, NotAllowed, NotAuthenticated
from backend.log.schemas import BodyOut, EntryOut, EntryPage, LogHead, LogList, Proof
from backend.log.service import HostedLog
from leafproof import cbor, receipt, tree, values

MAX_PAGE = 1000  # entries: at most 4 MiB of envelopes, 500 KiB of a frame's size
CBOR = "application/cbor"  # RFC 8949 9.5
COSE = 'application/cose; cose-type="cose-sign1"'  # RFC 9052 11.3.1
FOREVER = "public, max-age=31536000, immutable"  # what an append-only log has once, it has for good

router = APIRouter(prefix="/v1/logs", tags=["log"])
Shared = Annotated[Context, Depends(context_of)]
Index = Annotated[int, Path(ge=0, le=tree.MAX_SIZE)]
Size = Annotated[int, Query(ge=0, le=tree.MAX_SIZE)]


def _hosted(context: Shared, log_id: str) -> HostedLog:
    return context.logs.by_id(values.digest(log_id, "log_id"))


Hosted = Annotated[HostedLog, Depends(_hosted)]


def _accepts(request: Request, media_type: str) -> bool:
    ranges = request.headers.get("accept", "").lower().split(",")
    return media_type in (r.partition(";")[0].strip() for r in ranges)


def _head(context: Context, hosted: HostedLog) -> LogHead:
    with reading(context.engine) as connection:
        size, root = hosted.log.head(connection)
    ref = hosted.log.ref
    return LogHead(
        log_id=ref.log_id,
        name=hosted.name,
        partition=hosted.partition,
        chain_id=ref.chain_id,
        contract=ref.contract,
        key=hosted.key.public.cose,
        vkey=hosted.vkey,
        size=size,
        root=root,
    )


@router.get("")
def list_logs(context: Shared) -> LogList:
    """The logs that this server holds, each with its head."""
    return LogList(logs=[_head(context, hosted) for hosted in context.logs])


@router.get("/{log_id}")
def get_log(context: Shared, hosted: Hosted) -> LogHead:
    """One log with its head."""
    return _head(context, hosted)


@router.get("/{log_id}/entries", response_model=EntryPage, responses={200: {"content": {CBOR: {}}}})
def list_entries(
    request: Request,
    context: Shared,
    hosted: Hosted,
    start: Size = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> Response | EntryPage:
    """Entries in order. As CBOR: `[size, [[index, envelope, received at], ...]]`."""
    with reading(context.engine) as connection:
        size = hosted.log.size(connection)
        entries = hosted.log.page(connection, start, limit)
    if _accepts(request, CBOR):
        rows = [[e.index, e.envelope, e.received_at] for e in entries]
        return Response(cbor.encode([size, rows]), media_type=CBOR)
    following = entries[-1].index + 1 if entries and entries[-1].index + 1 < size else None
    return EntryPage(start=start, size=size, entries=[EntryOut.of(e) for e in entries], next=following)


@router.get("/{log_id}/entries/{index}", response_model=EntryOut, responses={200: {"content": {COSE: {}}}})
def get_entry(
    request: Request, response: Response, context: Shared, hosted: Hosted, index: Index
) -> Response | EntryOut:
    """One entry; with `Accept: application/cose`, its envelope as it was signed."""
    with reading(context.engine) as connection:
        entry = hosted.log.entry(connection, index)
    if _accepts(request, "application/cose"):
        return Response(entry.envelope, media_type=COSE, headers={"Cache-Control": FOREVER, "Vary": "Accept"})
    response.headers.update({"Cache-Control": FOREVER, "Vary": "Accept"})
    return EntryOut.of(entry)


@router.get("/{log_id}/entries/{index}/receipt", response_class=Response)
def get_receipt(context: Shared, hosted: Hosted, index: Index) -> Response:
    """The log's signed promise that this is an entry (COSE Receipt, RFC 9942), for its present head."""
    with reading(context.engine) as connection:
        size, root = hosted.log.head(connection)
        path = hosted.log.inclusion_proof(connection, index, size)
    signed = receipt.sign(hosted.key, root, receipt.Inclusion(size, index, path))
    return Response(signed, media_type=COSE, headers={"Cache-Control": "no-cache"})


@router.get("/{log_id}/entries/{index}/body")
def get_body(response: Response, context: Shared, hosted: Hosted, index: Index, caller: Caller) -> BodyOut:
    """What the statement says, and those of its disclosures that the caller's tier may see."""
    with reading(context.engine) as connection:
        entry = hosted.log.entry(connection, index)
        stored = hosted.log.body(connection, index)
    tier = tier_of(caller, entry.issuer)
    response.headers.update({"Cache-Control": "private, no-cache", "Vary": "Authorization"})
    if stored.tier > tier:
        needed = f"this body is for the tier {stored.tier.word}; its hash stands in the public envelope"
        raise NotAuthenticated(needed) if caller is None else NotAllowed(needed)
    if stored.body is None:
        raise Gone(f"the body of entry {index} was deleted; the statement and its place in the log stand")
    return BodyOut(index=index, tier=stored.tier.word, body=stored.body, disclosures=list(stored.shown_to(tier)))


@router.get("/{log_id}/proofs/inclusion")
def inclusion(context: Shared, hosted: Hosted, index: Size, size: Size) -> Proof:
    """That entry `index` is in the tree of the first `size` entries (RFC 9162 2.1.3)."""
    with reading(context.engine) as connection:
        hashes = hosted.log.inclusion_proof(connection, index, size)
        root = hosted.log.root_at(connection, size)
        leaf = hosted.log.entry(connection, index).leaf_hash
    return Proof(hashes=hashes, root=root, leaf_hash=leaf)


@router.get("/{log_id}/proofs/consistency")
def consistency(context: Shared, hosted: Hosted, old: Size, new: Size) -> Proof:
    """That the first `old` of `new` entries are unchanged (RFC 9162 2.1.4)."""
    with reading(context.engine) as connection:
        hashes = hosted.log.consistency_proof(connection, old, new)
        root = hosted.log.root_at(connection, new)
    return Proof(hashes=hashes, root=root)
