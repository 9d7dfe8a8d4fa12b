"""Where a customer's history and a month's sales meet: who is tied decides whose month an order is in."""

from __future__ import annotations

from typing import Any

from grapevine.domain.bindings import CustomerNote
from grapevine.domain.candidates import Reason
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import EntryReason
from grapevine.domain.plans import BindingPolicy, Recurring
from grapevine.domain.tiers import Shortfall, TierBasis, Volume
from tests.builders import ANA, BO, CY, PROGRAM_ID, minutes
from tests.usecases.selling import NOVEMBER_CLOSES, Selling, local, tiered

KEY = "a" * 24


def remembering(*rate_bps: int, **changes: Any) -> Selling:  # noqa: ANN401 - settings of a plan
    return Selling(tiered(*rate_bps, **{"binding": BindingPolicy.FIRST_EVER, **changes}))


def decided(shop: Selling, name: str) -> Decision:
    return [entry.decision for entry in shop.entries(name) if entry.decision][-1]


def test_an_order_that_came_by_a_tie_alone_counts_in_the_tied_promoters_month_and_has_their_tier() -> None:
    shop = remembering()
    shop.sell("first", local(10, 20), 10_000, customer_key=KEY)
    shop.sell("second", local(10, 21), 40_000, customer_key=KEY, click_id=None)
    shop.sell("third", local(11, 11), 10_000, customer_key=KEY, click_id=None)
    assert shop.closed("2026-10") == Volume(50_000, 2)
    assert shop.earned("third") == {CY: 1_500, BO: 300}
    assert [tier.tier_id for tier in decided(shop, "third").tiers] == ["gold"]
    assert shop.world.proof().faults == ()


def test_the_gate_holds_above_the_tied_promoter_and_not_above_whoever_was_clicked() -> None:
    """Bo's customer clicks Cy's link: Bo has the first level by the tie, so only Ana's sales are asked."""
    shop = remembering(1000, 300, 100, upline_gate_minor=20_000)
    shop.sell("first", local(10, 20), 10_000, promoter=BO, customer_key=KEY)
    shop.sell("second", local(11, 11), 10_000, promoter=CY, customer_key=KEY)
    assert decided(shop, "second").reason is Reason.BINDING
    assert decided(shop, "second").gated == (Shortfall(ANA, "2026-10", 0),)
    assert shop.earned("second") == {BO: 1_200, "house": 300}


def test_an_order_that_earns_nobody_anything_counts_in_no_month_and_names_nobody_short() -> None:
    shop = remembering(upline_gate_minor=50_000, recurring=Recurring.FIRST_ONLY)
    shop.sell("first", local(10, 20), 10_000, customer_key=KEY)
    entry = shop.sell("second", local(10, 21), 40_000, customer_key=KEY)
    assert decided(shop, "second").reason is Reason.REPEAT_ORDER
    assert (entry.sales, decided(shop, "second").gated, decided(shop, "second").tiers) == ((), (), ())
    shop.sell("other", local(11, 11), 10_000)
    assert shop.closed("2026-10") == Volume(10_000, 1)


def test_an_order_decided_by_a_tie_is_looked_at_when_its_grace_ends_and_again_when_its_month_closes() -> None:
    """The close changes what is earned, not the tie: the customer's history is told nothing by it."""
    shop = remembering(tier_basis=TierBasis.RUNNING_MONTH)
    shop.sell("first", local(11, 10), 5_000, customer_key=KEY)
    entry = shop.sell("second", local(11, 11), 5_000, customer_key=KEY, click_id=None)
    assert entry.due_at == local(11, 11, 13)
    shop.sweep(local(11, 11, 13) + minutes(1))
    assert shop.entries("second")[-1].due_at == NOVEMBER_CLOSES
    told = len(shop.world.catalog.customer(PROGRAM_ID, KEY).orders)
    shop.sweep(NOVEMBER_CLOSES)
    assert shop.earned("first") == {CY: 600, BO: 150}
    assert EntryReason.TIERED in [entry.reason for entry in shop.entries("first")]
    assert decided(shop, "second").reason is Reason.BINDING
    assert len(shop.world.catalog.customer(PROGRAM_ID, KEY).orders) == told == 2
    assert shop.world.proof().faults == ()


def test_a_gate_that_opens_in_the_grace_hour_of_a_month_leaves_the_tie_as_it_was() -> None:
    shop = remembering(upline_gate_minor=10_000)
    shop.sell("bos", local(10, 20), 9_000, promoter=BO)
    shop.sell("first", local(10, 20), 1_000, customer_key=KEY)
    shop.sell("one", local(11, 1, 0.5), 10_000, customer_key=KEY, click_id=None)
    assert shop.earned("one") == {CY: 1_000, "house": 300}
    shop.sell("more", local(10, 31, 23.9), 1_000, promoter=BO)
    shop.sweep(local(11, 1, 1))
    assert shop.earned("one") == {CY: 1_000, BO: 300}
    assert decided(shop, "one").reason is Reason.BINDING
    assert decided(shop, "one").customer == CustomerNote(KEY, None, earned=True)
    assert shop.world.proof().faults == ()
