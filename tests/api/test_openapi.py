"""The API's description is true: the file is what the code makes, and every route is in it."""

from __future__ import annotations

import json

from chalice.test import Client

from functions.console.app import app
from grapevine.runtime.openapi import document
from grapevine.runtime.problems import PROBLEMS
from grapevine.runtime.routes import ROUTES
from infra.house import ROOT

FILE = ROOT / "docs" / "openapi.json"


def as_text() -> str:
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def test_the_file_is_what_the_code_makes() -> None:
    """`python -m tests.api.test_openapi` writes it again."""
    assert FILE.read_text() == as_text()


def test_every_route_is_described_under_its_own_name() -> None:
    paths = document()["paths"]
    for route in ROUTES:
        assert paths[route.path][route.method.lower()]["operationId"] == route.name
    names = [one["operationId"] for methods in paths.values() for one in methods.values()]
    assert len(names) == len(set(names))


def test_it_is_served_without_a_key_as_json_and_as_a_page() -> None:
    with Client(app) as client:
        told, page = client.http.get("/openapi.json"), client.http.get("/docs")
    assert (told.status_code, told.json_body) == (200, document())
    assert page.status_code == 200
    text = page.body.decode()
    assert all(f'id="problem-{kind.code}"' in text for kind in PROBLEMS)
    assert all(f'id="{route.name}"' in text for route in ROUTES)
    assert "http://" not in text
    assert "https://" not in text


if __name__ == "__main__":
    FILE.write_text(as_text())
