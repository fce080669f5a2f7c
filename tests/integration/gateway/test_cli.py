"""The operator's commands against real parts, among them a broker with TLS and an access list."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from backend.embedded.broker import EmbeddedBroker
from iot_gateway import keyfile
from leafproof.chain.possession import Claim, holds
from leafproof.chain.view import Role
from leafproof.keys import SigningKey
from tests.integration.gateway.conftest import Start
from tests.integration.gateway.plant import FACILITY, OPERATOR, Plant, end
from tests.support.ports import free_port
from tests.support.waiting import eventually

LOG_KEY = SigningKey.generate()
INIT = (
    *("--name", "press-1", "--operator", OPERATOR, "--facility", FACILITY, "--chain-id", "1337"),
    *("--contract", "0x" + "ab" * 20, "--log-id", "cd" * 32, "--log-key", LOG_KEY.public.cose.hex()),
)


def gateway(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "iot_gateway", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


class TestInit:
    @pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
    def test_it_makes_a_private_key_and_proves_its_possession(self, tmp_path: Path, algorithm: str) -> None:
        registry, operator = "0x" + "11" * 20, "0x" + "22" * 20
        done = gateway(
            *("init", str(tmp_path / "new"), *INIT, "--algorithm", algorithm, "--json"),
            *("--registry", registry, "--operator-address", operator),
        )
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        key_file = tmp_path / "new/gateway.key"
        assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
        public = keyfile.load(key_file).public
        assert (told["key_id"], told["cose_key"]) == (public.key_id.hex(), public.cose.hex())
        claim = Claim(
            1337,
            b"\x11" * 20,
            b"\x22" * 20,
            Role.GATEWAY,
            b"\xcd" * 32,
            f"urn:leafproof:gateway:{OPERATOR}:press-1",
        )
        assert holds(public.cose, claim, bytes.fromhex(told["possession"]["proof"][2:]))
        assert key_file.read_text() not in done.stdout

    def test_it_overwrites_nothing(self, tmp_path: Path) -> None:
        assert gateway("init", str(tmp_path), *INIT).returncode == 0
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        again = gateway("init", str(tmp_path), *INIT)
        assert again.returncode == 2
        assert "exists already" in again.stderr
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before

    def test_a_wrong_value_writes_nothing(self, tmp_path: Path) -> None:
        wrong = gateway("init", str(tmp_path), *INIT, "--operator", "4012345000008")
        assert wrong.returncode == 2
        assert "gateway.operator" in wrong.stderr
        assert not list(tmp_path.iterdir())


class TestCheck:
    def test_all_is_well_and_each_point_shows_its_value(self, broker: EmbeddedBroker, plant: Plant) -> None:
        plant.configure(broker.port, plant.readings(3))
        done = plant.call("check")
        assert done.returncode == 0, done.stdout
        assert "main: 0 kWh at 2026-01-01T00:01:00Z (recorded)" in done.stdout
        assert "answers in MQTT 5" in done.stdout

    def test_a_3_1_1_broker_is_named_as_such(self, amqtt_broker: EmbeddedBroker, plant: Plant) -> None:
        plant.configure(amqtt_broker.port, plant.readings(3))
        done = plant.call("check")
        assert done.returncode == 0, done.stdout
        assert "answers in MQTT 3.1.1" in done.stdout

    def test_everything_wrong_is_told_at_once(self, plant: Plant) -> None:
        plant.configure(free_port(), plant.readings(3))
        (plant.folder / "gateway.key").chmod(0o644)
        (plant.folder / "readings.csv").unlink()
        done = plant.call("check")
        assert done.returncode == 1
        assert "is open to others" in done.stdout
        assert "cannot be reached" in done.stdout
        assert "readings.csv cannot be read" in done.stdout
        assert "3 found wrong" in done.stdout

    def test_a_configuration_that_cannot_be_read_is_an_error_without_a_traceback(self, plant: Plant) -> None:
        plant.configure(1883, plant.readings(3), gateway="colour = 'green'")
        done = plant.call("check")
        assert done.returncode == 2
        assert "colour" in done.stderr
        assert "Traceback" not in done.stderr


class TestRun:
    def test_a_key_open_to_others_is_not_used(self, broker: EmbeddedBroker, plant: Plant) -> None:
        plant.configure(broker.port, plant.readings(3))
        (plant.folder / "gateway.key").chmod(0o640)
        done = plant.call("run")
        assert done.returncode == 2
        assert "chmod 600" in done.stderr

    def test_until_done_needs_an_end(self, broker: EmbeddedBroker, plant: Plant) -> None:
        meter = '[[source]]\nkind = "simulator"\nname = "s"\nseed = "x"\nzone = "UTC"\n'
        plant.configure(broker.port, f'{meter}[[source.points]]\npoint = "p"\npeak_kw = "1"')
        done = plant.call("run", "--until-done")
        assert done.returncode == 2
        assert "ever comes to an end" in done.stderr

    def test_a_second_gateway_on_the_same_folder_is_refused(
        self, broker: EmbeddedBroker, plant: Plant, start: Start
    ) -> None:
        plant.configure(broker.port, plant.readings(3))
        with plant.log(broker.port) as log:
            process = start()
            eventually(lambda: log.numbers == [0, 1, 2], "readings")
            second = plant.call("run")
            assert second.returncode == 1
            assert "another gateway is running" in second.stderr
            assert end(process) == 0


class TestStatus:
    def test_it_tells_before_while_and_after(self, broker: EmbeddedBroker, plant: Plant, start: Start) -> None:
        plant.configure(broker.port, plant.readings(3) + "")
        with (plant.folder / "readings.csv").open("a") as file:
            file.write("broken line\n")
        assert "no frame was made yet" in plant.call("status").stdout
        with plant.log(broker.port) as log:
            process = start()
            eventually(lambda: log.numbers == [0, 1, 2], "readings")
            eventually(lambda: plant.status()["sources"]["recorded"].get("state") == "done", "the page tells it")
            running = json.loads(plant.call("status", "--json").stdout)
            assert running["running"] is True
            assert running["broker"]["protocol"] == "MQTT 5"
            assert running["rejected_lines"][0]["line"] == 5
            assert running["last_readings"]["main"]["value"] == "2"
            assert end(process) == 0
        words = plant.call("status")
        assert words.returncode == 0
        assert "not running" in words.stdout
        assert "1 lines rejected" in words.stdout
        assert "recorded line 5: line: 1 fields, the heading has 2" in words.stdout
