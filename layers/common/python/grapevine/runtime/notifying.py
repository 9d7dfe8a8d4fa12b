"""Events' Lambda side."""

from __future__ import annotations

from grapevine.runtime.parts import Parts
from grapevine.runtime.streams import Answer, Record, answer_images
from grapevine.usecases.publish_accruals import PublishAccruals, publish_accruals


def publish(event: Record, parts: Parts) -> Answer:
    """Publish what a batch of entries means to the outside."""
    return answer_images(
        "publish_entries",
        event,
        lambda image: publish_accruals(PublishAccruals((parts.entry_of(image),)), parts.bus),
    )
