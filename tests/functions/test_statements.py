"""Statements through the API: which days, which format, whoever asks, and whether a file is one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from importlib import import_module
from typing import Any

import pytest
from chalice.test import Client

from grapevine.adapters.pdf.statements import StatementPdf
from grapevine.ports import ApiKey
from tests.builders import CY, PROGRAM_ID, T0, days
from tests.problems import told
from tests.usecases.settling import released
from tests.worlds import World

PATH = f"/programs/{PROGRAM_ID}/promoters/{CY}/statements"
VERIFY = f"/programs/{PROGRAM_ID}/statements/verify"
AUTHORIZATION = {"Authorization": "Bearer gv.key_test.secret"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
Answer = tuple[int, dict[str, str], bytes]
Ask = Callable[..., Answer]


@pytest.fixture
def ask(world: World, client: Callable[[str], Client]) -> Ask:
    """Return the API of a merchant one of whose orders was released in December."""
    key = ApiKey(
        id="key_test", merchant_id="mc_test", secret_hash=sha256(b"secret").hexdigest(), created_at=T0
    )
    world.catalog.add_merchant("mc_test", "test", key)
    world.printer = StatementPdf()
    released(world, 1)
    world.clock = T0 + days(99)

    def asked(path: str, body: object = None, **headers: str) -> Answer:
        sent = {**AUTHORIZATION, "Content-Type": "application/json", **headers}
        text = b"" if body is None else json.dumps(body).encode()
        method = "GET" if body is None else "POST"
        answer = client("console").http.request(method, path, headers=sent, body=text)
        return answer.status_code, dict(answer.headers), answer.body

    return asked


def refused(answer: Answer) -> dict[str, Any]:
    status, _, body = answer
    assert status == 400
    return told(json.loads(body))


def test_a_month_is_one_of_the_programs_calendar(ask: Ask) -> None:
    status, _, body = ask(f"{PATH}?month=2026-12")
    document = json.loads(body)
    assert status == 200
    assert (document["first_day"], document["last_day"]) == ("2026-12-01", "2026-12-31")
    assert [line["kind"] for line in document["lines"]] == ["move"]
    assert document["opening"]["places"]["held"] == document["closing"]["places"]["payable"] == "13.33"


def test_some_days_are_both_included(ask: Ask) -> None:
    _, _, body = ask(f"{PATH}?from=2026-11-11&to=2026-11-11")
    assert [line["kind"] for line in json.loads(body)["lines"]] == ["accrual"]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("", "month"),
        ("month=2026-13", "month"),
        ("month=2026-11&from=2026-11-01", "month"),
        ("from=2026-11-01", "month"),
        ("from=2026-11-31&to=2026-12-01", "from"),
        ("from=2026-11-01&to=2026", "to"),
        ("from=2026-11-02&to=2026-11-01", "to"),
        ("from=2026-01-01&to=2027-11-01", "to"),
        ("month=2026-11&format=xml", "format"),
        ("month=2026-11&currency=EUR", "currency"),
        ("month=2026-11&language=fr", "language"),
    ],
)
def test_what_was_asked_wrongly_is_named(ask: Ask, query: str, where: str) -> None:
    assert refused(ask(f"{PATH}?{query}"))["where"] == where


def test_a_statement_is_in_the_language_asked_for(ask: Ask) -> None:
    _, _, body = ask(f"{PATH}?month=2026-12&language=zh")
    assert json.loads(body)["lines"][0]["sentence"] == "等待期已结束；13.33 美元 现在可以提现。"


@pytest.mark.parametrize("accept", [BROWSER, "*/*", "application/pdf", "application/json", None])
def test_a_pdf_comes_whatever_is_accepted(ask: Ask, accept: str | None) -> None:
    headers = {"Accept": accept} if accept else {}
    status, sent, body = ask(f"{PATH}?month=2026-12&format=pdf", **headers)
    assert (status, sent["Content-Type"], body[:5]) == (200, "application/pdf", b"%PDF-")
    name = f"statement_{CY}_USD_2026-12-01_2026-12-31_en.pdf"
    assert sent["Content-Disposition"] == f'attachment; filename="{name}"'


def test_a_spreadsheet_begins_as_excel_wants_chinese(ask: Ask) -> None:
    status, sent, body = ask(f"{PATH}?month=2026-12&format=csv&language=zh")
    assert (status, sent["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert body.decode("utf-8-sig").startswith("行,类别,")


@pytest.mark.parametrize("kind", ["json", "csv", "pdf"])
def test_a_file_is_found_to_be_one_of_ours(ask: Ask, kind: str) -> None:
    _, _, file = ask(f"{PATH}?month=2026-12&format={kind}")

    def verified(body: bytes) -> dict[str, Any]:
        status, _, answer = ask(VERIFY, {"file_base64": base64.b64encode(body).decode()})
        assert status == 200
        found: dict[str, Any] = json.loads(answer)
        return found

    assert verified(file) == {"format": kind, "valid": True}
    assert verified(file[:-9] + b"x" + file[-8:]) == {"format": kind, "valid": False}


def test_lines_of_base64_are_read_and_anything_else_is_refused(ask: Ask) -> None:
    assert ask(VERIFY, {"file_base64": "e30=\n"})[0] == 200
    for text in ("%", "abc", "陈"):
        assert refused(ask(VERIFY, {"file_base64": text}))["where"] == "file_base64"
    assert refused(ask(VERIFY, {"file": "e30="}))


def test_somebody_elses_program_has_no_statements(world: World, ask: Ask) -> None:
    key = ApiKey(id="key_o", merchant_id="mc_o", secret_hash=sha256(b"x").hexdigest(), created_at=T0)
    world.catalog.add_merchant("mc_o", "other", key)
    other = {"Authorization": "Bearer gv.key_o.x"}
    assert ask(f"{PATH}?month=2026-12", **other)[0] == 404
    assert ask(VERIFY, {"file_base64": "e30="}, **other)[0] == 404


@pytest.mark.usefixtures("ask")
def test_api_gateway_hands_bodies_on_in_base64() -> None:
    """With `*/*` among its binary types it does so with every body, JSON too."""
    event = {
        "httpMethod": "POST",
        "resource": "/programs/{program_id}/statements/verify",
        "path": VERIFY,
        "headers": {**AUTHORIZATION, "Content-Type": "application/json"},
        "multiValueHeaders": {},
        "pathParameters": {"program_id": PROGRAM_ID},
        "multiValueQueryStringParameters": None,
        "stageVariables": None,
        "requestContext": {
            "httpMethod": "POST",
            "resourcePath": "/programs/{program_id}/statements/verify",
            "identity": {"sourceIp": "127.0.0.1"},
        },
        "body": base64.b64encode(b'{"file_base64": "e30="}').decode(),
        "isBase64Encoded": True,
    }
    answer = import_module("functions.console.app").app(event, None)
    assert (answer["statusCode"], json.loads(answer["body"])["valid"]) == (200, False)
    assert not answer.get("isBase64Encoded")
