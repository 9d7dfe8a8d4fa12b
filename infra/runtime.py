"""An interpreter that has what Lambda's has and nothing else.

MiniStack runs functions with the interpreter it was started with, where everything of the development
environment can be imported, our package from the work tree too: a module missing from a layer, or a stale
layer, would never be noticed. So workers get a virtual environment that holds the SDK only.
"""

from __future__ import annotations

import sys
import sysconfig
import venv
from importlib.util import find_spec
from pathlib import Path

from infra.archive import digest_of, keep, workspace
from infra.house import BUILD, INFRA, InfraError

#: What AWS puts beside every Python function: boto3 and what it needs.
SDK = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six")


def lambda_python(build: Path = BUILD) -> Path:
    """The interpreter for Lambda workers on this machine."""
    salt = f"{sys.version} {sys.base_prefix} {[str(_origin(name)) for name in SDK]}"
    target = build / "runtime" / digest_of(INFRA / "runtime.py", salt=salt)[:32]
    if not target.exists():
        with workspace(build) as work:
            _make(work / "venv")
            keep(work / "venv", target)
    return target / "bin" / "python"


def _make(folder: Path) -> None:
    venv.create(folder, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    for name in SDK:
        origin = _origin(name)
        (packages / origin.name).symlink_to(origin)


def _origin(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise InfraError(f"{name} is not installed; run `make .venv`")
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin
