"""A Modbus TCP server with fixed registers, in a process of its own: `python meter.py PORT`."""

from __future__ import annotations

import struct
import sys

from pymodbus.server import StartTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


def words(code: str, number: float) -> list[int]:
    raw = struct.pack(f">{code}", number)
    return list(struct.unpack(f">{len(raw) // 2}H", raw))


def main(port: int) -> None:
    holding = SimData(0, values=[7, *words("f", 1234.56), *words("I", 70_000)[::-1]], datatype=DataType.REGISTERS)
    inputs = SimData(100, values=words("Q", 2**40 + 1) + words("f", float("nan")), datatype=DataType.REGISTERS)
    coil = SimData(0, values=[False] * 16, datatype=DataType.BITS)
    device = SimDevice(3, simdata=([coil], [coil], [holding], [inputs]))
    StartTcpServer(device, address=("127.0.0.1", port))


if __name__ == "__main__":
    main(int(sys.argv[1]))
