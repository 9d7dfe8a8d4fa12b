"""Delivers stream records the way a Lambda event source mapping may, from one seed.

The emulators acknowledge whole batches whatever the handler answers, so what hurts in production is tested
here: cut batches, partial answers, bisecting, finite retries, redelivery, shards that split, and keys that
overtake each other. What stays promised is what DynamoDB promises: every record is delivered at least once or
reported to the failure destination, and first deliveries of one item come in order.

Where AWS leaves room, this takes the harsher reading: order is kept per item, not per partition key; a rewind
delivers records again that had been answered for; a batch that is given up goes as a whole.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.streams.records import Event, Record, item_of, sequence_of

Handler = Callable[[Event], Mapping[str, object] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMapping:
    """The settings of an event source mapping; the defaults are this project's."""

    batch_size: int = 100
    parallelization: int = 10
    max_retries: int = 3
    bisect: bool = True
    reports_failures: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How unkind the platform is: shares of batches, and how often the shards split."""

    redelivery: float = 0.2
    splits: int = 1


CALM = Weather(redelivery=0.0, splits=0)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of the handler.

    ``failed_at`` is the first position to deliver again, None for success; ``error`` is what the handler
    raised, so that an assertion that failed inside a handler can be found.
    """

    shard: str
    sequence_numbers: tuple[str, ...]
    failed_at: int | None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class GaveUp:
    """What the failure destination receives: where the records were, never what was in them."""

    shard: str
    stream_arn: str
    first_sequence_number: str
    last_sequence_number: str
    batch_size: int
    invocations: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything that happened to the records, in order."""

    invocations: list[Invocation] = field(default_factory=list)
    destination: list[GaveUp] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Batch:
    records: tuple[Record, ...]
    invocations: int = 0
    again: bool = False

    def part(self, start: int, end: int | None = None) -> _Batch:
        """A piece of this batch. AWS does not count a split as a retry, so it starts afresh."""
        return _Batch(self.records[start:end], again=self.again)


@dataclass(slots=True)
class _Lane:
    """A strand of one shard that is worked on in order: a set of items, as with a parallelization factor."""

    shard: str
    waiting: list[Record]
    batches: list[_Batch] = field(default_factory=list)
    done: list[Record] = field(default_factory=list)

    @property
    def idle(self) -> bool:
        return not self.waiting and not self.batches


class StreamSimulator:
    """One stream, one mapping, one seed: the same seed delivers the same records in the same way."""

    def __init__(self, mapping: StreamMapping, *, seed: int, weather: Weather | None = None) -> None:
        self._mapping = mapping
        self._weather = weather or Weather()
        self._random = random.Random(seed)

    def deliver(self, records: Sequence[Record], handler: Handler) -> Delivery:
        """Hands all records to the handler, given in the order in which they were written."""
        delivery = Delivery()
        for number, generation in enumerate(self._generations(records)):
            self._drain(self._lanes(number, generation), handler, delivery)
        return delivery

    def _generations(self, records: Sequence[Record]) -> list[Sequence[Record]]:
        """Cuts where the shards split: a child is read when its parent is done."""
        cuts = sorted(self._random.randint(0, len(records)) for _ in range(self._weather.splits))
        edges = zip([0, *cuts], [*cuts, len(records)], strict=True)
        return [records[start:end] for start, end in edges]

    def _lanes(self, generation: int, records: Sequence[Record]) -> list[_Lane]:
        """Deals the items out to lanes; each lane keeps the order of its items and knows no other."""
        shards = generation + 1
        lanes = [
            _Lane(f"shardId-{generation:08d}-{shard:08d}", [])
            for shard in range(shards)
            for _ in range(self._mapping.parallelization)
        ]
        lane_of: dict[str, _Lane] = {}
        for record in records:
            lane_of.setdefault(item_of(record), self._random.choice(lanes)).waiting.append(record)
        return lanes

    def _drain(self, lanes: list[_Lane], handler: Handler, delivery: Delivery) -> None:
        while busy := [lane for lane in lanes if not lane.idle]:
            self._step(self._random.choice(busy), handler, delivery)

    def _step(self, lane: _Lane, handler: Handler, delivery: Delivery) -> None:
        batch = lane.batches.pop(0) if lane.batches else self._next_batch(lane)
        invocation = self._invoke(lane.shard, batch.records, handler)
        delivery.invocations.append(invocation)
        if invocation.failed_at is None:
            self._succeeded(lane, batch)
        else:
            self._failed(lane, batch, invocation.failed_at, delivery)

    def _next_batch(self, lane: _Lane) -> _Batch:
        size = self._size(len(lane.waiting))
        records, lane.waiting = lane.waiting[:size], lane.waiting[size:]
        return _Batch(tuple(records))

    def _size(self, available: int) -> int:
        return self._random.randint(1, min(self._mapping.batch_size, available))

    def _invoke(self, shard: str, records: Sequence[Record], handler: Handler) -> Invocation:
        # A copy through JSON: a handler that changes its event must not change the stream.
        event: Event = json.loads(json.dumps({"Records": records}))
        numbers = _sequence_numbers(records)
        try:
            answer = handler(event)
        except Exception as error:  # noqa: BLE001  # whatever a function raises, Lambda tries the batch again
            return Invocation(shard, numbers, 0, repr(error))
        failed_at = failed_position(answer, numbers) if self._mapping.reports_failures else None
        return Invocation(shard, numbers, failed_at)

    def _succeeded(self, lane: _Lane, batch: _Batch) -> None:
        if batch.again:
            return
        lane.done.extend(batch.records)
        if self._random.random() < self._weather.redelivery:
            lane.batches[:0] = self._rewound(lane)

    def _rewound(self, lane: _Lane) -> list[_Batch]:
        """The checkpoint is lost: everything since some earlier record comes again, cut anew."""
        again = lane.done[self._random.randrange(len(lane.done)) :]
        batches = []
        while again:
            size = self._size(len(again))
            batches.append(_Batch(tuple(again[:size]), again=True))
            again = again[size:]
        return batches

    def _failed(self, lane: _Lane, batch: _Batch, failed_at: int, delivery: Delivery) -> None:
        if failed_at > 0:
            # The answer moves the checkpoint: what came before the lowest failure is done.
            lane.batches.insert(0, batch.part(failed_at))
            self._succeeded(lane, batch.part(0, failed_at))
        elif self._mapping.bisect and len(batch.records) > 1:
            middle = len(batch.records) // 2
            lane.batches[:0] = [batch.part(0, middle), batch.part(middle)]
        else:
            self._retry(lane, batch, delivery)

    def _retry(self, lane: _Lane, batch: _Batch, delivery: Delivery) -> None:
        invocations = batch.invocations + 1
        if invocations <= self._mapping.max_retries:
            lane.batches.insert(0, _Batch(batch.records, invocations, batch.again))
        else:
            delivery.destination.append(_gave_up(lane.shard, batch.records, invocations))


def failed_position(answer: object, sequence_numbers: Sequence[str]) -> int | None:
    """Where Lambda resumes after this answer to these records: None if all is done, 0 if nothing is.

    An empty answer is success. An answer it cannot read, or that names a record it did not send, fails all.
    """
    if answer is None:
        return None
    failures = answer.get("batchItemFailures") if isinstance(answer, Mapping) else [None]
    return min((_position(failure, sequence_numbers) for failure in failures or ()), default=None)


def _position(failure: object, sequence_numbers: Sequence[str]) -> int:
    identifier = failure.get("itemIdentifier") if isinstance(failure, Mapping) else None
    return sequence_numbers.index(identifier) if identifier in sequence_numbers else 0


def _sequence_numbers(records: Sequence[Record]) -> tuple[str, ...]:
    return tuple(sequence_of(record) for record in records)


def _gave_up(shard: str, records: Sequence[Record], invocations: int) -> GaveUp:
    return GaveUp(
        shard=shard,
        stream_arn=records[0]["eventSourceARN"],
        first_sequence_number=sequence_of(records[0]),
        last_sequence_number=sequence_of(records[-1]),
        batch_size=len(records),
        invocations=invocations,
    )
