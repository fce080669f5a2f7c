"""The log as C2SP tlog-tiles, for tools that know nothing of Leafproof. Everything here is public.

`<url>/v1/logs/<log id>/tlog/` is the prefix: below it `checkpoint`, `tile/<level>/<number>` and
`tile/entries/<number>`. But for the checkpoint nothing ever changes, partial tiles neither: each width is another
address.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from backend import kept
from backend.checkpoints import repository
from backend.context import Context, context_of
from backend.database import reading
from backend.errors import NotFound
from backend.log.service import HostedLog
from leafproof import tiles, values

FOREVER = "public, max-age=31536000, immutable"
OCTETS = "application/octet-stream"

router = APIRouter(prefix="/v1/logs/{log_id}/tlog", tags=["log"])
Shared = Annotated[Context, Depends(context_of)]


def _hosted(context: Shared, log_id: str) -> HostedLog:
    return context.logs.by_id(values.digest(log_id, "log_id"))


Hosted = Annotated[HostedLog, Depends(_hosted)]
KEPT: dict[str, kept.Variant] = {r"/v1/logs/[^/]+/tlog/tile/.+": lambda _headers, _query: None}


@router.get("/checkpoint", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def get_checkpoint(context: Shared, hosted: Hosted) -> Response:
    """The newest head that the log signed, with what its witnesses cosigned (C2SP tlog-checkpoint)."""
    with reading(context.engine) as connection:
        found = repository.newest(connection, hosted.log.number)
    if found is None:
        raise NotFound("this log has not published a checkpoint yet")
    return Response(found.note, media_type="text/plain", headers={"Cache-Control": "no-cache"})


@router.get("/tile/entries/{path:path}", response_class=Response)
def get_entries(request: Request, context: Shared, hosted: Hosted, path: str) -> Response:
    """Up to 256 envelopes, each behind its length in two bytes; `path` is `000`, `x001/000`, `000.p/7`."""
    number, width = tiles.read_tile_path(path)
    with reading(context.engine) as connection:
        found = hosted.log.page(connection, number * tiles.TILE_WIDTH, width)
        size = hosted.log.size(connection)
    if tiles.tile_width(0, number, size) < width:
        raise NotFound(f"entries {path} are not there")
    bundle = b"".join(len(e.envelope).to_bytes(2, "big") + e.envelope for e in found)
    kept.keep(request, kept.While.FOREVER)
    return Response(bundle, media_type=OCTETS, headers={"Cache-Control": FOREVER})


@router.get("/tile/{level}/{path:path}", response_class=Response)
def get_tile(
    request: Request,
    context: Shared,
    hosted: Hosted,
    level: Annotated[int, Path(ge=0, le=tiles.MAX_TILE_LEVEL)],
    path: str,
) -> Response:
    """Up to 256 hashes of 32 bytes; `path` is `000`, `x001/000`, `000.p/7`."""
    number, width = tiles.read_tile_path(path)
    with reading(context.engine) as connection:
        hashes = hosted.log.tile(connection, level, number, width)
    kept.keep(request, kept.While.FOREVER)
    return Response(hashes, media_type=OCTETS, headers={"Cache-Control": FOREVER})
