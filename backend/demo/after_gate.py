"""What comes after the gate, and beside the lot: the section's voyage, its erection and what may become of it; and
the mean that the steel plant declares of all its coils."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backend.demo.cast import FABRICATOR, FIRST_DAY, STEEL, TOWER, Period
from backend.demo.front_door import FrontDoor

_TONNES = "18.24"  # 19 t of coil, of which 4 % became scrap
_INVENTED = "invented for the demonstration: distances, fuel and recovery"
_SLAB, _SCRAP = "steel-slab-bf-bof-glo-2023", "steel-crude-scrap-eaf-glo-2023"


def _leg(name: str, distance_km: str, factor: str) -> dict[str, str]:
    return {"name": name, "quantity": _TONNES, "unit": "t", "distance_km": distance_km, "factor": factor}


_STAGES: tuple[dict[str, Any], ...] = (
    {
        "stage": "logistics",
        "basis": "supplier-stated",
        "name": "to a wind farm in the North Sea",
        "lines": [
            _leg("by road to the port", "60", "freight-road-hgv-gb-2024"),
            _leg("by sea", "20000", "freight-sea-general-cargo-2025"),
        ],
    },
    {
        "stage": "installation",
        "basis": "supplier-stated",
        "name": "erection",
        "lines": [
            {"name": "diesel of the crane", "quantity": "11", "unit": "GJ", "factor": "fuel-diesel-co2-ipcc2006"}
        ],
    },
    {
        "stage": "recycling",
        "basis": "scenario",
        "name": "90 % recovered as scrap, which replaces slab",
        "lines": [
            {"name": "melting the scrap", "quantity": "16.416", "unit": "t", "factor": _SCRAP},
            # 16.416 t x 2,320 kg CO2 per tonne
            {"name": "slab not made", "stated": "-38085.12", "source": f"factor {_SLAB} of the factor set in use"},
        ],
    },
)


def attach(door: FrontDoor) -> None:
    """The section's stages after the gate."""
    for stage in _STAGES:
        path = f"/v1/lots/{TOWER.gtin}/{TOWER.code}/stages"
        door.post(path, **stage, assumptions=_INVENTED, tonnes=_TONNES)


def declare(door: FrontDoor, period: Period) -> dict[str, str]:
    """The mean of all coils of the period, and that of the one section; what the first says."""
    spans = (
        (STEEL, FIRST_DAY, period.last_day),
        (FABRICATOR, period.last_day, period.last_day + timedelta(days=1)),
    )
    told = [
        door.post(
            f"/v1/facilities/{company.facility}/declared-footprints",
            **{"gtin": company.product_gtin, "from": f"{first}T00:00:00", "to": f"{after}T00:00:00"},
        )
        for company, first, after in spans
    ]
    return {name: str(told[0][name]) for name in ("per_tonne", "least", "greatest", "count", "status")}
