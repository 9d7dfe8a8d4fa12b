"""The JSON API: programs, people, links, terms, balances, entries and why."""

from chalice.app import Chalice, Response

from grapevine.runtime import console
from grapevine.runtime.http import incoming, json_response, routes
from grapevine.runtime.parts import parts

app = Chalice(app_name="console", configure_logs=False)
route = routes(app)


def caller() -> console.Caller:
    return console.Caller.of(incoming(app), parts())


@route("GET", "/health")
def read_health() -> Response:
    return json_response({"status": "ok"})


@route("POST", "/programs")
def create_program() -> Response:
    return json_response(console.create_program(caller()), 201)


@route("GET", "/programs")
def list_programs() -> Response:
    return json_response(console.list_programs(caller()))


@route("GET", "/programs/{program_id}")
def read_program(program_id: str) -> Response:
    return json_response(console.read_program(caller(), program_id))


@route("POST", "/programs/{program_id}/plans")
def publish_plan(program_id: str) -> Response:
    return json_response(console.publish_plan(caller(), program_id), 201)


@route("POST", "/programs/{program_id}/rates")
def publish_rate(program_id: str) -> Response:
    return json_response(console.publish_rate(caller(), program_id), 201)


@route("POST", "/programs/{program_id}/storefronts")
def create_storefront(program_id: str) -> Response:
    return json_response(console.create_storefront(caller(), program_id), 201)


@route("POST", "/programs/{program_id}/promoters")
def create_promoter(program_id: str) -> Response:
    return json_response(console.create_promoter(caller(), program_id), 201)


@route("GET", "/programs/{program_id}/promoters")
def list_promoters(program_id: str) -> Response:
    return json_response(console.list_promoters(caller(), program_id))


@route("POST", "/programs/{program_id}/promoters/{promoter_id}/coupons")
def create_coupon(program_id: str, promoter_id: str) -> Response:
    return json_response(console.create_coupon(caller(), program_id, promoter_id), 201)


@route("POST", "/programs/{program_id}/coupons/{code}")
def switch_coupon(program_id: str, code: str) -> Response:
    return json_response(console.switch_coupon(caller(), program_id, code))


@route("POST", "/programs/{program_id}/promoters/{promoter_id}/sponsor")
def change_sponsor(program_id: str, promoter_id: str) -> Response:
    return json_response(console.change_sponsor(caller(), program_id, promoter_id))


@route("POST", "/programs/{program_id}/promoters/{promoter_id}/status")
def change_status(program_id: str, promoter_id: str) -> Response:
    return json_response(console.change_status(caller(), program_id, promoter_id))


@route("POST", "/programs/{program_id}/promoters/{promoter_id}/links")
def create_link(program_id: str, promoter_id: str) -> Response:
    return json_response(console.create_link(caller(), program_id, promoter_id), 201)


@route("GET", "/programs/{program_id}/promoters/{promoter_id}/balance")
def read_balance(program_id: str, promoter_id: str) -> Response:
    return json_response(console.read_promoter_balance(caller(), program_id, promoter_id))


@route("GET", "/programs/{program_id}/promoters/{promoter_id}/tier")
def read_tier(program_id: str, promoter_id: str) -> Response:
    return json_response(console.read_promoter_tier(caller(), program_id, promoter_id))


@route("GET", "/programs/{program_id}/promoters/{promoter_id}/entries")
def list_entries(program_id: str, promoter_id: str) -> Response:
    return json_response(console.list_promoter_entries(caller(), program_id, promoter_id))


@route("GET", "/programs/{program_id}/entries/{storefront_id}/{order_id}/{sequence}/explain")
def explain_entry(program_id: str, storefront_id: str, order_id: str, sequence: str) -> Response:
    return json_response(console.explain(caller(), program_id, (storefront_id, order_id, sequence)))
