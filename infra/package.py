"""One Chalice app into one zip and one template, with `chalice package` doing what it is good at."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from infra.archive import artifact, copy_sources, digest_of, keep, workspace, write_zip
from infra.bytecode import compile_tree
from infra.house import (
    APPS,
    BUILD,
    CHALICE_STAGE,
    INFRA,
    REQUIREMENTS,
    Artifact,
    InfraError,
    source,
)
from infra.layers import PACKAGE
from infra.templates import Template, completed, merged
from infra.wheels import APP_ROOT, Machine, installed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_MERGE = INFRA / "merge"
_RECIPE = tuple(
    INFRA / name for name in ("archive.py", "bytecode.py", "package.py", "templates.py", "wheels.py")
)
#: `package` needs no AWS, but the SDK inside Chalice wants to be told a region.
_NO_AWS = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
_CHALICE = "import sys; from chalice.cli import main; sys.exit(main())"


@dataclass(frozen=True, slots=True)
class PackagedApp:
    """An app ready to deploy: its zip, and its template without the place of the zip."""

    name: str
    code: Artifact
    template: Template


def package_all(
    apps: Sequence[str] = APPS, machine: Machine = Machine.LAMBDA, build: Path = BUILD
) -> tuple[PackagedApp, ...]:
    """Package apps side by side."""
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return tuple(pool.map(lambda app: package_app(app, machine, build), apps))


def package_app(app: str, machine: Machine = Machine.LAMBDA, build: Path = BUILD) -> PackagedApp:
    """Package an app, or find what was packaged from the same inputs.

    Our own package is one of the inputs: Chalice imports the app, so anything in it may change a template.
    So are the wheels that only this app needs, for the machine that will run them.
    """
    own = own_wheels(app)
    salt = f"{app} {machine if own else ''} {sys.version} {version('chalice')}"
    inputs = digest_of(source(app), *_merge_files(app), PACKAGE, *_RECIPE, *own, salt=salt)
    folder = build / "apps" / f"{app}-{inputs[:32]}"
    if not folder.exists():
        wheels = [installed(lock, machine, build, runs_at=APP_ROOT) for lock in own]
        _package(app, wheels, folder, build)
    template = json.loads((folder / "template.json").read_text())
    return PackagedApp(name=app, code=artifact(f"app-{app}", folder / "code.zip"), template=template)


def own_wheels(app: str) -> tuple[Path, ...]:
    """The lock file of the wheels in an app's own zip; most apps have none."""
    lock = REQUIREMENTS / f"app-{app.replace('_', '-')}.txt"
    return (lock,) if lock.exists() else ()


def _merge_files(app: str) -> tuple[Path, Path]:
    return _MERGE / "common.json", _MERGE / f"{app}.json"


def _package(app: str, wheels: Sequence[Path], target: Path, build: Path) -> None:
    with workspace(build) as work:
        project, finished, out = work / app, work / "finished", work / "out"
        copy_sources(source(app), project)
        common, own = (json.loads(file.read_text()) for file in _merge_files(app))
        (work / "merge.json").write_text(json.dumps(merged(common, own)))
        _run_chalice(app, project, work / "merge.json", out)
        finished.mkdir()
        template = completed(json.loads((out / "sam.json").read_text()))
        (finished / "template.json").write_text(json.dumps(template, indent=1))
        _rewrite_zip(out / "deployment.zip", wheels, work / "code", finished / "code.zip")
        keep(finished, target)


def _run_chalice(app: str, project: Path, merge: Path, out: Path) -> None:
    """Run on a copy: Chalice keeps notes in the project, and would ship caches it finds there."""
    command = [sys.executable, "-B", "-c", _CHALICE, "--project-dir", str(project), "package", "--stage"]
    command += [CHALICE_STAGE, "--merge-template", str(merge), str(out)]
    done = subprocess.run(command, env={**os.environ, **_NO_AWS}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InfraError(f"chalice could not package {app}:\n{done.stdout}{done.stderr}")


def _rewrite_zip(chalice_zip: Path, wheels: Sequence[Path], folder: Path, target: Path) -> None:
    """The app's own files are compiled here; the wheels come with their bytecode."""
    with zipfile.ZipFile(chalice_zip) as archive:
        archive.extractall(folder)
    compile_tree(folder, APP_ROOT)
    for packages in wheels:
        shutil.copytree(packages, folder, dirs_exist_ok=True)
    write_zip(folder, target)
