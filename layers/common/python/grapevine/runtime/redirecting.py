"""The redirect's Lambda side: a request in, a redirect or a page out."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from chalice.app import Response

from grapevine.domain.errors import NotFoundError
from grapevine.domain.ids import VISITOR_LENGTH
from grapevine.runtime import observe
from grapevine.runtime.http import Headers, Incoming, html_response
from grapevine.runtime.parts import Parts
from grapevine.usecases.track_click import Redirection, TrackClick, TrackClickPorts, track_click

COOKIE = "gv_visitor"
COOKIE_SECONDS = 90 * 24 * 3600
NOT_FOUND_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>This link leads nowhere</title>
<style>
body{font:18px/1.5 system-ui,sans-serif;max-width:32em;margin:20vh auto 0;padding:0 1.5em;color:#222}
</style>
</head><body><h1>This link leads nowhere</h1>
<p>It may have been mistyped or taken down. Ask the person who sent it for a new one.</p></body></html>
"""


def redirect(link_code: str, request: Incoming, parts: Parts, channel: str = "") -> Response:
    """Return a redirect for a known link, and a friendly page otherwise, never a redirect."""
    command = TrackClick(
        link_code=link_code,
        user_agent=request.headers.get("user-agent", ""),
        visitor_id=visitor_of_cookie(request.headers.get("cookie", "")),
        counted=request.method == "GET" and not is_prefetch(request.headers),
        channel=channel,
    )
    ports = TrackClickPorts(parts.links, parts.clicks, parts.random_bytes)
    try:
        found = track_click(command, ports, parts.now())
    except NotFoundError:
        return html_response(NOT_FOUND_PAGE, 404)
    if not found.recorded:
        observe.count(observe.CLICK_NOT_RECORDED)
    observe.note(click=found.click.id if found.click else None, recorded=found.recorded)
    return _response(found)


def is_prefetch(headers: dict[str, str]) -> bool:
    """Say whether a browser is fetching ahead of a person who may never come."""
    purposes = (headers.get("sec-purpose", ""), headers.get("purpose", ""), headers.get("x-moz", ""))
    return any("prefetch" in purpose.lower() for purpose in purposes)


def visitor_of_cookie(header: str) -> str | None:
    """Return our visitor id from a Cookie header, or None where it holds none that we made."""
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    value = morsel.value if morsel else ""
    return value if len(value) == VISITOR_LENGTH and value.isascii() and value.isalnum() else None


def _response(found: Redirection) -> Response:
    headers: Headers = {
        "Location": found.location,
        "Cache-Control": "private, no-store",
        "X-Robots-Tag": "noindex",
        "Content-Type": "text/plain; charset=utf-8",
    }
    if found.visitor_id:
        headers["Set-Cookie"] = (
            f"{COOKIE}={found.visitor_id}; Max-Age={COOKIE_SECONDS}; Path=/; Secure; HttpOnly; SameSite=Lax"
        )
    return Response(body="", status_code=302, headers=headers)
