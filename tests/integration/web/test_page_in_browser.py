"""The pages in a real Chromium at phone size: read, walked by keyboard, and checking the evidence themselves.

Screenshots go to build/screenshots, for somebody to look at.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
import rfc8785

from leafproof.chain.decode import topics_of
from tests.integration.web.phone import BUNDLES, Phone, altered
from tests.integration.web.street import STEEL, Street, coil, correct, section
from tests.support.server import serving

if TYPE_CHECKING:
    from playwright.sync_api import Route

PASSPORT = f"/01/{section('T-1').gtin}/10/T-1"
OWN = (0, 1, 2, 3, 4, 5, 6, 10)  # the checks of a public bundle that need nothing withheld


class TestReading:
    def test_the_verdict_is_seen_first(self, phone: Phone, seen: Street) -> None:
        page = phone.open(f"{PASSPORT}?rpc={seen.ledger.url}")
        for selector in ("h1", "#verdict .says strong", ".number"):
            box = page.locator(selector).first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] < 844, selector
        phone.keep("passport-phone")
        assert phone.errors == []

    @pytest.mark.parametrize("width", [320, 390])
    @pytest.mark.parametrize("path", [PASSPORT, f"{PASSPORT}?lang=zh", "/", f"{PASSPORT}9"])
    def test_nothing_makes_the_page_scroll_sideways(self, new_phone: Any, width: int, path: str) -> None:
        phone = new_phone(viewport={"width": width, "height": 844})
        page = phone.open(path, wait=False)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        wide = "e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.sr, .sprite')"
        assert (
            page.evaluate(f"[...document.querySelectorAll('body *')].filter({wide}).map(e => e.outerHTML)") == []
        )
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    def test_no_other_host_is_asked(self, phone: Phone) -> None:
        phone.open(PASSPORT)
        assert phone.hosts == {urlsplit(phone.base).netloc}

    def test_it_works_without_a_script(self, new_phone: Any) -> None:
        phone = new_phone(java_script_enabled=False)
        page = phone.open(PASSPORT, wait=False)
        assert page.is_visible("text=Records intact as far as checked")
        assert page.locator("noscript p").bounding_box() is not None
        assert not page.is_visible("#device")
        page.click("#check-2 summary")
        assert page.is_visible("#check-2 >> text=signatures verify")
        phone.keep("passport-no-script", full=True)

    @pytest.mark.parametrize(
        ("name", "options"),
        [
            ("dark", {"color_scheme": "dark"}),
            ("chinese", {"locale": "zh-CN"}),
            ("still", {"reduced_motion": "reduce"}),
            ("wide", {"viewport": {"width": 1280, "height": 900}, "device_scale_factor": 1}),
        ],
    )
    def test_it_is_shown_as_the_reader_likes_it(self, new_phone: Any, name: str, options: dict[str, Any]) -> None:
        phone = new_phone(**options)
        page = phone.open(PASSPORT)
        assert page.is_visible("text=就所检查的部分而言记录完整" if name == "chinese" else "text=Records intact")
        assert phone.errors == []
        phone.keep(f"passport-{name}", full=True)

    def test_a_lot_is_followed_to_its_inputs(self, phone: Phone) -> None:
        page = phone.open(f"{PASSPORT}?lang=zh")
        page.click(".tree a >> nth=0")
        phone.settled()
        assert page.inner_text("h1") == "Hot-rolled coil"
        assert page.get_attribute("html", "lang") == "zh-Hans"

    def test_words_are_dark_enough_on_their_ground(self, new_phone: Any) -> None:
        for scheme in ("light", "dark"):
            page = new_phone(color_scheme=scheme).open(PASSPORT)
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            assert page.evaluate(_PALE) == []


# Every visible text's contrast with the nearest opaque ground (WCAG 2.2, 1.4.3: 4.5, or 3 for large text).
_PALE = """() => {
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0)
  const parts = (text) => text.match(/[\\d.]+/g).map(Number)
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(node).backgroundColor)
      if (a === 1) return [r, g, b]
    }
    return [255, 255, 255]
  }
  const pale = []
  for (const node of document.querySelectorAll('main *, header *, footer *')) {
    const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim())
    if (!own || !node.checkVisibility() || node.closest('svg')) continue
    const style = getComputedStyle(node)
    const [a, b] = [light(parts(style.color)), light(ground(node))]
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700)
    if (contrast < (large ? 3 : 4.5)) pale.push([node.className, node.textContent.slice(0, 30), contrast])
  }
  return pale
}"""


class TestKeyboard:
    def test_every_part_is_reached_and_opened(self, phone: Phone) -> None:
        page = phone.open(PASSPORT)
        focused = "document.activeElement"
        page.keyboard.press("Tab")
        assert page.evaluate(f"{focused}.className") == "skip"
        page.keyboard.press("Enter")
        walked: list[str] = []
        for _ in range(80):
            page.keyboard.press("Tab")
            walked.append(page.evaluate(f"{focused}.closest('details')?.id || {focused}.id || {focused}.tagName"))
            if walked[-1] == "check-2":
                assert page.evaluate(f"getComputedStyle({focused}).outlineStyle") == "solid"
                page.keyboard.press("Enter")
                assert page.get_attribute("#check-2", "open") is not None
                page.keyboard.press("Space")
                assert page.get_attribute("#check-2", "open") is None
        assert {f"check-{n}" for n in range(11)} <= set(walked)
        assert {"rpc", "trust-file", "check-again"} <= set(walked)


class TestCheckingOnThisDevice:
    def test_it_checks_the_evidence_and_the_chain_itself(self, phone: Phone, seen: Street) -> None:
        page = phone.open(f"{PASSPORT}?rpc={seen.ledger.url}")
        assert page.get_attribute("#device", "data-state") == "pass"
        assert {n: phone.who(n) for n in OWN} == dict.fromkeys(OWN, "checked by this device")
        assert {n: phone.who(n) for n in (7, 8, 9)} == dict.fromkeys((7, 8, 9), "by the server")
        assert "This device has checked 0, 1, 2, 3, 4, 5, 6, 10 itself" in page.inner_text("#device")
        assert "Not on this device: 7, 8, 9" in page.inner_text("#device")
        page.click("#check-5 summary")
        assert page.is_visible("#check-5 >> text=checked by this device: size")

    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_it_says_the_same_as_the_server(self, phone: Phone, seen: Street, lang: str) -> None:
        page = phone.open(f"{PASSPORT}?lang={lang}&rpc={seen.ledger.url}")
        device = phone.who(0)  # a check that passes
        for number in range(11):
            found = f"#check-{number} .found ul"
            own = page.locator(f"{found}[data-device-findings] li").all_text_contents()
            server = page.locator(f"{found}:not([data-device-findings]) li").all_text_contents()
            assert len(own) == len(server) > 0
            for line in own:
                assert any(one.strip().endswith(line.removeprefix(f"{device}: ")) for one in server), line

    def test_without_a_node_it_says_what_it_did_not_check(self, phone: Phone) -> None:
        page = phone.open(PASSPORT)
        assert page.get_attribute("#device", "data-state") == "partly"
        assert "Not on this device: 1, 5, 6, 9, no chain node answers it" in page.inner_text("#device")
        assert phone.who(5) == "by the server"

    def test_a_node_of_ones_own_is_asked_and_its_full_address_stays_here(self, phone: Phone, seen: Street) -> None:
        page = phone.open(PASSPORT)
        page.fill("#rpc", f"{seen.ledger.url}/?token=of-the-reader")
        page.click("#node-form button")
        page.wait_for_url("**?rpc=*")
        assert phone.settled() == "pass"
        assert "of-the-reader" not in page.url

    def test_an_address_that_is_none_is_refused(self, phone: Phone) -> None:
        page = phone.open(PASSPORT)
        page.fill("#rpc", "ftp://node.example")
        page.click("#node-form button")
        assert page.evaluate("document.getElementById('rpc').validationMessage").startswith("An address begins")

    def test_a_trust_file_of_ones_own_decides(self, phone: Phone, seen: Street, tmp_path: Path) -> None:
        page = phone.open(f"{PASSPORT}?rpc={seen.ledger.url}")
        page.set_input_files("#trust-file", seen.trust_file)
        page.wait_for_selector("text=Using your trust file trust.json")
        assert phone.settled() == "pass"
        for number, (member, value) in enumerate(
            [("genesis", "0x" + "47" * 32), ("chain_id", 5), ("code", "00" * 32), ("address", "0x" + "11" * 20)]
        ):
            other = json.loads(seen.trust_file.read_bytes())
            if member in ("code", "address"):
                name = "code_sha256" if member == "code" else member
                other["contracts"]["TransparencyLog"][name] = value
            else:
                other[member] = value
            path = tmp_path / f"other-{number}.json"
            path.write_bytes(rfc8785.dumps(other))
            page.evaluate("document.getElementById('device').dataset.state = 'running'")
            page.set_input_files("#trust-file", path)
            assert phone.settled() == "fail", member
            assert "Check 5" in page.inner_text("#device")

    def test_a_file_that_is_no_trust_file_changes_nothing(self, phone: Phone, tmp_path: Path) -> None:
        page = phone.open(PASSPORT)
        path = tmp_path / "none.json"
        path.write_text("{}", encoding="utf-8")
        page.set_input_files("#trust-file", path)
        page.wait_for_selector("text=This is not a Leafproof trust file")


class TestLies:
    def test_any_altered_byte_is_found_and_shown(self, phone: Phone, seen: Street, client: httpx.Client) -> None:
        page = phone.open(f"{PASSPORT}?rpc={seen.ledger.url}")
        data = client.get(f"/v1/lots/{section('T-1').gtin}/T-1/bundle").content
        altered(page, data)
        assert phone.again() == "pass"
        for place in range(0, len(data), len(data) // 20):
            altered(page, data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
            assert phone.again() == "fail", place
        assert page.is_visible("#device >> text=This device found a fault")
        assert page.is_visible("text=The server says:")
        assert page.locator(".strip .mark-fail").count() > 0
        page.evaluate("scrollTo(0, 0)")
        phone.keep("passport-tampered")
        altered(page, data)
        assert phone.again() == "pass"
        assert page.locator(".strip .mark-fail").count() == 0

    @pytest.mark.parametrize("cut", [0, 1, 200, -1])
    def test_a_cut_bundle_is_found(self, phone: Phone, client: httpx.Client, cut: int) -> None:
        page = phone.open(PASSPORT)
        data = client.get(f"/v1/lots/{section('T-1').gtin}/T-1/bundle").content
        altered(page, data[:cut])
        assert phone.again() == "fail"

    def test_another_lots_bundle_is_found(self, phone: Phone, client: httpx.Client) -> None:
        page = phone.open(PASSPORT)
        other = client.get(f"/v1/lots/{section('T-1').gtin}/T-1/bundle").content.replace(b"cT-1", b"cT-2")
        altered(page, other)
        assert phone.again() == "fail"

    def test_a_number_that_was_not_signed_is_found(self, phone: Phone) -> None:
        def lie(route: Route) -> None:
            answer = route.fetch()
            text = answer.text()
            shown = text.partition('per_tonne": "')[2].partition('"')[0]
            assert shown
            route.fulfill(response=answer, body=text.replace(f'"{shown}"', '"1.000"'))

        phone.page.route(f"**{PASSPORT}", lie)
        page = phone.open(PASSPORT)
        assert page.get_attribute("#device", "data-state") == "fail"
        assert "this page shows 1.000 kg CO2e per tonne" in page.inner_text("#device")

    def test_a_bundle_that_does_not_come_is_no_proof(self, phone: Phone) -> None:
        phone.page.route(BUNDLES, lambda route: route.abort())
        page = phone.open(PASSPORT)
        assert page.get_attribute("#device", "data-state") == "missing"
        assert "could not fetch the evidence" in page.inner_text("#device")

    def test_a_chain_that_holds_another_root_is_found(self, phone: Phone, seen: Street) -> None:
        extended = "0x" + topics_of("log")["Extended"].hex()

        def lie(route: Route) -> None:
            if "eth_getLogs" not in (route.request.post_data or ""):
                route.continue_()
                return
            answer = route.fetch()
            found = answer.json()
            for one in found["result"]:
                if one["topics"][0] == extended:
                    one["data"] = "0x" + "ab" * 32
            route.fulfill(response=answer, json=found)

        phone.page.route(f"{seen.ledger.url}/**", lie)
        page = phone.open(f"{PASSPORT}?rpc={seen.ledger.url}")
        assert page.get_attribute("#device", "data-state") == "fail"
        assert "the chain holds no head of size" in page.inner_text("#device")

    @pytest.mark.parametrize("result", [None, {}, [], [{}], "0x", "0xzz", "0x" + "ff" * 9, 7, [{"topics": [7]}]])
    def test_a_node_that_talks_nonsense_stops_no_other_check(
        self, phone: Phone, seen: Street, result: Any
    ) -> None:
        def lie(route: Route) -> None:
            asked = json.loads(route.request.post_data or "")
            if route.request.method != "POST" or (isinstance(asked, dict) and asked["method"] in honest):
                route.continue_()
                return
            ids = [one["id"] for one in asked] if isinstance(asked, list) else [asked["id"]]
            answers = [{"jsonrpc": "2.0", "id": one, "result": result} for one in ids]
            told = answers if isinstance(asked, list) else answers[0]
            route.fulfill(json=told, headers={"access-control-allow-origin": "*"})

        identity = {"eth_chainId", "eth_getCode", "eth_getBlockByNumber"}
        phone.page.route(f"{seen.ledger.url}/**", lie)
        for honest in (
            set(),
            identity,
            identity | {"eth_blockNumber"},
            identity | {"eth_blockNumber", "eth_getLogs"},
        ):
            page = phone.open(f"{PASSPORT}?rpc={seen.ledger.url}")
            assert page.get_attribute("#device", "data-state") in ("partly", "fail"), honest
            for number in (0, 2, 3, 4, 10):
                assert page.get_attribute(f"#check-{number}", "data-device") == "pass"

    def test_what_happens_on_the_chain_afterwards_is_found(self, new_phone: Any, own: Street) -> None:
        lot = coil("C-1")
        path = f"/01/{lot.gtin}/10/C-1"
        with serving(own.app) as http:
            phone = new_phone()
            phone.base = str(http.base_url).rstrip("/")
            page = phone.open(f"{path}?rpc={own.ledger.url}")
            assert page.get_attribute("#device", "data-state") == "pass"
            old = http.get(f"/v1/lots/{lot.gtin}/C-1/bundle").content
            correct(own, lot, "18.9")
            altered(page, old)
            assert phone.again() == "fail"
            assert "Check 6, current: " in page.inner_text("#device")
            page.unroute_all()
            key = own.works.signer.key(STEEL).public.key_id
            own.ledger.done(f"operator-{STEEL}", "KeyRegistry", "compromised", [key], "compromised")
            page = phone.open(f"{path}?rpc={own.ledger.url}")
            assert page.get_attribute("#device", "data-state") == "pass"  # all of it was anchored before
            correct(own, lot, "18.7")
            page = phone.open(f"{path}?rpc={own.ledger.url}")
            assert "was reported compromised before this was anchored" in page.inner_text("#device")
            report = http.get(path, headers={"Accept": "application/json"}).json()
            assert report["verdict"].startswith("Failed at check 1, ")
