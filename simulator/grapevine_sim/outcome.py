"""What the deployed system says happened, as a merchant reads it, beside what must have happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grapevine.domain.facts import OrderKey
from grapevine.domain.money import format_minor, parse_minor
from grapevine.usecases.count_clicks import BOTS, PEOPLE, clicks_subject
from grapevine_sim.day import Day, Shop, balances
from grapevine_sim.expected import Expected

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One promoter's day, amounts in minor units; `earned` is before refunds, blocked left out."""

    name: str
    people: int
    bots: int
    orders: int
    earned_minor: int
    refunded_minor: int
    blocked_minor: int
    paid_minor: int
    carried_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The day: a row per promoter, what the shop sold, and each order's last entry by name."""

    rows: tuple[Row, ...]
    last_entries: tuple[str, ...]
    sales_minor: int
    returned_minor: int


def outcome_of(day: Day, shop: Shop) -> Outcome:
    """Ask the system: balances and explanations from the API, clicks from the statistics' pages."""
    currency = day.world.shop.currency
    last = _last_entries(day, shop)
    explained = [shop.console.get(f"/programs/{shop.program_id}/entries/{name}/explain") for name in last]
    standing = [found for found in explained if not found["order"]["cancelled_at"]]
    found_balances = balances(shop)
    rows = tuple(_row(day, shop, name, standing, found_balances[name]) for name in sorted(shop.promoter_ids))
    return Outcome(
        rows=rows,
        last_entries=last,
        sales_minor=sum(parse_minor(found["order"]["base"], currency) for found in standing),
        returned_minor=sum(parse_minor(found["order"]["refunded"], currency) for found in standing),
    )


def _last_entries(day: Day, shop: Shop) -> tuple[str, ...]:
    """Return the name of the last entry of every order that has one, as the ledger lists them."""
    keys = [OrderKey(shop.storefront_id, str(plan.id)) for plan in day.world.orders]
    chains = [day.parts.ledger.entries_of(key) for key in keys]
    return tuple(chain[-1].id for chain in chains if chain)


def _row(day: Day, shop: Shop, name: str, explained: Sequence[Json], balance: Mapping[str, str]) -> Row:
    currency, promoter_id = day.world.shop.currency, shop.promoter_ids[name]
    levels = [
        level
        for found in explained
        if found["verdict"] != "block"
        for level in found["levels"]
        if level["promoter"] == promoter_id
    ]
    pages = day.parts.pages.pages(clicks_subject(shop.link_codes[name]))

    def money(text: str) -> int:
        return parse_minor(text, currency)

    return Row(
        name=name,
        people=sum(page.amounts.get(PEOPLE, 0) for page in pages),
        bots=sum(page.amounts.get(BOTS, 0) for page in pages),
        orders=sum(level["level"] == 1 for level in levels),
        earned_minor=sum(money(level["total"]) for level in levels),
        refunded_minor=sum(money(level["reversed"]) for level in levels),
        blocked_minor=money(balance["blocked"]),
        paid_minor=money(balance["paid"]),
        carried_minor=money(balance["payable"]),
    )


def differences(outcome: Outcome, truth: Expected) -> list[str]:
    """Return everything that is not as it must be, in words; amounts of attributed orders only."""
    wrong: list[str] = []
    for row in outcome.rows:
        known = truth.earnings[row.name]
        pairs = {
            "people": (row.people, truth.people_clicks[row.name]),
            "bots": (row.bots, truth.bot_clicks[row.name]),
            "earned": (row.earned_minor, known.earned_minor),
            "refunded": (row.refunded_minor, known.refunded_minor),
            "blocked": (row.blocked_minor, known.blocked_minor),
            "paid": (row.paid_minor, known.paid_minor),
            "carried": (row.carried_minor, known.carried_minor),
        }
        wrong += [
            f"{row.name} {what}: {is_} not {must}" for what, (is_, must) in pairs.items() if is_ != must
        ]
    return wrong


_COLUMNS = ("promoter", "visits", "robots", "orders", "earned", "refunded", "blocked", "paid", "carried")


def table(outcome: Outcome, currency: str) -> list[str]:
    """Return the day as lines of a table, with totals."""
    cells = [_COLUMNS, *(_cells(row, currency) for row in outcome.rows)]
    total = (
        "together",
        *(str(sum(getattr(row, name) for row in outcome.rows)) for name in ("people", "bots", "orders")),
        *(
            format_minor(sum(getattr(row, f"{name}_minor") for row in outcome.rows), currency)
            for name in _COLUMNS[4:]
        ),
    )
    cells.append(total)
    lines = placed_in_columns(cells, left=(0,))
    rule = "─" * len(lines[0])
    sold = format_minor(outcome.sales_minor, currency)
    returned = format_minor(outcome.returned_minor, currency)
    return [
        *(lines[:1]),
        rule,
        *lines[1:-1],
        rule,
        lines[-1],
        "",
        f"sales through links {sold} {currency}, of which {returned} came back",
    ]


def _cells(row: Row, currency: str) -> tuple[str, ...]:
    amounts = (
        row.earned_minor,
        row.refunded_minor,
        row.blocked_minor,
        row.paid_minor,
        row.carried_minor,
    )
    counts = (str(row.people), str(row.bots), str(row.orders))
    return row.name.title(), *counts, *(format_minor(minor, currency) for minor in amounts)


def placed_in_columns(cells: Sequence[Sequence[str]], left: Sequence[int]) -> list[str]:
    """Return rows of cells as lines, each column as wide as its widest cell; `left` begin on the left."""
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return ["  ".join(_placed(row, widths, left)) for row in cells]


def _placed(row: Sequence[str], widths: Sequence[int], left: Sequence[int]) -> list[str]:
    return [
        cell.ljust(width) if column in left else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
