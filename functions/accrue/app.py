"""Stream of orders → post_order; stream of entries → balances and statistics."""

from typing import Any

from chalice.app import Chalice, DynamoDBEvent

from grapevine.runtime import accruing
from grapevine.runtime.parts import parts
from grapevine.runtime.streams import Answer

app = Chalice(app_name="accrue", configure_logs=False)


@app.on_dynamodb_record(stream_arn="orders")
def on_facts(event: DynamoDBEvent) -> Answer:
    return accruing.post_facts(event.to_dict(), parts())


@app.on_dynamodb_record(stream_arn="ledger")
def on_entries(event: DynamoDBEvent) -> Answer:
    return accruing.fold_images(event.to_dict(), parts())


@app.lambda_function()
def redrive(event: dict[str, Any], context: object) -> dict[str, Any]:
    return accruing.redrive(parts())
