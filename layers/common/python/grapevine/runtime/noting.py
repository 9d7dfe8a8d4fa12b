"""The storefront snippet's Lambda side: the file that shops load, and what it reports."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from chalice.app import Response

from grapevine.domain.clicks import InterestKind
from grapevine.domain.errors import InvalidInputError, NotFoundError, TooLargeError
from grapevine.runtime import observe
from grapevine.runtime.body import Body
from grapevine.runtime.http import Headers, Incoming
from grapevine.runtime.parts import Parts
from grapevine.usecases.note_interest import NoteInterest, note_interest

MAX_REPORT = 1_000
"""Bytes of one report."""
NEWEST = "grapevine.js"
_FOLDER = Path(__file__).parent / "snippets"
_NAME = re.compile(r"grapevine-\d{1,3}\.\d{1,3}\.\d{1,3}\.js")
_HOUR, _YEAR = 3600, 31_536_000


def serve_snippet(name: str) -> Response:
    """Return a version of the snippet, which any cache keeps for good, or the newest, kept for an hour."""
    headers: Headers = {
        "Content-Type": "text/javascript; charset=utf-8",
        "Cache-Control": f"public, max-age={_HOUR}"
        if name == NEWEST
        else f"public, max-age={_YEAR}, immutable",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body=_text(name), status_code=200, headers=headers)


@cache
def _text(name: str) -> str:
    path = max(_FOLDER.glob("*.js"), key=_version) if name == NEWEST else _FOLDER / name
    if not (name == NEWEST or _NAME.fullmatch(name)) or not path.is_file():
        raise NotFoundError("snippet", name[:80])
    return path.read_text("utf-8")


def _version(path: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", path.name))


def note(request: Incoming, parts: Parts) -> Response:
    """Take one report: which product a click's visitor saw or put into the cart, who agreed to telling.

    204 also for a click that we do not know: nobody learns here which there are.
    """
    if len(request.body) > MAX_REPORT:
        raise TooLargeError(len(request.body), MAX_REPORT)
    noted = note_interest(_command(Body.of(_parsed(request.body))), parts.clicks)
    observe.note(noted=noted)
    return Response(body="", status_code=204, headers={"Cache-Control": "no-store"})


def _parsed(raw: bytes) -> Any:  # noqa: ANN401 - whatever was sent
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise InvalidInputError("is not JSON", "body") from None


def _command(body: Body) -> NoteInterest:
    body.refuse_unknown("click", "kind", "product", "consent")
    if not body.boolean("consent"):
        raise InvalidInputError("must be true: nothing is kept of who did not agree", "consent")
    kind = body.choice("kind", InterestKind)
    return NoteInterest(click_id=body.text("click"), kind=kind, product_id=body.text("product"))
