"""Streams of entries and rows → events: on the bus, in a log, and from there to subscribers' webhooks."""

from typing import Any

from chalice.app import Chalice, CloudWatchEvent, DynamoDBEvent, SQSEvent

from grapevine.runtime import notifying
from grapevine.runtime.parts import parts
from grapevine.runtime.streams import Answer

app = Chalice(app_name="notify", configure_logs=False)


@app.on_dynamodb_record(stream_arn="ledger")
def publish_entries(event: DynamoDBEvent) -> Answer:
    return notifying.publish(event.to_dict(), parts())


@app.on_dynamodb_record(stream_arn="catalog")
def publish_people(event: DynamoDBEvent) -> Answer:
    return notifying.publish_rows("publish_people", event.to_dict(), parts())


@app.on_dynamodb_record(stream_arn="state")
def publish_payouts(event: DynamoDBEvent) -> Answer:
    return notifying.publish_rows("publish_payouts", event.to_dict(), parts())


@app.on_sqs_message(queue="webhooks")
def deliver_webhooks(event: SQSEvent) -> Answer:
    return notifying.deliver(event.to_dict(), parts())


@app.schedule("rate(5 minutes)")
def sweep_webhooks(event: CloudWatchEvent) -> dict[str, Any]:
    return notifying.sweep(parts())


@app.schedule("rate(5 minutes)")
def send_messages(event: CloudWatchEvent) -> dict[str, Any]:
    return notifying.write(parts())
