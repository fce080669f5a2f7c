"""From nothing to a trust file: signers, contracts, and what `leafproof backend chain` says of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import leafproof
from backend.anchor.cli import app
from backend.anchor.deploy import deploy
from backend.anchor.signers import Signers
from backend.embedded.node import EmbeddedNode
from leafproof.client.chain_reader import code_at, read_chain
from leafproof.client.rpc import Rpc
from leafproof.trust import CONTRACTS, Trust

ARTIFACTS = Path(leafproof.__file__).parent / "chain" / "artifacts"

# A public witness's key, from transparency-dev/formats note_cosigv1_test.go.
WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"


class TestDeploy:
    def test_the_code_on_chain_is_that_of_the_committed_artifacts(self, node: EmbeddedNode) -> None:
        # tests/contracts/test_bytecode.py says the same of what brownie deploys.
        with Rpc(node.url) as rpc:
            done = deploy(rpc, node.account(0), authority=b"\x0a" * 20)
            for name in CONTRACTS:
                compiled = json.loads((ARTIFACTS / f"{name}.json").read_text())["deployedBytecode"]
                code = code_at(rpc, done.addresses[name])
                # Some have the addresses of others as immutables, where the compiler leaves zeros.
                for address in done.addresses.values():
                    code = code.replace(address.rjust(32, b"\x00"), bytes(32))
                assert code.hex() == compiled.removeprefix("0x"), name

    def test_the_authority_is_whom_we_named(self, node: EmbeddedNode) -> None:
        authority = bytes.fromhex(node.account(1).address[2:])
        with Rpc(node.url) as rpc:
            done = deploy(rpc, node.account(0), authority=authority)
            for name in set(CONTRACTS) - {"TransparencyLog", "LotRegistry"}:
                owner = {"to": "0x" + done.addresses[name].hex(), "data": "0x8da5cb5b"}  # owner()
                assert rpc.call("eth_call", owner, "latest") == "0x" + authority.rjust(32, b"\x00").hex()


class TestCommands:
    @pytest.fixture(autouse=True)
    def settings(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, node: EmbeddedNode) -> None:
        monkeypatch.setenv("LEAFPROOF_DATA", str(tmp_path))
        monkeypatch.setenv("LEAFPROOF_RPC_URL", node.url)

    def run(self, *args: str) -> Result:
        return CliRunner().invoke(app, args)

    def test_signer_deploy_and_trust_lead_to_a_chain_that_can_be_read(
        self, node: EmbeddedNode, tmp_path: Path
    ) -> None:
        Signers(tmp_path / "keys").store("authority", node.account(0).key)
        made = self.run("deploy")
        assert made.exit_code == 0, made.output
        told = json.loads(made.stdout)
        out = tmp_path / "trust.json"
        written = self.run(
            "trust", "--log", told["TransparencyLog"], "--keys", told["KeyRegistry"], "--lots",
            told["LotRegistry"], "--claims", told["CertificateClaims"], "--labels", told["LabelRegistry"],
            "--classes", told["Classification"], "--deployed-block", str(told["deployed_block"]), "--network-class", "development",
            "--out", str(out), "--registrar", "0x" + "0b" * 20, "--witness", WITNESS, "--witnesses-required", "1",
        )  # fmt: skip
        assert written.exit_code == 0, written.output
        trust = Trust.decode(out.read_bytes())
        assert written.stdout.strip() == trust.fingerprint
        assert trust.registrars == ["0x" + "0b" * 20]
        assert (trust.witnesses, trust.witnesses_required) == ([WITNESS], 1)
        assert node.url not in out.read_text()
        with Rpc(node.url) as rpc:
            assert read_chain(rpc, trust).logs == {}

    def test_a_signer_is_made_once_and_only_its_address_is_shown(self, tmp_path: Path) -> None:
        first, again = self.run("signer", "anchor"), self.run("signer", "anchor")
        assert first.exit_code == 0
        assert first.stdout == again.stdout
        secret = (tmp_path / "keys" / "anchor.key").read_text().strip()
        assert secret not in first.output

    @pytest.mark.parametrize(
        ("args", "said"),
        [
            (["signer", "../x"], "signer"),
            (["deploy"], "authority.key cannot be read"),
            (["deploy", "--authority", "0x12"], "cannot be read"),
        ],
    )
    def test_what_is_wrong_is_said_in_one_line(self, args: list[str], said: str) -> None:
        result = self.run(*args)
        assert result.exit_code == 2
        assert said in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
