"""What would have been posted for a period's orders under a draft, beside what was; nothing is written."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from grapevine.domain.drafts import NOTHING_NEW, Draft, Span, draft_faults, drafted
from grapevine.domain.entries import Entry, EntryKey, standing
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.orders import fold
from grapevine.domain.programs import InvalidProgramError, Terms
from grapevine.domain.ties import Trace
from grapevine.domain.what_if import By, Tally, WhatIfReport, by_size, differences
from grapevine.ports import ClickReader, EntryScan, FactScan, PastCatalog
from grapevine.usecases.replay_counters import Counters
from grapevine.usecases.replay_guesses import Ask, GuessedCounters, TrueCounters, corrected
from grapevine.usecases.replay_kinds import DraftReplay, RecordedReplay
from grapevine.usecases.replay_moment import OrderRecord
from grapevine.usecases.replay_orders import C_co, CountersOf, Part, Readers, Records, Replay
from grapevine.usecases.verify_program import Progress, counted, silent


@dataclass(frozen=True, slots=True, kw_only=True)
class AskWhatIf:
    """Try a draft on the orders paid from a day until before another, of the program's calendar.

    What stands is compared as of `until`, None for now.
    """

    program_id: str
    first_day: date
    end_day: date
    draft: Draft = NOTHING_NEW
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class WhatIfPorts:
    """What is read; there is nothing among them that writes."""

    ledger: EntryScan
    facts: FactScan
    clicks: ClickReader
    catalog: PastCatalog

    @property
    def readers(self) -> Readers:
        """What a replay still reads."""
        return Readers(self.clicks, self.catalog)


def what_if(
    command: AskWhatIf, ports: WhatIfPorts, now: datetime, progress: Progress = silent
) -> WhatIfReport:
    """Return the difference that a draft would have made; zero to the unit where it changes nothing.

    InvalidProgramError with everything wrong with the draft, NotFoundError for no such program.
    """
    records, terms = read_records(command, ports, now, progress)
    if not records.orders:
        return report_of(records, Tally())
    whole = replayed(records, Part(records.orders), terms, ports.readers, progress)
    return report_of(records, whole.tally())


def read_records(
    command: AskWhatIf, ports: WhatIfPorts, now: datetime, progress: Progress = silent
) -> tuple[Records, Terms]:
    """Read a program's entries and facts, and make the terms that are tried."""
    terms = ports.catalog.terms(command.program_id)
    span = _span(command, terms)
    _refuse(command, span, terms, ports.catalog)
    until = min(command.until or now, now)
    chains, facts = dict[EntryKey, list[Entry]](), dict[OrderKey, list[Fact]]()
    for entry in counted(ports.ledger.scan(command.program_id), "entries", progress):
        if entry.recorded_at <= until:
            chains.setdefault(entry.key, []).append(entry)
    for fact in counted(ports.facts.scan(command.program_id), "facts", progress):
        if fact.recorded_at <= until:
            facts.setdefault(fact.order, []).append(fact)
    orders = _orders_paid(span, facts, chains)
    again = {order.key for order in orders}
    others = (entry for key, chain in chains.items() if key not in again for entry in chain)
    scarce = tuple(entry for entry in others if entry.grants or entry.sales)
    records = Records(terms=terms, span=span, until=until, orders=orders, others=scarce)
    return records, drafted(terms, command.draft, span)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of some orders; `asks` is what they were told of counters that other parts share."""

    replay: Replay[Counters]
    part: Part
    zone: ZoneInfo
    asks: Sequence[Ask] = ()

    @property
    def trace(self) -> Trace:
        """What they shared with others."""
        return self.replay.trace

    def tally(self, again: Container[int] = frozenset()) -> Tally:
        """Return how what stands for them compares; without the groups that were made `again` elsewhere."""
        return self.tally_of(
            [number for number in range(len(self.part.orders)) if self.part.group_of(number) not in again]
        )

    def tally_of(self, numbers: Sequence[int]) -> Tally:
        """Return how what stands compares for some of them, by their places in the part."""
        tally, replay = Tally(), self.replay
        for order in (self.part.orders[number] for number in numbers):
            day = order.paid_at.astimezone(self.zone).date().isoformat()
            tally.count(day, standing(order.entries), standing(replay.entries_of(order)))
        tally.waiting = len(replay.waiting.intersection(numbers))
        return tally


def replayed(
    records: Records, part: Part, terms: Terms, readers: Readers, progress: Progress = silent
) -> Replayed:
    """Replay some of the orders under some terms."""
    zone = ZoneInfo(terms.program.time_zone)
    if part.among == 1:
        replay = _replay(records, part, terms, readers, Counters)
        replay.run(progress)
        return Replayed(replay, part, zone)
    guessing = _replay(records, part, terms, readers, partial(GuessedCounters, parts=part.among))
    guessing.run(progress)
    return Replayed(guessing, part, zone, guessing.counters.asks)


@dataclass(frozen=True, slots=True)
class PutRight:
    """The orders that were made again since guesses had misled them: in the sequence of all parts."""

    replayed: Replayed
    units: Sequence[int]
    again: frozenset[int]

    @property
    def trace(self) -> Trace:
        """What they shared."""
        return self.replayed.trace

    @property
    def tally(self) -> Tally:
        """How what stands for them compares."""
        return self.replayed.tally_of([place for place, unit in enumerate(self.units) if unit in self.again])


def put_right(
    records: Records, terms: Terms, readers: Readers, units: Sequence[int], asks: Sequence[Sequence[Ask]]
) -> PutRight:
    """Make every order again that was misled by what its part had guessed of the others."""
    part = Part(records.orders, units)
    replay = _replay(records, part, terms, readers, TrueCounters)
    again = corrected(replay, units, asks)
    return PutRight(Replayed(replay, part, ZoneInfo(terms.program.time_zone)), units, again)


def _replay(
    records: Records, part: Part, terms: Terms, readers: Readers, counters_of: CountersOf[C_co]
) -> Replay[C_co]:
    if terms == records.terms:
        return RecordedReplay(records, part, terms, readers, counters_of)
    return DraftReplay(records, part, terms, readers, counters_of)


def report_of(records: Records, tally: Tally) -> WhatIfReport:
    """Return what was counted, in lists."""
    return WhatIfReport(
        program_id=records.terms.program.id,
        starts_at=records.span.starts_at,
        ends_at=records.span.ends_at,
        until=records.until,
        orders=tally.orders,
        changed=tally.changed,
        waiting=tally.waiting,
        totals=differences(tally, By.TOTAL),
        promoters=by_size(differences(tally, By.PROMOTER)),
        days=differences(tally, By.DAY),
        states=differences(tally, By.STATE),
        house=differences(tally, By.HOUSE),
        budgets=differences(tally, By.BUDGET),
    )


def _span(command: AskWhatIf, terms: Terms) -> Span:
    zone = ZoneInfo(terms.program.time_zone)
    starts_at, ends_at = (
        datetime(day.year, day.month, day.day, tzinfo=zone) for day in (command.first_day, command.end_day)
    )
    return Span(starts_at, ends_at)


def _refuse(command: AskWhatIf, span: Span, terms: Terms, catalog: PastCatalog) -> None:
    """Raise InvalidProgramError with everything wrong."""
    faults = [*draft_faults(command.draft, span, terms)]
    sponsor_id = command.draft.plan.default_sponsor_id if command.draft.plan else None
    if sponsor_id is not None and not catalog.promoters(command.program_id, (sponsor_id,)):
        faults.append(InvalidInputError(f"no promoter {sponsor_id!r} in this program", "default_sponsor_id"))
    if faults:
        raise InvalidProgramError(tuple(faults))


def _orders_paid(
    span: Span, facts: dict[OrderKey, list[Fact]], chains: dict[EntryKey, list[Entry]]
) -> tuple[OrderRecord, ...]:
    """Return the orders that were paid within a span, by all that is known of them."""
    found = []
    for key, told in facts.items():
        paid_at = fold(told).paid_at
        if paid_at is not None and span.has(paid_at):
            entries = tuple(chains.get(key, ()))
            found.append(OrderRecord(key=key, paid_at=paid_at, facts=tuple(told), entries=entries))
    return tuple(sorted(found, key=lambda order: (order.paid_at, str(order.key))))
