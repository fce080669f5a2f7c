# SPDX-License-Identifier: Apache-2.0
"""What `brownie run` does: deploying, and measuring gas."""

from __future__ import annotations

import json

import pytest

from tests.contracts.conftest import reverts


@pytest.fixture(scope="module", autouse=True)
def fresh(module_isolation):
    """A chain at its beginning: addresses, and so zero bytes in calldata, are always the same."""


def test_the_gas_page_is_what_is_measured():
    from scripts import gas

    assert gas.PAGE.read_text() == gas.page()


def test_deploy_writes_what_a_trust_file_needs(
    monkeypatch,
    tmp_path,
    accounts,
    web3,
    KeyRegistry,
    LotRegistry,
    CertificateClaims,
    LabelRegistry,
    Classification,
):
    from scripts import deploy

    path = tmp_path / "new" / "deployment.json"
    monkeypatch.setenv("LEAFPROOF_DEPLOYMENT", str(path))
    monkeypatch.setenv("LEAFPROOF_AUTHORITY", accounts[5].address)
    monkeypatch.delenv("LEAFPROOF_DEPLOYER", raising=False)
    deploy.main()

    written = json.loads(path.read_text())
    assert written["chainId"] == web3.eth.chain_id
    assert written["genesisHash"] == web3.eth.get_block(0)["hash"].to_0x_hex()
    for name, contract in written["contracts"].items():
        code = web3.eth.get_code(contract["address"])
        assert code, name
        assert contract["codeHash"] == web3.keccak(code).to_0x_hex()
        assert web3.eth.get_block(contract["block"])["transactions"]
    where = {name: contract["address"] for name, contract in written["contracts"].items()}
    lots, keys = LotRegistry.at(where["LotRegistry"]), KeyRegistry.at(where["KeyRegistry"])
    assert (lots.LOGS(), lots.KEYS()) == (where["TransparencyLog"], where["KeyRegistry"])
    assert keys.owner() == written["authority"] == accounts[5]
    for contract in (CertificateClaims, LabelRegistry, Classification):
        at = contract.at(where[contract._name])
        assert (at.owner(), at.KEYS()) == (accounts[5], where["KeyRegistry"])
    with reverts("OwnableUnauthorizedAccount"):
        keys.admitOperator(accounts[1], "urn:example", {"from": accounts[0]})
