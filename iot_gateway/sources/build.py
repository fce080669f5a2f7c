"""From settings to sources: the one place that knows every kind."""

from __future__ import annotations

from iot_gateway.sources.base import Source
from iot_gateway.sources.csv_file import CsvSource
from iot_gateway.sources.settings import CsvSettings, SimulatorSettings, SourceSettings
from iot_gateway.sources.simulator import SimulatorSource


def build(settings: SourceSettings) -> Source:
    """The source that the settings describe; raises `InvalidInput` for bounds that its zone does not know."""
    if isinstance(settings, CsvSettings):
        return CsvSource(settings)
    if isinstance(settings, SimulatorSettings):
        return SimulatorSource(settings)
    # pymodbus takes half a second to import, which a gateway without it need not spend.
    from iot_gateway.sources.modbus import ModbusSource

    return ModbusSource(settings)
