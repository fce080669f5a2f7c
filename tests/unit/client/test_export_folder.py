"""An export folder of which one file is something else than a file: said, never waited for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from leafproof.client.export_folder import ExportFolder
from leafproof.errors import InvalidInput
from leafproof.replay import export
from tests.support.world import LOG


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {export.LEAVES: bytes(32), export.ROLLUPS: export.encode_rollups([]), export.chunk_name(0): b"\x80"}
    listed = {name: export.FileDigest.of(data) for name, data in files.items()}
    manifest = export.Manifest(1, export.LogName.of(LOG), 1, listed)
    for name, data in {**files, export.MANIFEST: manifest.encode()}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return tmp_path


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [endless, os.mkfifo, Path.mkdir])
class TestWhatIsNoFile:
    @pytest.mark.parametrize("name", [export.LEAVES, export.ROLLUPS, export.chunk_name(0)])
    def test_is_said_to_be_unreadable(self, folder: Path, name: str, make: Callable[[Path], None]) -> None:
        (folder / name).unlink()
        make(folder / name)
        read = ExportFolder(folder)
        assert list(read.entries()) == [None]
        read.rollups()
        assert f"{name} cannot be read" in [message for _, message in read.faults()]

    def test_is_no_manifest(self, folder: Path, make: Callable[[Path], None]) -> None:
        (folder / export.MANIFEST).unlink()
        make(folder / export.MANIFEST)
        with pytest.raises(InvalidInput, match="no readable manifest"):
            ExportFolder(folder)

    def test_is_said_where_it_became_so_while_it_was_opened(
        self, folder: Path, make: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Path, "lstat", lambda _: (folder / export.MANIFEST).stat())
        (folder / export.LEAVES).unlink()
        make(folder / export.LEAVES)
        assert f"{export.LEAVES} cannot be read" in [message for _, message in ExportFolder(folder).faults()]


def test_a_file_that_is_too_long_is_read_no_further(folder: Path) -> None:
    (folder / export.LEAVES).write_bytes(bytes(33))
    assert ExportFolder(folder).faults() == [(None, f"{export.LEAVES} is larger than any such file can be")]
