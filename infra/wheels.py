"""Locked wheels for the machine that will run them, unpacked, pruned and compiled once."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from enum import StrEnum
from typing import TYPE_CHECKING

from infra.archive import digest_of, files_of, keep, workspace
from infra.bytecode import compile_tree
from infra.house import BUILD, INFRA, PYTHON_VERSION, InfraError

if TYPE_CHECKING:
    from pathlib import Path

#: glibc's minor version on the oldest image of each runtime: Amazon Linux 2 up to Python 3.11, then 2023.
_GLIBC = 26 if sys.version_info < (3, 12) else 34
LAYER_ROOT = "/opt/python"
"""Where Lambda unpacks a layer's packages."""
APP_ROOT = "/var/task"
"""Where Lambda unpacks a function's own zip."""
_UNUSED_SUFFIXES = frozenset({".pyi", ".pxd", ".h", ".a"})
#: pip's own notes; some of them name the folder it installed to.
_UNUSED_NAMES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


class Machine(StrEnum):
    """Who will run the wheels."""

    LAMBDA = "lambda"
    """Linux on x86-64, whatever the builder is."""
    BUILDER = "builder"
    """This machine, for the local stack where it is not like Lambda."""


def local_machine() -> Machine:
    """Whose wheels the local stack's workers can import: Lambda's own, wherever that is possible."""
    alike = sys.platform == "linux" and platform.machine() == "x86_64" and platform.libc_ver()[0] == "glibc"
    return Machine.LAMBDA if alike else Machine.BUILDER


def installed(
    requirements: Path, machine: Machine, build: Path = BUILD, *, runs_at: str = LAYER_ROOT
) -> Path:
    """The folder with the wheels of a lock file, made if it is not there yet.

    Args:
        requirements: The lock file.
        machine: Who will run the wheels.
        build: Where builds are kept.
        runs_at: Where Lambda will have unpacked them, for the tracebacks of their bytecode.
    """
    salt = f"{machine} {runs_at} {sys.version}"
    target = (
        build / "wheels" / digest_of(requirements, INFRA / "wheels.py", INFRA / "bytecode.py", salt=salt)[:32]
    )
    if target.exists():
        return target
    with workspace(build) as work:
        folder = work / "python"
        _install(requirements, folder, machine)
        _prune(folder)
        compile_tree(folder, runs_at)
        return keep(folder, target)


def _install(requirements: Path, folder: Path, machine: Machine) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--quiet",
        "--no-compile",
    ]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", str(folder)]
    command += [*_platform(machine), "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InfraError(f"pip could not install {requirements.name} for {machine}:\n{done.stderr}")


def _platform(machine: Machine) -> list[str]:
    if machine is Machine.BUILDER:
        return []
    names = [f"manylinux_2_{minor}_x86_64" for minor in range(_GLIBC, 4, -1)]
    names += ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"]
    chosen = [part for name in names for part in ("--platform", name)]
    return [*chosen, "--implementation", "cp", "--python-version", PYTHON_VERSION]


def _prune(folder: Path) -> None:
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for file in files_of(folder):
        if _is_unused(file.relative_to(folder)):
            file.unlink()


def _is_unused(file: Path) -> bool:
    """Of the tests only the tests go: numpy keeps a module there that it imports itself."""
    # What shows an API's description in a browser; we render our own.
    if "swagger_ui" in file.parts and file.suffix in (".js", ".css"):
        return True
    is_test = "tests" in file.parts and (file.name.startswith("test_") or "data" in file.parts)
    return is_test or file.suffix in _UNUSED_SUFFIXES or file.name in _UNUSED_NAMES
