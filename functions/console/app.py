"""The JSON API: programs, storefronts, promoters, links, balances, entries and why."""

from chalice.app import Chalice, Response

from grapevine.runtime import console
from grapevine.runtime.http import answering, incoming, json_response
from grapevine.runtime.parts import parts

app = Chalice(app_name="console", configure_logs=False)


def caller() -> console.Caller:
    request = incoming(app)
    return console.Caller(request.headers.get("authorization", ""), request.body, parts())


@app.route("/health", methods=["GET"])
@answering("read_health")
def read_health() -> Response:
    return json_response({"status": "ok"})


@app.route("/programs", methods=["POST"])
@answering("create_program")
def create_program() -> Response:
    return json_response(console.create_program(caller()), 201)


@app.route("/programs", methods=["GET"])
@answering("list_programs")
def list_programs() -> Response:
    return json_response(console.list_programs(caller()))


@app.route("/programs/{program_id}", methods=["GET"])
@answering("read_program")
def read_program(program_id: str) -> Response:
    return json_response(console.read_program(caller(), program_id))


@app.route("/programs/{program_id}/plans", methods=["POST"])
@answering("publish_plan")
def publish_plan(program_id: str) -> Response:
    return json_response(console.publish_plan(caller(), program_id), 201)


@app.route("/programs/{program_id}/storefronts", methods=["POST"])
@answering("create_storefront")
def create_storefront(program_id: str) -> Response:
    return json_response(console.create_storefront(caller(), program_id), 201)


@app.route("/programs/{program_id}/promoters", methods=["POST"])
@answering("create_promoter")
def create_promoter(program_id: str) -> Response:
    return json_response(console.create_promoter(caller(), program_id), 201)


@app.route("/programs/{program_id}/promoters", methods=["GET"])
@answering("list_promoters")
def list_promoters(program_id: str) -> Response:
    return json_response(console.list_promoters(caller(), program_id))


@app.route("/programs/{program_id}/promoters/{promoter_id}/sponsor", methods=["POST"])
@answering("change_sponsor")
def change_sponsor(program_id: str, promoter_id: str) -> Response:
    return json_response(console.change_sponsor(caller(), program_id, promoter_id))


@app.route("/programs/{program_id}/promoters/{promoter_id}/status", methods=["POST"])
@answering("change_status")
def change_status(program_id: str, promoter_id: str) -> Response:
    return json_response(console.change_status(caller(), program_id, promoter_id))


@app.route("/programs/{program_id}/promoters/{promoter_id}/links", methods=["POST"])
@answering("create_link")
def create_link(program_id: str, promoter_id: str) -> Response:
    return json_response(console.create_link(caller(), program_id, promoter_id), 201)


@app.route("/programs/{program_id}/promoters/{promoter_id}/balance", methods=["GET"])
@answering("read_balance")
def read_balance(program_id: str, promoter_id: str) -> Response:
    return json_response(console.read_promoter_balance(caller(), program_id, promoter_id))


@app.route("/programs/{program_id}/promoters/{promoter_id}/entries", methods=["GET"])
@answering("list_entries")
def list_entries(program_id: str, promoter_id: str) -> Response:
    return json_response(console.list_promoter_entries(caller(), program_id, promoter_id))


@app.route("/programs/{program_id}/entries/{storefront_id}/{order_id}/{sequence}/explain", methods=["GET"])
@answering("explain_entry")
def explain_entry(program_id: str, storefront_id: str, order_id: str, sequence: str) -> Response:
    return json_response(console.explain(caller(), program_id, (storefront_id, order_id, sequence)))
