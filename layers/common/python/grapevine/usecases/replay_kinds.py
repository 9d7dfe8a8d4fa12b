"""The two ways to replay orders: as they were recorded to happen, and as everything would under a draft."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from grapevine.domain.candidates import grace_end
from grapevine.domain.capping import NOTHING_ASKED
from grapevine.domain.decisions import Decision
from grapevine.domain.drafts import is_scarce
from grapevine.domain.entries import Entry, EntryReason, holdings_of
from grapevine.domain.grants import GrantKey
from grapevine.domain.instants import month_of
from grapevine.domain.programs import Terms
from grapevine.domain.recruits import RECRUIT
from grapevine.domain.wants import Wants
from grapevine.usecases.replay_arrivals import BEHIND, HOUR, arrivals, voided_by_hand
from grapevine.usecases.replay_moment import ARRIVAL, SWEEP, Look, OrderRecord, Rank, Turn
from grapevine.usecases.replay_orders import C_co, CountersOf, Part, Readers, Records, Replay

TICK = timedelta(milliseconds=1)
ALL_MONTHS = "9999"


class RecordedReplay(Replay[C_co]):
    """Under the terms there are: looks at an order when an entry was posted, and knows what that covered.

    What posted nothing then is recorded to have posted nothing, so nobody looks at any other time.
    """

    def __init__(
        self, records: Records, part: Part, terms: Terms, readers: Readers, counters_of: CountersOf[C_co]
    ) -> None:
        super().__init__(records, part, terms, readers, ALL_MONTHS, counters_of)
        self._due: dict[int, list[tuple[datetime, Turn]]] = {}
        self._position: dict[int, int] = {}

    def _prepare(self, number: int, order: OrderRecord) -> None:  # noqa: ARG002 - it is in the list
        self._plan_entry(number, 0)

    def _after(self, look: Look, posted: Sequence[Entry]) -> None:
        for entry in posted:
            if entry.due_at is not None:
                self._due.setdefault(look.order, []).append((entry.due_at, self._next()))
        self._plan_entry(look.order, self._position[look.order] + 1)

    def _plan_entry(self, number: int, position: int) -> None:
        order = self._orders[number]
        self._position[number] = position
        if position == len(order.entries):
            return
        entry = order.entries[position]
        facts = tuple(fact for fact in order.facts if fact.digest in entry.facts)
        kind = ARRIVAL if facts else SWEEP
        is_void = entry.reason is EntryReason.VOIDED
        turn = self._turn(number, entry.recorded_at)
        self._plan(Look(Rank(entry.recorded_at, kind, turn, self._next()), number, facts, is_void))

    def _turn(self, number: int, at: datetime) -> Turn:
        """Return whose turn it is in a sweep: it goes by the entries that say what is due."""
        due = self._due.get(number, ())
        return next((turn for due_at, turn in due if at - BEHIND <= due_at <= at), ())


class DraftReplay(Replay[C_co]):
    """Under a draft: each fact arrives as it did, and the hourly sweep looks at what is due."""

    def __init__(
        self, records: Records, part: Part, terms: Terms, readers: Readers, counters_of: CountersOf[C_co]
    ) -> None:
        # Months before the span were sold before it: no draft changes them.
        first = month_of(records.span.starts_at, ZoneInfo(terms.program.time_zone))
        super().__init__(records, part, terms, readers, first, counters_of)
        entries = (entry for order in records.orders for entry in order.entries if not entry.facts)
        self._sweeps = sorted({entry.recorded_at for entry in entries})
        # A sweep looks at what is due several times; that matters only where others may take or give back,
        # or sell in a month that is open.
        scarce = any(
            is_scarce(plan) for plan in terms.plans_within(records.span.starts_at, records.span.ends_at)
        )
        self._looks_again = scarce or bool(terms.campaigns)
        self._swept: dict[int, datetime] = {}
        self._lacks: dict[int, list[GrantKey]] = {}
        self._moves: dict[int, int] = {}
        self._open: dict[int, datetime] = {}
        """When the month is over that an order's decision rests on, by the order's place."""
        self._stays: set[int] = set()
        """Orders, by their place, whose decision stays until then, whatever others sell."""

    def _prepare(self, number: int, order: OrderRecord) -> None:
        for at, fact in arrivals(order):
            self._plan(Look(Rank(at, ARRIVAL, (), self._next()), number, (fact,)))
        for at in voided_by_hand(order):
            self._plan(Look(Rank(at, SWEEP, (), self._next()), number, asks_people=True))

    def _look(self, look: Look) -> None:
        if look.rank.kind is SWEEP and not look.asks_people:
            if self._swept.get(look.order) == look.at:
                return
            self._moment.now = look.at
            if look.again and not (self._may_be_decided(look) or self._may_have_more(look.order)):
                return
            self._swept[look.order] = look.at
        super()._look(look)
        if self._looks_again:
            self._lacks[look.order] = lacks = self._lacks_of(self._orders[look.order])
            self._moves[look.order] = self._counters.moves(lacks)

    def _lacks_of(self, order: OrderRecord) -> list[GrantKey]:
        """Return what an order would ask for if it was looked at again, whatever it was told before."""
        wants, holdings = self._workings.wanted(order.key), holdings_of(self.entries_of(order))
        if wants is None or not holdings.held:
            return []
        asked = (
            self._workings.asked_of(order.key, wants, holdings) if isinstance(wants, Wants) else NOTHING_ASKED
        )
        firsts = (key for key, of in holdings.held.items() if key.scarce == RECRUIT and of.most > of.granted)
        return [*asked.keys, *firsts]

    def _may_be_decided(self, look: Look) -> bool:
        """Say whether an order may be decided otherwise than before, by what was sold in a month."""
        until = self._open.get(look.order)
        return until is not None and (look.order not in self._stays or look.at >= until)

    def _may_have_more(self, number: int) -> bool:
        """Say whether others took or gave back, since an order was looked at, of what it would ask for.

        Where only guesses tell what others do, they may have.
        """
        lacks = self._lacks.get(number)
        if not lacks:
            return False
        return not self._counters.is_whole or self._counters.moves(lacks) != self._moves[number]

    def _after(self, look: Look, posted: Sequence[Entry]) -> None:
        after = look.at + TICK if look.rank.kind is SWEEP else look.at
        for entry in posted:
            if entry.decision:
                self._keep_open(look.order, entry.decision)
            if entry.due_at is not None:
                self._plan_sweeps(look.order, entry.due_at, max(entry.due_at, after))
        if posted and look.order in self._open and self._is_settled(look):
            self._stays.add(look.order)

    def _is_settled(self, look: Look) -> bool:
        """Say whether an order that was just posted is not decided again by touches that come late."""
        key = self._orders[look.order].key
        order = self._workings.order_of(key, self._books.facts_of(key))
        return order.placed_at is not None and look.at >= grace_end(order.placed_at)

    def _keep_open(self, number: int, decision: Decision) -> None:
        """Remember until when a decision rests on what is sold."""
        if decision.provisional_until is None:
            self._open.pop(number, None)
        else:
            self._open[number] = decision.provisional_until

    def _plan_sweeps(self, order: int, due_at: datetime, after: datetime) -> None:
        turn, sweep = self._next(), self._sweep_from(after)
        self._plan(Look(Rank(sweep, SWEEP, turn, turn), order))
        again = self._looks_again or order in self._open
        while again and (sweep := self._sweep_from(sweep + TICK)) <= due_at + BEHIND:
            self._plan(Look(Rank(sweep, SWEEP, turn, self._next()), order, again=True))

    def _sweep_from(self, instant: datetime) -> datetime:
        """Return the first sweep at an instant or later: one that was recorded, or that of the full hour."""
        place = bisect_left(self._sweeps, instant)
        if place < len(self._sweeps) and self._sweeps[place] < instant + HOUR:
            return self._sweeps[place]
        past = timedelta(minutes=instant.minute, seconds=instant.second, microseconds=instant.microsecond)
        return instant - past + HOUR if past else instant
