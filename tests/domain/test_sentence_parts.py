"""What is told besides the plain case: products, flat pay, bases, limits, bonuses, tiers, ties."""

from __future__ import annotations

import pytest

from grapevine.domain.candidates import Reason
from grapevine.domain.caps import Cap, CapPer
from grapevine.domain.chains import HOUSE
from grapevine.domain.explanation import explained
from grapevine.domain.facts import Component, FactKind, Outcome, Tender, TenderKind
from grapevine.domain.plans import AttributionModel, BindingPolicy, Recurring, Vacancy
from grapevine.domain.products import Product, ProductChange
from grapevine.domain.sentences import sentences
from grapevine.domain.tiers import TierBasis
from grapevine.domain.wording import Language
from grapevine.domain.wordings import EN, WORDINGS
from tests import builders as make
from tests.builders import ANA, BO, CY, ORDER, PROGRAM_ID, T0, days, minutes
from tests.domain.said import believed
from tests.domain.test_sentences import only, said, sold
from tests.usecases.selling import Selling, key, local, tiered
from tests.worlds import World, chain_world

DEE, EVE = "pr_dee", "pr_eve"
TEA = make.line("tea", 10_000, product_id="77")
CUP = make.line("cup", 2_000)


def bound_world(*rate_bps: int, **changes: object) -> World:
    """Return the chain with a product that is Dee's, whose sponsor is Eve, whose sponsor is Ana."""
    world = chain_world(make.plan(*rate_bps, product_bound=True, **changes))
    world.catalog.add_promoter(make.promoter(EVE, ANA))
    world.catalog.add_promoter(make.promoter(DEE, EVE))
    change = ProductChange(effective_at=T0 - days(10), promoter_id=DEE)
    world.catalog.put_product(Product(program_id=PROGRAM_ID, id="77", changes=(change,)))
    return world


def both(world: World, name: str) -> tuple[str, str]:
    """Return the one sentence somebody is told, in Chinese and in English."""
    return only(world, name, Language.ZH), only(world, name)


def believes(world: World, name: str) -> int:
    """Return what a promoter has by what they are told, in whatever language, and in fact."""
    entries, facts = world.ledger.entries_of(ORDER), world.facts.facts_of(ORDER)
    found = explained(entries, facts, world.catalog.terms(PROGRAM_ID))
    stands = found.standing_minor.get(name, 0)
    for language, words in WORDINGS.items():
        assert believed(said(world, name, language)[name], words) == stands
    return stands


# --- products that are bound ---------------------------------------------------------------------


def test_whose_product_it_is_is_told_so_and_who_brought_the_order_is_told_the_rest() -> None:
    world = sold(bound_world(1000, 300, 100), lines=(TEA, CUP))
    assert both(world, DEE) == (
        (
            "你获得佣金 10.00 美元：11月11日有人从你的专属商品中购买了 100.00 美元，按 10% 计算；"
            "12月11日起可以提现。"
        ),
        (
            "You earned 10.00 USD: 10 % of 100.00 USD that somebody bought of a product that is yours on "
            "11 November; payable on 11 December."
        ),
    )
    assert "of a product that is a promoter's one level below you on" in only(world, EVE)
    assert "10 % of 20.00 USD that somebody bought through your link" in only(world, CY)


def test_who_is_above_both_has_a_sentence_for_each_and_only_the_last_says_when() -> None:
    world = sold(bound_world(1000, 300, 100), lines=(TEA, CUP))
    through, product = said(world, ANA)[ANA]
    assert through == (
        "You earned 0.20 USD: 1 % of 20.00 USD that somebody bought "
        "through a promoter 2 levels below you on 11 November."
    )
    assert product == (
        "You earned 1.00 USD: 1 % of 100.00 USD that somebody bought "
        "of a product that is a promoter's 2 levels below you on 11 November; payable on 11 December."
    )
    assert believes(world, ANA) == 120


def test_everybody_with_money_from_a_bound_product_is_told_unasked() -> None:
    world = sold(bound_world(1000, 300, 100), lines=(TEA,))
    assert {DEE, EVE, ANA} <= set(said(world, None))
    assert said(world, CY)[CY] == ["You earned nothing from this order."]


def test_who_stands_in_above_a_bound_product_is_told_so() -> None:
    world = bound_world(1000, 300, vacancy=Vacancy.DEFAULT_SPONSOR, default_sponsor_id=BO)
    world.catalog.change_promoter(make.suspended(make.promoter(EVE, ANA)), 0)
    told = only(sold(world, lines=(TEA,)), BO)
    assert "of another promoter's product, where you stand in at level 2, on 11 November" in told


def test_a_bound_product_is_not_shared_with_those_who_share_the_order() -> None:
    world = bound_world(1000, attribution_model=AttributionModel.LINEAR)
    world.clicks.record(make.click(id=f"{'2' * 22}-{'7' * 20}", promoter_id=ANA, upline=()))
    sold(world, lines=(TEA, CUP))
    assert "your equal part" not in only(world, DEE)
    assert "your equal part of what 2 promoters share" in only(world, CY)


def test_nobody_is_said_to_have_earned_nothing_where_the_product_earned() -> None:
    world = sold(bound_world(1000), lines=(TEA,), click_id=None)
    assert only(world, HOUSE) == "Nothing of this order stayed with the program."


# --- flat pay ------------------------------------------------------------------------------------


def test_flat_pay_is_told_beside_what_the_lines_earn() -> None:
    world = sold(chain_world(make.plan(1000, per_order_minor=(500,))))
    assert only(world).startswith("You earned 13.33 USD: 10 % of 133.33 USD that somebody bought")
    assert "; and 5.00 USD more for the order itself; " in only(world)
    assert believes(world, CY) == 1_833


def test_flat_pay_alone_is_for_the_order() -> None:
    world = sold(chain_world(make.plan(0, per_order_minor=(500,))))
    assert both(world, CY) == (
        "你获得佣金 5.00 美元：11月11日有人通过你的链接下了一单；12月11日起可以提现。",
        (
            "You earned 5.00 USD for an order that somebody placed through your link on 11 November; "
            "payable on 11 December."
        ),
    )


def test_what_of_lines_and_flat_pay_went_back_is_one_amount() -> None:
    world = sold(chain_world(make.plan(1000, per_order_minor=(500,))))
    world.append(make.refunded("r1", minutes(60), ("a", 5_000)))
    world.post(T0 + minutes(61))
    assert "; 6.88 USD went back when part was refunded; " in only(world)
    assert believes(world, CY) == 1_833 - 688


# --- what counts ---------------------------------------------------------------------------------


def test_what_a_plan_counts_is_told_where_it_is_not_simply_the_goods() -> None:
    world = chain_world(make.plan(1000, base=(Component.ITEM, Component.SHIPPING)))
    charge = make.line("s", 1_000, component=Component.SHIPPING)
    told = both(sold(world, charges=(charge,)), CY)
    assert "；计佣范围：商品、运费；" in told[0]
    assert "10 % of 143.33 USD" in told[1]
    assert "; what counts here: goods, shipping; " in told[1]


def test_what_was_paid_in_a_way_that_does_not_count_is_told() -> None:
    world = chain_world(make.plan(1000, excluded_tenders=(TenderKind.GIFT_CARD,)))
    tender = Tender(kind=TenderKind.GIFT_CARD, minor=3_333)
    told = only(sold(world, tenders=(tender,)))
    assert told.startswith("You earned 10.00 USD: 10 % of 100.00 USD")
    assert "; 33.33 USD more was paid in a way that does not count; " in told


# --- limits over orders --------------------------------------------------------------------------

ON_ORDERS = Cap(id="order", per=CapPer.ORDER, amount_minor=1_500)


def test_what_limits_leave_is_told_with_what_was_earned_before() -> None:
    world = sold(chain_world(make.plan(1000, 300, 100, caps=(ON_ORDERS,))))
    assert "leave" not in only(world, CY)
    assert "; the program's limits leave you 1.67 USD of 4.00 USD; payable on" in only(world, BO)
    assert believes(world, BO) == 167


def test_of_whom_limits_leave_nothing_no_day_is_promised() -> None:
    world = sold(chain_world(make.plan(1000, 300, 100, caps=(ON_ORDERS,))))
    told = both(world, ANA)
    assert told[0].endswith("；受计划上限所限，1.33 美元 中你可得 0.00 美元。")
    assert told[1].endswith("; the program's limits leave you 0.00 USD of 1.33 USD.")


def test_limits_are_told_after_refunds() -> None:
    world = sold(chain_world(make.plan(1000, 300, 100, caps=(ON_ORDERS,))))
    world.append(make.refunded("r1", minutes(60), ("b", 1_000)))
    world.post(T0 + minutes(61))
    assert (
        "; 0.30 USD went back when part was refunded; the program's limits leave you 2.67 USD of 3.70 USD; "
        in only(world, BO)
    )
    assert believes(world, BO) == 267


@pytest.mark.parametrize("changes", [{"cancelled_at": T0 + minutes(9)}, {"test": True}])
def test_where_all_went_back_no_limit_is_told(changes: dict[str, object]) -> None:
    world = sold(chain_world(make.plan(1000, 300, 100, caps=(ON_ORDERS,))))
    world.append(make.fact(FactKind.EDITED, minutes(9), snapshot=make.snapshot(**changes)))
    world.post(T0 + minutes(10))
    assert "leave" not in only(world, BO)
    assert believes(world, BO) == 0


def test_the_program_is_told_what_is_left_with_it() -> None:
    world = chain_world()
    world.catalog.change_promoter(make.suspended(make.promoter(BO, ANA)), 0)
    sold(world)
    world.append(make.fact(FactKind.EDITED, minutes(9), snapshot=make.snapshot(cancelled_at=T0 + minutes(9))))
    world.post(T0 + minutes(10))
    assert only(world, HOUSE) == "0.00 USD stayed with the program: nobody could earn at level 2."
    assert believes(world, HOUSE) == 0


# --- the recruit bonus ---------------------------------------------------------------------------


def released(*rate_bps: int) -> World:
    world = chain_world(make.plan(*rate_bps, recruit_bonus_minor=500))
    world.append(make.verdict(Outcome.ALLOW))
    sold(world)
    world.post(T0 + days(40))
    return world


def test_who_has_a_bonus_alone_is_told_of_it_and_not_that_they_earned_nothing() -> None:
    world = released(1000)
    assert BO in said(world, None)
    assert both(world, BO) == (
        "你获得奖金 5.00 美元：你邀请的推广者的首笔订单已过等待期。",
        "You got a bonus of 5.00 USD: the first order of somebody you invited was released.",
    )


def test_a_bonus_is_told_beside_a_commission() -> None:
    world = released(1000, 300)
    commission, bonus = said(world, BO)[BO]
    assert commission.startswith("You earned 4.00 USD: 3 %")
    assert bonus.startswith("You got a bonus of 5.00 USD")
    assert believes(world, BO) == 900


def test_a_bonus_makes_no_commission_payable_of_which_nothing_is_left() -> None:
    caps = (Cap(id="order", per=CapPer.ORDER, amount_minor=1_333),)
    world = chain_world(make.plan(1000, 300, caps=caps, recruit_bonus_minor=500))
    world.append(make.verdict(Outcome.ALLOW))
    sold(world)
    world.post(T0 + days(40))
    commission, _ = said(world, BO)[BO]
    assert commission.endswith("the program's limits leave you 0.00 USD of 4.00 USD.")
    assert believes(world, BO) == 500


# --- months and customers ------------------------------------------------------------------------


def told_of(shop: Selling, name: str, promoter_id: str) -> str:
    """Return the one sentence about an order by name; what it says is what stands."""
    entries, facts = shop.entries(name), shop.world.facts.facts_of(key(name))
    found = explained(entries, facts, shop.world.catalog.terms(PROGRAM_ID))
    for words in WORDINGS.values():
        texts = sentences(found, words)[promoter_id]
        assert believed(texts, words) == shop.earned(name).get(promoter_id, 0)
    (text,) = sentences(found, EN, promoter_id)[promoter_id]
    return text


def test_what_a_tier_adds_is_told_apart_with_its_month() -> None:
    shop = Selling(tiered(1000, 300))
    shop.close("2026-10", 50_000)
    shop.sell("one", local(11, 11), 10_000)
    assert told_of(shop, "one", CY) == (
        "You earned 10.00 USD: 10 % of 100.00 USD that somebody bought through your link on 11 November; "
        "and 5.00 USD more for your tier gold by what was sold in October 2026; payable on 11 December."
    )
    assert "tier" not in told_of(shop, "one", BO)


def test_a_tier_beside_flat_pay_is_told_once() -> None:
    shop = Selling(tiered(1000, 300, per_order_minor=(70,)))
    shop.close("2026-10", 50_000)
    shop.sell("one", local(11, 11), 10_000)
    told = told_of(shop, "one", CY)
    assert "and 5.00 USD more for your tier gold" in told
    assert "and 0.70 USD more for the order itself" in told


def test_a_month_that_is_open_is_not_final() -> None:
    shop = Selling(tiered(1000, tier_basis=TierBasis.RUNNING_MONTH))
    shop.sell("one", local(11, 11), 10_000)
    assert "; what November 2026 makes of it is not final yet; " in told_of(shop, "one", CY)
    shop.cancel("one", local(11, 12))
    shop.post("one", local(11, 12, 13))
    assert "final" not in told_of(shop, "one", CY)


def test_who_is_short_of_the_gate_is_told_what_it_takes() -> None:
    shop = Selling(make.plan(1000, 300, 100, upline_gate_minor=10_000))
    shop.close("2026-10", 9_999, BO)
    shop.close("2026-10", 10_000, ANA)
    shop.sell("one", local(11, 11), 10_000)
    assert told_of(shop, "one", BO) == (
        "You earned nothing from this sale of somebody below you: 99.99 USD was sold through you "
        "in October 2026, and it takes 100.00 USD."
    )
    assert told_of(shop, "one", ANA).startswith("You earned 1.00 USD")


def test_a_gate_in_a_months_first_hour_is_not_final() -> None:
    shop = Selling(make.plan(1000, 300, upline_gate_minor=10_000))
    shop.sell("one", local(11, 1, 0.5), 10_000)
    assert told_of(shop, "one", BO).endswith("; what October 2026 makes of it is not final yet.")


def tied_shop(**terms: object) -> Selling:
    """Return a shop in which Eve bought through Cy first, in October."""
    shop = Selling(make.plan(1000, **terms))
    shop.sell("first", local(10, 20), 10_000, customer_key="cu_eve")
    shop.world.post(local(10, 20, 14), key("first"))
    return shop


def test_a_customer_who_is_tied_is_told_as_such() -> None:
    shop = tied_shop(binding=BindingPolicy.FIRST_EVER)
    shop.sell("one", local(11, 11), 10_000, promoter=BO, customer_key="cu_eve")
    assert "that somebody bought as a customer who is tied to you on 11 November" in told_of(shop, "one", CY)
    assert told_of(shop, "one", BO) == (
        "You earned nothing from this order: the promoter to whom the customer is tied counts."
    )


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"new_customers_only": True}, Reason.EXISTING_CUSTOMER),
        ({"recurring": Recurring.FIRST_ONLY}, Reason.REPEAT_ORDER),
    ],
)
def test_a_customer_who_came_back_may_earn_nothing_and_why_is_told(
    terms: dict[str, object], why: Reason
) -> None:
    shop = tied_shop(**terms)
    shop.sell("one", local(11, 11), 10_000, customer_key="cu_eve")
    assert told_of(shop, "one", CY) == f"You earned nothing from this order: {EN.decisions[why]}."
