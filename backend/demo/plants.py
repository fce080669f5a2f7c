"""The plants' metering plans, and the factors that they count with."""

from __future__ import annotations

from typing import Any

from backend.demo.cast import CBAM_SLAB, FURNACE, GAS_FACTORS, MAIN, PROFILES, SCALE, STEEL, Company

_POINT = {
    "names": "end",
    "parent": None,
    "meter": "demo meter",
    "accuracy_class": "not stated",
    "heartbeat_seconds": 900,
}
_QUARTERS = {**_POINT, "kind": "interval", "interval_seconds": 900}
_CALORIFIC = {
    "quantity": "calorific value",
    "unit": "MJ/Nm3",
    "value": "38.9",
    "basis": "net",
    "source": "invented, as a supplier of liquefied gas might state it",
}


def points(company: Company, keys: dict[str, str]) -> list[dict[str, Any]]:
    """What the plan says must be metered, by the gateways with these keys."""
    main = {"point": MAIN, "line": company.line, "carrier": "electricity", "unit": "kWh", "resolution": "0.01"}
    found: list[dict[str, Any]] = [{**_QUARTERS, **main, "gateway": keys[company.gateway]}]
    if company.yard is not None:
        furnace = {
            "point": FURNACE, "line": company.line, "carrier": "natural-gas", "unit": "Nm3", "resolution": "0.1",
            "conversions": [_CALORIFIC],
        }  # fmt: skip
        scale = {
            "point": SCALE, "line": None, "carrier": "goods", "unit": "kg", "resolution": "1", "kind": "weight",
            "interval_seconds": 1,
        }  # fmt: skip
        found += [{**_QUARTERS, **furnace}, {**_POINT, **scale}]
        for point in found[1:]:
            point["gateway"] = keys[company.yard]
    return found


def factors(company: Company) -> list[dict[str, Any]]:
    """What is set for the facility, each by one request. Of gas CBAM counts CO2 alone, of slab its own default."""
    cbam = PROFILES[1]
    electricity = {"factor": company.electricity_factor, "added": list(company.electricity_added)}
    found: list[dict[str, Any]] = [
        {"subject": "electricity", **electricity},
        {"subject": "steel-slab", "factor": CBAM_SLAB, "profile": cbam},
    ]
    if company is STEEL:
        co2, *others = GAS_FACTORS
        found += [
            {"subject": "natural-gas", "factor": co2, "added": others},
            {"subject": "natural-gas", "factor": co2, "profile": cbam},
        ]
    return found
