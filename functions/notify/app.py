"""Stream of entries → `commission.accrued` on the bus."""

from chalice.app import Chalice, DynamoDBEvent

from grapevine.runtime import notifying
from grapevine.runtime.parts import parts
from grapevine.runtime.streams import Answer

app = Chalice(app_name="notify", configure_logs=False)


@app.on_dynamodb_record(stream_arn="ledger")
def publish_entries(event: DynamoDBEvent) -> Answer:
    return notifying.publish(event.to_dict(), parts())
