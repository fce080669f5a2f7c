"""Run as a process of its own: anchors, and is killed when the signed bytes are stored and not yet sent."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from backend import database
from backend.anchor.anchorer import Anchorer, AnchorPolicy
from backend.anchor.chain import Chain
from backend.anchor.signers import Signers
from backend.log.service import HostedLog, HostedLogs, open_log
from leafproof.client.rpc import Rpc
from leafproof.envelope import LogRef
from leafproof.keys import SigningKey
from leafproof.trust import Trust


class Killed(Chain):
    """A chain that is never told."""

    def send(self, raw: bytes) -> str | None:
        os.kill(os.getpid(), signal.SIGKILL)
        return None


def main(url: str, trust_file: str, keys: str, path: str, log_id: str) -> None:
    trust = Trust.decode(Path(trust_file).read_bytes())
    engine = database.create(f"sqlite:///{path}")
    ref = LogRef(trust.chain_id, trust.log_contract, bytes.fromhex(log_id))
    with database.transaction(engine) as connection:
        key_id = connection.exec_driver_sql("SELECT key_id FROM logs").scalar_one()
        log = open_log(connection, ref, "main", 0, key_id)
    logs = HostedLogs([HostedLog(log, SigningKey.generate())])
    account = Signers(Path(keys)).get("anchor")
    chain = Killed(Rpc(url), trust)
    Anchorer(chain, engine, account, logs, AnchorPolicy(seconds=1, entries=1)).step(at_once=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
