"""The JSON API: programs, terms, campaigns, people, customers, links, balances, entries and why.

Its routes are a table of their own: `grapevine.runtime.routes`.
"""

from chalice.app import Chalice, Response

from grapevine.runtime import describing
from grapevine.runtime.http import json_response, routes
from grapevine.runtime.routes import ROUTES
from grapevine.runtime.serving import serve

app = Chalice(app_name="console", configure_logs=False)
route = routes(app)


@route("GET", "/health")
def read_health() -> Response:
    return json_response({"status": "ok"})


@route("GET", "/openapi.json")
def read_openapi() -> Response:
    return describing.as_json()


@route("GET", "/docs")
def read_docs() -> Response:
    return describing.as_page()


for one in ROUTES:
    serve(app, one)
