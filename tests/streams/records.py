"""Stream records as Lambda hands them to a function, made from item changes in DynamoDB JSON."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

# An attribute value such as {"S": "x"}; an image or key is a mapping of names to these.
AttributeValue = Mapping[str, Any]
Image = Mapping[str, AttributeValue]
Record = dict[str, Any]
Event = dict[str, list[Record]]

KEY_NAMES = ("pk", "sk")

_REGION = "us-east-1"
_CREATED = datetime(2026, 1, 1, tzinfo=UTC)
# Sequence numbers are decimal strings without leading zeros. These gain a digit with the third record, so a
# consumer that compares them as text is caught.
_BEFORE_FIRST_SEQUENCE = 99_999_999_999_999_999_997


def item_change(
    key: Image,
    new_image: Image | None,
    *,
    number: int,
    old_image: Image | None = None,
    table: str = "orders",
    created: datetime = _CREATED,
) -> Record:
    """The record of one change: an insert, a modification (old image given) or a removal (no new image).

    ``number`` counts the changes of a table from 1 and becomes the sequence number.
    """
    images = {"NewImage": new_image, "OldImage": old_image}
    change = {
        "ApproximateCreationDateTime": created.timestamp(),
        "Keys": key,
        **{name: image for name, image in images.items() if image is not None},
        "SequenceNumber": sequence_number(number),
        "SizeBytes": len(json.dumps([key, new_image, old_image])),
        "StreamViewType": "NEW_IMAGE" if old_image is None else "NEW_AND_OLD_IMAGES",
    }
    return {
        "eventID": hashlib.md5(f"{table}/{number}".encode(), usedforsecurity=False).hexdigest(),
        "eventName": _event_name(new_image, old_image),
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": _REGION,
        "dynamodb": change,
        "eventSourceARN": stream_arn(table),
    }


def inserts(images: Iterable[Image], *, table: str = "orders", first_number: int = 1) -> list[Record]:
    """The records of items put one after the other; keys are taken from the items."""
    return [
        item_change({name: image[name] for name in KEY_NAMES}, image, number=number, table=table)
        for number, image in zip(itertools.count(first_number), images, strict=False)
    ]


def sequence_number(number: int) -> str:
    """The sequence number of a table's n-th change."""
    return str(_BEFORE_FIRST_SEQUENCE + number)


def sequence_of(record: Record) -> str:
    """The number a handler reports to say that this record failed."""
    sequence: str = record["dynamodb"]["SequenceNumber"]
    return sequence


def item_of(record: Record) -> str:
    """A text that is equal for changes of the same item."""
    return json.dumps(record["dynamodb"]["Keys"], sort_keys=True)


def stream_arn(table: str) -> str:
    """Where the records of a table come from."""
    return f"arn:aws:dynamodb:{_REGION}:123456789012:table/{table}/stream/2026-01-01T00:00:00.000"


def _event_name(new_image: Image | None, old_image: Image | None) -> str:
    if new_image is None:
        return "REMOVE"
    return "INSERT" if old_image is None else "MODIFY"
