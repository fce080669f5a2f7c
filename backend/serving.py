"""How this backend is served over HTTP: one place for what uvicorn is told."""

from __future__ import annotations

from typing import Any

import uvicorn

GRACE = 10  # seconds that requests under way may take once we are asked to stop


def server(application: Any, host: str, port: int) -> uvicorn.Server:
    """A server of the ASGI `application`, not yet running. Its lines go to the log that this process set up."""
    return uvicorn.Server(
        uvicorn.Config(
            application,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
        )
    )
