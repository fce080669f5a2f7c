"""A server for the HTTP rows, in a process of its own: the backend without its workers, or the floor's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from backend import bootstrap, database, garbage, journal, serving
from backend.settings import load


def main(
    port: int,
    config: Annotated[Path | None, typer.Option(help="serve the backend of these settings")] = None,
    constant: Annotated[int, typer.Option(help="answer this many bytes, always the same")] = 0,
) -> None:
    """Serve until SIGTERM."""
    journal.configure("info")
    application = _constant(bytes(constant)) if config is None else _backend(config)
    garbage.collect_seldom()
    serving.server(application, "127.0.0.1", port).run()


def _backend(config: Path) -> Any:
    settings = load(config)
    return bootstrap.build(settings, database.open_engine(settings), workers=lambda _context: ())


def _constant(body: bytes) -> Any:
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": f"{message['type']}.complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


if __name__ == "__main__":
    typer.run(main)
