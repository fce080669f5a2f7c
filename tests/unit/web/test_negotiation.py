"""Which form and which language a reader is given, and how often a bundle may be sent for checking."""

from __future__ import annotations

import pytest

from backend.access.limits import AT_ONCE, PER_MINUTE, RateLimit
from backend.errors import TooMany
from backend.passports.negotiation import best
from backend.web import i18n, pages

JSON, HTML, CBOR = "application/json", "text/html", "application/vnd.leafproof.bundle+cbor"
OFFERS = (JSON, HTML, CBOR)
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


class TestForm:
    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            (None, JSON),
            ("", JSON),
            ("*/*", JSON),
            (CHROME, HTML),
            ("application/json", JSON),
            (CBOR, CBOR),
            ("text/*", HTML),
            ("text/html;q=0.2, application/json;q=0.9", JSON),
            ("text/html;q=0, */*;q=0.1", JSON),
            ("application/*;q=0.3, text/html;q=0.2", JSON),
            ("application/json;q=0, application/*", CBOR),
            ("TEXT/HTML; Q=1.0", HTML),
            ("image/png", None),
            ("text/html;q=0", None),
            ("text/html;q=nonsense", None),
            ("text/html;q=nan", None),
        ],
    )
    def test_the_highest_quality_wins_and_the_most_specific_range_sets_it(
        self, accept: str | None, expected: str | None
    ) -> None:
        assert best(accept, OFFERS) == expected


class TestLanguage:
    @pytest.mark.parametrize(
        ("asked", "accept", "expected"),
        [
            (None, None, "en"),
            ("zh", "en", "zh"),
            ("xx", "zh-CN,zh;q=0.9", "zh"),
            (None, "de, zh-TW;q=0.5, en;q=0.4", "zh"),
            (None, "fr", "en"),
            (None, "zh;q=0, en;q=0.1", "en"),
            (None, ",;q=,;;", "en"),
        ],
    )
    def test_what_is_asked_for_comes_before_what_the_browser_prefers(
        self, asked: str | None, accept: str | None, expected: str
    ) -> None:
        assert i18n.choose(asked, accept).code == expected

    def test_a_number_keeps_all_its_digits(self) -> None:
        assert i18n.language("en").number("1234567.80") == "1,234,567.80"

    def test_a_flag_is_translated_behind_its_factor(self) -> None:
        assert i18n.language("zh").flag("grid-kr: CO2 only") == "grid-kr: 仅含 CO2"


class TestPolicy:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("http://127.0.0.1:8545/", "http://127.0.0.1:8545"),
            ("https://node.example/v3/secret?key=1", "https://node.example"),
            ("https://user:word@node.example:443/", "https://node.example"),
            ("http://[::1]:8545", "http://[::1]:8545"),
            ("ftp://node.example", None),
            ("javascript:alert(1)", None),
            ("https://node.example; script-src *", None),
            ("https://*.example", None),
            ("http://node.example:99999", None),
            ("nonsense", None),
        ],
    )
    def test_only_an_origin_enters_the_policy(self, url: str, expected: str | None) -> None:
        assert pages.origin(url) == expected

    def test_nothing_runs_inline_and_no_other_host_is_asked(self) -> None:
        policy = pages.policy(["http://127.0.0.1:8545"])
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "connect-src 'self' http://127.0.0.1:8545;" in policy


class TestLimits:
    def test_an_address_is_stopped_and_let_in_again_a_little_later(self) -> None:
        now = [100.0]
        limit = RateLimit(lambda: now[0])
        for _ in range(PER_MINUTE):
            limit.take("a")
        with pytest.raises(TooMany) as refused:
            limit.take("a")
        limit.take("b")
        now[0] += refused.value.seconds
        limit.take("a")

    def test_only_so_many_bundles_are_checked_at_once(self) -> None:
        limit = RateLimit()
        for _ in range(AT_ONCE):
            limit.enter()
        with pytest.raises(TooMany):
            limit.enter()
        limit.leave()
        limit.enter()
