"""The languages of the pages: English in the source, Chinese in `locale/zh.po`, read once at start.

Sentences of verification are translated too (`leafproof.verification.messages` holds the English ones), and so are
the words that stand in signed statements: the statement stays English, the page says what it means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib import resources
from io import BytesIO

from babel.dates import format_datetime
from babel.messages.pofile import read_po

from leafproof import clock
from leafproof.verification.messages import MESSAGES
from leafproof.verification.report import Finding

LANGUAGES = {"en": "English", "zh": "中文"}
_LOCALES = {"en": "en", "zh": "zh_Hans_CN"}
_ENTRY = re.compile(r"(.+), entry (\d+)")
_MAX_HEADER = 500  # characters of an Accept-Language header that are looked at


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its code (`en`, `zh`) and its catalogue by English sentence."""

    code: str
    catalogue: Mapping[str, str]

    def text(self, sentence: str) -> str:
        """The sentence in this language; what the catalogue lacks stays as it is."""
        return self.catalogue.get(sentence, sentence)

    def flag(self, sentence: str) -> str:
        """A flag of a footprint, `factor: what it lacks` or a sentence alone."""
        if sentence in self.catalogue:
            return self.catalogue[sentence]
        head, colon, tail = sentence.partition(": ")
        return f"{head}{colon}{self.text(tail)}"

    def finding(self, finding: Finding) -> str:
        """What a check found, with the words that fill its sentence translated as well."""
        params = {name: self.text(value) for name, value in finding.params.items()}
        sentence = self.text(MESSAGES[finding.code]).format(**params)
        return f"{self.subject(finding.subject)}: {sentence}" if finding.subject else sentence

    def subject(self, subject: str) -> str:
        """Of which statement or lot a finding speaks."""
        named = _ENTRY.fullmatch(subject)
        if named:
            return self.text("{kind}, entry {index}").format(kind=self.text(named[1]), index=named[2])
        return self.text("entry {index}").format(index=subject[6:]) if subject.startswith("entry ") else subject

    def number(self, value: str | int | Decimal) -> str:
        """A number with all its digits, zeros at the end too, grouped by thousands as both languages do."""
        return f"{Decimal(value):,f}"

    def time(self, value: int | str, zone: str | None = None) -> str:
        """A moment (Unix seconds, or UTC text as statements write it) to the minute, in a zone that is named."""
        seconds = clock.utc_seconds(value, "time") if isinstance(value, str) else value
        moment = datetime.fromtimestamp(seconds, clock.zone(zone) if zone else UTC)
        shown = format_datetime(moment, "yyyy-MM-dd HH:mm", locale=_LOCALES[self.code])
        return f"{shown} {zone or 'UTC'}"


@cache
def language(code: str) -> Language:
    """The language of that code, one of `LANGUAGES`."""
    if code == "en":
        return Language("en", {})
    raw = resources.files("backend.web").joinpath("locale", f"{code}.po").read_bytes()
    found = read_po(BytesIO(raw), locale=_LOCALES[code])
    return Language(code, {str(m.id): str(m.string) for m in found if m.id and m.string})


def choose(asked: str | None, accept: str | None) -> Language:
    """`asked` (`?lang=`) if it is one of ours, else the best of an Accept-Language header (RFC 9110 12.5.4)."""
    if asked in LANGUAGES:
        return language(asked)
    best, weight = "en", 0.0
    for part in (accept or "")[:_MAX_HEADER].split(","):
        name, _, rest = part.partition(";")
        code = name.strip().lower().partition("-")[0]
        quality = _quality(rest)
        if code in LANGUAGES and quality > weight:
            best, weight = code, quality
    return language(best)


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
