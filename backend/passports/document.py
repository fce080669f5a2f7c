"""The passport for machines: the report's own form, and beside it what was checked."""

from __future__ import annotations

from typing import Any

import msgspec

from backend.passports.labels import ShownLabel
from backend.passports.material import Material, Stated
from backend.passports.profiles import Reason, beside
from backend.passports.service import Names, Passport
from backend.web.i18n import Language
from leafproof import clock
from leafproof.declared import DeclaredFootprint, deviation
from leafproof.footprint import Footprint
from leafproof.opinion import Opinion
from leafproof.record import BatchRecord
from leafproof.trust import Trust


def document(passport: Passport, of: Language, links: dict[str, str], notice: str) -> dict[str, Any]:
    """What `GET /01/...` and `GET /v1/verify/footprints/...` answer as JSON; `links` by name."""
    found = passport.material
    return {
        "gtin": str(passport.lot.gtin),
        **passport.report.to_json(of.text),
        "lot": str(passport.lot.code),
        "tier": passport.tier.word,
        "with_withheld_evidence": {
            "note": of.text("Outcomes by this server, which holds what is withheld here; its word alone."),
            "status": str(passport.server.status),
            "checks": [{"number": c.number, "status": str(c.status)} for c in passport.server.checks],
        },
        "maker": _names(passport.names),
        "footprint": _stated(found.footprint),
        "declared": _declared(found),
        "labels": [_label(one, of) for one in passport.labels],
        "classified": dict(passport.categories.params) if passport.categories else None,
        "after_the_gate": [msgspec.to_builtins(one.content) for one in found.stages],
        "beside": [
            {
                "profile": msgspec.to_builtins(one.ref),
                "per_tonne": one.footprint.per_tonne,
                "difference": f"{one.difference:f}",
                "reasons": [_reason(reason, of) for reason in one.reasons],
                "footprint": msgspec.to_builtins(one.footprint),
            }
            for one in beside(found)
        ],
        "refused": [{"profile": r.profile, "rule": r.rule, "reason": r.reason} for r in passport.refusals],
        "record": _stated(found.record),
        "parents": [
            {"gtin": str(lot.gtin), "lot": str(lot.code), "record": _stated(stated), "maker": _names(names)}
            for lot, stated in found.records.items()
            if lot != passport.lot
            for names in [passport.parents.get(lot)]
        ],
        "versions": [
            {
                "version": v.number,
                "entry": v.index,
                "statement": v.statement_id,
                "logged_at": clock.utc_text(v.created_at),
                "per_tonne": [f.per_tonne if f else None for f in v.footprints],
            }
            for v in passport.versions
        ],
        "chain": _chain(passport),
        "links": links,
        "notice": notice or None,
    }


def _reason(reason: Reason, of: Language) -> dict[str, str]:
    if reason.rule is None:
        return {"subject": reason.subject, "factors": reason.factors}
    text = reason.rule.text_zh if of.code == "zh" else reason.rule.text_en
    return {"rule": reason.rule.id, "text": text, "source": reason.rule.source}


def _label(label: ShownLabel, of: Language) -> dict[str, Any]:
    return {
        "label": label.label,
        "scheme": label.scheme,
        "certifier": label.certifier,
        "start": label.start,
        "until": label.until,
        "markets": list(label.markets),
        "against": [one.text(of.text) for one in label.against],
    }


def _names(names: Names | None) -> dict[str, str] | None:
    return {"name": names.maker, "gln": names.maker_gln, "facility": names.facility} if names else None


def _declared(found: Material) -> dict[str, Any] | None:
    """The declared footprint beside the lot's, and by how many percent the lot's differs from it."""
    printed, stated = found.footprint, found.declared_footprint
    if printed is None or stated is None:
        return None
    percent = deviation(printed.content.per_tonne, stated.content.per_tonne)
    opinions = [_stated(one) for one in found.opinions if one.content.declared == stated.statement.id]
    return {**(_stated(stated) or {}), "deviation_percent": percent, "opinions": opinions}


def _stated(
    stated: Stated[Footprint] | Stated[BatchRecord] | Stated[DeclaredFootprint] | Stated[Opinion] | None,
) -> dict[str, Any] | None:
    if stated is None:
        return None
    content: dict[str, Any] = msgspec.to_builtins(stated.content)
    signed = stated.statement.envelope.header
    place = {
        "id": stated.statement.id,
        "entry": stated.statement.index,
        "leaf": stated.statement.leaf.hex(),
        "issuer": signed.issuer,
        "issued_at": clock.utc_text(signed.issued_at),
    }
    return {"statement": place, **{k: v for k, v in content.items() if v is not None}}


def _chain(passport: Passport) -> dict[str, Any]:
    trust, head, pointer = passport.trust, passport.anchor.head, passport.anchor.pointer
    record = passport.material.record
    log = record.statement.envelope.header.log.log_id.hex() if record else None
    return {
        "note": "from this server; what to trust is yours to know: a trust file from elsewhere",
        "network_class": trust.network_class,
        "chain_id": trust.chain_id,
        "genesis": trust.genesis,
        "contracts": {name: contract.address for name, contract in trust.contracts.items()},
        "log_id": log,
        "head": None
        if head is None
        else {
            "size": head.size,
            "root": head.root.hex(),
            "block": head.moment.block_number,
            "time": clock.utc_text(head.moment.block_time),
        },
        "version": pointer.current.version if pointer else None,
        "custody": pointer.custody.name.lower() if pointer else None,
    }


def device_trust(trust: Trust) -> dict[str, Any]:
    """What the page's script judges by: the trust file but for its nodes' addresses, which may hold a token."""
    found: dict[str, Any] = msgspec.to_builtins(trust)
    del found["rpc_urls"]
    return found
