"""Chalice's requests and responses: errors become answers here and nowhere else.

A decorator under `@app.route`, because Chalice turns an exception into a 500 before any
middleware could see it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec
from uuid import uuid4

from chalice.app import Chalice, Response

from grapevine.domain import errors
from grapevine.runtime import observe, problems

P = ParamSpec("P")
Fields = dict[str, Any]
View = Callable[..., Response]
Headers = dict[str, str | list[str]]
"""A list is a header that is sent several times."""


_more: ContextVar[Headers] = ContextVar("more")


def also_send(**headers: str) -> None:
    """Add headers to the answer under way, whatever it will be; `_` in a name is `-`."""
    _more.get({}).update({name.replace("_", "-"): value for name, value in headers.items()})


def answering(handler: str) -> Callable[[Callable[P, Response]], Callable[P, Response]]:
    """Log one line for the request and answer every error, the unknown ones with a bare 500."""

    def decorate(view: Callable[P, Response]) -> Callable[P, Response]:
        @wraps(view)
        def answered(*args: P.args, **kwargs: P.kwargs) -> Response:
            more: Headers = {}
            token = _more.set(more)
            try:
                with observe.invocation(handler) as fields:
                    response = _answer(view, fields, *args, **kwargs)
                    fields["status"] = response.status_code
            finally:
                _more.reset(token)
            response.headers.update(more)
            return response

        return answered

    return decorate


def routes(app: Chalice) -> Callable[[str, str], Callable[[View], View]]:
    """Return a decorator of method and path for views that answer errors, each under its own name."""

    def route(method: str, path: str) -> Callable[[View], View]:
        return lambda view: app.route(path, methods=[method])(answering(view.__name__)(view))

    return route


def _answer(view: Callable[P, Response], fields: Fields, *args: P.args, **kwargs: P.kwargs) -> Response:
    try:
        return view(*args, **kwargs)
    except errors.GrapevineError as error:
        response = refusal(error)
        if response.status_code >= 500:
            observe.logger().exception("could not answer")
        outcome = "refused" if response.status_code < 500 else "error"
        fields.update(outcome=outcome, error=f"{type(error).__name__}: {error}")
        return response
    except Exception as error:  # noqa: BLE001 - the last line: whatever it is, the caller gets an answer and we the trace
        observe.logger().exception("unexpected error")
        fields.update(outcome="error", error=errors.reason_of(error))
        return problem_response(problems.INTERNAL)


def refusal(error: errors.GrapevineError) -> Response:
    """Return the answer to an error of ours; one that has no kind is our own fault."""
    return problem_response(problems.kind_of(error), problems.said_of(error), headers_of(error))


def headers_of(error: errors.GrapevineError) -> Mapping[str, str]:
    """Return what an error's answer says in its headers: when to come again, where that is known."""
    seconds = getattr(error, "retry_after_seconds", None)
    return {} if seconds is None else {"Retry-After": str(seconds)}


def problem_response(
    kind: problems.ProblemKind, said: Fields | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a problem as RFC 9457 has it; its `instance` is in the invocation's line too."""
    instance = f"urn:uuid:{uuid4()}"
    observe.note(instance=instance)
    body = {**problems.head_of(kind), **(said or {}), "instance": instance}
    return json_response(body, kind.status, {"Content-Type": problems.CONTENT_TYPE, **(headers or {})})


def json_response(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:  # noqa: ANN401
    """Return JSON that no cache keeps."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    sent: Headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    return Response(body=text, status_code=status, headers={**sent, **(headers or {})})


def html_response(body: str, status: int) -> Response:
    """Return a page that no cache keeps and no crawler lists."""
    headers: Headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
    }
    return Response(body=body, status_code=status, headers=headers)


class FileResponse(Response):
    """Bytes, as API Gateway wants them; Chalice itself would refuse whoever does not say `Accept`."""

    def to_dict(self, binary_types: list[str] | None = None) -> Fields:  # noqa: ARG002 - Chalice's signature
        """Return the answer with its body in base64, which API Gateway undoes."""
        answer: Fields = super().to_dict([])
        return {**answer, "body": base64.b64encode(self.body).decode(), "isBase64Encoded": True}


def file_response(body: bytes, content_type: str, name: str) -> Response:
    """Return a file to keep, under a name of letters, digits, `_`, `-` and `.` alone."""
    headers: Headers = {
        "Content-Type": content_type,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return FileResponse(body=body, status_code=200, headers=headers)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request as use cases want it: header names in lower case, the body's exact bytes, the query."""

    method: str
    headers: dict[str, str]
    body: bytes
    query: dict[str, str] = field(default_factory=dict)


def incoming(app: Chalice) -> Incoming:
    """Return the request under way."""
    request: Any = app.current_request
    headers = {name.lower(): value for name, value in (request.headers or {}).items()}
    return Incoming(request.method, headers, bytes(request.raw_body), dict(request.query_params or {}))
