"""What is committed names no machine, no package registry and no secret, and none of it is built."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from infra.house import ROOT

MACHINE = re.compile(r"(?<![\w.$}])/(?:work|root|home|Users)/\w|\b[A-Z]:\\\\?Users\b")
# Written so that this file does not name them either.
REGISTRY = re.compile(
    r"py(?:pi|thonhosted)\.org|registry\.(?:npmjs|yarnpkg)|repo\d?\.maven|maven\.apache\.org"
    r"|proxy\.golang|crates\.io|(?:ghcr|docker|quay)\.io\b",
    re.IGNORECASE,
)
SECRET = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY|\bgh[pousr]_[0-9A-Za-z]{36}"
    r"|\bxox[abprs]-[0-9A-Za-z-]{10,}|\bshp(?:at|ss|ca|pa)_[0-9a-f]{32}|\b[rs]k_live_[0-9A-Za-z]{10,}"
    r"|\bgv\.key_[0-9A-Za-z]{12}\.[0-9a-f]{64}\b"
)
BUILT = re.compile(r"(?:^|/)(?:build|dist|node_modules|__pycache__|\.venv)/|\.(?:pyc|zip|whl|egg-info|log)$")
THIS = Path(__file__)


@cache
def committed() -> tuple[Path, ...]:
    """Return what is tracked, and what would be: untracked and not ignored."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what is committed was not looked at")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = {ROOT / name for name in listed.split("\0") if name}
    return tuple(sorted(file for file in files if file.is_file()))


def found(pattern: re.Pattern[str], *, except_for: tuple[Path, ...] = ()) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {match.group(0)}"
        for file in committed()
        if file not in except_for
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), start=1)
        for match in pattern.finditer(line)
    ]


def test_no_machine_is_named() -> None:
    assert found(MACHINE, except_for=(THIS,)) == []


def test_no_registry_is_named() -> None:
    assert found(REGISTRY, except_for=(THIS,)) == []


def test_nothing_looks_like_a_secret() -> None:
    assert found(SECRET) == []


def test_nothing_is_built() -> None:
    names = [str(file.relative_to(ROOT)) for file in committed()]
    assert [name for name in names if BUILT.search(name)] == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE, "/ho" + "me/ana/grapevine"),
        (REGISTRY, "files." + "python" + "hosted.org"),
        (REGISTRY, "registry." + "npmjs.org"),
        (SECRET, "AKIA" + "A" * 16),
        (SECRET, "gv.key_" + "b" * 12 + "." + "0" * 64),
        (BUILT, "build/layers/common.zip"),
    ],
)
def test_the_patterns_find_what_they_look_for(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)
