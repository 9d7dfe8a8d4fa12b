"""Partial answers: who failed is named, and nobody else pays for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from grapevine.domain.errors import UnavailableError
from grapevine.runtime import observe
from grapevine.runtime.streams import answer_images, answer_messages, new_images
from tests.runtime.observed import Line, collected, counted, invocations
from tests.streams.records import Event, Image, item_change, sequence_number

KEY: Image = {"pk": {"S": "O#sf#1"}, "sk": {"S": "E#1"}}


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    with collected() as found:
        yield found


def batch(*bodies: str) -> Event:
    records = [
        item_change(KEY, {**KEY, "body": {"S": body}}, number=n) for n, body in enumerate(bodies, start=1)
    ]
    return {"Records": records}


class Seen:
    """A handler that keeps the bodies it saw and fails for those that say so."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def __call__(self, image: Image) -> None:
        body = image["body"]["S"]
        if body == "ours":
            raise UnavailableError("no answer")
        if body == "other":
            raise KeyError("pk")
        self.bodies.append(body)


def answer(event: Event, seen: Seen) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer_images("test", event, seen)["batchItemFailures"]]


def test_all_is_well(lines: list[Line], capsys: pytest.CaptureFixture[str]) -> None:
    seen = Seen()
    assert answer(batch("a", "b"), seen) == []
    assert seen.bodies == ["a", "b"]
    (line,) = invocations(lines)
    assert (line["handler"], line["outcome"], line["records"], line["failed"]) == ("test", "ok", 2, 0)
    assert counted(capsys.readouterr().out) == {}


def test_the_others_go_on(lines: list[Line], capsys: pytest.CaptureFixture[str]) -> None:
    seen = Seen()
    assert answer(batch("a", "ours", "b", "other", "c"), seen) == [sequence_number(2), sequence_number(4)]
    assert seen.bodies == ["a", "b", "c"]
    (line,) = invocations(lines)
    assert (line["outcome"], line["failed"]) == ("partial", 2)
    assert line["errors"] == ["no answer", "KeyError: 'pk'"]
    assert counted(capsys.readouterr().out) == {observe.RECORD_FAILED: 2}


def test_when_all_fail_all_are_named_and_nothing_is_raised() -> None:
    assert answer(batch("ours", "other"), Seen()) == [sequence_number(1), sequence_number(2)]


def test_the_next_batch_starts_afresh() -> None:
    seen = Seen()
    assert answer(batch("ours"), seen) == [sequence_number(1)]
    assert answer(batch("a"), seen) == []


def test_only_new_items_are_handed_over() -> None:
    seen = Seen()
    image: Image = {**KEY, "body": {"S": "ours"}}
    changes = [
        item_change(KEY, image, number=1, old_image=image),
        item_change(KEY, None, number=2, old_image=image),
        *batch("a")["Records"],
    ]
    assert answer({"Records": changes}, seen) == []
    assert seen.bodies == ["a"]
    assert new_images({"Records": changes}) == [{**KEY, "body": {"S": "a"}}]


@pytest.mark.parametrize("missing", ["eventName", "dynamodb.NewImage"])
def test_a_record_that_lacks_something_fails_alone(missing: str) -> None:
    seen, event = Seen(), batch("a", "b", "c")
    broken: dict[str, Any] = event["Records"][1]
    *path, last = missing.split(".")
    for name in path:
        broken = broken[name]
    del broken[last]
    assert answer(event, seen) == [sequence_number(2)]
    assert seen.bodies == ["a", "c"]


def message(number: int, body: str) -> dict[str, Any]:
    return {"messageId": f"m{number}", "body": body, "eventSource": "aws:sqs", "receiptHandle": "r"}


def test_messages_are_named_by_their_id(lines: list[Line]) -> None:
    bodies: list[int] = []
    event = {"Records": [message(n, text) for n, text in enumerate(("1", "x", "3"))]}
    answered = answer_messages("settle_promoters", event, lambda body, _: bodies.append(int(body)))
    assert answered == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert bodies == [1, 3]
    assert invocations(lines)[0]["errors"] == ["ValueError: invalid literal for int() with base 10: 'x'"]
