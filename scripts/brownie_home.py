# SPDX-License-Identifier: Apache-2.0
"""Prepare a home folder for one run of brownie: `python scripts/brownie_home.py FOLDER`.

The user's own ~/.brownie stays out of it: packages installed there would become remappings, and so part of the
bytecode. The development network gets a free port, since brownie attaches to whatever node already listens on
its port. (Neither can be said in brownie-config.yaml: brownie 1.22 refuses `cmd_settings` there.)
"""

import socket
import sys
from pathlib import Path

NETWORKS = """\
live:
  - name: any chain
    networks:
      - name: the chain at LEAFPROOF_RPC
        id: target
        host: $LEAFPROOF_RPC
development:
  - name: anvil
    id: development
    cmd: anvil
    host: http://127.0.0.1
    timeout: 60
    cmd_settings:
      host: 127.0.0.1
      port: {port}
      evm_version: paris  # the oldest rules that the contracts are to run under
      gas_limit: 30000000
      accounts: 10
      base_fee: 0
"""


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    folder = Path(sys.argv[1]) / ".brownie"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network-config.yaml").write_text(NETWORKS.format(port=free_port()))
