"""Choose the legs that may be sent now; stop those of who was suspended, recall those that no batch has."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain, islice
from zoneinfo import ZoneInfo

from grapevine.domain.errors import HeadMovedError, reason_of
from grapevine.domain.legs import day_start
from grapevine.domain.money import Money
from grapevine.domain.payee_details import account_of
from grapevine.domain.payout_waits import (
    PayoutWait,
    Way,
    day_wait,
    recalled,
    stopping_status,
    waiting_legs,
    waiting_reason,
)
from grapevine.domain.payouts import Leg, Payout, PayoutState, transfer_id
from grapevine.domain.people import Promoter
from grapevine.domain.programs import Program
from grapevine.domain.transfers import RailLimits, RailName, Transfer, TransferBatch
from grapevine.ports import BatchStore, DecisionCatalog, PayeeStore, Rails, Treasury
from grapevine.usecases.find_ways import AT_ONCE, Ways
from grapevine.usecases.stop_payouts import stop_payout

STATES = (PayoutState.REQUESTED, PayoutState.SENT)
"""Where payouts are that may have a leg to send: what is under way may have one that is due later."""


@dataclass(frozen=True, slots=True)
class SendPorts:
    """Programs and people, accounts, where promoters are paid, and the ways that money goes."""

    catalog: DecisionCatalog
    treasury: Treasury
    payees: PayeeStore
    batches: BatchStore
    rails: Rails


@dataclass(frozen=True, slots=True)
class Chosen:
    """A leg that may be sent, and how."""

    payout: Payout
    leg: Leg
    rail: RailName
    limits: RailLimits
    transfer: Transfer


@dataclass
class Choice:
    """One look at what a program has to send, and what was found on the way.

    `waiting` counts legs by what they wait for; `recalled` are payouts whose legs wait again.
    """

    program: Program
    ports: SendPorts
    now: datetime
    stopped: list[str] = field(default_factory=list)
    recalled: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    waiting: Counter[str] = field(default_factory=Counter)
    _written: dict[str, frozenset[str]] = field(default_factory=dict)
    _today: dict[RailName, defaultdict[str, list[Leg]]] = field(default_factory=dict)

    def chosen(self) -> Iterator[Chosen]:
        """Yield the next leg of each payout that may be sent; a payout that fails stops no other."""
        ways = Ways(self.program, self.ports.payees, self.ports.rails)
        found = (self.ports.treasury.payouts_in(self.program.id, state) for state in STATES)
        payouts = chain.from_iterable(found)
        while page := tuple(islice(payouts, AT_ONCE)):
            mine = [one for one in page if not self._tried(one, self._recall) and waiting_legs(one)]
            names = tuple({one.key.promoter_id: None for one in mine})
            people = self.ports.catalog.promoters(self.program.id, names) if names else {}
            way_to = ways.of(names)
            for payout in mine:
                name = payout.key.promoter_id
                if not self._tried(payout, partial(self._stop, people.get(name))):
                    yield from self._next_leg(payout, way_to[name])

    def _tried(self, payout: Payout, step: Callable[[Payout], bool]) -> bool:
        """Return whether a step had something to do; also where it failed, so that nothing else is done."""
        try:
            return step(payout)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other payouts are sent
            self.faults.append(f"{payout.id}: {reason_of(error)}")
            return True

    def _stop(self, promoter: Promoter | None, payout: Payout) -> bool:
        status = stopping_status(payout, promoter, self.now)
        if status is None:
            return False
        rounding, treasury = self.program.rounding, self.ports.treasury
        if stop_payout(payout, f"not sent: {status}", rounding, treasury, self.now):
            self.stopped.append(payout.id)
        return True

    # --- what no batch has -----------------------------------------------------------------------

    def _recall(self, payout: Payout) -> bool:
        """Let legs wait again that were claimed for a batch that is written down without them."""
        strays = [leg.number for leg in payout.legs if self._is_stray(payout, leg)]
        if not strays:
            return False
        try:
            self.ports.treasury.change(recalled(payout, strays))
        except HeadMovedError:
            # What was read is not as it is: somebody else did it, or the index was late.
            return True
        self.recalled.append(payout.id)
        return True

    def _is_stray(self, payout: Payout, leg: Leg) -> bool:
        if leg.state is not PayoutState.SENT:
            return False
        return transfer_id(payout, leg.number) not in self._transfers_of(leg.batch_id, payout)

    def _transfers_of(self, name: str, payout: Payout) -> frozenset[str]:
        """Return what a batch has; one that was never written down is written down empty, for good."""
        if name not in self._written:
            batches, program_id = self.ports.batches, self.program.id
            batch = batches.batch(program_id, name)
            if batch is None:
                batches.keep(self.batch(name, RailName(payout.rail), payout.key.currency, ()))
                batch = batches.batch(program_id, name)
            self._written[name] = frozenset(one.id for one in batch.transfers) if batch else frozenset()
        return self._written[name]

    def batch(
        self, name: str, rail: RailName, currency: str, transfers: tuple[Transfer, ...]
    ) -> TransferBatch:
        """Return a batch made now, to be executed on the program's day."""
        return TransferBatch(
            id=name,
            program_id=self.program.id,
            rail=rail,
            currency=currency,
            created_at=self.now,
            execution_day=self.now.astimezone(ZoneInfo(self.program.time_zone)).date(),
            transfers=transfers,
        )

    # --- what waits ------------------------------------------------------------------------------

    def _next_leg(self, payout: Payout, way: Way) -> Iterator[Chosen]:
        leg = waiting_legs(payout)[0]
        waits = waiting_reason(payout, leg, way, self.program.payouts, self.now) or self._day_wait(leg, way)
        if waits:
            self.waiting[waits.waits_for] += 1
        elif way.rail and way.limits:
            yield Chosen(payout, leg, way.rail, way.limits, _transfer(payout, leg, way))

    def _day_wait(self, leg: Leg, way: Way) -> PayoutWait | None:
        """Return why a leg waits for the rail's next day; of one that does not, remember that it goes."""
        limits = way.limits
        if way.payee is None or limits is None:
            return None
        if limits.person_day_minor is None and limits.person_day_transfers is None:
            return None
        today = self._went_today(way.payee.rail, limits)
        account = account_of(way.payee.rail, way.payee.details)
        waits = day_wait(leg, today[account], limits, self.now)
        if waits is None:
            today[account].append(leg)
        return waits

    def _went_today(self, rail: RailName, limits: RailLimits) -> defaultdict[str, list[Leg]]:
        """Return what a rail's batches of its day hold, by account."""
        if rail not in self._today:
            self._today[rail] = went = defaultdict[str, list[Leg]](list)
            since = day_start(limits, self.now)
            for batch in self.ports.batches.batches_since(self.program.id, rail, since):
                for one in batch.transfers:
                    leg = Leg(number=1, amount_minor=one.amount.minor, due_at=batch.created_at)
                    went[account_of(rail, one.details)].append(leg)
        return self._today[rail]


def _transfer(payout: Payout, leg: Leg, way: Way) -> Transfer:
    return Transfer(
        id=transfer_id(payout, leg.number),
        payout_id=payout.id,
        settlement_id=payout.settlement_id,
        promoter_id=payout.key.promoter_id,
        amount=Money(leg.amount_minor, payout.key.currency),
        details=dict(way.payee.details) if way.payee else {},
    )
