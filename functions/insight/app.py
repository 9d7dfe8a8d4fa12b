"""Stream of clicks → counts per link and day, and points for a product's first share."""

from chalice.app import Chalice, DynamoDBEvent

from grapevine.runtime import counting
from grapevine.runtime.parts import parts
from grapevine.runtime.streams import Answer

app = Chalice(app_name="insight", configure_logs=False)


@app.on_dynamodb_record(stream_arn="clicks")
def count_clicks(event: DynamoDBEvent) -> Answer:
    return counting.count(event.to_dict(), parts())
