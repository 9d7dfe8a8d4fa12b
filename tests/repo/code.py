"""Our Python, read and not run, but for the console's table of routes: handlers, adapters' methods."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grapevine.runtime.routes import ROUTES
from infra.house import APPS, ROOT, source

DYNAMO = ROOT / "layers" / "common" / "python" / "grapevine" / "adapters" / "dynamo"
HTTP_METHODS = ("GET",)
"""What a Chalice route answers where it does not say."""


@dataclass(frozen=True, slots=True)
class Handler:
    """A decorated function of an app, with the routes it answers."""

    app: str
    name: str
    routes: tuple[str, ...]


def handlers() -> tuple[Handler, ...]:
    """Return every public handler of every app."""
    return tuple(found for app in APPS for found in _handlers(app))


def _handlers(app: str) -> Iterator[Handler]:
    if app == "console":
        yield from (Handler(app, route.name, (f"{route.method} {route.path}",)) for route in ROUTES)
    tree = ast.parse((source(app) / "app.py").read_text())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            triggers = [found for found in node.decorator_list if _is_trigger(found)]
            if triggers:
                routes = tuple(route for trigger in triggers for route in _routes(trigger))
                yield Handler(app, node.name, routes)


def _is_trigger(decorator: ast.expr) -> bool:
    """Say whether a decorator is the app's own, or `route = routes(app)` of `runtime.http`."""
    called = ast.unparse(decorator.func) if isinstance(decorator, ast.Call) else ""
    return called == "route" or called.startswith("app.")


def _routes(trigger: ast.expr) -> Iterator[str]:
    assert isinstance(trigger, ast.Call)
    if ast.unparse(trigger.func) == "route":
        method, path = map(ast.literal_eval, trigger.args)
        yield f"{method} {path}"
    elif ast.unparse(trigger.func) == "app.route":
        said = {keyword.arg: ast.literal_eval(keyword.value) for keyword in trigger.keywords}
        path = ast.literal_eval(trigger.args[0])
        yield from (f"{method} {path}" for method in said.get("methods", HTTP_METHODS))


def repository_methods() -> frozenset[str]:
    """Return `Class.method` of every public method of the classes that read and write our tables."""
    return frozenset(name for file in DYNAMO.glob("*.py") for name in _methods(file))


def _methods(file: Path) -> Iterator[str]:
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Dynamo"):
            methods = (part for part in node.body if isinstance(part, ast.FunctionDef))
            yield from (f"{node.name}.{part.name}" for part in methods if not part.name.startswith("_"))
