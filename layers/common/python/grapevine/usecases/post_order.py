"""Make the ledger say what an order's facts mean now: the one writer per order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.accrual import next_entry
from grapevine.domain.customers import told_by
from grapevine.domain.entries import Entry, decision_in_force
from grapevine.domain.errors import ConcurrencyError, OrderUnprocessableError, StaleReadError
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.orders import Order, fold
from grapevine.domain.programs import Terms
from grapevine.ports import ClickReader, DecisionCatalog, FactReader, OrderLedger, PageReader
from grapevine.usecases.decide_order import DecisionPorts, decide_order

ATTEMPTS = 8
"""Starting over costs two reads; whoever loses this often is queued and redriven."""


@dataclass(frozen=True, slots=True)
class PostOrder:
    """Post what is missing for one order."""

    order: OrderKey


@dataclass(frozen=True, slots=True)
class PostOrderPorts:
    """What posting reads and the one place it writes."""

    ledger: OrderLedger
    facts: FactReader
    clicks: ClickReader
    catalog: DecisionCatalog
    pages: PageReader


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
            entry = _post_once(command.order, ports, now)
        except ConcurrencyError as error:
            fault = error
            continue
        posted = entry or posted
        if entry is None or len(ports.facts.facts_of(command.order)) <= entry.covers:
            return posted
    raise fault or StaleReadError(f"facts of {command.order} came {ATTEMPTS} times while they were posted")


def _post_once(key: OrderKey, ports: PostOrderPorts, now: datetime) -> Entry | None:
    # Entries before facts: the other way round a fact that another writer has posted already could
    # be missing here, and this entry would take it back for good.
    entries = ports.ledger.entries_of(key)
    facts = ports.facts.facts_of(key)
    _refuse_stale(entries, facts)
    order = _folded(facts)
    if not (_may_earn(order) or _may_be_remembered(order) or entries):
        return None
    terms = ports.catalog.terms(facts[0].program_id)
    if not (entries or _counts(order, terms)):
        return None
    reading = DecisionPorts(ports.clicks, ports.catalog, ports.pages)
    decision = decide_order(key, order, entries, terms, reading, now)
    entry = next_entry(key, order, decision, entries, facts, terms, now)
    if entry is not None:
        ports.ledger.append(entry, told_by(entry, key, order, decision_in_force(entries)))
    return entry


def _refuse_stale(entries: Sequence[Entry], facts: Sequence[Fact]) -> None:
    if entries and len(facts) < entries[-1].covers:
        raise StaleReadError(f"{len(facts)} facts read, {entries[-1].id} covers {entries[-1].covers}")


def _folded(facts: Sequence[Fact]) -> Order:
    order = fold(facts)
    if order.problems:
        raise OrderUnprocessableError("; ".join(order.problems))
    if _may_earn(order):
        _refuse_untold(order)
    return order


def _refuse_untold(order: Order) -> None:
    if order.untold:
        raise OrderUnprocessableError(f"no body tells {', '.join(order.untold)}")


def _may_earn(order: Order) -> bool:
    """Say whether anybody could earn: most orders of most shops came through no link, and cost no more."""
    return order.earns and (order.click_id is not None or bool(order.coupon_codes))


def _may_be_remembered(order: Order) -> bool:
    """Say whether the order tells something about its customer, where the plan looks back."""
    return order.earns and order.customer_key is not None


def _counts(order: Order, terms: Terms) -> bool:
    """Say whether a program has anything to do with an order that has no entries yet."""
    if order.test is not terms.program.sandbox:
        return False
    if _may_earn(order):
        return True
    needs_history = order.paid_at is not None and terms.plan_at(order.paid_at).needs_history
    if needs_history:
        _refuse_untold(order)
    return needs_history
