"""A statement as a file, through API Gateway, as a browser and as curl ask for it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from grapevine_sim.web import request
from tests.e2e.conftest import House

PROMOTER = {"name": "陈雨", "email": "yu@example.com"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(("kind", "begins"), [("pdf", b"%PDF-"), ("csv", b"\xef\xbb\xbfrow,")])
def test_a_statement_comes_as_a_file_and_is_found_valid(house: House, kind: str, begins: bytes) -> None:
    program = house.program()
    promoter = house.console.post(f"/programs/{program}/promoters", PROMOTER)["id"]
    month = f"{datetime.now(UTC):%Y-%m}"
    path = f"/programs/{program}/promoters/{promoter}/statements?month={month}&format={kind}"
    headers = {"Authorization": f"Bearer {house.console.api_key}"}
    files = [
        request("GET", house.console.url + path, headers={**headers, "Accept": accept}).body
        for accept in (BROWSER, "*/*")
    ]
    assert [file[: len(begins)] for file in files] == [begins, begins]
    for file, is_valid in (
        (files[0], True),
        (files[1] + b" ", True),
        (files[0].replace(b"1", b"2", 1), False),
    ):
        body = json.dumps({"file_base64": base64.b64encode(file).decode()}).encode()
        url = f"{house.console.url}/programs/{program}/statements/verify"
        answer = request("POST", url, body, {**headers, "Content-Type": "application/json"})
        assert answer.json() == {"format": kind, "valid": is_valid}
