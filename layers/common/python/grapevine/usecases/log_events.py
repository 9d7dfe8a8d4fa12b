"""Log what changed: events are published, put in their log behind those before them, and listeners woken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.entries import Entry
from grapevine.domain.errors import LogMovedError
from grapevine.domain.event_entries import aggregate_of, entry_change
from grapevine.domain.events import Aggregate, Change, Logged, LogHead, event_to_dict, followed
from grapevine.ports import EntryReader, EventBus, EventLog, SubscriptionReader, WebhookQueue

MOST_WRITES = 50
"""Events and aggregates that are appended together; a transaction takes a hundred rows."""
MOST_TRIES = 20
"""How often somebody else may be first in the logs of one batch."""


@dataclass(frozen=True, slots=True)
class EventPorts:
    """Where events go."""

    log: EventLog
    bus: EventBus
    subscriptions: SubscriptionReader
    queue: WebhookQueue


def log_changes(changes: Sequence[Change], ports: EventPorts, now: datetime) -> int:
    """Log changes, and return how many events there are that were not in the log before.

    Published first: where logging fails the changes come again, and so do their events under the same
    names. Listeners are woken for what is in the log already too, because whoever logged it may have
    stopped just then.
    """
    by_aggregate = dict[Aggregate, list[Change]]()
    for change in changes:
        by_aggregate.setdefault(change.aggregate, []).append(change)
    work = _Work(by_aggregate, ports, now)
    places = sorted({(aggregate.program_id, aggregate.slot) for aggregate in by_aggregate})
    for program_id, slot in places:
        work.log(program_id, slot)
    _wake(sorted(work.told), ports)
    return len(work.said)


def log_entries(entries: Sequence[Entry], ledger: EntryReader, ports: EventPorts, now: datetime) -> int:
    """Log entries, each behind those before it: where some are missing in the log they are read and logged.

    So nobody minds in which order entries come, nor that some never did.
    """
    heads = ports.log.heads(tuple({aggregate_of(entry) for entry in entries}))
    changes = [change for named in _by_key(entries) for change in _missing(named, heads, ledger)]
    return log_changes(changes, ports, now)


def _by_key(entries: Iterable[Entry]) -> Iterator[Sequence[Entry]]:
    found = dict[Aggregate, dict[int, Entry]]()
    for entry in entries:
        found.setdefault(aggregate_of(entry), {})[entry.sequence] = entry
    for chain in found.values():
        yield [chain[number] for number in sorted(chain)]


def _missing(
    entries: Sequence[Entry], heads: dict[Aggregate, LogHead], ledger: EntryReader
) -> Iterator[Change]:
    """Yield what is to be logged of one chain; an entry that is logged is one that changes nothing."""
    aggregate, last = aggregate_of(entries[0]), entries[-1].sequence
    logged = heads.get(aggregate, LogHead(aggregate)).version
    wanted = set(range(logged + 1, last + 1))
    chain: Sequence[Entry] = entries
    if wanted - {entry.sequence for entry in entries}:
        chain = ledger.entries_of(entries[0].key)
    yield from (entry_change(entry) for entry in chain if entry.sequence <= last)


class _Work:
    """Changes on their way into the logs; what was published once is not published again.

    `said` has the events that were not in the logs, `told` the logs with any of these aggregates' events.
    """

    def __init__(
        self, changes: Mapping[Aggregate, Sequence[Change]], ports: EventPorts, now: datetime
    ) -> None:
        self._changes = changes
        self._ports = ports
        self._now = now
        self._tries = MOST_TRIES
        self.said = set[str]()
        self.told = set[tuple[str, int]]()

    def log(self, program_id: str, slot: int) -> None:
        """Log what belongs in one log, until nothing is left; somebody else may be at it too."""
        here = [name for name in self._changes if (name.program_id, name.slot) == (program_id, slot)]
        while logged := self._next(here):
            try:
                for part in _parts(logged):
                    self._ports.log.append(program_id, slot, part)
            except LogMovedError:
                self._tries -= 1
                if not self._tries:
                    raise

    def _next(self, aggregates: Sequence[Aggregate]) -> Sequence[Logged]:
        heads = self._ports.log.heads(aggregates)
        found = [
            followed(heads.get(name, LogHead(name)), self._changes[name], self._now) for name in aggregates
        ]
        logged = [one for one in found if one and not one.says_nothing]
        ends = (*heads.values(), *(one.after for one in logged))
        self.told.update((end.aggregate.program_id, end.aggregate.slot) for end in ends if end.sequence)
        new = [event for one in logged for event in one.events if event.id not in self.said]
        if new:
            self._ports.bus.publish([(event.type, event_to_dict(event)) for event in new])
        self.said.update(event.id for event in new)
        return logged


def _parts(logged: Sequence[Logged]) -> Iterator[Sequence[Logged]]:
    """Yield what one append takes: never a part of an aggregate's."""
    part, size = list[Logged](), 0
    for one in logged:
        weight = 1 + len(one.events)
        if part and size + weight > MOST_WRITES:
            yield part
            part, size = [], 0
        part.append(one)
        size += weight
    if part:
        yield part


def _wake(places: Sequence[tuple[str, int]], ports: EventPorts) -> None:
    for program_id in sorted({program_id for program_id, _ in places}):
        slots = [slot for name, slot in places if name == program_id]
        for subscription in ports.subscriptions.subscriptions(program_id):
            if subscription.is_enabled:
                ports.queue.send_lanes(program_id, subscription.id, slots)
