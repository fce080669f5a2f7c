"""The configuration file that `leafproof gateway init` writes: filled in, with a comment at every key."""

from __future__ import annotations

import json
from dataclasses import dataclass

_TEXT = """\
# A Leafproof gateway. Every key is explained in docs/howto/gateway.md; an unknown key is an error.
# Paths are relative to this file's folder.

[gateway]
name = {name}            # also its MQTT client id, and the name in its TLS certificate
operator = {operator}    # GLN of the company that runs it
facility = {facility}    # GLN of the place whose meters it reads
partition = {partition}
data = "data"            # the outbox: readings and frames until they are anchored
key = {key_file}         # the private key; readable by the gateway's account alone
heartbeat = 900          # seconds; as in the metering plan

# The one log that this gateway writes to. Frames are kept until this key has acknowledged them.
[log]
chain_id = {chain_id}
contract = {contract}
log_id = {log_id}
public_key = {log_key}   # COSE key, hexadecimal; or public_key_file = "log.pem"

[broker]
host = {broker_host}
port = {broker_port}
# tls = true
# ca = "ca.pem"
# certificate = "gateway.pem"
# key = "gateway-tls.key"
# username = "..."
# password_file = "broker.password"

[frame]
readings = 512           # at most so many readings are signed together
seconds = 60             # and none waits longer than this for its signature

{witness}
# What is read. The simulated meter says everywhere that it is simulated: replace it by your own.
[[source]]
kind = "simulator"
name = "simulated"
seed = {name}
zone = "UTC"
interval = 900
[[source.points]]
point = "main"
peak_kw = "400"
resolution = "0.01"

# [[source]]
# kind = "modbus"
# name = "panel"
# host = "192.0.2.10"
# interval = 900
# [[source.points]]
# point = "line-1"
# unit = "kWh"
# value = "register"       # a register that counts on; or "interval", the last interval's amount
# address = 4096
# type = "float32"
# resolution = "0.01"

# [[source]]
# kind = "csv"
# name = "recorded"
# file = "readings.csv"
# encoding = "utf-8-sig"
# time_column = "date"
# time_format = "%d/%m/%Y %H:%M"
# zone = "Asia/Seoul"
# interval = 900
# times = "end"            # what a time names: its interval's "end" or "start"
# midnight = "old-date"    # 00:00 is written with the date of the day that ends
# ambiguous = "in-order"   # the hour that comes twice is told apart by the order of lines
# [[source.points]]
# point = "main"
# column = "Usage_kWh"
# unit = "kWh"
"""


_WITNESS = """\
# Before a frame is deleted, the gateway finds it in the head that the chain holds. Without this section it
# believes the log's signed beacon.
{off}[witness]
{off}server = {server}   # the log's server; nothing that it says is believed
{off}trust = {trust}     # your trust file, obtained apart from that server
{rpc_off}rpc = {rpc}     # a node; or rpc_file; without it, the first that the trust file names
{off}seconds = 60        # between two looks
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What differs from gateway to gateway."""

    name: str
    operator: str
    facility: str
    partition: int
    key_file: str
    chain_id: int
    contract: str
    log_id: str
    log_key: str
    broker_host: str
    broker_port: int
    server: str | None = None
    trust: str | None = None
    rpc: str | None = None


def render(values: Values) -> str:
    """The file's text. (A JSON string is a TOML basic string: TOML 1.0 allows the same escapes.)"""
    told = {name: json.dumps(getattr(values, name)) for name in values.__slots__}
    return _TEXT.format(**told, witness=_witness(values))


def _witness(values: Values) -> str:
    """The section, as comments where this gateway was not told what it needs."""
    known = values.server is not None and values.trust is not None
    filled = {
        "server": json.dumps(values.server or "https://leafproof.example.com"),
        "trust": json.dumps(values.trust or "trust.json"),
        "off": "" if known else "# ",
        "rpc_off": "" if known and values.rpc is not None else "# ",
        "rpc": json.dumps(values.rpc or "https://node.example.com"),
    }
    return _WITNESS.format(**filled)
