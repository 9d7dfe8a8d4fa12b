"""GET /{link_code} and /{link_code}/{channel}: record the click, redirect."""

from chalice.app import Chalice, Response

from grapevine.runtime import redirecting
from grapevine.runtime.http import answering, incoming
from grapevine.runtime.parts import parts

app = Chalice(app_name="track_click", configure_logs=False)


@app.route("/{link_code}", methods=["GET", "HEAD"], content_types=["*/*"])
@answering("redirect")
def redirect(link_code: str) -> Response:
    return redirecting.redirect(link_code, incoming(app), parts())


@app.route("/{link_code}/{channel}", methods=["GET", "HEAD"], content_types=["*/*"])
@answering("redirect")
def redirect_from(link_code: str, channel: str) -> Response:
    return redirecting.redirect(link_code, incoming(app), parts(), channel)
