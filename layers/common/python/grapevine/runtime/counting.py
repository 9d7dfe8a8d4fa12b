"""Click counts' Lambda side."""

from __future__ import annotations

from grapevine.runtime.parts import Parts
from grapevine.runtime.streams import Answer, Record, answer_images
from grapevine.usecases.count_clicks import CountClicks, count_clicks


def count(event: Record, parts: Parts) -> Answer:
    """Count a batch of clicks."""
    return answer_images(
        "count_clicks", event, lambda image: count_clicks(CountClicks((parts.click_of(image),)), parts.pages)
    )
