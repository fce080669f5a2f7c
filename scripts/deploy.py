# SPDX-License-Identifier: Apache-2.0
"""Deploy the contracts: `make deploy`, or `brownie run deploy`.

LEAFPROOF_RPC          the chain to deploy to; without one, a development chain that lives for the run
LEAFPROOF_DEPLOYER     keystore file of the account that pays; on a development chain its first account
LEAFPROOF_AUTHORITY    address that admits operators, registrars, registries, schemes and markets,
                       and adopts the living list; by default the deployer
LEAFPROOF_DEPLOYMENT   file to write: what a trust file needs to name these contracts (build/deployment.json)
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import brownie.network.contract
from brownie import (
    CertificateClaims,
    Classification,
    KeyRegistry,
    LabelRegistry,
    LotRegistry,
    TransparencyLog,
    accounts,
    network,
    web3,
)
from brownie.network.account import Account


def deploy(deployer: Account, authority: str) -> dict:
    """Deploy and describe: chain id, genesis, and for each contract its address, code hash and block."""
    sender = {"from": deployer}
    logs = TransparencyLog.deploy(sender)
    keys = KeyRegistry.deploy(authority, sender)
    lots = LotRegistry.deploy(logs, keys, sender)
    ruled = [
        contract.deploy(authority, keys, sender) for contract in (CertificateClaims, LabelRegistry, Classification)
    ]
    return {
        "chainId": web3.eth.chain_id,
        "genesisHash": web3.eth.get_block(0)["hash"].to_0x_hex(),
        "authority": str(authority),
        "contracts": {
            contract._name: {
                "address": contract.address,
                "block": contract.tx.block_number,
                "codeHash": web3.keccak(web3.eth.get_code(contract.address)).to_0x_hex(),
            }
            for contract in (logs, keys, lots, *ruled)
        },
    }


def main() -> None:
    """Deploy to the network that brownie is connected to."""
    keystore = os.environ.get("LEAFPROOF_DEPLOYER")
    if not keystore and network.show_active() != "development":
        raise SystemExit("LEAFPROOF_DEPLOYER must name the keystore file of the account that deploys")
    # brownie 1.22.2 would note live deployments in a database of its own, and fails at it in a thread; the file
    # written below is what we need.
    brownie.network.contract._add_deployment = lambda contract: None
    deployer = accounts.load(keystore) if keystore else accounts[0]
    deployment = deploy(deployer, os.environ.get("LEAFPROOF_AUTHORITY") or deployer.address)
    path = Path(os.environ.get("LEAFPROOF_DEPLOYMENT") or "build/deployment.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(deployment, indent=2) + "\n")
    print(f"chain {deployment['chainId']}, written to {path}")
    for name, contract in deployment["contracts"].items():
        print(f"  {name:<17} {contract['address']}")
