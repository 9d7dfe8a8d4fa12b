"""The API's own description, OpenAPI 3.1, made from the table of routes and what the code reads with.

Nothing here is loaded until somebody asks for it: a cold start of the API does not pay for it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from grapevine.domain.api_keys import MOST_OF
from grapevine.runtime import problems
from grapevine.runtime.openapi.described import DESCRIBED, OBJECT, Described
from grapevine.runtime.openapi.schemas import TEXT, WHOLE, Schema
from grapevine.runtime.openapi.things import THINGS, ref
from grapevine.runtime.paging import MOST
from grapevine.runtime.problems import ProblemKind
from grapevine.runtime.routes import ROUTES
from grapevine.runtime.serving import WITH_BODIES, WRITES, Route

Json = dict[str, Any]
VERSION = "1"
_PLACE = re.compile(r"\{(\w+)\}")
_LEFT = {"RateLimit-Limit": WHOLE, "RateLimit-Remaining": WHOLE, "RateLimit-Reset": WHOLE}
_EVERYWHERE = (
    problems.INVALID_INPUT,
    problems.UNAUTHENTICATED,
    problems.FORBIDDEN,
    problems.NOT_FOUND,
    problems.TOO_MANY,
    problems.UNAVAILABLE,
)
_OF_WRITES = (
    problems.ALREADY_EXISTS,
    problems.REFUSED,
    problems.TRY_AGAIN,
    problems.IN_PROGRESS,
    problems.MEDIA_TYPE,
    problems.OTHER_REQUEST,
)
_HEALTH: Json = {
    "get": {
        "operationId": "read_health",
        "summary": "Say that the function runs.",
        "tags": ["health"],
        "security": [],
        "responses": {
            "200": {
                "description": "It runs.",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "properties": {"status": {"const": "ok"}},
                            "required": ["status"],
                        }
                    }
                },
            }
        },
    }
}


@cache
def document() -> Json:
    """Return the whole description."""
    paths: Json = {"/health": _HEALTH}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Grapevine",
            "version": VERSION,
            "description": "Social commerce: programs, promoters, orders, commissions, payouts.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"key": []}],
        "tags": [{"name": name} for name in dict.fromkeys(["health", *(_tag(route) for route in ROUTES)])],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": THINGS,
            "responses": _refusals(),
        },
    }


def described(route: Route) -> Described:
    """Return what a route takes and gives."""
    default = Described(body=OBJECT) if route.method in WITH_BODIES else Described()
    return DESCRIBED.get(route.name, default)


def summary_of(route: Route) -> str:
    """Return what a route does, in the words of what serves it."""
    return (route.service.__doc__ or "").split("\n")[0]


def _operation(route: Route) -> Json:
    told = described(route)
    kinds = [kind.value for kind, scopes in MOST_OF.items() if route.scope in scopes]
    found: Json = {
        "operationId": route.name,
        "summary": summary_of(route),
        "description": f"A key needs the scope `{route.scope}`; {', '.join(kinds)} keys may have it.",
        "tags": [_tag(route)],
        "x-scope": route.scope.value,
        "parameters": _parameters(route, told),
        "responses": _responses(route, told),
    }
    if told.body is not None:
        found["requestBody"] = {
            "required": bool(told.body.get("required") or "oneOf" in told.body),
            "content": {"application/json": {"schema": told.body}},
        }
    return found


def _tag(route: Route) -> str:
    return route.scope.value.partition(":")[0]


def _parameters(route: Route, told: Described) -> list[Json]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PLACE.findall(route.path)
    ]
    found += [{"name": name, "in": "query", "schema": schema} for name, schema in told.query.items()]
    if told.is_list:
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": MOST}
        found += [{"name": "limit", "in": "query", "schema": limit}]
        found += [{"name": "cursor", "in": "query", "schema": TEXT}]
    if route.method in WITH_BODIES:
        name = {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$"}
        found += [{"name": "Idempotency-Key", "in": "header", "schema": name}]
    return found


def _responses(route: Route, told: Described) -> Json:
    content: Json = {"application/json": {"schema": told.answer}}
    content |= {kind: {"schema": {"type": "string", "format": "binary"}} for kind in told.files}
    good = {"description": summary_of(route), "headers": _headers(_LEFT), "content": content}
    statuses = {kind.status for kind in _EVERYWHERE} | (
        {kind.status for kind in _OF_WRITES} if _writes(route) else set()
    )
    refused = {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(statuses)}
    return {str(route.status): good, **refused}


def _writes(route: Route) -> bool:
    return route.method in WRITES


def _refusals() -> Json:
    """Return every answer that is a problem, by its status."""
    by_status: dict[int, list[ProblemKind]] = {}
    for kind in (*_EVERYWHERE, *_OF_WRITES):
        by_status.setdefault(kind.status, []).append(kind)
    return {str(status): _problem(kinds) for status, kinds in sorted(by_status.items())}


def _headers(schemas: dict[str, Schema]) -> Json:
    return {name: {"schema": schema} for name, schema in schemas.items()}


def _problem(kinds: list[ProblemKind]) -> Json:
    schema = {
        "allOf": [
            ref("Problem"),
            {"properties": {"code": {"enum": [kind.code for kind in kinds]}}},
        ]
    }
    example = {**problems.head_of(kinds[0]), "instance": "urn:uuid:2f1c6f2e-9a1c-4c37-9d0b-5d6e3a4b7c88"}
    return {
        "description": "; ".join(f"`{kind.code}`: {kind.when}" for kind in kinds),
        "content": {problems.CONTENT_TYPE: {"schema": schema, "example": example}},
    }
