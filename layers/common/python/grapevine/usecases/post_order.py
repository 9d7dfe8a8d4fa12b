"""Make the ledger say what an order's facts mean now: the one writer per order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.accrual import next_entry
from grapevine.domain.entries import Entry
from grapevine.domain.errors import ConcurrencyError, OrderUnprocessableError, StaleReadError
from grapevine.domain.facts import Fact, OrderKey
from grapevine.domain.orders import Order, fold
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
    if not (_may_earn(order) or entries):
        return None
    terms = ports.catalog.terms(facts[0].program_id)
    if order.test is not terms.program.sandbox and not entries:
        return None
    reading = DecisionPorts(ports.clicks, ports.catalog, ports.pages)
    decision = decide_order(order, entries, terms, reading, now)
    entry = next_entry(key, order, decision, entries, facts, terms, now)
    if entry is not None:
        ports.ledger.append(entry)
    return entry


def _refuse_stale(entries: Sequence[Entry], facts: Sequence[Fact]) -> None:
    if entries and len(facts) < entries[-1].covers:
        raise StaleReadError(f"{len(facts)} facts read, {entries[-1].id} covers {entries[-1].covers}")


def _folded(facts: Sequence[Fact]) -> Order:
    order = fold(facts)
    if order.problems:
        raise OrderUnprocessableError("; ".join(order.problems))
    if _may_earn(order) and order.untold:
        raise OrderUnprocessableError(f"no body tells {', '.join(order.untold)}")
    return order


def _may_earn(order: Order) -> bool:
    """Say whether anybody could earn: most orders of most shops came through no link, and cost no more."""
    return order.earns and (order.click_id is not None or bool(order.coupon_codes))
