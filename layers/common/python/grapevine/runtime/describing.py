"""The API's description as it is served; what makes it is loaded when somebody asks for it."""

from __future__ import annotations

from chalice.app import Response

from grapevine.runtime.http import html_response, json_response


def as_json() -> Response:
    """Return the description as OpenAPI 3.1."""
    from grapevine.runtime.openapi import document  # noqa: PLC0415 - a cold start does not pay for it

    return json_response(document())


def as_page() -> Response:
    """Return the description as a page."""
    from grapevine.runtime.openapi.page import page  # noqa: PLC0415 - a cold start does not pay for it

    return html_response(page(), 200)
