"""What the deployed system says happened in the night of Double 11, beside what must have happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey, standing
from grapevine.domain.money import POINTS, format_minor, parse_minor
from grapevine.usecases.read_balance import read_balance
from grapevine_sim.double_11 import (
    BUDGET,
    COST_IN_THE_END,
    EVERYTHING,
    FIRST_HOUR,
    HELD_IN_THE_END,
    NIGHT,
    ONCE,
    POINTS_IN_THE_END,
    PRE_SALE,
    TRIPLE,
    Earned,
    Sold,
)
from grapevine_sim.double_11_night import Night
from grapevine_sim.outcome import placed_in_columns

CNY = "CNY"
EXPLAINED = NIGHT[1]
"""The order one amount of which is explained in two languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The night as the system tells it: by order, by promoter, and by campaign; with one amount in words."""

    orders: tuple[tuple[Sold, Earned], ...]
    held: Mapping[str, int]
    points: Mapping[str, int]
    cost: Mapping[str, int]
    sentences: tuple[str, ...]

    @property
    def differences(self) -> list[str]:
        """Everything that is not as it must be, in words."""
        wrong = [
            f"{sold.words}: {told} not {sold.in_the_end}"
            for sold, told in self.orders
            if told != sold.in_the_end
        ]
        sums = (
            ("held", self.held, HELD_IN_THE_END),
            ("points", self.points, POINTS_IN_THE_END),
            ("cost", self.cost, COST_IN_THE_END),
        )
        return wrong + [f"{what}: {told} not {must}" for what, told, must in sums if told != must]


def told_by(night: Night) -> Told:
    """Ask the system: explanations from the API, balances from the pages, campaigns from the entries."""
    orders = [(sold, _earned(night, sold)) for sold in EVERYTHING]
    treasury, program_id = night.day.parts.treasury, night.shop.program_id
    balances = {
        (name, currency): read_balance(AccountKey(program_id, promoter_id, currency), treasury).held_minor
        for name, promoter_id in night.shop.promoter_ids.items()
        for currency in (CNY, POINTS)
    }
    return Told(
        orders=tuple(_as_they_came(orders)),
        held={name: minor for (name, currency), minor in balances.items() if currency == CNY},
        points={name: minor for (name, currency), minor in balances.items() if currency == POINTS},
        cost=_cost(night),
        sentences=tuple(said for language in ("en", "zh") for said in _sentences(night, language)),
    )


def _earned(night: Night, sold: Sold) -> Earned:
    """Return what stands of an order, as its last entry explains it."""
    found = night.explanation(sold.order)
    earned = dict.fromkeys((1, 2), 0)
    for row in found["levels"]:
        earned[row["level"]] += parse_minor(row["earned"], CNY)
    campaigns = {
        row["name"]: parse_minor(row["granted"], CNY)
        for row in found["campaigns"]
        if row["name"] and row["currency"] == CNY and not _is_gone(found)
    }
    points = sum(parse_minor(text, POINTS) for text in found["points"].values())
    return Earned(plan=earned[1], above=earned[2], campaigns=campaigns, points=points)


def _is_gone(found: Mapping[str, Any]) -> bool:
    return bool(found["order"]["base"] == found["order"]["refunded"])


def _as_they_came(orders: Sequence[tuple[Sold, Earned]]) -> list[tuple[Sold, Earned]]:
    """Return the orders; of the two that came at once, who was granted more is the first."""
    twins = sorted(
        (told for sold, told in orders if sold.order.key in ONCE),
        key=lambda told: -told.campaigns.get(FIRST_HOUR, 0),
    )
    return [
        (sold, twins[ONCE.index(sold.order.key)] if sold.order.key in ONCE else told) for sold, told in orders
    ]


def _cost(night: Night) -> dict[str, int]:
    """Return what the campaigns' accounts say that each has paid."""
    entries = night.day.parts.ledger.scan(night.shop.program_id)
    return {
        night.campaign_ids[account.owner]: -minor
        for (account, _), minor in standing(tuple(entries)).items()
        if account.leaf is Leaf.BUDGET
    }


def _sentences(night: Night, language: str) -> list[str]:
    found = night.explanation(EXPLAINED.order, language)
    told: list[str] = found["sentences"][night.shop.promoter_ids[EXPLAINED.promoter]]
    return told


_COLUMNS = (
    *("order", "through", "sales", "paid at", "plan"),
    *(PRE_SALE, FIRST_HOUR, "cash", "points", "to Lin"),
)


def night_table(told: Told) -> list[str]:
    """Return the night as lines of a table, with what it came to and one amount in words."""
    cells = [_COLUMNS, *(_cells(sold, earned) for sold, earned in told.orders)]
    lines = placed_in_columns(cells, left=(0, 1))
    why = f"{format_minor(EXPLAINED.night.cash, CNY)} CNY and {EXPLAINED.night.points} points"
    held = "; ".join(
        f"{name.title()} {format_minor(minor, CNY)} and {told.points[name]} points"
        for name, minor in told.held.items()
    )
    cost = "; ".join(f"{name} {_amount(name, told.cost.get(name, 0))}" for name in COST_IN_THE_END)
    return [
        lines[0],
        "─" * len(lines[0]),
        *lines[1:],
        "",
        f"held a week later: {held}",
        f"campaigns have paid: {cost}",
        f"{_amount(FIRST_HOUR, BUDGET)} for the first hour were gone that night; a refund gave 26.00 back,",
        "which the late order was granted, and undid Mei's bounty of 50.00 CNY for four orders",
        "",
        f"why {EXPLAINED.promoter.title()} has {why} from the second order, in the promoters' words:",
        *(f"  {said}" for said in told.sentences),
    ]


def _amount(campaign: str, minor: int) -> str:
    return f"{minor} points" if campaign == TRIPLE else f"{format_minor(minor, CNY)} CNY"


def _cells(sold: Sold, earned: Earned) -> tuple[str, ...]:
    gone = sum(line.subtotal_minor for refund in sold.order.refunds for line in refund.lines)
    paid = next(step.state.at for step in sold.order.story if step.topic == "orders/paid")
    added = (earned.campaigns.get(name) for name in (PRE_SALE, FIRST_HOUR))
    return (
        sold.words,
        sold.promoter.title(),
        format_minor(sum(line.net_minor for line in sold.order.lines) - gone, CNY),
        _clock(paid),
        format_minor(earned.plan, CNY),
        *("" if minor is None else format_minor(minor, CNY) for minor in added),
        format_minor(earned.cash, CNY),
        str(earned.points),
        format_minor(earned.above, CNY),
    )


def _clock(seconds: int) -> str:
    """Return an instant of the night as a clock in Shanghai shows it."""
    minutes, second = divmod(seconds % 86_400, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}"
