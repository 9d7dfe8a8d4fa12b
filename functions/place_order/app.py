"""Storefront webhooks: verify, normalise, append the fact of the order; GET is how some platforms greet."""

from chalice.app import Chalice, CloudWatchEvent, Response

from grapevine.runtime import receiving
from grapevine.runtime.http import answering, incoming
from grapevine.runtime.parts import parts

app = Chalice(app_name="place_order", configure_logs=False)


@app.route("/storefronts/{storefront_id}/webhooks", methods=["GET", "POST"], content_types=["*/*"])
@answering("receive_webhook")
def receive_webhook(storefront_id: str) -> Response:
    return receiving.receive(storefront_id, incoming(app), parts())


@app.on_cw_event({"source": [{"prefix": receiving.SHOPIFY}], "detail-type": ["shopifyWebhook"]})
def receive_event(event: CloudWatchEvent) -> dict[str, str]:
    return receiving.receive_event(event.to_dict(), parts())
