"""The two gateways' configuration: the steel plant's real file replayed as recorded, or simulated meters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from backend.demo.cast import FIRST_DAY, Company, Period

POINT = "main"


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


def write(config: Path, company: Company, period: Period, where: Where, readings: Path | None) -> None:
    """Rewrite the file that `leafproof gateway init` made; the workshop's day is the one after the period."""
    recorded = readings is not None
    begin = FIRST_DAY if company.country == "KR" else period.last_day
    end = period.last_day if company.country == "KR" else period.last_day + timedelta(days=1)
    values = {
        "name": company.gateway,
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
        "file": str(readings.resolve()) if readings else "",
        "zone": company.zone,
        "point": POINT,
    }
    quoted = {key: json.dumps(value) for key, value in values.items()}
    quoted |= {"begin": f"{begin}T00:00:00", "end": f"{end}T00:00:00"}  # local times, as TOML has them
    config.write_text((_HEAD + (_RECORDED if recorded else _SIMULATED)).format(**quoted), encoding="utf-8")
