"""A bounty stands while its evidence does: what counts, in which period, and when it is for good."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from grapevine.domain.accounts import Leaf
from grapevine.domain.bounties import BountyPeriod, period_named
from grapevine.domain.bounty_posting import is_new
from grapevine.domain.campaigns import Audience, Pays
from grapevine.domain.entries import EntryReason, canonical, entry_of_text
from grapevine.domain.facts import Outcome
from grapevine.domain.people import PromoterStatus
from grapevine.domain.tiers import TierMeasure, Volume
from grapevine.usecases.change_promoter import ChangeStatus, change_status
from grapevine.usecases.merge_promoters import MergePromoters, merge_promoters
from tests import builders as make
from tests.builders import ANA, BO, CY, days, minutes
from tests.usecases.hunting import HELD_UNTIL, WEEK, WEEK_ENDS, Hunting, bonus, bounty
from tests.usecases.selling import Selling, key, local, tiered


def two_sold(*bounties: object, **changes: object) -> Hunting:
    """Return a shop in which Cy sold two orders in the week, on Tuesday and on Wednesday."""
    shop = Hunting(*bounties, **changes)  # type: ignore[arg-type]
    shop.sell("one", local(11, 10), 10_000)
    shop.sell("two", local(11, 11), 5_000)
    return shop


def reasons(shop: Hunting, name: str = WEEK, promoter: str = CY) -> list[EntryReason]:
    return [entry.reason for entry in shop.chain(name, promoter)]


# --- the evidence ---------------------------------------------------------------------------------


def test_edge_63_a_reached_target_is_held_until_the_hold_ends_and_then_payable() -> None:
    shop = Hunting()
    shop.sell("one", local(11, 10), 10_000)
    assert shop.chain() == ()
    shop.sell("two", local(11, 11), 5_000)
    (entry,) = shop.chain()
    assert (entry.reason, entry.due_at, entry.reached) == (EntryReason.BONUS, HELD_UNTIL, Volume(15_000, 2))
    assert shop.stands() == {Leaf.HELD: 5_000}
    shop.sweep(HELD_UNTIL - minutes(1))
    assert shop.stands() == {Leaf.HELD: 5_000}
    shop.sweep(HELD_UNTIL)
    assert shop.stands() == {Leaf.PAYABLE: 5_000}
    assert (reasons(shop), shop.chain()[-1].released) == ([EntryReason.BONUS, EntryReason.RELEASED], True)
    assert shop.world.proof().faults == ()


def test_edge_63_a_refund_that_undoes_the_evidence_undoes_the_bounty_until_the_hold_ends() -> None:
    shop = two_sold()
    shop.back("two", local(12, 15, 23), 5_000)
    assert shop.stands() == {}
    assert reasons(shop) == [EntryReason.BONUS, EntryReason.UNDONE]
    assert shop.chain()[-1].reached == Volume(10_000, 1)
    shop.sweep(HELD_UNTIL)
    assert shop.stands() == {}


def test_edge_63_what_is_refunded_after_the_hold_changes_nothing_any_more() -> None:
    shop = two_sold()
    shop.sweep(HELD_UNTIL)
    refund = shop.back("two", HELD_UNTIL, 5_000)
    assert refund.evidence == ()
    assert shop.look(HELD_UNTIL + days(1)) is None
    assert shop.stands() == {Leaf.PAYABLE: 5_000}


def test_edge_63_it_comes_again_where_the_evidence_does() -> None:
    shop = two_sold()
    shop.judge("two", local(11, 12), Outcome.BLOCK)
    assert shop.stands() == {}
    shop.judge("two", local(11, 13), Outcome.ALLOW)
    assert shop.stands() == {Leaf.HELD: 5_000}
    assert reasons(shop) == [EntryReason.BONUS, EntryReason.UNDONE, EntryReason.BONUS]
    shop.sweep(HELD_UNTIL)
    assert shop.stands() == {Leaf.PAYABLE: 5_000}


def test_edge_63_a_refund_that_was_never_folded_is_seen_before_anything_is_payable() -> None:
    """The stream lost it: the sweep looks at the pages once more, which somebody folded again."""
    shop = two_sold()
    shop.give_back("two", local(11, 20), 5_000)
    assert shop.world.post(local(11, 20), key("two"))
    shop.world.fold()
    assert shop.stands() == {Leaf.HELD: 5_000}
    shop.world.sweep(HELD_UNTIL)
    assert shop.stands() == {}


def test_a_refund_that_was_recorded_in_time_and_folded_late_takes_from_what_is_payable() -> None:
    shop = two_sold()
    shop.give_back("two", local(11, 20), 5_000)
    assert shop.world.post(local(11, 20), key("two"))
    shop.world.sweep(HELD_UNTIL)
    assert shop.stands() == {Leaf.PAYABLE: 5_000}
    shop.world.fold_and_post(HELD_UNTIL + days(1))
    assert shop.stands() == {}
    last = shop.chain()[-1]
    assert (last.reason, last.released) == (EntryReason.UNDONE, True)
    assert shop.world.balance(CY).payable_minor == 1_000


def test_an_order_counts_in_the_week_in_which_it_was_paid_however_late_we_learn_of_it() -> None:
    shop = Hunting()
    shop.sell("one", local(11, 10), 10_000)
    shop.paid("late", local(11, 15, 23.9), 5_000)
    shop.paid("monday", local(11, 16, 0), 5_000)
    shop.post("late", local(12, 10))
    shop.post("monday", local(12, 10))
    assert shop.stands() == {Leaf.HELD: 5_000}
    assert shop.stands("bt_week:2026-W47") == {}


def test_an_order_that_we_learn_of_after_the_hold_counts_for_nothing() -> None:
    shop = Hunting()
    shop.sell("one", local(11, 10), 10_000)
    shop.paid("late", local(11, 11), 5_000)
    assert shop.post("late", HELD_UNTIL).evidence == ()
    assert shop.chain() == ()


def test_edge_64_only_what_is_left_after_refunds_counts_in_net_sales() -> None:
    shop = two_sold(bounty(measure=TierMeasure.NET_SALES, target=15_000))
    assert shop.stands() == {Leaf.HELD: 5_000}
    shop.back("one", local(11, 20), 1)
    assert shop.stands() == {}
    assert shop.chain()[-1].reached == Volume(14_999, 2)


def test_edge_64_partly_refunded_orders_count_and_wholly_refunded_ones_do_not() -> None:
    shop = two_sold()
    shop.back("one", local(11, 12), 9_999)
    assert shop.stands() == {Leaf.HELD: 5_000}
    shop.back("one", local(11, 13), 1)
    assert shop.stands() == {}


def test_edge_64_a_cancelled_order_does_not_count() -> None:
    shop = two_sold()
    shop.cancel("two", local(11, 12))
    shop.post("two", local(11, 12))
    assert shop.stands() == {}


@pytest.mark.parametrize("outcome", [Outcome.BLOCK, Outcome.REVIEW])
def test_edge_64_a_blocked_order_does_not_count_and_one_that_is_looked_at_does(outcome: Outcome) -> None:
    shop = two_sold()
    shop.judge("two", local(11, 12), outcome)
    assert shop.stands() == ({} if outcome is Outcome.BLOCK else {Leaf.HELD: 5_000})


def test_edge_64_test_orders_do_not_count() -> None:
    shop = Hunting()
    shop.sell("one", local(11, 10), 10_000)
    shop.paid("two", local(11, 11), 5_000, test=True)
    shop.world.post(local(11, 11), key("two"))
    shop.world.fold_and_post(local(11, 11))
    assert shop.chain() == ()


def test_an_order_without_commission_is_evidence_all_the_same() -> None:
    """What it pays is the plan's affair; also when only the evidence changes, an entry says so."""
    shop = two_sold(plan=make.plan(0, tiers=()))
    assert shop.stands() == {Leaf.HELD: 5_000}
    refund = shop.back("two", local(11, 12), 5_000)
    assert refund.postings == ()
    assert [sale.volume for sale in refund.evidence] == [Volume(-5_000, -1)]
    assert shop.stands() == {}


def test_the_sale_of_somebody_below_is_no_evidence() -> None:
    shop = two_sold(plan=make.plan(1000, 300, tiers=()))
    assert shop.chain(promoter=BO) == ()


def test_an_order_of_another_promoter_moves_the_evidence() -> None:
    """A click that was recorded late, within the grace hour, gives the order to somebody else."""
    shop = two_sold()
    entry = shop.entries("two")[-1]
    assert [sale.promoter_id for sale in entry.evidence] == [CY]
    shop.paid("two", local(11, 11) + minutes(3), 5_000, promoter=BO, placed_at=local(11, 11))
    moved = shop.post("two", local(11, 11, 12.2))
    assert {sale.promoter_id: sale.volume.orders for sale in moved.evidence} == {CY: -1, BO: 1}
    assert shop.stands() == {}


# --- periods and terms ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "first", "second", "is_reached"),
    [
        (BountyPeriod.DAY, local(11, 11, 0), local(11, 11, 23.9), True),
        (BountyPeriod.DAY, local(11, 11, 23.9), local(11, 12, 0), False),
        (BountyPeriod.WEEK, local(11, 9, 0), local(11, 15, 23.9), True),
        (BountyPeriod.WEEK, local(11, 15), local(11, 16), False),
        (BountyPeriod.MONTH, local(11, 1, 0), local(11, 30, 23.9), True),
        (BountyPeriod.MONTH, local(10, 31, 23.9), local(11, 1), False),
        (BountyPeriod.ONCE, local(1, 2), local(12, 30), True),
    ],
)
def test_both_orders_must_be_of_one_period(
    period: BountyPeriod, first: datetime, second: datetime, *, is_reached: bool
) -> None:
    shop = Hunting(bounty(period=period, ends_at=local(12, 31, 0)))
    shop.sell("one", first, 10_000)
    shop.sell("two", second, 10_000)
    assert shop.world.balance(CY).held_minor == 2_000 + (5_000 if is_reached else 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"starts_at": local(11, 9, 0) + minutes(1)},
        {"ends_at": WEEK_ENDS - minutes(1)},
        {"stopped_at": local(11, 11) - minutes(1)},
    ],
)
def test_a_week_that_is_not_whole_within_the_bounty_or_after_it_was_stopped_does_not_count(
    changes: dict[str, object],
) -> None:
    assert two_sold(bounty(**changes)).chain() == ()


def test_what_was_reached_before_a_bounty_was_stopped_stands() -> None:
    assert two_sold(bounty(stopped_at=local(11, 12))).stands() == {Leaf.HELD: 5_000}


def test_several_bounties_look_at_the_same_orders_each_by_its_own_target() -> None:
    month = bounty(id="bt_month", period=BountyPeriod.MONTH, target=3, amount=100, pays=Pays.POINTS)
    shop = two_sold(bounty(), month)
    shop.sell("three", local(11, 30), 100)
    assert shop.stands() == {Leaf.HELD: 5_000}
    assert shop.stands("bt_month:2026-11") == {Leaf.HELD: 100}
    assert shop.world.balance(CY, "PTS").held_minor == 100
    assert shop.world.proof().faults == ()


def test_a_program_without_bounties_records_no_evidence() -> None:
    entry = Selling(make.plan(1000, tiers=())).sell("one", local(11, 10), 10_000)
    assert entry.evidence == ()
    assert "ev" not in canonical(entry)


def test_an_entry_with_evidence_and_a_bountys_are_read_back_as_they_were_written() -> None:
    shop = two_sold()
    for entry in (*shop.entries("two"), *shop.chain()):
        assert entry_of_text(canonical(entry), entry.key) == entry


def test_looking_again_posts_nothing() -> None:
    shop = two_sold()
    assert shop.look(local(11, 12)) is None
    shop.sweep(HELD_UNTIL)
    assert shop.look(HELD_UNTIL + days(50)) is None


# --- people ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("within", "is_theirs"), [(100, True), (98, True), (97, False)])
def test_a_bounty_for_new_promoters_asks_when_they_joined(within: int, *, is_theirs: bool) -> None:
    """Everybody joined a hundred days before 11 November, which is 97 days and some before the Monday."""
    joined = bounty(audience=Audience(joined_within_days=within))
    assert bool(two_sold(joined).chain()) is is_theirs


def test_who_joined_just_so_many_days_before_the_period_is_new_and_nobody_else() -> None:
    week = bounty(audience=Audience(joined_within_days=7))
    period = period_named(week, WEEK, ZoneInfo("Asia/Shanghai"))
    on_the_day = make.promoter(CY, joined_at=period.starts_at - days(7))
    before = make.promoter(CY, joined_at=period.starts_at - days(7) - minutes(1))
    assert [is_new(one, week, period) for one in (on_the_day, before, None)] == [True, False, False]


@pytest.mark.parametrize(("tier", "is_theirs"), [("silver", True), ("base", False)])
def test_a_bounty_for_a_tier_asks_what_was_sold_in_the_month_before(tier: str, *, is_theirs: bool) -> None:
    shop = Hunting(bounty(audience=Audience(tier_ids=(tier,))), plan=tiered())
    shop.sell("october", local(10, 20), 10_000)
    shop.sell("one", local(11, 10), 10_000)
    shop.sell("two", local(11, 11), 50_000)
    assert bool(shop.chain()) is is_theirs


def change(shop: Hunting, status: PromoterStatus, at: datetime, promoter: str = CY) -> None:
    change_status(
        ChangeStatus(program_id=make.PROGRAM_ID, promoter_id=promoter, status=status, reason="a reason"),
        shop.world.catalog,
        at,
    )


def test_who_is_suspended_when_the_hold_ends_waits_until_they_are_not() -> None:
    shop = two_sold()
    change(shop, PromoterStatus.SUSPENDED, local(12, 1))
    shop.sweep(HELD_UNTIL)
    assert shop.stands() == {Leaf.HELD: 5_000}
    assert (shop.chain()[-1].waits, shop.chain()[-1].due_at) == ((CY,), HELD_UNTIL + days(1))
    change(shop, PromoterStatus.ACTIVE, HELD_UNTIL + minutes(5))
    shop.sweep(HELD_UNTIL + days(1))
    assert shop.stands() == {Leaf.PAYABLE: 5_000}


def test_what_is_payable_stays_payable_for_who_is_suspended_later() -> None:
    shop = two_sold()
    shop.sweep(HELD_UNTIL)
    change(shop, PromoterStatus.SUSPENDED, HELD_UNTIL + minutes(1))
    assert shop.look(HELD_UNTIL + days(1)) is None


def test_who_is_banned_before_the_hold_ends_loses_it_and_who_is_banned_later_does_not() -> None:
    shop = two_sold()
    change(shop, PromoterStatus.BANNED, local(12, 1))
    shop.world.void(CY, local(12, 1, 13))
    assert shop.stands() == {}
    assert shop.chain()[-1].reason is EntryReason.VOIDED
    shop.sweep(HELD_UNTIL)
    assert shop.stands() == {}
    late = two_sold()
    change(late, PromoterStatus.BANNED, HELD_UNTIL + minutes(1))
    late.sweep(HELD_UNTIL + days(1))
    assert late.stands() == {Leaf.PAYABLE: 5_000}


def test_a_ban_that_nobody_acted_on_is_seen_when_the_hold_ends() -> None:
    shop = two_sold()
    change(shop, PromoterStatus.BANNED, local(12, 1))
    shop.sweep(HELD_UNTIL)
    assert shop.stands() == {}


def merge(shop: Hunting, duplicate: str, promoter: str, at: datetime) -> None:
    merge_promoters(
        MergePromoters(program_id=make.PROGRAM_ID, duplicate_id=duplicate, promoter_id=promoter),
        shop.world.catalog,
        at,
    )


def test_what_was_sold_through_two_accounts_of_one_person_counts_together() -> None:
    shop = Hunting()
    shop.sell("one", local(11, 10), 10_000)
    shop.sell("other", local(11, 10), 10_000, promoter=ANA)
    merge(shop, CY, ANA, local(11, 12))
    assert shop.chain(promoter=ANA) == ()
    assert shop.look(local(11, 14), promoter=CY) is None
    assert shop.stands(promoter=ANA) == {Leaf.HELD: 5_000}


def test_a_duplicates_bounty_goes_to_whose_it_is_and_is_paid_once() -> None:
    shop = two_sold()
    shop.sell("other", local(11, 10), 10_000, promoter=ANA)
    merge(shop, CY, ANA, local(11, 20))
    shop.sweep(HELD_UNTIL)
    assert shop.stands() == {}
    assert reasons(shop)[-1] is EntryReason.MERGED
    assert shop.stands(promoter=ANA) == {Leaf.PAYABLE: 5_000}


def test_accounts_that_become_one_after_the_hold_change_nothing_of_it() -> None:
    shop = two_sold()
    merge(shop, CY, ANA, HELD_UNTIL)
    shop.sweep(HELD_UNTIL + days(1))
    assert shop.stands() == {}
    shop = two_sold()
    merge(shop, CY, ANA, HELD_UNTIL + minutes(1))
    shop.sweep(HELD_UNTIL + days(1))
    assert shop.stands() == {Leaf.PAYABLE: 5_000}
    assert shop.chain(promoter=ANA) == ()


def test_its_money_is_in_the_promoters_balance() -> None:
    shop = two_sold()
    assert shop.world.balance(CY).held_minor == 1_500 + 5_000
    shop.sweep(HELD_UNTIL)
    assert shop.world.balance(CY).payable_minor == 1_500 + 5_000
    assert bonus() == shop.chain()[0].key
