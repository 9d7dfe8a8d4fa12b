"""The lock files: hashed, tied to no index, and the same versions in the tests as in the layers."""

from __future__ import annotations

import re

import pytest

from infra.house import REQUIREMENTS
from infra.runtime import SDK

LOCKS = sorted(REQUIREMENTS.glob("*.txt"))
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def _pins(name: str) -> set[tuple[str, str]]:
    return set(PIN.findall((REQUIREMENTS / name).read_text()))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_everything_is_hashed(lock: object) -> None:
    text = (REQUIREMENTS / str(lock)).read_text()
    pins = re.split(r"^(?=\S)", text, flags=re.MULTILINE)[1:]
    assert pins
    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_index_is_named(lock: object) -> None:
    text = (REQUIREMENTS / str(lock)).read_text()
    assert not re.search(r"https?:|--index|--extra-index|--find-links|--trusted-host", text)


SHIPPED = [
    "layer-common.txt",
    "layer-science.txt",
    "app-settle.txt",
    "app-console.txt",
    "app-place-order.txt",
]


@pytest.mark.parametrize("lock", SHIPPED)
def test_what_ships_is_what_is_tested(lock: str) -> None:
    assert _pins(lock) <= _pins("dev.txt")


def test_layer_leaves_the_sdk_to_the_runtime() -> None:
    shipped = {name for name, _ in _pins("layer-common.txt")}
    assert shipped.isdisjoint({*SDK, "python-dateutil"} - {"jmespath"})


@pytest.mark.parametrize("lock", ["app-settle.txt", "app-console.txt", "app-place-order.txt"])
def test_apps_ship_nothing_twice(lock: str) -> None:
    """An app's own zip comes before the layer and the runtime: what it repeats would hide theirs."""
    shipped = {name for name, _ in _pins(lock)}
    assert shipped.isdisjoint({*SDK, "python-dateutil"})
    assert shipped.isdisjoint({name for name, _ in _pins("layer-common.txt")})
