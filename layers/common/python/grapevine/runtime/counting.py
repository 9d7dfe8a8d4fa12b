"""Click counts' Lambda side."""

from __future__ import annotations

from grapevine.runtime import observe
from grapevine.runtime.parts import Parts
from grapevine.runtime.streams import Answer, Image, Record, answer_images
from grapevine.usecases.count_clicks import CountClicks, count_clicks


def count(event: Record, parts: Parts) -> Answer:
    """Count a batch of clicks."""

    def each(image: Image) -> None:
        click = parts.click_of(image)
        observe.note_each(clicks=click.id)
        count_clicks(CountClicks((click,)), parts.pages)

    return answer_images("count_clicks", event, each)
