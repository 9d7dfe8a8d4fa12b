"""The two Lambda layers: `common` is our package and its wheels, `science` is numpy and scipy."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from infra.archive import artifact, copy_sources, digest_of, files_of, keep, workspace, write_zip
from infra.bytecode import compile_tree
from infra.house import BUILD, INFRA, REQUIREMENTS, ROOT, Artifact, InfraError
from infra.wheels import Machine, installed

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE = ROOT / "layers" / "common" / "python" / "grapevine"
#: Lambda takes a function with all its layers up to this size, unpacked.
LIMIT_BYTES = 250 * 1024 * 1024
#: Everything that changes what a layer's zip looks like, besides its contents.
_RECIPE = tuple(INFRA / name for name in ("archive.py", "bytecode.py", "layers.py", "wheels.py"))


def build_layer(name: str, machine: Machine = Machine.LAMBDA, build: Path = BUILD) -> Artifact:
    """Build a layer's zip, or find the one that was built from the same inputs."""
    requirements = REQUIREMENTS / f"layer-{name}.txt"
    packages = [PACKAGE] if name == "common" else []
    inputs = digest_of(requirements, *packages, *_RECIPE, salt=f"{machine} {sys.version}")
    target = build / "layers" / f"{name}-{inputs[:32]}.zip"
    if not target.exists():
        _build(installed(requirements, machine, build), packages, target, build)
    return artifact(f"layer-{name}", target)


def _build(wheels: Path, packages: list[Path], target: Path, build: Path) -> None:
    with workspace(build) as work:
        python = work / "layer" / "python"
        shutil.copytree(wheels, python)
        for package in packages:
            copy_sources(package, python / package.name)
            compile_tree(python / package.name, f"/opt/python/{package.name}")
        _check_size(python)
        write_zip(python.parent, work / target.name)
        keep(work / target.name, target)


def _check_size(folder: Path) -> None:
    size = sum(file.stat().st_size for file in files_of(folder))
    if size > LIMIT_BYTES:
        raise InfraError(f"a layer of {size} bytes unpacked is more than Lambda's {LIMIT_BYTES}")
