"""The API's description as a page: one file, nothing from elsewhere, readable on a phone."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from grapevine.runtime.openapi import document
from grapevine.runtime.problems import PROBLEMS

Json = dict[str, Any]
STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:56rem;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.6rem}h2{margin-top:2.5rem;border-bottom:1px solid var(--line)}
details{border:1px solid var(--line);border-radius:.5rem;margin:.5rem 0;padding:.5rem .75rem}
summary{cursor:pointer}code,pre{font-family:ui-monospace,monospace;font-size:.875rem}
pre{background:var(--soft);border-radius:.5rem;overflow-x:auto;padding:.75rem}
.method{display:inline-block;min-width:3.5rem;font-weight:700}
dt{font-weight:700;margin-top:.75rem}dd{margin:0}
nav a{display:inline-block;margin-right:.75rem;padding:.25rem 0}
"""


def page() -> str:
    """Return the page."""
    told = document()
    parts = [_section(tag["name"], told) for tag in told["tags"]]
    names = [*(tag["name"] for tag in told["tags"]), "problems", "things"]
    links = "".join(f'<a href="#{name}">{name}</a>' for name in names)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Grapevine's API</title><style>{STYLE}</style></head><body><h1>Grapevine's API</h1>"
        '<p>JSON over HTTPS, with an API key as bearer token. <a href="openapi.json">OpenAPI 3.1</a></p>'
        f"<nav>{links}</nav>{''.join(parts)}{_problems()}{_things(told)}</body></html>"
    )


def _section(tag: str, told: Json) -> str:
    found = [
        _operation(method, path, operation)
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    ]
    return f'<h2 id="{escape(tag)}">{escape(tag)}</h2>{"".join(found)}'


def _operation(method: str, path: str, operation: Json) -> str:
    words = escape(operation.get("description", "")).replace("`", "")
    inside = [f"<p>{words}</p>", _parameters(operation)]
    if "requestBody" in operation:
        inside.append(
            f"<h4>Body</h4>{_code(operation['requestBody']['content']['application/json']['schema'])}"
        )
    for status, response in operation["responses"].items():
        if "$ref" in response:
            continue
        text = escape(response["description"]).replace("`", "")
        if status < "300":
            kinds = ", ".join(response["content"])
            schema = response["content"]["application/json"]["schema"]
            inside.append(f"<h4>{status} {escape(kinds)}</h4><p>{text}</p>{_code(schema)}")
    refused = ", ".join(status for status in operation["responses"] if status >= "400")
    inside.append(f'<p>Refused with <a href="#problems">{refused}</a>.</p>')
    head = f'<span class="method">{method.upper()}</span> <code>{escape(path)}</code>'
    name, summary = escape(operation["operationId"]), escape(operation["summary"])
    return f'<details id="{name}"><summary>{head}<br>{summary}</summary>{"".join(inside)}</details>'


def _parameters(operation: Json) -> str:
    rows = [
        f"<li><code>{escape(one['name'])}</code> in {one['in']}: "
        f"<code>{escape(json.dumps(one['schema']))}</code></li>"
        for one in operation.get("parameters", ())
    ]
    return f"<ul>{''.join(rows)}</ul>" if rows else ""


def _problems() -> str:
    rows = [
        f'<dt id="problem-{kind.code}">{kind.status} <code>{kind.code}</code>: {escape(kind.title)}</dt>'
        f"<dd>{escape(kind.when).replace('`', '')}</dd>"
        for kind in PROBLEMS
    ]
    return f'<h2 id="problems">problems</h2><dl>{"".join(rows)}</dl>'


def _things(told: Json) -> str:
    found = [
        f'<details id="{name}"><summary>{name}</summary>{_code(schema)}</details>'
        for name, schema in told["components"]["schemas"].items()
    ]
    return f'<h2 id="things">things</h2>{"".join(found)}'


def _code(schema: Json) -> str:
    return f"<pre>{escape(json.dumps(schema, indent=1, ensure_ascii=False))}</pre>"
