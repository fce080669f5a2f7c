"""What the HTTP interface of opinions gives."""

from __future__ import annotations

from pydantic import BaseModel

from backend.log.schemas import Hex


class OpinionOut(BaseModel):
    """An opinion and its place in the log; `issuer` is the verifier as the chain's registry names him."""

    log_id: Hex
    index: int
    statement_id: Hex
    issuer: str
    declared: str
    verifier: str
    accreditation_body: str
    accreditation_number: str
    standard: str
    criteria: str
    assurance: str
    scope: str
    start: str
    end: str
    materiality: str
    conclusion: str
    reason: str | None
    supersedes: str | None
