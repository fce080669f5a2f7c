"""Every sentence in every language, with the same gaps to fill."""

from __future__ import annotations

import re

import pytest

from backend.web import i18n
from leafproof.verification.messages import MESSAGES
from leafproof.verification.report import Finding, Status
from tests.support.sentences import every

_GAP = re.compile(r"\{\w+\}")


@pytest.mark.parametrize("code", [code for code in i18n.LANGUAGES if code != "en"])
class TestCatalogues:
    def test_no_sentence_lacks_its_translation(self, code: str) -> None:
        catalogue = i18n.language(code).catalogue
        assert [s for s in every() if s not in catalogue] == []

    def test_no_translation_is_left_over(self, code: str) -> None:
        assert sorted(set(i18n.language(code).catalogue) - set(every())) == []

    def test_gaps_are_the_same(self, code: str) -> None:
        for sentence, translated in i18n.language(code).catalogue.items():
            assert sorted(_GAP.findall(sentence)) == sorted(_GAP.findall(translated)), sentence

    def test_every_finding_can_be_said(self, code: str) -> None:
        for name, sentence in MESSAGES.items():
            params = {gap[1:-1]: "1" for gap in _GAP.findall(sentence)}
            assert i18n.language(code).finding(Finding(Status.PASS, name, "frame, entry 7", params))
