"""GET /{link_code} and /{link_code}/{channel}: record the click, redirect; what shops load and report."""

from chalice.app import Chalice, Response

from grapevine.runtime import noting, redirecting
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


@app.route("/snippet/{name}", methods=["GET"], content_types=["*/*"])
@answering("read_snippet")
def read_snippet(name: str) -> Response:
    return noting.serve_snippet(name)


@app.route("/events", methods=["POST"], content_types=["*/*"])
@answering("note_interest")
def note_interest() -> Response:
    return noting.note(incoming(app), parts())
