"""Events' Lambda side."""

from __future__ import annotations

from grapevine.runtime import observe
from grapevine.runtime.parts import Parts
from grapevine.runtime.streams import Answer, Image, Record, answer_images
from grapevine.usecases.publish_accruals import PublishAccruals, publish_accruals


def publish(event: Record, parts: Parts) -> Answer:
    """Publish what a batch of entries means to the outside."""

    def each(image: Image) -> None:
        entry = parts.entry_of(image)
        observe.note_each(entries=entry.id)
        publish_accruals(PublishAccruals((entry,)), parts.bus)

    return answer_images("publish_entries", event, each)
