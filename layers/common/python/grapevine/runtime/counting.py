"""Click counts' Lambda side."""

from __future__ import annotations

from grapevine.runtime import observe
from grapevine.runtime.parts import Parts
from grapevine.runtime.streams import Answer, Image, Record, answer_images
from grapevine.usecases.count_clicks import CountClicks, count_clicks
from grapevine.usecases.share_product import SharePorts, share_product


def count(event: Record, parts: Parts) -> Answer:
    """Count a batch of clicks, and give points for a product's first share."""

    def each(image: Image) -> None:
        click = parts.click_of(image)
        observe.note_each(clicks=click.id)
        count_clicks(CountClicks((click,)), parts.pages)
        share_product(click, SharePorts(parts.catalog, parts.ledger), parts.now())

    return answer_images("count_clicks", event, each)
