"""What is put on the disk comes back as it was, or the reader is told."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leafproof.client.shelf import DiskShelf, ShelfLost
from leafproof.verification.shelf import MemoryShelf


@given(st.lists(st.binary(max_size=300), min_size=1), st.data())
def test_any_pieces_in_any_order_come_back_from_disk_and_memory(pieces: list[bytes], data: st.DataObject) -> None:
    with DiskShelf() as disk:
        for shelf in (disk, MemoryShelf()):
            places: list[int] = []
            for piece in pieces:
                places.append(shelf.put(piece))
                asked = data.draw(st.integers(0, len(places) - 1))
                assert shelf.get(places[asked]) == pieces[asked]
            assert [shelf.get(place) for place in places] == pieces


def test_a_folder_that_takes_no_files_is_named_as_the_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(ShelfLost, match="temporary file"):
        DiskShelf()


def test_a_file_that_was_cut_short_is_noticed() -> None:
    with DiskShelf() as shelf:
        place = shelf.put(b"readings")
        shelf._file.truncate(6)
        with pytest.raises(ShelfLost, match="cut short"):
            shelf.get(place)
