"""Our engine at work on the sales: the pure functions alone, and the use cases on the adapters in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice

from benchmarks.engine.measuring import Work
from benchmarks.engine.sales import (
    CURRENCY,
    PROMOTERS,
    RATES_BPS,
    Books,
    Sale,
    first_sales,
    people,
    program_ids,
    sales,
)
from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.adapters.memory.flow import MemoryClicks, MemoryFacts
from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.adapters.memory.state import MemoryPages
from grapevine.domain.accounts import PROGRAM, net
from grapevine.domain.accrual import next_entry
from grapevine.domain.candidates import touch_of
from grapevine.domain.clicks import Click
from grapevine.domain.decisions import decide
from grapevine.domain.entries import Entry, canonical
from grapevine.domain.facts import Fact, FactKind, Line, OrderKey, Payment, Snapshot
from grapevine.domain.orders import fold
from grapevine.domain.people import Promoter
from grapevine.domain.plans import Plan
from grapevine.domain.programs import Program, Terms
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order

NOON = datetime(2026, 11, 11, 12, 0, tzinfo=UTC)
LONG_AGO = NOON - timedelta(days=400)
STOREFRONT = "sf_shop"
BATCH = 100
"""Orders that a stream brings at once."""


@dataclass(frozen=True, slots=True)
class Told:
    """A sale as our engine gets to know it: its facts, and the click that it names."""

    key: OrderKey
    program_id: str
    facts: tuple[Fact, ...]
    click: Click


def told(sale: Sale, *, lines: int = 1) -> Told:
    """Return a sale as one paid order of a visitor of its own, clicked for half an hour before."""
    click_id = f"{sale.number:022d}-{'2' * 20}"
    at = NOON - timedelta(minutes=30)
    click = Click(
        id=click_id,
        link_code="bcdfghjk",
        program_id=sale.program_id,
        promoter_id=sale.promoter_id,
        upline=(),
        occurred_at=at,
        recorded_at=at,
        user_agent="Mozilla/5.0 (iPhone)",
    )
    snapshot = Snapshot(
        placed_at=NOON,
        payment=Payment.PAID,
        currency=CURRENCY,
        lines=tuple(_lines(sale.total_minor, lines)),
        click_id=click_id,
    )
    key = OrderKey(STOREFRONT, sale.order_id)
    paid = Fact(
        order=key,
        program_id=sale.program_id,
        kind=FactKind.PAID,
        version=NOON,
        digest=f"{sale.number:016x}",
        recorded_at=NOON,
        snapshot=snapshot,
    )
    return Told(key, sale.program_id, (paid,), click)


def _lines(total_minor: int, number: int) -> Iterator[Line]:
    each, rest = divmod(total_minor, number)
    for position in range(number):
        yield Line(
            id=f"l{position}",
            product_id=None,
            sku=None,
            quantity_milli=1000,
            gross_minor=each + (rest if position == 0 else 0),
            discount_minor=0,
        )


def terms_of(program_id: str) -> Terms:
    """Return a program's terms."""
    program = Program(
        id=program_id,
        merchant_id="mc_1",
        name=program_id,
        currency=CURRENCY,
        time_zone="Asia/Shanghai",
        allowed_hosts=("shop.example",),
        created_at=LONG_AGO,
    )
    return Terms(program, (Plan(version=1, effective_at=LONG_AGO, rate_bps=RATES_BPS),))


def promoters(number: int = PROMOTERS) -> Iterator[Promoter]:
    """Yield the promoters of all programs."""
    for program_id, name, sponsor_id in people(number):
        yield Promoter(id=name, program_id=program_id, name=name, sponsor_id=sponsor_id, joined_at=LONG_AGO)


def accrue(
    sale: Told, terms: Terms, known: Mapping[str, Promoter], entries: Sequence[Entry] = ()
) -> Entry | None:
    """Fold, attribute and accrue one order; no store, no clock."""
    order = fold(sale.facts)
    touches = (touch_of(sale.click, sale.program_id),)
    decision = decide(order, NOON, terms.plan_at(order.paid_at or NOON), touches, known)
    return next_entry(sale.key, order, decision, entries, sale.facts, terms, NOON)


class PureEngine:
    """`fold` → `decide` → `next_entry`, everything else at hand."""

    size = 10_000

    def __init__(self) -> None:
        self._terms = {program_id: terms_of(program_id) for program_id in program_ids()}
        self._known: dict[str, dict[str, Promoter]] = {program_id: {} for program_id in program_ids()}
        for promoter in promoters():
            self._known[promoter.program_id][promoter.id] = promoter

    def turn(self) -> Iterator[Work]:
        """Yield the accrual of the first sales, batch by batch."""
        for batch in batches(first_sales(self.size)):
            yield partial(self._accrue, batch)

    def books(self, some: tuple[Sale, ...]) -> Books:
        """Return what these sales come to."""
        return books_of_entries(entry for batch in batches(some) for entry in self._accrue(batch))

    def _accrue(self, batch: Sequence[Told]) -> list[Entry | None]:
        terms, known = self._terms, self._known
        return [accrue(order, terms[order.program_id], known[order.program_id]) for order in batch]


class UseCases:
    """`post_order` on the adapters in memory, which are the tests' and hold locks."""

    def __init__(self, number: int = PROMOTERS, orders: int = 6_000) -> None:
        self.size = orders
        self._promoters = number
        self._catalog = MemoryCatalog()
        for program_id in program_ids():
            terms = terms_of(program_id)
            self._catalog.add_program(terms.program, terms.plans[0])
        for promoter in promoters(number):
            self._catalog.add_promoter(promoter)

    def turn(self) -> Iterator[Work]:
        """Yield the posting of the first sales to an empty ledger, batch by batch."""
        store = Store(self._catalog)
        for batch in batches(tuple(islice(sales(self._promoters), self.size))):
            yield partial(self._post, store, store.ready(batch))

    def books(self, some: tuple[Sale, ...]) -> Books:
        """Return what these sales come to."""
        store = Store(self._catalog)
        return books_of_entries(
            entry for batch in batches(some) for entry in self._post(store, store.ready(batch))
        )

    def _post(self, store: Store, keys: Sequence[OrderKey]) -> list[Entry | None]:
        return [post_order(PostOrder(key), store.ports, NOON) for key in keys]


class WholeWay(UseCases):
    """The same with each entry's text, which is stored, and the balances, folded as a stream would."""

    def _post(self, store: Store, keys: Sequence[OrderKey]) -> list[Entry | None]:
        posted = super()._post(store, keys)
        entries = tuple(entry for entry in posted if entry)
        for entry in entries:
            canonical(entry)
        fold_entries(FoldEntries(entries), store.pages)
        return posted


class Store:
    """Empty stores in memory around a catalog."""

    def __init__(self, catalog: MemoryCatalog) -> None:
        self._facts, self._clicks = MemoryFacts(), MemoryClicks()
        self.pages = MemoryPages()
        self.ports = PostOrderPorts(MemoryLedger(catalog), self._facts, self._clicks, catalog, self.pages)

    def ready(self, batch: Sequence[Told]) -> list[OrderKey]:
        """Store a batch's facts and clicks; return which orders are to be posted."""
        for order in batch:
            self._facts.append(order.facts[0])
            self._clicks.record(order.click)
        return [order.key for order in batch]


def batches(some: tuple[Sale, ...]) -> Iterator[list[Told]]:
    """Yield sales as a stream brings them, each batch just read."""
    for start in range(0, len(some), BATCH):
        yield [told(sale) for sale in some[start : start + BATCH]]


def books_of_entries(entries: Iterable[Entry | None]) -> Books:
    """Return what promoters have earned by these entries."""
    books: Books = {}
    for entry in filter(None, entries):
        for (account, _), minor in net(entry.postings).items():
            if account.owner != PROGRAM:
                key = account.program_id, account.owner
                books[key] = books.get(key, 0) + minor
    return books
