"""Every sentence that a page can show: what translators have to know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import resources
from typing import get_args, get_type_hints

from babel.messages.extract import extract

from backend.passports.service import NO_CHAIN
from backend.passports.view import DEVICE_MESSAGES, DEVICE_TEXTS
from leafproof import correction, footprint, lifecycle, opinion
from leafproof.profile import CATEGORIES, Boundary, shipped
from leafproof.record import Output
from leafproof.trust import NetworkClass
from leafproof.verification import grading, statements
from leafproof.verification.messages import CHECK_NAMES, MESSAGES, VERDICTS
from leafproof.verification.report import Status

# What `leafproof.flagged` writes into flags, behind a factor's id or alone.
FLAGS = (
    "transmission losses not included",
    "fuel supply not included",
    "CO2 only",
    "of another region",
    "CO2e by another set of GWPs",
    "CO2e by a set of GWPs that is not stated",
    "no residual mix known: grid mix",
    "certificates of more electricity than was used: the surplus is not counted",
    "burden shared with co-products by mass",
    "burden shared with co-products by value",
    "some metering points serve one output alone",
    "prices of the co-products are not stated: whether mass is allowed was not tested",
    "energy outside runs is not shared out yet",
    "an input lot's footprint is provisional",
    "metering intervals cut by the run's bounds were split pro rata",
    "metering gaps: energy not metered is not counted",
    "readings outside the metering plan's plausible range are counted",
    "readings of a meter that repeated itself are counted",
    "estimated, for want of readings",
    "most of it is estimated",
    "part of the energy outside runs is estimated, for want of readings",
)


def in_templates() -> Iterator[str]:
    """Of `_('...')` in the templates."""
    for file in sorted(resources.files("backend.web").joinpath("templates").iterdir(), key=lambda f: f.name):
        with file.open("rb") as opened:
            for _line, message, *_rest in extract("jinja2.ext:babel_extract", opened, {"_": None}):
                yield message


def in_code() -> Iterator[str]:
    """Of `of.text("...")` in the code."""
    for package in ("backend.web", "backend.passports"):
        for file in resources.files(package).iterdir():
            if file.name.endswith(".py"):
                with file.open("rb") as opened:
                    for _line, message, *_rest in extract("python", opened, {"text": None}):
                        yield message


def from_kernel() -> Iterator[str]:
    """Of verification and of signed statements."""
    yield from CHECK_NAMES
    yield from VERDICTS.values()
    yield from MESSAGES.values()
    yield from (str(status) for status in Status)
    yield from statements._NAMES.values()
    yield from get_args(NetworkClass)
    yield from get_args(get_type_hints(Output)["role"])
    yield from get_args(footprint.Stage)
    yield from get_args(footprint.AllocationMethod)
    yield from CATEGORIES
    for _, found in shipped().values():
        yield from found.rule(Boundary).excluded
    yield from FLAGS
    yield from get_args(opinion.Assurance)
    yield from get_args(opinion.Conclusion)
    yield from get_args(correction.What)
    yield from get_args(lifecycle.StageName)
    yield from get_args(lifecycle.Basis)
    yield from grading.GRADES
    yield "electricity"
    yield NO_CHAIN


def every() -> list[str]:
    """All of them, once, in the order above."""
    found: Iterable[str] = [
        *in_templates(),
        *in_code(),
        *from_kernel(),
        *DEVICE_MESSAGES.values(),
        *DEVICE_TEXTS.values(),
    ]
    return list(dict.fromkeys(found))
