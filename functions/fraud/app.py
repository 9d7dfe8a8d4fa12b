"""Stream of orders → a verdict: self-referral by customer hash."""

from chalice.app import Chalice, DynamoDBEvent

from grapevine.runtime import screening
from grapevine.runtime.parts import parts
from grapevine.runtime.streams import Answer

app = Chalice(app_name="fraud", configure_logs=False)


@app.on_dynamodb_record(stream_arn="orders")
def screen_facts(event: DynamoDBEvent) -> Answer:
    return screening.screen(event.to_dict(), parts())
