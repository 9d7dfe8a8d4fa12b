"""Take orders out of a shop's export: bodies one by one, each as if the shop had been asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.errors import GrapevineError
from grapevine.domain.facts import OrderKey
from grapevine.ports.shop_clients import Fetched
from grapevine.usecases.fetch_order import Shop, Taken, TakePorts, shop_of, take_fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """One order of an export: the line it begins at, and its body, or what is wrong with it.

    `order_id` is there where the export says less of an order than the shop itself would: what is
    known of that order already stays.
    """

    line: int
    fetched: Fetched | None = None
    fault: str = ""
    order_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How many orders of an export were news, how many known, and which lines could not be used, and why.

    `problems` are those of orders that were taken and wait for a person.
    """

    news: int = 0
    known: int = 0
    problems: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()


def silent(line: int) -> None:
    """Tell nobody how far an import is."""


def import_orders(
    storefront_id: str,
    exported: Iterable[Exported],
    ports: TakePorts,
    now: datetime,
    progress: Callable[[int], None] = silent,
) -> Imported:
    """Append what each order says where that is news; importing again changes nothing.

    No line stops the others: what cannot be used is reported with its line. NotFoundError without the
    storefront.
    """
    shop = shop_of(storefront_id, ports)
    news = known = 0
    problems, rejected = list[str](), list[str]()
    for one in exported:
        try:
            taken = _taken(one, shop, ports, now)
        except GrapevineError as error:
            taken = Taken(unread=(str(error),))
        news, known = news + len(taken.facts), known + taken.known
        problems += [f"line {one.line}: {what}" for what in taken.problems]
        rejected += [f"line {one.line}: {what}" for what in taken.unread]
        progress(one.line)
    return Imported(news=news, known=known, problems=tuple(problems), rejected=tuple(rejected))


def _taken(one: Exported, shop: Shop, ports: TakePorts, now: datetime) -> Taken:
    if one.fetched is None:
        return Taken(unread=(one.fault,))
    if one.order_id and ports.facts.facts_of(OrderKey(shop.storefront.id, one.order_id)):
        return Taken(known=1)
    taken = take_fetched(one.fetched, shop, ports, now)
    return taken if taken != Taken() else Taken(unread=("is no order",))
