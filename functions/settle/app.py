"""Schedules and a queue: sweep what is due, close settlements, reconcile payouts, prove the books."""

from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Response, SQSEvent

from grapevine.runtime import hearing, sending, settling
from grapevine.runtime.http import answering, incoming
from grapevine.runtime.parts import parts
from grapevine.runtime.streams import Answer

app = Chalice(app_name="settle", configure_logs=False)


@app.schedule("rate(1 hour)")
def sweep_due(event: CloudWatchEvent) -> dict[str, Any]:
    return settling.sweep(parts())


@app.schedule("rate(1 hour)")
def start_settlements(event: CloudWatchEvent) -> dict[str, Any]:
    return settling.start(parts())


@app.schedule("rate(1 hour)")
def report_waiting(event: CloudWatchEvent) -> dict[str, Any]:
    return settling.report_waiting(parts())


@app.schedule("rate(1 hour)")
def send_payouts(event: CloudWatchEvent) -> dict[str, Any]:
    return sending.start(parts())


@app.schedule("cron(15 1 * * ? *)")
def start_points(event: CloudWatchEvent) -> dict[str, Any]:
    return settling.start_tending(parts())


@app.schedule("rate(1 hour)")
def verify_programs(event: CloudWatchEvent) -> dict[str, Any]:
    return settling.prove(parts())


@app.on_sqs_message(queue="settle")
def settle_promoters(event: SQSEvent) -> Answer:
    return settling.settle(event.to_dict(), parts())


@app.lambda_function()
def import_results(event: dict[str, Any], context: object) -> dict[str, Any]:
    return settling.import_file(event, parts())


@app.route("/rails/{rail}/{program_id}/webhooks", methods=["POST"], content_types=["*/*"])
@answering("receive_results")
def receive_results(rail: str, program_id: str) -> Response:
    return hearing.hear(rail, program_id, incoming(app), parts())
