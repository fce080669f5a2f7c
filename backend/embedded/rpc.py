"""JSON-RPC to the embedded node, for its supervisor alone; everybody else uses web3."""

from __future__ import annotations

from typing import Any

import httpx

from backend.embedded.errors import PartFailed

# A dump of a chain with tens of thousands of blocks takes seconds, everything else milliseconds.
_SECONDS = 30.0


class NodeRpc:
    """Calls by name; raises `PartFailed` when the node does not answer, or answers with an error."""

    def __init__(self, url: str) -> None:
        self._url = url
        # Without trust_env=False a proxy named in the environment would be asked for a loopback address.
        self._http = httpx.Client(timeout=_SECONDS, trust_env=False)

    def call(self, method: str, *parameters: object) -> Any:
        """The result of one call."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        try:
            answer = self._http.post(self._url, json=request).raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise PartFailed(f"the chain node did not answer {method} ({type(error).__name__})") from error
        if "error" in answer:
            raise PartFailed(f"the chain node refused {method}: {answer['error'].get('message', answer['error'])}")
        return answer["result"]

    def close(self) -> None:
        """Close the connection."""
        self._http.close()
