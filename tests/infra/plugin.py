"""Everything packaged once a session, and the whole house running once; loaded by the root conftest."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from infra.deploy import Deployment, deploy
from infra.house import LAYERS, Artifact
from infra.layers import build_layer
from infra.local import local_stack
from infra.package import PackagedApp, package_all
from infra.site import Site

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

#: Calls to try under a role: name → (service, method, arguments). The answer is `ok` or the error's name.
Calls: TypeAlias = Mapping[str, tuple[str, str, Mapping[str, Any]]]

_PROBE_SOURCE = """
import importlib

import boto3


def try_calls(event, context):
    return {name: outcome(*call) for name, call in event.items()}


def outcome(service, method, arguments):
    try:
        getattr(boto3.client(service), method)(**arguments)
    except Exception as error:
        return getattr(error, "response", {}).get("Error", {}).get("Code") or repr(error)
    return "ok"


def find_modules(event, context):
    return {name: file_of(name) for name in event}


def file_of(name):
    try:
        return importlib.import_module(name).__file__
    except ImportError:
        return None
"""


@pytest.fixture(scope="session")
def packaged() -> dict[str, PackagedApp]:
    """Every app as it would be deployed."""
    return {app.name: app for app in package_all()}


@pytest.fixture(scope="session")
def built_layers() -> dict[str, Artifact]:
    """Both layers as AWS would get them."""
    return {name: build_layer(name) for name in LAYERS}


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """All eight apps on the local stack."""
    log = tmp_path_factory.mktemp("local-stack") / "ministack.log"
    with local_stack(log=log) as url:
        yield deploy(Site.local(url))


@dataclass(frozen=True)
class Probe:
    """Runs code of our own with the role, the layers and the interpreter of a deployed function."""

    site: Site
    made: dict[tuple[str, str], str] = field(default_factory=dict)

    def try_calls(self, function: str, calls: Calls) -> dict[str, str]:
        """Try AWS calls: `ok`, or the code of the error, for each."""
        return self._run(function, "try_calls", calls)

    def find_modules(self, function: str, names: list[str]) -> dict[str, str | None]:
        """Import modules: the file of each, nothing for what cannot be imported."""
        return self._run(function, "find_modules", names)

    def _run(self, function: str, handler: str, event: object) -> dict[str, Any]:
        name = self.made.get((function, handler)) or self._make(function, handler)
        answer = self._lambda.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        return dict(json.load(answer["Payload"]))

    def _make(self, function: str, handler: str) -> str:
        config = self._lambda.get_function_configuration(FunctionName=function)
        name = self.made[function, handler] = f"probe-{len(self.made)}"
        self._lambda.create_function(
            FunctionName=name,
            Runtime=config["Runtime"],
            Role=config["Role"],
            Handler=f"probe.{handler}",
            Code={"ZipFile": _probe_zip()},
            Layers=[layer["Arn"] for layer in config.get("Layers", [])],
            Timeout=60,
        )
        return name

    @property
    def _lambda(self) -> LambdaClient:
        return self.site.session.client("lambda", endpoint_url=self.site.endpoint_url)


@pytest.fixture(scope="session")
def probe(deployment: Deployment) -> Probe:
    """Looks at the local stack from inside our functions."""
    return Probe(deployment.site)


def _probe_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("probe.py", _PROBE_SOURCE)
    return buffer.getvalue()
