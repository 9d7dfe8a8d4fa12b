"""What is in the zips, and that the same sources make the same bytes."""

from __future__ import annotations

import importlib.util
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from infra.house import APPS, LAYERS, ROOT
from infra.layers import LIMIT_BYTES, build_layer
from infra.package import package_app
from infra.runtime import SDK, lambda_python
from infra.wheels import local_machine

if TYPE_CHECKING:
    from pathlib import Path

    from infra.house import Artifact
    from infra.package import PackagedApp

UNCHECKED_HASH = 1
IMPORTS = """
import sys
sys.path.insert(0, sys.argv[1])
import aws_lambda_powertools.metrics, aws_lambda_powertools.utilities.batch, pynamodb.models
import numpy, scipy.optimize, scipy.sparse.csgraph, scipy.stats
"""

APP_ALONE = {"__pycache__", "app.py", "chalice", "chalicelib"}
OWN_WHEELS = {
    "settle": ({"cryptography", "requests", "sepaxml", "stripe", "wechatpayv3", "xmlschema"}, 20_000_000),
    "console": ({"PIL", "reportlab"}, 15_000_000),
    "place_order": ({"cryptography"}, 7_000_000),
}
"""What an app ships that no layer has, and the most its zip may weigh."""
OWN_IMPORTS = {
    "settle": """
import sys
sys.path[:0] = sys.argv[1:]
import sepaxml, stripe, wechatpayv3
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
""",
    "console": """
import sys
sys.path[:0] = sys.argv[1:]
import reportlab.pdfgen.canvas, reportlab.platypus
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
UnicodeCIDFont("STSong-Light")
""",
    "place_order": """
import sys
sys.path[:0] = sys.argv[1:]
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509 import load_pem_x509_certificate
""",
}


def _names(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def _top_level(path: Path) -> set[str]:
    return {name.split("/")[1].removesuffix(".py") for name in _names(path)}


def _bytecode_of(source: str) -> str:
    folder, _, name = source.rpartition("/")
    return f"{folder}/{importlib.util.cache_from_source(name)}".lstrip("/")


def _zips(packaged: dict[str, PackagedApp], built_layers: dict[str, Artifact]) -> dict[str, Path]:
    zips = {name: layer.path for name, layer in built_layers.items()}
    return zips | {name: app.code.path for name, app in packaged.items()}


@pytest.mark.parametrize("name", [*LAYERS, *APPS])
def test_every_source_has_its_bytecode(
    packaged: dict[str, PackagedApp], built_layers: dict[str, Artifact], name: str
) -> None:
    """Unchecked, for this Python, and without a trace of the machine that built it."""
    with zipfile.ZipFile(_zips(packaged, built_layers)[name]) as archive:
        names = set(archive.namelist())
        sources = {entry for entry in names if entry.endswith(".py")}
        assert {_bytecode_of(source) for source in sources} == {e for e in names if e.endswith(".pyc")}
        for source in sources:
            code = archive.read(_bytecode_of(source))
            assert code[:4] == importlib.util.MAGIC_NUMBER
            assert int.from_bytes(code[4:8], "little") == UNCHECKED_HASH
            assert str(ROOT).encode() not in code


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_reproducible(tmp_path: Path, name: str) -> None:
    """Built again from nothing in a folder with a longer name, they are what is kept, byte for byte."""
    kept, again = build_layer(name), build_layer(name, build=tmp_path / "a-folder-of-another-length")
    assert again.path != kept.path
    assert again.path.read_bytes() == kept.path.read_bytes()


def test_apps_are_reproducible(tmp_path: Path) -> None:
    kept, again = package_app("accrue"), package_app("accrue", build=tmp_path / "a-folder-of-another-length")
    assert again.code.path != kept.code.path
    assert again.code.path.read_bytes() == kept.code.path.read_bytes()
    assert again.template == kept.template


def test_common_layer_leaves_out_what_the_runtime_brings(built_layers: dict[str, Artifact]) -> None:
    shipped = _top_level(built_layers["common"].path)
    # jmespath is small, and Powertools asks for a version of its own.
    assert shipped.isdisjoint(set(SDK) - {"jmespath"})
    assert {"aws_lambda_powertools", "grapevine", "pynamodb"} <= shipped
    assert "numpy" not in shipped


@pytest.mark.parametrize("app", sorted(set(APPS) - set(OWN_WHEELS)))
def test_app_zips_hold_the_app_alone(packaged: dict[str, PackagedApp], app: str) -> None:
    tops = {name.split("/")[0] for name in _names(packaged[app].code.path)}
    assert tops <= APP_ALONE
    assert packaged[app].code.path.stat().st_size < 200_000


@pytest.mark.parametrize("app", OWN_WHEELS)
def test_wheels_of_an_app_are_in_the_zips_that_need_them_alone(
    packaged: dict[str, PackagedApp], built_layers: dict[str, Artifact], app: str
) -> None:
    """Two apps may need one wheel: each brings it, and the layer stays without, and with it the redirect."""
    wheels, most_bytes = OWN_WHEELS[app]
    assert {name.split("/")[0] for name in _names(packaged[app].code.path)} >= wheels
    assert packaged[app].code.path.stat().st_size < most_bytes
    for layer in built_layers.values():
        assert _top_level(layer.path).isdisjoint(wheels)
    for other in set(APPS) - {app}:
        theirs, _ = OWN_WHEELS.get(other, (set(), 0))
        shipped = {name.split("/")[0] for name in _names(packaged[other].code.path)}
        assert shipped.isdisjoint(wheels - theirs)


def test_an_app_with_wheels_of_its_own_is_reproducible(tmp_path: Path) -> None:
    """The console's: Pillow and reportlab bring what a build may get wrong."""
    kept, again = (
        package_app("console"),
        package_app("console", build=tmp_path / "a-folder-of-another-length"),
    )
    assert again.code.path != kept.code.path
    assert again.code.path.read_bytes() == kept.code.path.read_bytes()


@pytest.mark.parametrize("app", OWN_WHEELS)
def test_an_apps_wheels_need_nothing_but_the_layer_and_the_runtime(tmp_path: Path, app: str) -> None:
    with zipfile.ZipFile(build_layer("common", local_machine()).path) as archive:
        archive.extractall(tmp_path / "layer")
    with zipfile.ZipFile(package_app(app, local_machine()).code.path) as archive:
        archive.extractall(tmp_path / "task")
    folders = [str(tmp_path / "task"), str(tmp_path / "layer" / "python")]
    command = [str(lambda_python()), "-I", "-B", "-c", OWN_IMPORTS[app], *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_sizes(packaged: dict[str, PackagedApp], built_layers: dict[str, Artifact]) -> None:
    """Printed with `pytest -rP`; Lambda counts a function and all its layers together."""
    unpacked = {}
    for name, path in _zips(packaged, built_layers).items():
        with zipfile.ZipFile(path) as archive:
            unpacked[name] = sum(entry.file_size for entry in archive.infolist())
        print(f"{name}: {path.stat().st_size / 1e6:.2f} MB zipped, {unpacked[name] / 1e6:.2f} MB unpacked")
    assert built_layers["common"].path.stat().st_size < 5_000_000
    assert unpacked["common"] + unpacked["science"] + unpacked["fraud"] < LIMIT_BYTES
    for app in OWN_WHEELS:
        assert unpacked["common"] + unpacked[app] < LIMIT_BYTES / 3


def test_layers_need_nothing_but_the_runtime(tmp_path: Path) -> None:
    """What was pruned or left out is missed by nobody."""
    for name in LAYERS:
        with zipfile.ZipFile(build_layer(name, local_machine()).path) as archive:
            archive.extractall(tmp_path)
    done = subprocess.run(
        [
            lambda_python(),
            "-I",
            "-B",
            "-c",
            IMPORTS,
            tmp_path / "python",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
