"""The simulator keeps the promises of a stream, and breaks everything a stream does not promise."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.streams.records import Event, Record, inserts, item_change, item_of, sequence_number, sequence_of
from tests.streams.simulator import (
    CALM,
    Delivery,
    StreamMapping,
    StreamSimulator,
    Weather,
    failed_position,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SEEDS = range(100)
ITEMS = 5
CHANGES = 8
STORM = Weather(redelivery=0.4, splits=2)
SMALL = StreamMapping(batch_size=6, parallelization=2)
ONE_LANE = StreamMapping(batch_size=10, parallelization=1)
POISON = sequence_number(7)

ORDER = {sequence_number(index + 1): index for index in range(ITEMS * CHANGES)}

# Names the records that failed, or raises.
Failing = Callable[["Handler", list[str]], list[str]]


def changes() -> list[Record]:
    """Forty records: each of five items changes eight times, in turn."""
    keys = [{"pk": {"S": f"item-{number % ITEMS}"}, "sk": {"S": "A"}} for number in range(ITEMS * CHANGES)]
    return [item_change(key, key | {"n": {"N": str(n)}}, number=n) for n, key in enumerate(keys, start=1)]


def content(handler: Handler, numbers: list[str]) -> list[str]:
    return []


def raising_on_poison(handler: Handler, numbers: list[str]) -> list[str]:
    if POISON in numbers:
        raise ValueError("poison")
    return []


def reporting_poison(handler: Handler, numbers: list[str]) -> list[str]:
    return [number for number in numbers if number == POISON]


def flaky(handler: Handler, numbers: list[str]) -> list[str]:
    """Raises on some records as often as is just survived, reports others once, then takes them all."""
    times = {number: handler.sequence_numbers.count(number) for number in numbers}
    if any(int(number) % 7 == 0 and times[number] <= SMALL.max_retries for number in numbers):
        raise TimeoutError("too slow")
    return [number for number in numbers if int(number) % 3 == 0 and times[number] == 1]


class Handler:
    """Remembers every record it was handed, and fails as told: by raising or by naming what failed."""

    def __init__(self, failing: Failing = content) -> None:
        self.batches: list[list[Record]] = []
        self._failing = failing

    def __call__(self, event: Event) -> Mapping[str, object]:
        self.batches.append(event["Records"])
        failed = self._failing(self, [sequence_of(record) for record in event["Records"]])
        return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}

    @property
    def sequence_numbers(self) -> list[str]:
        return [sequence_of(record) for batch in self.batches for record in batch]


def places_by_item(numbers: Iterable[str]) -> dict[str, list[int]]:
    """Per item, the sequence numbers as places 1, 2, 3 ... in the item's own history."""
    places = defaultdict(list)
    for number in numbers:
        index = ORDER[number]
        places[f"item-{index % ITEMS}"].append(1 + index // ITEMS)
    return places


def delivered(delivery: Delivery) -> list[str]:
    """Everything a handler was handed, in order."""
    return [number for invocation in delivery.invocations for number in invocation.sequence_numbers]


def accepted(delivery: Delivery) -> list[str]:
    """What a handler has answered for, in order: whole batches, and everything before a failure."""
    return [
        number
        for invocation in delivery.invocations
        for number in invocation.sequence_numbers[: invocation.failed_at]
    ]


def simulate(
    handler: Handler, *, seed: int, mapping: StreamMapping = SMALL, weather: Weather = STORM
) -> Delivery:
    return StreamSimulator(mapping, seed=seed, weather=weather).deliver(changes(), handler)


def in_order(places: list[int]) -> bool:
    """True if no delivery runs ahead: each is at most one further than the furthest before it."""
    furthest = [0, *itertools.accumulate(places, max)]
    return all(place <= before + 1 for place, before in zip(places, furthest, strict=False))


def test_one_seed_is_one_delivery() -> None:
    first, second = (simulate(Handler(flaky), seed=3) for _ in range(2))

    assert first == second


def test_seeds_differ() -> None:
    histories = {tuple(simulate(Handler(), seed=seed).invocations) for seed in SEEDS}

    assert len(histories) == len(SEEDS)


@pytest.mark.parametrize("failing", [content, flaky])
def test_every_record_is_accepted_and_each_item_in_order(failing: Failing) -> None:
    expected = {sequence_of(record) for record in changes()}
    for seed in SEEDS:
        delivery = simulate(Handler(failing), seed=seed)

        assert delivery.destination == []
        assert set(accepted(delivery)) == expected
        for numbers in (delivered(delivery), accepted(delivery)):
            assert all(in_order(places) for places in places_by_item(numbers).values())


@pytest.mark.parametrize("failing", [content, flaky])
def test_a_rewind_goes_on_from_where_it_went_back_to(failing: Failing) -> None:
    for seed in SEEDS:
        delivery = simulate(Handler(failing), seed=seed)
        for places in places_by_item(accepted(delivery)).values():
            assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(places))


def test_batches_keep_their_limit_and_use_it() -> None:
    sizes = set()
    for seed in SEEDS:
        handler = Handler(flaky)
        simulate(handler, seed=seed)
        sizes |= {len(batch) for batch in handler.batches}

    assert sizes == set(range(1, SMALL.batch_size + 1))


def test_a_batch_may_be_cut_anywhere() -> None:
    first_cuts = set()
    for seed in SEEDS:
        handler = Handler()
        simulate(handler, seed=seed, mapping=ONE_LANE, weather=CALM)
        first_cuts.add(len(handler.batches[0]))

    assert first_cuts == set(range(1, ONE_LANE.batch_size + 1))


def test_records_are_redelivered_after_success() -> None:
    repeated = 0
    for seed in SEEDS:
        handler = Handler()
        simulate(handler, seed=seed)
        repeated += len(handler.sequence_numbers) > len(set(handler.sequence_numbers))

    assert repeated > len(SEEDS) * 0.9


def test_items_overtake_each_other_but_a_calm_single_lane_does_not() -> None:
    written = [sequence_of(record) for record in changes()]
    overtaken = 0
    for seed in SEEDS:
        stormy, calm = Handler(), Handler()
        simulate(stormy, seed=seed, weather=CALM)
        simulate(calm, seed=seed, mapping=ONE_LANE, weather=CALM)

        overtaken += stormy.sequence_numbers != written
        assert calm.sequence_numbers == written

    assert overtaken > len(SEEDS) * 0.9


def test_lanes_take_turns() -> None:
    returned = 0
    for seed in SEEDS:
        handler = Handler()
        simulate(handler, seed=seed, weather=CALM)
        items = [{item_of(record) for record in batch} for batch in handler.batches]
        returned += any(
            before & after and not between & (before | after)
            for before, between, after in zip(items, items[1:], items[2:], strict=False)
        )

    assert returned > len(SEEDS) * 0.5


def test_a_child_shard_is_read_when_its_parent_is_done() -> None:
    children = 0
    for seed in SEEDS:
        shards = [invocation.shard for invocation in simulate(Handler(flaky), seed=seed).invocations]
        generations = [shard.split("-")[1] for shard in shards]

        assert generations == sorted(generations)
        children += len(set(shards)) > 2

    assert children > len(SEEDS) * 0.9


def test_a_partial_answer_moves_the_checkpoint_to_the_lowest_failure() -> None:
    higher = sequence_number(9)
    handler = Handler(lambda _, numbers: [n for n in (higher, POISON) if n in numbers])
    simulator = StreamSimulator(ONE_LANE, seed=0, weather=CALM)

    delivery = simulator.deliver(changes()[5:10], handler)

    first = next(found for found in delivery.invocations if POISON in found.sequence_numbers)
    resumed = delivery.invocations[delivery.invocations.index(first) + 1]
    assert first.failed_at == first.sequence_numbers.index(POISON)
    assert resumed.sequence_numbers == first.sequence_numbers[first.failed_at :]


@pytest.mark.parametrize("failing", [raising_on_poison, reporting_poison])
def test_bisecting_gives_up_the_poison_record_alone(failing: Failing) -> None:
    everything = {sequence_of(record) for record in changes()}
    for seed in SEEDS:
        delivery = simulate(Handler(failing), seed=seed, weather=CALM)

        [gave_up] = delivery.destination
        assert gave_up.first_sequence_number == gave_up.last_sequence_number == POISON
        assert gave_up.batch_size == 1
        assert gave_up.invocations == SMALL.max_retries + 1
        assert everything - set(accepted(delivery)) == {POISON}


def test_without_bisecting_a_batch_is_given_up_as_a_whole_and_the_shard_goes_on() -> None:
    mapping = StreamMapping(batch_size=10, parallelization=1, bisect=False, max_retries=2)
    neighbours = 0
    for seed in SEEDS:
        handler = Handler(raising_on_poison)
        delivery = simulate(handler, seed=seed, mapping=mapping, weather=CALM)

        [gave_up] = delivery.destination
        assert handler.sequence_numbers.count(POISON) == gave_up.invocations == 3
        assert sequence_number(ITEMS * CHANGES) in accepted(delivery)
        neighbours += gave_up.batch_size > 1

    assert neighbours > 0


def test_the_failure_destination_gets_metadata_only() -> None:
    [gave_up] = simulate(Handler(raising_on_poison), seed=1, weather=CALM).destination

    assert "item-" not in repr(gave_up)
    assert gave_up.stream_arn == changes()[0]["eventSourceARN"]


def test_without_the_response_type_failures_are_lost() -> None:
    mapping = StreamMapping(batch_size=6, parallelization=2, reports_failures=False)
    handler = Handler(reporting_poison)

    delivery = simulate(handler, seed=1, mapping=mapping, weather=CALM)

    assert handler.sequence_numbers.count(POISON) == 1
    assert delivery.destination == []


def test_what_a_handler_raised_can_be_found() -> None:
    delivery = simulate(Handler(raising_on_poison), seed=1, weather=CALM)

    errors = {invocation.error for invocation in delivery.invocations if invocation.failed_at is not None}
    assert errors == {"ValueError('poison')"}


def test_a_handler_that_changes_its_event_does_not_change_the_stream() -> None:
    seen: list[str] = []

    def vandal(event: Event) -> None:
        for record in event["Records"]:
            seen.append(record["dynamodb"]["NewImage"]["n"]["N"])
            record["dynamodb"]["NewImage"].clear()

    records = changes()
    StreamSimulator(SMALL, seed=2, weather=STORM).deliver(records, vandal)

    assert records == changes()
    assert len(seen) >= len(records)


SENT = ("1", "2", "3")


@pytest.mark.parametrize(
    ("answer", "position"),
    [
        (None, None),
        ({}, None),
        ({"batchItemFailures": []}, None),
        ({"batchItemFailures": None}, None),
        ({"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]}, 1),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 0),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, 0),
        ({"batchItemFailures": [{"itemIdentifier": "4"}]}, 0),
        ({"batchItemFailures": [{"identifier": "3"}]}, 0),
        ("done", 0),
    ],
)
def test_answers_are_read_as_lambda_reads_them(answer: object, position: int | None) -> None:
    assert failed_position(answer, SENT) == position


def test_a_record_has_the_shape_lambda_sends() -> None:
    image = {"pk": {"S": "O#1#2"}, "sk": {"S": "E#1"}, "total": {"N": "100"}}

    [record] = inserts([image])

    assert set(record) == {
        "awsRegion", "dynamodb", "eventID", "eventName", "eventSource", "eventSourceARN", "eventVersion",
    }  # fmt: skip
    assert set(record["dynamodb"]) == {
        "ApproximateCreationDateTime", "Keys", "NewImage", "SequenceNumber", "SizeBytes", "StreamViewType",
    }  # fmt: skip
    assert record["dynamodb"]["Keys"] == {"pk": {"S": "O#1#2"}, "sk": {"S": "E#1"}}
    assert record["dynamodb"]["NewImage"] == image
    assert json.loads(json.dumps(record)) == record


def test_events_are_named_by_their_images() -> None:
    key = {"pk": {"S": "a"}, "sk": {"S": "b"}}

    names = [
        item_change(key, new, old_image=old, number=1)["eventName"]
        for new, old in [(key, None), (key, key), (None, key)]
    ]

    assert names == ["INSERT", "MODIFY", "REMOVE"]


def test_sequence_numbers_rise_as_numbers_but_not_as_text() -> None:
    numbers = [sequence_of(record) for record in changes()]

    assert numbers == sorted(numbers, key=int)
    assert numbers != sorted(numbers)
    assert len({record["eventID"] for record in changes()}) == len(numbers)
