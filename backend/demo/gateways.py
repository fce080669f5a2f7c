"""The gateways' configuration: the steel plant's real file replayed as recorded, simulated meters, and files of
numbers that nobody measured, which say so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from backend.demo.cast import FIRST_DAY, FURNACE, MAIN, SCALE, Company, Order, Period
from backend.demo.yard import furnace_csv, scale_csv


@dataclass(frozen=True, slots=True)
class Where:
    """What a gateway has to know of its server: log, log key (COSE, hexadecimal), broker's port; and what it needs
    to check that server: its address, a trust file, a node."""

    chain_id: int
    contract: str
    log_id: str
    log_key: str
    broker_port: int
    server: str
    trust: Path
    rpc: str


_HEAD = """\
[gateway]
name = {name}
operator = {operator}
facility = {facility}
data = "data"
key = {key}

[log]
chain_id = {chain_id}
contract = {contract}
log_id = {log_id}
public_key = {log_key}

[broker]
host = "127.0.0.1"
port = {port}

[witness]
server = {server}
trust = {trust}
rpc = {rpc}
seconds = 1

[frame]
readings = 512
seconds = 1
"""

# The file's two traps, said as configuration: the byte-order mark, and midnight under the old date.
_RECORDED = """
[[source]]
kind = "csv"
name = "steel-2018"
file = {file}
encoding = "utf-8-sig"
time_column = "date"
time_format = "%d/%m/%Y %H:%M"
zone = {zone}
interval = 900
times = "end"
midnight = "old-date"
from = {begin}
until = {end}
[[source.points]]
point = {point}
column = "Usage_kWh"
unit = "kWh"
"""

_SIMULATED = """
[[source]]
kind = "simulator"
name = "simulated"
seed = {name}
zone = {zone}
interval = 900
from = {begin}
until = {end}
[[source.points]]
point = {point}
peak_kw = "180"
resolution = "0.01"
"""


_YARD = """
[[source]]
kind = "csv"
name = "furnace"
simulated = true
file = "furnace.csv"
time_column = "time"
time_format = "%Y-%m-%d %H:%M:%S"
zone = {zone}
interval = 900
times = "end"
[[source.points]]
point = {furnace}
column = "gas"
unit = "Nm3"

[[source]]
kind = "csv"
name = "scale"
simulated = true
file = "scale.csv"
time_column = "time"
time_format = "%Y-%m-%d %H:%M:%S"
zone = {zone}
interval = 1
times = "end"
[[source.points]]
point = {scale}
column = "coil"
unit = "kg"
"""


def meters(company: Company, period: Period, readings: Path | None) -> str:
    """The source of the plant's electricity; the workshop's day is the one after the period."""
    begin = FIRST_DAY if company.country == "KR" else period.last_day
    end = period.last_day if company.country == "KR" else period.last_day + timedelta(days=1)
    values = {
        "name": company.gateway,
        "file": str(readings.resolve()) if readings else "",
        "zone": company.zone,
        "point": MAIN,
    }
    local = {"begin": f"{begin}T00:00:00", "end": f"{end}T00:00:00"}  # local times, as TOML has them
    return (_SIMULATED if readings is None else _RECORDED).format(**_quoted(values), **local)


def yard(folder: Path, company: Company, period: Period, orders: list[Order]) -> str:
    """The sources of the furnace's gas and the crane scale, and their files."""
    (folder / "furnace.csv").write_bytes(furnace_csv(period, orders))
    (folder / "scale.csv").write_bytes(scale_csv(orders))
    return _YARD.format(**_quoted({"zone": company.zone, "furnace": FURNACE, "scale": SCALE}))


def write(config: Path, name: str, company: Company, where: Where, sources: str) -> None:
    """Rewrite the file that `leafproof gateway init` made."""
    values: dict[str, str | int] = {
        "name": name,
        "operator": str(company.gln),
        "facility": str(company.facility),
        "key": "gateway.key",
        "chain_id": where.chain_id,
        "contract": where.contract,
        "log_id": where.log_id,
        "log_key": where.log_key,
        "port": where.broker_port,
        "server": where.server,
        "trust": str(where.trust.resolve()),
        "rpc": where.rpc,
    }
    config.write_text(_HEAD.format(**_quoted(values)) + sources, encoding="utf-8")


def _quoted(values: Mapping[str, str | int]) -> dict[str, str]:
    return {key: json.dumps(value) for key, value in values.items()}
