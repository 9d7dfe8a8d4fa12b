"""How a route of the JSON API is served: who calls and whether they may come first, then the service."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from chalice.app import Chalice, Response

from grapevine.domain.api_keys import Scope, allow
from grapevine.domain.errors import GrapevineError, MediaTypeError
from grapevine.domain.ids import RandomBytes
from grapevine.domain.requests import (
    KeptAnswer,
    TooManyRequestsError,
    fingerprint_of,
    opened,
    repeatable,
    sealed,
)
from grapevine.runtime import observe
from grapevine.runtime.caller import Caller
from grapevine.runtime.http import Incoming, also_send, answering, incoming, json_response
from grapevine.runtime.parts import Parts, parts
from grapevine.runtime.problems import kind_of
from grapevine.usecases.admit_request import claim_request, count_request, give_back, keep_answer

Service = Callable[..., Any]
"""Gets the caller and the path's parts; returns the answer's JSON, or the answer where it is a file."""
WITH_BODIES = ("POST", "PUT")
WRITES = (*WITH_BODIES, "DELETE")


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path, what serves it, the scope that a key needs, and the status of a good answer.

    `told_once` is the field of the answer that is kept nowhere, and null when the answer is sent again.
    """

    method: str
    path: str
    service: Service
    scope: Scope
    status: int = 200
    told_once: str = ""

    @property
    def name(self) -> str:
        """The name of what serves it, by which it is logged."""
        return self.service.__name__


def serve(app: Chalice, route: Route) -> None:
    """Put a route's service under its method and path; the view has its name."""

    @wraps(route.service)
    def view(**place: str) -> Response:
        return answer(route, incoming(app), place)

    # Any type of content: what is not JSON is told so by us, as a problem like every other.
    app.route(route.path, methods=[route.method], content_types=["*/*"])(answering(route.name)(view))


def answer(route: Route, request: Incoming, place: dict[str, str]) -> Response:
    """Return a route's answer to a request."""
    path = route.path.format_map(place)
    caller = Caller.of(request, parts(), path)
    observe.note(key=caller.key.id)
    _count(caller)
    allow(caller.key, route.scope, place)
    _refuse_other_types(request)
    if route.method in WRITES and caller.idempotency_key:
        return _answer_once(route, caller, request, place)
    return _respond(route, route.service(caller, **place))


def _respond(route: Route, answered: Any) -> Response:  # noqa: ANN401 - JSON, or a file
    return answered if isinstance(answered, Response) else json_response(answered, route.status)


# --- too many ------------------------------------------------------------------------------------


def _count(caller: Caller) -> None:
    """Count the request; TooManyRequestsError where its key's minute is used up."""
    parts = caller.parts
    left = count_request(caller.key.id, parts.requests_per_minute, parts.requests, parts.now())
    if left is None:
        observe.count(observe.REQUEST_NOT_COUNTED)
        return
    also_send(
        RateLimit_Limit=str(left.limit),
        RateLimit_Remaining=str(left.remaining),
        RateLimit_Reset=str(left.resets_in_seconds),
    )
    if left.is_over:
        raise TooManyRequestsError(left.limit, left.resets_in_seconds)


# --- once ----------------------------------------------------------------------------------------


class _RepeatableParts:
    """Parts whose ids are the same whenever the request is."""

    def __init__(self, parts: Parts, random_bytes: RandomBytes) -> None:
        self._parts = parts
        self.random_bytes = random_bytes

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any other part
        return getattr(self._parts, name)


def _answer_once(route: Route, caller: Caller, request: Incoming, place: dict[str, str]) -> Response:
    """Answer a request under its caller's own name for it: once, and after that with the same answer."""
    parts, key_id = caller.parts, caller.key.id
    asked = fingerprint_of(route.method, caller.path, request.body)
    claim = claim_request(key_id, caller.idempotency_key, asked, parts.requests, parts.now())
    token = request.headers.get("authorization", "")
    if claim.answer:
        also_send(Idempotent_Replayed="true")
        return _respond(route, json.loads(opened(claim, token, claim.answer.sealed)))
    repeatable_parts: Any = _RepeatableParts(parts, repeatable(claim, token, parts.random_bytes))
    try:
        answered = route.service(replace(caller, parts=repeatable_parts), **place)
    except Exception as error:
        refused = isinstance(error, GrapevineError) and kind_of(error).status < 500
        give_back(claim, parts.requests, parts.now(), refused=refused)
        raise
    kept = {**answered, route.told_once: None} if route.told_once else answered
    keep_answer(claim, KeptAnswer(route.status, sealed(claim, token, json.dumps(kept))), parts.requests)
    return _respond(route, answered)


def _refuse_other_types(request: Incoming) -> None:
    """Refuse a body that does not say it is JSON; one that says nothing is taken for it."""
    if request.method not in WITH_BODIES:
        return
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise MediaTypeError(kind)
