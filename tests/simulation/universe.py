"""The same code with some of its text changed, loaded beside the real one under another name.

Nothing is patched: a universe is a second set of modules, compiled from the sources with the edits in them,
whose imports lead to each other. The real modules never notice.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType

REPOSITORY = Path(__file__).parents[2]
ROOTS = {
    "grapevine": REPOSITORY / "layers" / "common" / "python" / "grapevine",
    "tests": REPOSITORY / "tests",
}
PREFIX = "another_universe"
_OURS = re.compile(rf"^(\s*(?:from|import) )(?=(?:{'|'.join(ROOTS)})[. ])", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Edit:
    """A text in a file of `grapevine`, and what stands there instead."""

    file: str
    old: str
    new: str


class OutdatedEditError(Exception):
    """What an edit would replace is not there exactly once."""


@contextmanager
def universe(edits: Sequence[Edit]) -> Iterator[Callable[[str], ModuleType]]:
    """Give a function that imports a module by its real name from a universe with these edits."""
    finder = _Finder(_edited(edits))
    sys.meta_path.insert(0, finder)
    try:
        yield lambda name: import_module(f"{PREFIX}.{name}")
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.split(".")[0] == PREFIX]:
            del sys.modules[name]


def _edited(edits: Sequence[Edit]) -> dict[Path, str]:
    """Return the text of each file that has edits."""
    texts: dict[Path, str] = {}
    for edit in edits:
        path = ROOTS["grapevine"] / edit.file
        text = texts.get(path) or path.read_text()
        if text.count(edit.old) != 1:
            raise OutdatedEditError(f"{edit.file} has {text.count(edit.old)} times {edit.old!r}")
        texts[path] = text.replace(edit.old, edit.new)
    return texts


class _Finder(MetaPathFinder):
    """Finds the modules of a universe; everything else is none of its business."""

    def __init__(self, texts: Mapping[Path, str]) -> None:
        self._texts = texts

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        prefix, _, name = fullname.partition(".")
        if prefix != PREFIX:
            return None
        source = _source_of(name)
        return spec_from_loader(fullname, _Loader(source, self._texts), is_package=source.is_dir())


def _source_of(name: str) -> Path:
    """Return a module's file, or a package's folder."""
    root, *parts = name.split(".")
    folder = ROOTS[root].joinpath(*parts) if root else REPOSITORY
    return folder if folder.is_dir() else folder.with_suffix(".py")


class _Loader(SourceLoader):
    """Loads one module from its edited text; a package from its `__init__`, empty where it has none."""

    def __init__(self, source: Path, texts: Mapping[Path, str]) -> None:
        self._source = source
        self._texts = texts

    def get_filename(self, fullname: str) -> str:
        return str(self._source)

    def get_data(self, path: str | bytes) -> bytes:
        file = self._source / "__init__.py" if self._source.is_dir() else self._source
        text = self._texts.get(file)
        if text is None:
            text = file.read_text() if file.exists() else ""
        return text.encode()

    def get_code(self, fullname: str) -> CodeType:
        return _compiled(self.get_data("").decode(), str(self._source))


@cache
def _compiled(text: str, name: str) -> CodeType:
    """Compile a module whose imports of ours stay in the universe; most are the same in all of them."""
    return compile(_OURS.sub(rf"\1{PREFIX}.", text), name, "exec", dont_inherit=True)
