"""Make the ledger say what an order's facts mean now: the one writer per order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from grapevine.domain.accrual import Limits, next_entry
from grapevine.domain.asking import grant_changes, grants_asked
from grapevine.domain.capping import Asked, asked_by_caps
from grapevine.domain.customers import told_by
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import Entry, decision_in_force
from grapevine.domain.errors import ConcurrencyError, OrderUnprocessableError, StaleReadError
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.grants import Holdings
from grapevine.domain.orders import Order, fold
from grapevine.domain.programs import Terms
from grapevine.domain.waits import Wait, may_have_waited, wait_of
from grapevine.domain.wants import Wanted, wants_of
from grapevine.ports import (
    ClickReader,
    DecisionCatalog,
    FactReader,
    OrderLedger,
    PageReader,
    WaitWriter,
)
from grapevine.usecases.decide_order import DecisionPorts, decide_order, refuse_uncounted
from grapevine.usecases.find_people import find_bars

ATTEMPTS = 8
"""Starting over costs two reads; whoever loses this often is queued and redriven."""


@dataclass(frozen=True, slots=True)
class PostOrder:
    """Post what is missing for one order; with `asks_people` its promoters' statuses are looked at first.

    Else they are looked at where they can matter: when the order is decided, and released.
    """

    order: OrderKey
    asks_people: bool = False


class Workings:
    """What is worked out of facts and decisions alone; who looks at orders again and again may keep it."""

    def order_of(self, key: OrderKey, facts: Sequence[Fact]) -> Order:  # noqa: ARG002 - by which it is kept
        """Return what facts tell of an order."""
        return fold(facts)

    def wants_of(self, key: OrderKey, order: Order, decision: Decision, terms: Terms) -> Wanted:
        """Return what an order wants."""
        return wants_of(key, order, decision, terms)

    def asked_of(self, key: OrderKey, wants: Wanted, holdings: Holdings) -> Asked:  # noqa: ARG002 - as above
        """Return what must be read before it is known what the caps leave of that."""
        return asked_by_caps(wants, holdings)


WORKINGS = Workings()


@dataclass(frozen=True, slots=True)
class PostOrderPorts:
    """What posting reads and the one place it writes."""

    ledger: OrderLedger
    facts: FactReader
    clicks: ClickReader
    catalog: DecisionCatalog
    pages: PageReader
    waits: WaitWriter | None = None
    """Where orders are listed that wait; whoever only tries something out lists nothing."""
    workings: Workings = WORKINGS


def post_order(command: PostOrder, ports: PostOrderPorts, now: datetime) -> Entry | None:
    """Post the difference between what stands and what should; None when there is none.

    Of two writers one wins and the other starts over. Who finds nothing to write loses no race: a
    fact that came while an entry was being written may have found nothing to change yet. So a
    writer looks once more whether there is one. Raises OrderUnprocessableError for an order that
    waits for a person, ConcurrencyError when it lost too often.
    """
    posted: Entry | None = None
    fault: ConcurrencyError | None = None
    for _ in range(ATTEMPTS):
        try:
            entry = _post_once(command, ports, now)
        except ConcurrencyError as error:
            fault = error
            continue
        posted = entry or posted
        if entry is None or len(ports.facts.facts_of(command.order)) <= entry.covers:
            return posted
    raise fault or StaleReadError(f"facts of {command.order} came {ATTEMPTS} times while they were posted")


def _post_once(command: PostOrder, ports: PostOrderPorts, now: datetime) -> Entry | None:
    key = command.order
    # Entries before facts: the other way round a fact that another writer has posted already could
    # be missing here, and this entry would take it back for good.
    entries = ports.ledger.entries_of(key)
    facts = ports.facts.facts_of(key)
    _refuse_stale(entries, facts)
    order = ports.workings.order_of(key, facts)
    terms = ports.catalog.terms(facts[0].program_id) if order.earns or entries else None
    may_earn = terms is not None and _may_earn(order, terms)
    wait = wait_of(order, facts, may_earn=may_earn)
    _list(wait, key, entries, facts, ports.waits)
    if wait and wait.stops:
        raise OrderUnprocessableError(wait.what)
    if terms is None or not (may_earn or entries):
        return None
    if order.test is not terms.program.sandbox and not entries:
        return None
    deciding = DecisionPorts(ports.clicks, ports.catalog, ports.pages)
    decision = decide_order(key, order, entries, terms, deciding, now)
    refuse_uncounted(order, decision, terms)
    wants = ports.workings.wants_of(key, order, decision, terms)
    by_caps = partial(ports.workings.asked_of, key)
    asked = grants_asked(order, decision, wants, entries, terms, now, by_caps)
    taken = ports.ledger.taken(asked.keys) if asked.keys else {}
    known = deciding.met or ({} if command.asks_people else None)
    bars = find_bars(order, decision, entries, terms, known, ports.catalog, now)
    limits = Limits(taken, bars, wants, asked.within)
    entry = next_entry(key, order, decision, entries, facts, terms, now, limits)
    if entry is not None:
        changes = grant_changes(entry, entries, decision, terms)
        ports.ledger.append(entry, (*changes, *told_by(entry, key, order, decision_in_force(entries))))
    return entry


def _refuse_stale(entries: Sequence[Entry], facts: Sequence[Fact]) -> None:
    if entries and len(facts) < entries[-1].covers:
        raise StaleReadError(f"{len(facts)} facts read, {entries[-1].id} covers {entries[-1].covers}")


def _list(
    wait: Wait | None,
    key: OrderKey,
    entries: Sequence[Entry],
    facts: Sequence[Fact],
    waits: WaitWriter | None,
) -> None:
    """Keep the list of orders that wait; before anything is posted, so that nothing is left on it."""
    if waits is None:
        return
    if wait:
        waits.keep(wait)
    elif len(facts) > (entries[-1].covers if entries else 0) and may_have_waited(facts):
        waits.forget(facts[0].program_id, key)


def _may_earn(order: Order, terms: Terms) -> bool:
    """Say whether anybody could earn: most orders of most shops came through no link, and cost no more.

    The terms that say whether an order without a touch may are kept by every warm function.
    """
    if not order.earns:
        return False
    is_touched, at = order.click_id is not None or bool(order.coupon_codes), order.paid_at or order.placed_at
    if is_touched or at is None:
        return is_touched
    plan = terms.plan_at(at)
    return plan.product_bound or (plan.needs_history and order.customer_key is not None)
