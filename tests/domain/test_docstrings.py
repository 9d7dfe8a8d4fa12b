"""Every example in a docstring of the domain and of the use cases runs and is right."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest

import grapevine.domain
import grapevine.usecases


def modules() -> Iterator[str]:
    for package in (grapevine.domain, grapevine.usecases):
        yield from (found.name for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."))


def examples(module: ModuleType) -> list[doctest.DocTest]:
    return [found for found in doctest.DocTestFinder().find(module) if found.examples]


@pytest.mark.parametrize("name", sorted(modules()))
def test_the_examples_are_right(name: str) -> None:
    runner = doctest.DocTestRunner(verbose=False)
    for example in examples(importlib.import_module(name)):
        runner.run(example)
    assert runner.summarize(verbose=False).failed == 0


def test_there_are_examples_where_money_time_and_links_are_worked_out() -> None:
    for name in ("money", "instants", "links", "clicks"):
        assert examples(importlib.import_module(f"grapevine.domain.{name}")), name
