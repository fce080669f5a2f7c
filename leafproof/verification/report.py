"""What verification found: eleven numbered checks, one verdict, one exit code.

The same checks, with the same names, on the command line, in the browser, on the server and in replay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from leafproof.texts import printable
from leafproof.verification.messages import CHECK_NAMES, MESSAGES, VERDICTS

Translate = Callable[[str], str]


class Status(StrEnum):
    """Outcome of a check. Order of weight: fail, pending, not checked, warning, pass."""

    PASS = "pass"  # noqa: S105 - no password
    WARNING = "warning"
    NOT_CHECKED = "not checked"
    PENDING = "not yet anchored"
    FAIL = "fail"


_WEIGHT = {status: weight for weight, status in enumerate(Status)}
EXIT_VERIFIED, EXIT_FAILED, EXIT_USAGE, EXIT_NOT_ANCHORED, EXIT_MISSING = 0, 1, 2, 3, 4


def _same(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation: `code` names its sentence in `messages.MESSAGES`, `params` fill it, `subject` says of
    which statement or lot it speaks. Both may quote what others signed: only what can be shown is kept."""

    status: Status
    code: str
    subject: str = ""
    params: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", printable(self.subject))
        object.__setattr__(self, "params", {name: printable(text) for name, text in self.params.items()})

    def text(self, translate: Translate = _same) -> str:
        """The sentence, in the reader's language."""
        sentence = translate(MESSAGES[self.code]).format(**self.params)
        return f"{self.subject}: {sentence}" if self.subject else sentence


@dataclass(slots=True)
class Check:
    """One numbered check; its status is that of its weightiest finding."""

    number: int
    findings: list[Finding] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its one name, everywhere."""
        return CHECK_NAMES[self.number]

    @property
    def status(self) -> Status:
        """A check that found nothing has checked nothing."""
        if not self.findings:
            return Status.NOT_CHECKED
        return max((f.status for f in self.findings), key=_WEIGHT.__getitem__)

    def add(self, status: Status, code: str, subject: str = "", **params: object) -> None:
        """Note a finding; params are shown as text."""
        self.findings.append(Finding(status, code, subject, {k: str(v) for k, v in params.items()}))

    def to_json(self, translate: Translate = _same) -> dict[str, Any]:
        """Number, name, status and what was found, as APIs and `--json` give it."""
        return {
            "number": self.number,
            "name": translate(self.name),
            "status": str(self.status),
            "findings": [
                {"status": str(f.status), "code": f.code, "subject": f.subject, "message": f.text(translate)}
                for f in self.findings
            ],
        }


@dataclass(frozen=True, slots=True)
class Verified:
    """Who stands by the declared footprint, at which level of assurance; `known`: the trust file names him."""

    verifier: str
    issuer: str
    assurance: str
    known: bool


@dataclass(slots=True)
class Report:
    """All checks of one lot. `network_class` is the trust file's word for the chain; `attested` says whether
    every gateway that a metering plan counts on is attested by a registrar that the reader trusts; `verified` is
    the weightiest opinion."""

    lot: str
    network_class: str
    attested: bool = False
    verified: Verified | None = None
    checks: list[Check] = field(default_factory=lambda: [Check(n) for n in range(len(CHECK_NAMES))])

    def __getitem__(self, number: int) -> Check:
        return self.checks[number]

    @property
    def status(self) -> Status:
        """The weightiest check's."""
        return max((c.status for c in self.checks), key=_WEIGHT.__getitem__)

    @property
    def exit_code(self) -> int:
        """0 verified, 1 failed, 3 not yet anchored, 4 no failure but checks missing."""
        return {
            Status.FAIL: EXIT_FAILED,
            Status.PENDING: EXIT_NOT_ANCHORED,
            Status.NOT_CHECKED: EXIT_MISSING,
        }.get(self.status, EXIT_VERIFIED)

    def verdict(self, translate: Translate = _same) -> str:
        """One sentence, never a seal."""
        if self.status is Status.FAIL:
            check = next(c for c in self.checks if c.status is Status.FAIL)
            finding = next(f for f in check.findings if f.status is Status.FAIL)
            return translate(VERDICTS["failed"]).format(
                number=check.number, name=translate(check.name), finding=finding.text(translate)
            )
        if self.status is Status.PENDING:
            return translate(VERDICTS["pending"])
        recomputed = self[8].status in (Status.PASS, Status.WARNING)
        head = translate(VERDICTS["recomputed" if recomputed else "intact"])
        keys = translate(VERDICTS["attested" if self.attested else "self-declared"])
        missing = [str(c.number) for c in self.checks if c.status is Status.NOT_CHECKED]
        tail = translate(VERDICTS["missing"]).format(numbers=", ".join(missing)) if missing else ""
        chain = translate(VERDICTS["chain"]).format(network_class=translate(self.network_class))
        return "; ".join(part for part in (head, self._opinion(translate), keys, chain, tail) if part)

    def _opinion(self, translate: Translate) -> str:
        if self.verified is None:
            return translate(VERDICTS["opinion"])
        sentence = translate(VERDICTS["opinion-known" if self.verified.known else "opinion-unknown"])
        assurance, who = translate(self.verified.assurance), printable(self.verified.verifier)
        return sentence.format(assurance=assurance, verifier=who, issuer=self.verified.issuer)

    def to_json(self, translate: Translate = _same) -> dict[str, Any]:
        """What APIs and `--json` give."""
        return {
            "lot": self.lot,
            "verdict": self.verdict(translate),
            "status": str(self.status),
            "exit_code": self.exit_code,
            "network_class": self.network_class,
            "checks": [c.to_json(translate) for c in self.checks],
        }
