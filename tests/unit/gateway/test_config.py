"""The one TOML file: strict, and every error names its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from iot_gateway.config import load, log_key
from iot_gateway.sources.settings import ModbusSettings
from iot_gateway.template import Values, render
from leafproof.errors import InvalidInput
from leafproof.keys import SigningKey

KEY = SigningKey.generate()


def text() -> str:
    return render(
        Values(
            name="press-1",
            operator="4012345000009",
            facility="8801234000017",
            partition=3,
            key_file="gateway.key",
            chain_id=1337,
            contract="0x" + "ab" * 20,
            log_id="cd" * 32,
            log_key=KEY.public.cose.hex(),
            broker_host='tricky "host"',
            broker_port=8883,
        )
    )


def loaded(tmp_path: Path, content: str):
    path = tmp_path / "gateway.toml"
    path.write_text(content)
    return load(path)


def test_the_written_template_is_a_valid_configuration(tmp_path: Path) -> None:
    config = loaded(tmp_path, text())
    assert config.topic("frames") == "leafproof/v1/3/4012345000009/8801234000017/press-1/frames"
    assert config.beacon_topic == "leafproof/v1/3/beacon"
    assert config.broker.host == 'tricky "host"'
    assert log_key(config.log) == KEY.public
    assert config.log_ref.contract == bytes.fromhex("ab" * 20)


def test_the_samples_in_the_template_are_valid_too(tmp_path: Path) -> None:
    head, _, samples = text().partition("# [[source]]\n")
    plain = "\n".join(line.removeprefix("# ") for line in ("# [[source]]\n" + samples).splitlines())
    config = loaded(tmp_path, head + plain.replace('point = "main"', 'point = "main-2"'))
    assert isinstance(config.source[1], ModbusSettings)
    assert config.source[2].file == tmp_path / "readings.csv"


def test_relative_paths_are_the_files_own(tmp_path: Path) -> None:
    config = loaded(tmp_path, text())
    assert config.gateway.data == tmp_path / "data"
    assert config.gateway.key == tmp_path / "gateway.key"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("heartbeat = 900", "heart_beat = 900", "heart_beat"),
        ("[frame]", "[frames]", "frames"),
        ('kind = "simulator"', 'kind = "telepathy"', "telepathy"),
        ("interval = 900", 'interval = "900"', "source"),
        ("readings = 512", "readings = 513", "readings"),
        ('operator = "4012345000009"', 'operator = "4012345000008"', "gateway.operator"),
        ('facility = "8801234000017"', 'facility = "88"', "gateway.facility"),
        ('name = "press-1" ', 'name = "press/1" ', "gateway.name"),
        ('contract = "0xab', 'contract = "0xzz', "log.contract"),
        ("chain_id = 1337", "chain_id = 0", "chain_id"),
        ('zone = "UTC"', 'zone = "Middle/Earth"', "zone"),
        ('peak_kw = "400"', 'peak_kw = "-1"', "peak_kw"),
        ("# tls = true", 'ca = "ca.pem"', "broker.tls"),
        ("# tls = true", 'tls = true\ncertificate = "c.pem"', "broker"),
        ("# tls = true", 'password_file = "p"', "broker.username"),
        ("# tls = true", 'host = "again"', "gateway.toml"),
        ('public_key = "', 'public_key_file = "x"\npublic_key = "', "log"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in text()
    with pytest.raises(InvalidInput) as caught:
        loaded(tmp_path, text().replace(old, new, 1))
    assert named in str(caught.value)


def test_one_point_from_two_sources_is_refused(tmp_path: Path) -> None:
    head, _, source = text().partition("[[source]]\n")
    twin = source.partition("\n# [[source]]")[0].replace('name = "simulated"', 'name = "other"')
    with pytest.raises(InvalidInput, match="'main' is given twice"):
        loaded(tmp_path, head + "[[source]]\n" + source + "\n[[source]]\n" + twin)


def test_the_logs_key_may_be_a_pem_file(tmp_path: Path) -> None:
    (tmp_path / "log.pem").write_text(KEY.public.pem())
    content = "\n".join(
        'public_key_file = "log.pem"' if line.startswith("public_key") else line for line in text().splitlines()
    )
    assert log_key(loaded(tmp_path, content).log) == KEY.public


def test_a_log_key_that_is_none_is_refused(tmp_path: Path) -> None:
    config = loaded(tmp_path, text().replace(KEY.public.cose.hex(), "a1" * 30))
    with pytest.raises(InvalidInput, match=r"log\.public_key"):
        log_key(config.log)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        load(tmp_path / "none.toml")
