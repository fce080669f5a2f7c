"""A browser window at phone size, and what a bundle's way to it can do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Route

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
SCREENSHOTS = Path(__file__).resolve().parents[3] / "build" / "screenshots"
BUNDLES = "**/bundle"


class Phone:
    """One browser window; it notes what it asked for and what went wrong."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.base = base
        self.page: Page = context.new_page()
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        self.page.on("request", lambda r: self.hosts.add(urlsplit(r.url).netloc))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))

    def open(self, path: str, wait: bool = True) -> Page:
        self.page.goto(self.base + path)
        if wait:
            self.settled()
        return self.page

    def settled(self) -> str:
        """Wait until the device has come to its result: pass, partly, fail or missing."""
        self.page.wait_for_selector("#device[data-state]:not([data-state=running])", timeout=30_000)
        return str(self.page.get_attribute("#device", "data-state"))

    def again(self) -> str:
        """Check again, and wait for the result."""
        self.page.evaluate("document.getElementById('device').dataset.state = 'running'")
        self.page.click("#check-again")
        return self.settled()

    def who(self, number: int) -> str:
        return self.page.inner_text(f"#check-{number} [data-who]")

    def keep(self, name: str, full: bool = False) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=full)


def altered(page: Page, data: bytes) -> None:
    """From now on the server's bundle reaches the page as `data`."""
    page.unroute_all()

    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="application/vnd.leafproof.bundle+cbor", body=data)

    page.route(BUNDLES, answer)
