"""Runs a document's shell blocks one after the other, as a reader would, and keeps what each says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grapevine.domain.wordings import EN

NEEDED = ("bash", "curl", "openssl")
_END = "\x1eend of block\x1e"
_MONTHS = "|".join(EN.months)
_OURS: tuple[tuple[str, str], ...] = (
    (r"\b(mc|pg|sf|pr|po|pq|key|cm|bt|wh)_[0-9A-Za-z]{12,}\b", r"\1_…"),
    (r"\b[0-9A-Za-z]{22}-[0-9A-Za-z]{20}\b", "click"),
    (r"\b[0-9a-f]{16}\b", "digest"),
    (rf"\b\d{{1,2}} (?:{_MONTHS})(?: \d{{4}})?", "day"),
    (r"\b[0-9a-f]{24}\b", "customer"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "instant"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", "local time"),
    (r"\b\d{4}-\d\d-\d\d\b", "day"),
    (r"\bv1=[0-9a-f]{64}\b", "signature"),
    (r"\bwhsec_[0-9A-Za-z+/]{43}=", "secret"),
    (r"\burn:uuid:[0-9a-f-]{36}", "instance"),
)
_LINK_CODE = (r"^/?[0-9A-Za-z]{8}$", "link code")


def missing_tools() -> list[str]:
    """Return what a shell session needs and this machine lacks."""
    return [name for name in NEEDED if shutil.which(name) is None]


def run(scripts: Sequence[str], folder: Path, variables: Mapping[str, str]) -> list[str]:
    """Run scripts in one shell; return what each wrote to its standard output.

    AssertionError, with what was said, when one of them fails.
    """
    whole = "".join(f"{script}\nprintf '%s' '{_END}'\n" for script in scripts)
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **variables}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", whole],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout.split(_END)[:-1]


def comparable(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON with everything replaced that is another one in every run."""
    if isinstance(value, dict):
        # A name is never a link code, but `reversed` and `promoter` look like one.
        return {_replaced(name, *_OURS): comparable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return _replaced(value, *_OURS, _LINK_CODE) if isinstance(value, str) else value


def _replaced(text: str, *patterns: tuple[str, str]) -> str:
    for pattern, name in patterns:
        text = re.sub(pattern, name, text)
    return text
