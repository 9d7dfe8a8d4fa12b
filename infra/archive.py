"""Zips and digests that depend on contents alone, not on the clock, the umask or a directory's order."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from infra.house import BUILD, Artifact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)
_READABLE = 0o100644 << 16
_UNIX = 3
#: Never an input of a build and never part of a zip.
LEFTOVERS = frozenset({"__pycache__", ".mypy_cache", "deployments", "deployed"})


def files_of(folder: Path) -> list[Path]:
    """Every file below a folder, in an order that every machine agrees on."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def sources_of(path: Path) -> list[Path]:
    """The files of a folder that somebody wrote, or the file itself."""
    if path.is_file():
        return [path]
    return [file for file in files_of(path) if LEFTOVERS.isdisjoint(file.relative_to(path).parts)]


def digest_of(*paths: Path, salt: str = "") -> str:
    """One digest over the names and contents of files and folders: the key under which a build is kept."""
    digest = hashlib.sha256(salt.encode())
    for path in paths:
        for file in sources_of(path):
            digest.update(f"\0{path.name}/{file.relative_to(path)}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def write_zip(folder: Path, target: Path) -> None:
    """Put a folder into a zip, the same bytes for the same contents."""
    with zipfile.ZipFile(target, "w") as archive:
        for file in files_of(folder):
            archive.writestr(_entry(str(file.relative_to(folder))), file.read_bytes())


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = _READABLE
    entry.create_system = _UNIX
    return entry


def artifact(name: str, path: Path) -> Artifact:
    """Describe a zip that is there."""
    return Artifact(name=name, path=path, digest=hashlib.sha256(path.read_bytes()).hexdigest())


@contextmanager
def workspace(build: Path = BUILD) -> Iterator[Path]:
    """A folder to build in, on the disk where the result goes, so that it can be moved into place at once."""
    build.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build, prefix="work-") as folder:
        yield build / folder


def keep(finished: Path, target: Path) -> Path:
    """Move a finished folder or file into place; if somebody else was faster, theirs is the same."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        try:
            finished.replace(target)
        except OSError:
            if not target.exists():
                raise
    return target


def copy_sources(folder: Path, target: Path) -> None:
    """Copy what somebody wrote, without caches."""
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns(*LEFTOVERS))
