"""Page and kernel on the same bundle, trust file and chain node: a real Chromium, and `leafproof.verification.verify`."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from leafproof import footprint, record
from leafproof.bundle import Bundle
from leafproof.chain.view import ChainView
from leafproof.client.chain_reader import read_chain
from leafproof.client.rpc import Rpc
from leafproof.trust import Trust
from leafproof.verification.report import Report
from leafproof.verification.verify import verify
from tests.integration.web.phone import Phone, altered
from tests.integration.web.street import section
from tests.support.world import TOWER, World
from tests.support.world_chain import WorldChain, trust_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

PASSPORT = f"/01/{section('T-1').gtin}/10/T-1"
SAID = "checked by this device: "
# The members that anybody is given.
PUBLIC = {n for m in (record, footprint) for n, tier in m.DISCLOSED_FROM.items() if tier == "public"}
Found = dict[int, tuple[str, list[tuple[str, str]]]]  # by check: its status, and each finding's code and words


# Before the page's own script runs, as if the server had said so.
_TOLD = """document.addEventListener('readystatechange', () => {
  const device = document.getElementById('device')
  if (document.readyState !== 'interactive' || !device) return
  device.dataset.config = JSON.stringify({ ...JSON.parse(device.dataset.config), ...TOLD })
})"""


@dataclass
class Case:
    """What page and kernel are given: a bundle, and the chain as `view` has it."""

    bundle: Bundle
    view: ChainView
    trust: Trust = field(default_factory=trust_of)
    unproven: set[bytes] = field(default_factory=set)


def member(disclosure: str) -> str:
    return str(json.loads(base64.urlsafe_b64decode(disclosure + "=" * (-len(disclosure) % 4)))[1])


def public(bundle: Bundle) -> Bundle:
    """Of it, what anybody is given."""
    shown = (replace(i, disclosures=tuple(d for d in i.disclosures if member(d) in PUBLIC)) for i in bundle.items)
    return replace(bundle, items=tuple(shown))


def case(world: World, lot: Any = TOWER, **parts: Any) -> Case:
    return Case(world.bundle(lot, bodies=False), world.view(), **parts)


def by_kernel(case: Case, url: str) -> Found:
    with Rpc(url) as rpc:
        report: Report = verify(case.bundle, case.trust, read_chain(rpc, case.trust))
    return {c.number: (str(c.status), sorted((f.code, f.text()) for f in c.findings)) for c in report.checks}


def by_page(phone: Phone, case: Case, url: str) -> Found:
    """What the page finds when the server shows it `case`."""
    config = {"trust": {k: v for k, v in msgspec.to_builtins(case.trust).items() if k != "rpc_urls"}}
    lot = {"gtin": str(case.bundle.lot.gtin), "lot": str(case.bundle.lot.code), **printed(case.bundle)}

    told = json.dumps({**config, "shown": lot})
    phone.page.add_init_script(_TOLD.replace("TOLD", told))
    altered(phone.page, case.bundle.encode())
    page = phone.open(f"{PASSPORT}?rpc={url}")
    return {number: of_check(page, number) for number in range(11)}


def of_check(page: Page, number: int) -> tuple[str, list[tuple[str, str]]]:
    status = page.get_attribute(f"#check-{number}", "data-device")
    lines = f"#check-{number} [data-device-findings] li"
    told = page.eval_on_selector_all(lines, "all => all.map((one) => [one.dataset.code, one.textContent])")
    return str(status), sorted((code, text.removeprefix(SAID)) for code, text in told)


def printed(bundle: Bundle) -> dict[str, str | None]:
    """The number that a page shows, and by which profile: of the last footprint of the lot."""
    from backend.passports import material

    found = material.read(bundle).footprint
    if found is None:
        return {"per_tonne": None, "profile": None}
    return {"per_tonne": found.content.per_tonne, "profile": found.content.profile.id}


def compared(phone: Phone, case: Case, world: World, *others: World, most: int = 1_000_000) -> tuple[Found, Found]:
    with WorldChain(world, *others) as chain:
        chain.view, chain.unproven, chain.most = case.view, case.unproven, most
        kernel = by_kernel(case, chain.url)
        chain.asked = 0
        page = by_page(phone, case, chain.url)
        assert chain.asked <= (24 if most > 1000 else 60)
    assert phone.errors == []
    return page, kernel


def agreed(found: Found) -> Found:
    """All but the words of some codes, which hold a library's or Python's own."""
    loose = ("disclosure-differs", "footprint-differs", "declared-differs")
    return {
        n: (status, sorted((code, "" if code in loose else text) for code, text in lines))
        for n, (status, lines) in found.items()
    }
