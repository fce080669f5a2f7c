"""Reading and writing the file of a backup: whole or not at all, and nothing believed that was not hashed."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from backend.backup.schemas import MANIFEST, MAX_MANIFEST, Manifest, Member
from leafproof.errors import InvalidInput, Malformed

_PIECE = 1 << 20  # bytes read at a time


def describe(name: str, path: Path) -> Member:
    """The file at `path` as a member of the backup."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Member(name, path.stat().st_size, digest)


def write(target: Path, manifest: Manifest, files: Sequence[tuple[str, Path]], folder: Path) -> None:
    """Make `target` from the manifest and `files`, readable by its owner alone; `folder` is on the same disk.

    It appears under its name complete and synced, and never in another file's place. Raises `InvalidInput`.
    """
    temporary = folder / "backup.tar"
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            data = manifest.encode()
            tar.addfile(_header(MANIFEST, len(data), manifest.made_at), io.BytesIO(data))
            for name, path in files:
                with path.open("rb") as source:
                    tar.addfile(_header(name, path.stat().st_size, manifest.made_at), source)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise InvalidInput("file", f"{target} exists already; nothing was changed") from None
    except OSError as error:
        reason = f"{target} cannot take a file under its name ({error.strerror}): it needs hard links"
        raise InvalidInput("file", reason) from None
    sync_folder(target.parent)


def _header(name: str, size: int, made_at: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mtime, header.mode = size, made_at, 0o600
    return header


def extract(source: Path, folder: Path) -> Manifest:
    """Unpack a backup into `folder`, each file compared with the manifest. Raises `InvalidInput`, `Malformed`."""
    try:
        with source.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            manifest = _manifest(tar)
            expected = {member.name: member for member in manifest.members}
            for header in iter(tar.next, None):
                member = expected.pop(header.name, None)
                if member is None or not header.isreg() or header.size != member.bytes:
                    raise Malformed("backup", f"{header.name[:80]!r} is not what the manifest names")
                _unpack(tar, header, member, folder)
    except OSError as error:
        raise InvalidInput("file", f"{source} cannot be read ({error.strerror or error})") from error
    except (tarfile.TarError, EOFError) as error:
        raise Malformed("backup", f"{source} is no backup, or cut short ({error})") from error
    if expected:
        raise Malformed("backup", f"{', '.join(sorted(expected))} is missing: the file was cut short")
    return manifest


def _manifest(tar: tarfile.TarFile) -> Manifest:
    header = tar.next()
    if header is None or header.name != MANIFEST or not header.isreg() or header.size > MAX_MANIFEST:
        raise Malformed("backup", "does not begin with a manifest")
    return Manifest.decode(_content(tar, header).read(MAX_MANIFEST))


def _content(tar: tarfile.TarFile, header: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(header)
    assert content is not None  # a regular file
    return content


def _unpack(tar: tarfile.TarFile, header: tarfile.TarInfo, member: Member, folder: Path) -> None:
    path, digest = folder / member.name, hashlib.sha256()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    content = _content(tar, header)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while piece := content.read(_PIECE):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != member.sha256:
        raise Malformed("backup", f"{member.name} is not the file that was backed up: its SHA-256 differs")


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
