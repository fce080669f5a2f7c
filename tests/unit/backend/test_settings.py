"""Settings: where they come from, and how their errors read."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.errors import SettingsError
from backend.settings import load


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [n for n in os.environ if n.startswith("LEAFPROOF_")]:
        monkeypatch.delenv(name)


def write(folder: Path, text: str) -> Path:
    path = folder / "backend.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_anything_it_listens_on_loopback_and_keeps_sqlite_in_the_data_folder() -> None:
    settings = load()
    assert settings.host == "127.0.0.1"
    assert settings.database == f"sqlite:///{Path('var').absolute()}/leafproof.db"
    assert settings.keys_folder == Path("var/keys")
    assert settings.url == "http://127.0.0.1:8080"


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, 'port = 1000\nmqtt_host = "broker"\npartitions = [0, 3]\n')
    monkeypatch.setenv("LEAFPROOF_CONFIG", str(path))
    monkeypatch.setenv("LEAFPROOF_PORT", "2000")
    settings = load()
    assert (settings.port, settings.mqtt_host, settings.partitions) == (2000, "broker", (0, 3))
    monkeypatch.setenv("LEAFPROOF_PARTITIONS", "5,7")
    assert load().partitions == (5, 7)


def test_each_partition_has_its_log() -> None:
    assert [load().name_of_log(p) for p in (0, 4)] == ["main", "main-4"]


def test_a_secret_may_stand_in_a_file_and_is_never_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "password"
    secret.write_text("hunter2\n", encoding="utf-8")
    monkeypatch.setenv("LEAFPROOF_MQTT_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("LEAFPROOF_DATABASE_URL", "postgresql://u:hunter3@db/x")
    settings = load()
    assert settings.mqtt_password is not None
    assert settings.mqtt_password.get_secret_value() == "hunter2"
    assert "hunter" not in repr(settings)
    monkeypatch.setenv("LEAFPROOF_MQTT_PASSWORD", "hunter4")
    with pytest.raises(SettingsError, match=r"^mqtt_password: given both itself and as mqtt_password_file$"):
        load()


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("port = 0", "port: "),
        ("prot = 80", "prot: there is no such setting"),
        ("anchor_seconds = 0", "anchor_seconds: "),
        ('log_owner = "0x12"', "log_owner: "),
        ("partitions = []", "partitions: "),
        ("partitions = [1, 1]", "partitions: one is named twice"),
        ("partitions = [-1]", "partitions.0: "),
        ('mqtt_key = "k.pem"', "mqtt_certificate: it and mqtt_key are given together"),
        ('mqtt_key = "k"\nmqtt_certificate = "c"', "mqtt_tls: a client certificate is given"),
        ("port = ", "config: "),
        ('mqtt_password_file = "/nowhere"', "mqtt_password_file: /nowhere cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_that_names_the_setting(
    tmp_path: Path, text: str, start: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(tmp_path, text))
    assert str(caught.value).startswith(start)
    assert "\n" not in str(caught.value)


def test_a_wrong_value_of_a_secret_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(tmp_path, "mqtt_password = 987654\n"))
    assert "987654" not in str(caught.value)


def test_what_serving_needs_is_named() -> None:
    with pytest.raises(SettingsError, match=r"^trust_file: "):
        load().trust()
    with pytest.raises(SettingsError, match=r"^log_owner: "):
        load().owner()


REMORA = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"  # a public witness's key


def test_witnesses_come_from_the_file_or_with_commas_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = f"{REMORA} https://remora.example/w/"
    told = [(key.vkey, url) for key, url in load(write(tmp_path, f'witnesses = ["{one}"]')).cosigners()]
    assert told == [(REMORA, "https://remora.example/w")]
    monkeypatch.setenv("LEAFPROOF_WITNESSES", one)
    assert len(load().cosigners()) == 1
    monkeypatch.setenv("LEAFPROOF_WITNESSES", f"{one}, {one}")
    with pytest.raises(SettingsError, match="key of its own"):
        load().cosigners()


@pytest.mark.parametrize(
    "wrong", [REMORA, f"{REMORA} ftp://x", "https://remora.example", f"{REMORA[:-1]} http://x"]
)
def test_a_witness_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("LEAFPROOF_WITNESSES", wrong)
    with pytest.raises(SettingsError, match="witnesses: "):
        load().cosigners()
