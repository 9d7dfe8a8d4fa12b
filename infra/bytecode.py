"""Bytecode for zips: Lambda's disk is read-only, so without it every cold start compiles everything again."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from infra.house import InfraError

if TYPE_CHECKING:
    from pathlib import Path


def compile_tree(folder: Path, runs_at: str) -> None:
    """Write a `.pyc` beside every `.py` of a folder, trusted without a look at its source.

    The compiler runs in a process of its own with a fixed hash seed and no site: what `marshal` writes
    depends on which strings happen to be shared in the process, and a fresh one always shares the same.

    Args:
        folder: The folder to compile.
        runs_at: Where it will be in Lambda, for tracebacks, so that the build's own path is not in the zip.
    """
    command = [
        sys.executable,
        "-S",
        "-s",
        "-B",
        "-m",
        "compileall",
        "-q",
        "-f",
        "--invalidation-mode",
        "unchecked-hash",
    ]
    command += ["-s", str(folder), "-p", runs_at, str(folder)]
    done = subprocess.run(command, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InfraError(f"cannot compile what is in {folder}:\n{done.stdout}{done.stderr}")
