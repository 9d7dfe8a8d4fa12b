"""CloudFormation's own linter on everything that is deployed; it transforms SAM templates before it looks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cfnlint.api import lint

from infra.house import APPS, INFRA
from infra.templates import for_local_stack, with_code

if TYPE_CHECKING:
    from infra.package import PackagedApp
    from infra.templates import Template


def _complaints(text: str) -> list[str]:
    return [f"{match.rule.id} {match.path}: {match.message}" for match in lint(text, regions=["us-east-1"])]


def _uploaded(app: PackagedApp) -> Template:
    return with_code(app.template, "artifacts", app.code.key)


def test_platform() -> None:
    assert _complaints((INFRA / "platform.yaml").read_text()) == []


@pytest.mark.parametrize("name", APPS)
def test_app(packaged: dict[str, PackagedApp], name: str) -> None:
    assert _complaints(json.dumps(_uploaded(packaged[name]))) == []


def test_app_on_the_local_stack(packaged: dict[str, PackagedApp]) -> None:
    assert _complaints(json.dumps(for_local_stack(_uploaded(packaged["settle"])))) == []


def test_the_linter_sees_what_it_should(packaged: dict[str, PackagedApp]) -> None:
    """A linter that was called wrongly would be content with anything."""
    template = _uploaded(packaged["notify"])
    del template["Parameters"]["LedgerStream"]
    assert any("LedgerStream" in complaint for complaint in _complaints(json.dumps(template)))
