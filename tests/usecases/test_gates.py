"""An upline has a level only if enough was sold through them the month before."""

from __future__ import annotations

from typing import Any

import pytest

from grapevine.domain.entries import EntryReason
from grapevine.domain.explanation import explained, explanation
from grapevine.domain.plans import Vacancy
from grapevine.domain.tiers import Shortfall
from tests import builders as make
from tests.builders import ANA, BO, CY
from tests.usecases.selling import Selling, key, local

DEE = "pr_dee"


def gated(**changes: Any) -> Selling:  # noqa: ANN401 - settings of a plan
    """Return a shop whose uplines need 100.00 of sales in the month before; Dee stands apart."""
    shop = Selling(make.plan(1000, 300, 100, upline_gate_minor=10_000, **changes))
    shop.world.catalog.add_promoter(make.promoter(DEE))
    return shop


@pytest.mark.parametrize(
    ("sold", "vacancy", "expected"),
    [
        ({BO: 10_000, ANA: 10_000}, Vacancy.HOUSE, {CY: 1_000, BO: 300, ANA: 100}),
        ({BO: 9_999, ANA: 10_000}, Vacancy.HOUSE, {CY: 1_000, "house": 300, ANA: 100}),
        ({BO: 9_999, ANA: 10_000}, Vacancy.COMPRESS, {CY: 1_000, ANA: 300}),
        ({BO: 9_999, ANA: 10_000}, Vacancy.DEFAULT_SPONSOR, {CY: 1_000, DEE: 300, ANA: 100}),
        ({CY: 0}, Vacancy.HOUSE, {CY: 1_000, "house": 400}),
        ({CY: 0}, Vacancy.COMPRESS, {CY: 1_000}),
    ],
)
def test_edge_48_an_upline_who_is_short_of_the_gate_leaves_the_level_vacant(
    sold: dict[str, int], vacancy: Vacancy, expected: dict[str, int]
) -> None:
    """Whoever the order is attributed to needs no sales: that is their own sale."""
    sponsor = DEE if vacancy is Vacancy.DEFAULT_SPONSOR else None
    shop = gated(vacancy=vacancy, default_sponsor_id=sponsor)
    for name, net_minor in sold.items():
        shop.close("2026-10", net_minor, name)
    shop.sell("one", local(11, 11), 10_000)
    assert shop.earned("one") == expected


def test_edge_48_the_gate_is_passed_by_what_was_really_sold_the_month_before() -> None:
    shop = gated()
    shop.sell("bos", local(10, 20), 10_000, promoter=BO)
    shop.sell("anas", local(10, 20), 9_999, promoter=ANA)
    shop.sell("one", local(11, 11), 10_000)
    assert shop.earned("one") == {CY: 1_000, BO: 300, "house": 100}


def test_edge_48_who_was_short_is_kept_and_told() -> None:
    shop = gated()
    shop.close("2026-10", 9_999, BO)
    shop.close("2026-10", 10_000, ANA)
    entry = shop.sell("one", local(11, 11), 10_000)
    assert entry.decision is not None
    assert entry.decision.gated == (Shortfall(BO, "2026-10", 9_999),)
    facts, terms = shop.world.facts.facts_of(key("one")), shop.world.catalog.terms(make.PROGRAM_ID)
    told = explanation(explained((entry,), facts, terms))
    assert told["gated"] == [{"promoter": BO, "month": "2026-10", "net_sales": "99.99", "gate": "100.00"}]
    assert told["tiers"] == []
    assert told["re_adds"]


def test_a_suspended_upline_is_not_told_to_be_short() -> None:
    shop = gated(vacancy=Vacancy.COMPRESS)
    shop.world.catalog.change_promoter(make.suspended(make.promoter(BO, ANA)), 0)
    entry = shop.sell("one", local(11, 11), 10_000)
    assert entry.decision is not None
    assert [short.promoter_id for short in entry.decision.gated] == [ANA]


def test_edge_48_in_the_first_hour_of_a_month_the_gate_is_looked_at_once_more() -> None:
    """The month before is not closed: what is sold in its last minutes may still open the gate."""
    shop = gated()
    shop.sell("bos", local(10, 20), 9_000, promoter=BO)
    entry = shop.sell("one", local(11, 1, 0.5), 10_000)
    assert shop.earned("one") == {CY: 1_000, "house": 400}
    assert entry.due_at == local(11, 1, 1)
    shop.sell("more", local(10, 31, 23.9), 1_000, promoter=BO)
    shop.sweep(local(11, 1, 1))
    assert shop.earned("one") == {CY: 1_000, BO: 300, "house": 100}
    assert shop.entries("one")[-1].reason is EntryReason.REATTRIBUTED
    shop.sweep(local(11, 1, 2))
    assert shop.world.post(local(11, 1, 3), key("one")) is None
    assert shop.world.proof().faults == ()
