"""How a route of the JSON API is served: who calls and whether they may come first, then the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from chalice.app import Chalice, Response

from grapevine.domain.api_keys import Scope, allow
from grapevine.domain.errors import MediaTypeError
from grapevine.runtime import observe
from grapevine.runtime.caller import Caller
from grapevine.runtime.http import Incoming, answering, incoming, json_response
from grapevine.runtime.parts import parts

Service = Callable[..., Any]
"""Gets the caller and the path's parts; returns the answer's JSON, or the answer where it is a file."""
WITH_BODIES = ("POST", "PUT")


@dataclass(frozen=True, slots=True)
class Route:
    """A method and path, what serves it, the scope that a key needs, and the status of a good answer."""

    method: str
    path: str
    service: Service
    scope: Scope
    status: int = 200

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
    caller = Caller.of(request, parts())
    observe.note(key=caller.key.id)
    allow(caller.key, route.scope, place)
    _refuse_other_types(request)
    answered = route.service(caller, **place)
    return answered if isinstance(answered, Response) else json_response(answered, route.status)


def _refuse_other_types(request: Incoming) -> None:
    """Refuse a body that does not say it is JSON; one that says nothing is taken for it."""
    if request.method not in WITH_BODIES:
        return
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise MediaTypeError(kind)
