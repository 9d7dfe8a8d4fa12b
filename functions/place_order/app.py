"""Storefronts: webhooks in, by POST or EventBridge (some greet by GET), and what shops are asked."""

from typing import Any

from chalice.app import Chalice, CloudWatchEvent, Response, SQSEvent

from grapevine.runtime import receiving, serving_shops
from grapevine.runtime.http import answering, incoming
from grapevine.runtime.parts import parts
from grapevine.runtime.streams import Answer

app = Chalice(app_name="place_order", configure_logs=False)


@app.route("/storefronts/{storefront_id}/webhooks", methods=["GET", "POST"], content_types=["*/*"])
@answering("receive_webhook")
def receive_webhook(storefront_id: str) -> Response:
    return receiving.receive(storefront_id, incoming(app), parts())


@app.on_cw_event({"source": [{"prefix": receiving.SHOPIFY}], "detail-type": ["shopifyWebhook"]})
def receive_event(event: CloudWatchEvent) -> dict[str, str]:
    return receiving.receive_event(event.to_dict(), parts())


@app.on_sqs_message(queue="shops")
def serve_shops(event: SQSEvent) -> Answer:
    return serving_shops.serve(event.to_dict(), parts())


@app.schedule("rate(1 hour)")
def start_reconciling(event: CloudWatchEvent) -> dict[str, Any]:
    return serving_shops.start(parts())
