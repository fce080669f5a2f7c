"""The backend's HTTP interface, as the demo's two companies use it."""

from __future__ import annotations

from typing import Any

import httpx

from backend.demo.cast import Company
from backend.demo.stage import DemoFailed
from leafproof.bundle import MEDIA_TYPE
from leafproof.values import Lot

_TIMEOUT = httpx.Timeout(900.0, connect=5.0)  # closing the period of a year issues thousands of footprints


class FrontDoor:
    """Requests with an API key; an answer that is none raises `DemoFailed` with the problem's own words."""

    def __init__(self, url: str, api_key: str) -> None:
        self._client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {api_key}"}, timeout=_TIMEOUT)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _ask(self, method: str, path: str, **parts: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **parts)
        except httpx.HTTPError as error:
            raise DemoFailed(f"{method} {path}: {error}") from error
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise DemoFailed(f"{method} {path} answered {answer.status_code}: {answer.text[:1000]}")
        return answer

    def get(self, path: str, **query: str) -> Any:
        """A JSON resource."""
        return self._ask("GET", path, params=query, headers={"Accept": "application/json"}).json()

    def post(self, path: str, **body: Any) -> Any:
        """Send a JSON object."""
        return self._ask("POST", path, json=body).json()

    def refused(self, path: str, **body: Any) -> str:
        """Send what must be refused; the problem's detail. Raises `DemoFailed` if it is taken."""
        answer = self._client.post(path, json=body)
        if answer.status_code not in (httpx.codes.CONFLICT, httpx.codes.UNPROCESSABLE_ENTITY):
            raise DemoFailed(f"POST {path} was to be refused, and answered {answer.status_code}")
        return str(answer.json()["detail"])

    def put(self, path: str, **body: Any) -> Any:
        """Send a JSON object."""
        return self._ask("PUT", path, json=body).json()

    def orders(self, company: Company, data: bytes) -> None:
        """Import production orders; every line must be taken."""
        headers = {"Content-Type": "text/csv"}
        path = f"/v1/facilities/{company.facility}/orders"
        found = self._ask("POST", path, content=data, headers=headers).json()
        if found["refused"]:
            first = next(line for line in found["lines"] if line["outcome"] == "refused")
            raise DemoFailed(f"order line {first['line']} was refused: {first['reason']}")

    def bundle(self, lot: Lot) -> bytes:
        """Everything that an auditor needs to check one lot."""
        path = f"/v1/lots/{lot.gtin}/{lot.code}/bundle"
        return self._ask("GET", path, headers={"Accept": MEDIA_TYPE}).content
