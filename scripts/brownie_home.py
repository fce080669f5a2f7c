# SPDX-License-Identifier: Apache-2.0
"""Prepare a home folder for one run of brownie: `python scripts/brownie_home.py FOLDER`.

The user's own ~/.brownie stays out of it: packages installed there would become remappings, and so part of the
bytecode. The development network gets a free port, since brownie attaches to whatever node already listens on
its port. (Neither can be said in brownie-config.yaml: brownie 1.22 refuses `cmd_settings` there.) The chain at
LEAFPROOF_RPC, if that is set, is the network `target`.
"""

import json
import os
import shutil
import socket
import sys
import urllib.request
from pathlib import Path

DEPLOYMENTS = Path(__file__).resolve().parents[1] / "build" / "brownie" / "deployments"

DEVELOPMENT = """\
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
LIVE = """\
live:
  - name: Leafproof
    networks:
      - name: the chain at LEAFPROOF_RPC
        id: target
        host: {rpc}
        chainid: {chain_id}
"""


def free_port() -> int:
    """A TCP port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def chain_id(rpc: str) -> int:
    """What the chain says it is; brownie wants to be told beforehand."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).encode()
    request = urllib.request.Request(rpc, body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - the operator's own address
        return int(json.load(response)["result"], 16)


def networks(rpc: str | None) -> str:
    """The text of network-config.yaml."""
    live = LIVE.format(rpc=rpc, chain_id=chain_id(rpc)) if rpc else "live: []\n"
    return live + DEVELOPMENT.format(port=free_port())


if __name__ == "__main__":
    # brownie looks for what it deployed earlier, and stops if the chain of that id is another one by now.
    shutil.rmtree(DEPLOYMENTS, ignore_errors=True)
    folder = Path(sys.argv[1]) / ".brownie"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "network-config.yaml").write_text(networks(os.environ.get("LEAFPROOF_RPC")))
