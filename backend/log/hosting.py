"""The logs of this server: which they are follows from its settings."""

from __future__ import annotations

from sqlalchemy import Engine

from backend.database import transaction
from backend.log.keys import log_id, log_key
from backend.log.service import HostedLog, HostedLogs, open_log
from backend.settings import Settings
from leafproof.envelope import LogRef


def open_logs(settings: Settings, engine: Engine) -> HostedLogs:
    """The logs of this server's partitions, made in the database at the first start.
    Raises `SettingsError`, `Conflict`."""
    trust, owner = settings.trust(), settings.owner()
    hosted: list[HostedLog] = []
    for partition in settings.partitions:
        name = settings.name_of_log(partition)
        ref = LogRef(trust.chain_id, trust.log_contract, log_id(owner, name))
        key = log_key(settings.keys_folder, ref.log_id)
        with transaction(engine) as connection:
            log = open_log(connection, ref, name, partition, key.public.key_id)
        hosted.append(HostedLog(log, key))
    return HostedLogs(hosted)
