"""What was sold in a month raises level 1: which month, how much, and when it is for good."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import datetime
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.adapters.memory.flow import MemoryFacts
from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import EntryReason
from grapevine.domain.errors import NotFoundError
from grapevine.domain.explanation import explained, explanation
from grapevine.domain.facts import Fact, FactKind, Outcome
from grapevine.domain.fx import Rate
from grapevine.domain.plan_faults import plan_faults, with_default_tiers
from grapevine.domain.plans import AttributionModel
from grapevine.domain.rates import RateRule
from grapevine.domain.tiers import Tier, TierBasis, TierMeasure, TierMode, Volume, uplift_of
from grapevine.usecases.post_order import PostOrder, post_order
from grapevine.usecases.read_tier import ReadTier, ReadTierPorts, TierNow, read_tier
from tests import builders as make
from tests.builders import ANA, BO, CY, T0, days, minutes
from tests.strategies import PATIENT
from tests.usecases.selling import NOVEMBER_CLOSES, TIERS, Selling, key, local, tiered

RUNNING = TierBasis.RUNNING_MONTH
MARGINAL = TierMode.MARGINAL


# --- the month before ---------------------------------------------------------------------------


def test_edge_53_the_month_before_decides_and_what_is_sold_meanwhile_does_not() -> None:
    shop = Selling()
    shop.sell("october", local(10, 20), 10_000)
    entry = shop.sell("first", local(11, 11), 60_000)
    assert shop.earned("first") == {CY: 7_200, BO: 1_800}
    assert entry.decision is not None
    (tier,) = entry.decision.tiers
    assert (tier.tier_id, tier.month, tier.volume) == ("silver", "2026-10", Volume(10_000, 1))
    shop.sell("second", local(11, 12), 60_000)
    assert shop.earned("second") == shop.earned("first")
    shop.sell("december", local(12, 2), 10_000)
    assert shop.earned("december") == {CY: 1_500, BO: 300}


def test_only_level_one_of_whom_the_order_is_attributed_to_is_raised() -> None:
    shop = Selling()
    for promoter in (CY, BO, ANA):
        shop.close("2026-10", 50_000, promoter)
    shop.sell("one", local(11, 11), 10_000)
    assert shop.earned("one") == {CY: 1_500, BO: 300}


def test_edge_56_the_tier_is_the_stored_rows_whatever_is_counted_later() -> None:
    """Two orders at once: the first stores the row, and whatever is folded since, the second reads it."""
    shop = Selling()
    shop.sell("october", local(10, 20), 9_999)
    shop.sell("one", local(11, 11), 10_000)
    assert shop.closed("2026-10") == Volume(9_999, 1)
    shop.sell("late", local(10, 21), 10_000)  # Posted on 21 October by its clock, after the row was stored.
    shop.sell("two", local(11, 11), 10_000)
    assert shop.earned("two") == shop.earned("one") == {CY: 1_000, BO: 300}


def test_edge_56_who_is_second_to_close_a_month_gets_the_firsts_answer() -> None:
    catalog = Selling().world.catalog
    first = catalog.close_month(make.PROGRAM_ID, CY, "2026-10", Volume(1, 1))
    assert catalog.close_month(make.PROGRAM_ID, CY, "2026-10", Volume(2, 2)) == first == Volume(1, 1)


def test_edge_53_in_the_grace_hour_of_a_month_the_one_before_is_not_closed_yet() -> None:
    """An order of the first minutes is paid by what is known, and once more when the month is closed."""
    shop = Selling()
    shop.sell("last", local(10, 31, 23), 9_000)
    first = shop.sell("first", local(11, 1, 0.1), 10_000)
    assert first.decision is not None
    assert first.decision.provisional_until == local(11, 1, 1)
    assert first.due_at == local(11, 1, 1)
    assert shop.closed("2026-10") is None
    shop.sell("straggler", local(10, 31, 23.95), 1_000)
    shop.sweep(local(11, 1, 1))
    assert shop.earned("first") == {CY: 1_200, BO: 300}
    last = shop.entries("first")[-1]
    assert last.reason is EntryReason.TIERED
    assert last.decision is not None
    assert last.decision.provisional_until is None
    assert shop.closed("2026-10") == Volume(10_000, 2)


def test_edge_54_a_refund_after_its_month_was_closed_leaves_the_month_and_counts_in_its_own() -> None:
    shop = Selling()
    shop.sell("october", local(10, 20), 10_000)
    shop.give_back("october", local(11, 5), 10_000)
    entry = shop.post("october", local(11, 5))
    assert [(sale.month, sale.volume) for sale in entry.sales] == [("2026-11", Volume(-10_000, -1))]
    shop.sell("november", local(11, 11), 15_000)
    assert shop.earned("november") == {CY: 1_800, BO: 450}
    shop.sell("december", local(12, 2), 10_000)
    assert shop.closed("2026-11") == Volume(5_000, 0)
    assert shop.earned("december") == {CY: 1_000, BO: 300}


# --- the running month --------------------------------------------------------------------------


def running(**changes: object) -> Selling:
    return Selling(tiered(tier_basis=RUNNING, hold_days_after_payment=0, screening_days=0, **changes))


def test_edge_53_at_the_close_of_the_running_month_every_order_is_put_right() -> None:
    shop = running()
    shop.sell("one", local(11, 11), 6_000)
    assert shop.earned("one") == {CY: 600, BO: 180}
    shop.sell("two", local(11, 12), 6_000)
    assert shop.earned("two") == {CY: 720, BO: 180}
    assert shop.earned("one") == {CY: 600, BO: 180}
    shop.sweep(NOVEMBER_CLOSES - minutes(1))
    assert shop.earned("one") == {CY: 600, BO: 180}
    shop.sweep(NOVEMBER_CLOSES)
    assert shop.earned("one") == {CY: 720, BO: 180}
    true_up = shop.entries("one")[-1]
    added = [p.amount.minor for p in true_up.postings if p.source.leaf is Leaf.COMMISSION]
    assert (true_up.reason, added) == (EntryReason.TIERED, [120])
    assert shop.world.proof().faults == ()


@pytest.mark.parametrize("mode", TierMode)
def test_edge_53_settled_amounts_do_not_depend_on_the_order_of_arrival(mode: TierMode) -> None:
    """50 001 in all, of which 1 goes back: the month ends just at a threshold, by whichever way."""
    bases, ends = {"one": 6_000, "two": 5_001, "three": 39_000}, []
    for names in permutations(bases):
        shop = running(tier_mode=mode)
        for name in names:
            shop.paid(name, local(11, 11), bases[name])
        for number, name in enumerate(names):
            shop.post(name, local(11, 11 + number))
        shop.give_back("two", local(11, 20), 1)
        shop.post("two", local(11, 20))
        shop.sweep(NOVEMBER_CLOSES)
        ends.append({name: shop.earned(name) for name in bases})
        assert shop.world.proof().faults == ()
    assert ends[1:] == ends[:-1]


BASES = {"one": 6_000, "two": 5_001, "three": 39_001}
BACK = (("one", 12, 700), ("two", 13, 5_001), ("three", 14, 1))


def told(shop: Selling) -> list[Fact]:
    """Return everything that happens to three orders; none of it has arrived."""
    facts = [
        *(shop.paid(name, local(11, 11), base) for name, base in BASES.items()),
        *(shop.give_back(name, local(11, day), minor) for name, day, minor in BACK),
    ]
    shop.world.facts = MemoryFacts()
    return facts


@pytest.mark.parametrize("mode", TierMode)
@given(data=st.data())
@settings(PATIENT, max_examples=40)
def test_edge_53_whatever_comes_in_whatever_order_a_closed_month_pays_the_same(
    mode: TierMode, data: st.DataObject
) -> None:
    """Facts permuted and repeated, folded early or late, swept in between: 443.00 are left in all."""
    shop = running(tier_mode=mode)
    facts = told(shop)
    repeats = data.draw(st.lists(st.sampled_from(facts), max_size=4))
    for number, fact in enumerate(data.draw(st.permutations([*facts, *repeats]))):
        now = local(11, 15 + number)
        shop.world.append(fact)
        shop.world.post(now, fact.order)
        if data.draw(st.booleans()):
            shop.sweep(now)
    shop.world.fold()
    shop.sweep(NOVEMBER_CLOSES)
    assert shop.closed("2026-11") == Volume(44_300, 2)
    added = Fraction(200) if mode is TierMode.WHOLE else Fraction(34_300 * 200, 44_300)
    kept = {name: BASES[name] - minor for name, _, minor in BACK}
    assert {name: shop.earned(name).get(CY, 0) for name in BASES} == {
        name: _level_one(BASES[name], kept[name], added) for name in BASES
    }
    assert shop.world.proof().faults == ()


def _level_one(base: int, kept: int, added_bps: Fraction) -> int:
    """Return ten per cent and what the tier adds of an order, less what went back of that."""
    total = round(base * (1_000 + added_bps) / 10_000)
    return total - round(Fraction(total * (base - kept), base))


def test_nothing_of_an_open_month_is_released() -> None:
    shop = running()
    shop.sell("one", local(11, 11), 6_000)
    shop.sweep(local(11, 30, 23))
    assert not any(entry.released for entry in shop.entries("one"))
    shop.sweep(NOVEMBER_CLOSES)
    assert shop.entries("one")[-1].released
    assert shop.world.balance(CY).payable_minor == 600


def test_edge_54_a_refund_in_the_open_month_is_corrected_at_once_and_for_the_others_at_the_close() -> None:
    shop = running()
    shop.sell("one", local(11, 11), 4_000)
    shop.sell("two", local(11, 12), 8_000)
    assert shop.earned("two") == {CY: 960, BO: 240}
    shop.give_back("two", local(11, 13), 4_000)
    shop.post("two", local(11, 13))
    assert shop.earned("two") == {CY: 400, BO: 120}
    shop.sweep(NOVEMBER_CLOSES)
    assert (shop.earned("one"), shop.earned("two")) == ({CY: 400, BO: 120}, {CY: 400, BO: 120})


def test_edge_54_a_refund_after_the_close_reverses_what_the_order_really_earned() -> None:
    shop = running()
    shop.sell("one", local(11, 11), 6_000)
    shop.sell("two", local(11, 12), 6_000)
    shop.sweep(NOVEMBER_CLOSES)
    shop.give_back("one", local(12, 5), 3_000)
    shop.post("one", local(12, 5))
    assert shop.earned("one") == {CY: 360, BO: 90}
    assert shop.earned("two") == {CY: 720, BO: 180}
    shop.give_back("one", local(12, 6), 3_000)
    shop.post("one", local(12, 6))
    assert shop.earned("one") == {}
    assert shop.closed("2026-11") == Volume(12_000, 2)


def test_posting_again_in_an_open_month_posts_nothing_however_much_others_sell() -> None:
    shop = running()
    shop.sell("one", local(11, 11), 6_000)
    shop.sell("two", local(11, 12), 60_000)
    assert shop.world.post(local(11, 11, 12.5), key("one")) is None


def test_an_order_that_is_looked_at_after_its_grace_keeps_figures_that_pay_the_same() -> None:
    shop = running()
    shop.sell("one", local(11, 11), 1_000)
    shop.sell("two", local(11, 11, 12.2), 1_000)
    assert shop.world.post(local(11, 11, 15), key("one")) is None


def test_what_an_order_sold_counts_once_whether_its_entries_are_folded_or_not() -> None:
    shop = running()
    for name, base in (("large", 12_000), ("small", 6_000)):
        shop.paid(name, local(11, 11), base, promoter=CY if name == "large" else ANA)
        shop.world.post(local(11, 11), key(name))
        shop.give_back(name, local(11, 12), 1)
    shop.world.post(local(11, 12), key("large"))
    assert shop.earned("large")[CY] == 1_440
    shop.world.fold()
    shop.world.post(local(11, 12), key("small"))
    assert shop.earned("small") == {ANA: 600}


def test_a_cancelled_order_gives_amount_and_count_back() -> None:
    shop = running()
    shop.sell("one", local(11, 11), 6_000)
    shop.cancel("one", local(11, 12))
    assert shop.post("one", local(11, 12)).sales[0].volume == Volume(-6_000, -1)
    found = tier_now(shop, local(11, 13))
    assert found
    assert found.running.volume == Volume(0, 0)


def test_a_blocked_order_counts_for_nothing_until_it_is_unblocked() -> None:
    shop = running()
    shop.sell("one", local(11, 11), 10_000)
    shop.world.append(_verdict("one", Outcome.BLOCK, 12))
    assert shop.post("one", local(11, 12)).sales[0].volume == Volume(-10_000, -1)
    assert shop.earned("one") == {CY: 1_000, BO: 300}
    shop.world.append(_verdict("one", Outcome.ALLOW, 13))
    assert shop.post("one", local(11, 13)).sales[0].volume == Volume(10_000, 1)
    assert shop.earned("one") == {CY: 1_200, BO: 300}


def _verdict(name: str, outcome: Outcome, day: int) -> Fact:
    found, at = make.verdict(outcome).verdict, local(11, day)
    return make.fact(FactKind.VERDICT, order=key(name), version=at, recorded_at=at, verdict=found)


def test_an_order_of_a_suspended_promoter_counts_for_nobody() -> None:
    shop = Selling()
    shop.world.catalog.change_promoter(make.suspended(make.promoter(CY, BO)), 0)
    entry = shop.sell("one", local(11, 11), 10_000)
    assert (entry.sales, shop.earned("one")) == ((), {"house": 1_000})


# --- whole and marginal -------------------------------------------------------------------------


def test_edge_55_an_order_that_crosses_a_threshold_by_itself_is_raised_whole_or_above_it() -> None:
    for mode, expected in ((TierMode.WHOLE, 9_000), (MARGINAL, 6_000 + 800 + 500)):
        shop = running(tier_mode=mode)
        shop.sell("one", local(11, 11), 60_000)
        assert shop.earned("one") == {CY: expected, BO: 1_800}
        shop.sweep(NOVEMBER_CLOSES)
        assert shop.earned("one") == {CY: expected, BO: 1_800}


def test_edge_55_a_marginal_months_orders_earn_together_what_its_parts_do() -> None:
    """700.00 is 100 at +0, 400 at +2 % and 200 at +5 %: 18.00 more than the plan's ten per cent."""
    shop = running(tier_mode=MARGINAL)
    for number, base in enumerate((7_000, 14_000, 21_000, 28_000)):
        shop.sell(f"{number}", local(11, 11 + number), base)
    shop.sweep(NOVEMBER_CLOSES)
    each = [shop.earned(f"{number}")[CY] for number in range(4)]
    assert each == [880, 1_760, 2_640, 3_520]
    assert sum(each) == 7_000 + 1_800


def test_a_tier_by_orders_counts_those_of_which_something_is_left() -> None:
    by_orders = (TIERS[0], replace(TIERS[1], threshold=2))
    shop = running(tiers=by_orders, tier_measure=TierMeasure.ORDERS)
    shop.sell("one", local(11, 11), 5_000)
    shop.sell("two", local(11, 12), 5_000)
    shop.sell("free", local(11, 13), 0)
    assert shop.earned("two") == {CY: 600, BO: 150}
    shop.give_back("one", local(11, 14), 4_999)
    shop.post("one", local(11, 14))
    found = tier_now(shop, local(11, 15))
    assert found
    assert found.running.volume == Volume(5_001, 2)
    shop.give_back("one", local(11, 15), 1)
    shop.post("one", local(11, 15))
    shop.sweep(NOVEMBER_CLOSES)
    assert shop.earned("two") == {CY: 500, BO: 150}


# --- rules, currencies, shares ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ((RateRule(id="percent", sku="TEA", rate_bps=(400,)),), 600),
        ((RateRule(id="nothing", sku="TEA", rate_bps=(0,)),), 0),
        ((RateRule(id="unit", sku="TEA", per_unit_minor=(250,)),), 250),
        ((RateRule(id="tier", tier_id="silver", rate_bps=(1_100,)),), 1_100),
        ((RateRule(id="other", tier_id="gold", rate_bps=(1_100,)),), 1_200),
        (
            (
                RateRule(id="tier", sku="TEA", tier_id="silver", rate_bps=(700,)),
                RateRule(id="all", sku="TEA", rate_bps=(900,)),
            ),
            700,
        ),
        (
            (
                RateRule(id="tier", tier_id="silver", rate_bps=(700,)),
                RateRule(id="promoter", promoter_id=CY, rate_bps=(300,)),
            ),
            500,
        ),
        (
            (
                RateRule(id="unit", sku="TEA", per_unit_minor=(550,)),
                RateRule(id="percent", sku="TEA", rate_bps=(400,)),
            ),
            600,
        ),
    ],
)
def test_edge_58_what_a_tier_adds_and_a_rule_for_a_tier(rules: tuple[RateRule, ...], expected: int) -> None:
    """The tier is silver, +2 %, on 100.00; the last pair is compared in money with what the tier adds."""
    shop = Selling(tiered(1000, rules=rules))
    shop.close("2026-10", 10_000)
    shop.sell("one", local(11, 11), 0, lines=(make.line("a", 10_000, sku="TEA"),))
    assert shop.earned("one").get(CY, 0) == expected


def test_a_split_order_in_another_currency_counts_for_each_exactly_and_re_adds() -> None:
    """191.35 EUR are 207.37 USD (207.365995), of which the first of the two has the odd cent."""
    shop = running(tier_mode=MARGINAL, attribution_model=AttributionModel.LINEAR)
    euro = Rate(base="EUR", quote="USD", text="1.0837", source="ECB", effective_at=local(11, 10))
    shop.world.catalog.add_rate(make.PROGRAM_ID, euro)
    shop.world.clicks.record(make.click(id=make.CLICK_ID[:23] + "4" * 20, promoter_id=ANA, upline=()))
    cart = (make.line("a", 12_345), make.line("b", 6_790))
    shop.world.append(make.fact(order=key("one"), snapshot=make.snapshot(currency="EUR", lines=cart)))
    assert [(sale.promoter_id, sale.volume) for sale in shop.post("one", T0 + minutes(70)).sales] == [
        (ANA, Volume(10_368, 1)),
        (CY, Volume(10_369, 1)),
    ]
    shop.give_back("one", T0 + days(1), 5_000)
    shop.post("one", T0 + days(1))
    shop.sweep(NOVEMBER_CLOSES)
    entries, facts = shop.entries("one"), shop.world.facts.facts_of(key("one"))
    assert len(entries) == 3
    for number in range(1, len(entries) + 1):
        assert explained(entries[:number], facts, shop.world.catalog.terms(make.PROGRAM_ID)).re_adds
    assert shop.world.proof().faults == ()


# --- what people are told -----------------------------------------------------------------------


def test_an_explanation_says_which_tier_and_what_it_added() -> None:
    shop = running(tier_mode=MARGINAL)
    entry = shop.sell("one", local(11, 11), 60_000)
    facts, terms = shop.world.facts.facts_of(key("one")), shop.world.catalog.terms(make.PROGRAM_ID)
    told = explanation(explained((entry,), facts, terms))
    assert told["tiers"] == [
        {
            "promoter": CY,
            "tier": "gold",
            "add_bps": "650/3",
            "basis": "running_month",
            "mode": "marginal",
            "month": "2026-11",
            "net_sales": "600.00",
            "orders": 1,
            "provisional_until": "2026-11-30T17:00:00.000Z",
        }
    ]
    assert [(level["total"], level["uplift"]) for level in told["levels"]] == [
        ("73.00", "13.00"),
        ("18.00", "0.00"),
    ]
    assert told["re_adds"]


def tier_now(shop: Selling, now: datetime, promoter: str = CY) -> TierNow | None:
    catalog = shop.world.catalog
    ports = ReadTierPorts(catalog, catalog, shop.world.pages)
    return read_tier(ReadTier(make.PROGRAM_ID, promoter), ports, now)


def test_how_much_is_missing_to_the_next_tier() -> None:
    shop = Selling()
    shop.sell("october", local(10, 20), 12_000)
    shop.sell("november", local(11, 11), 49_999)
    found = tier_now(shop, local(11, 12))
    assert found
    assert (found.in_force.month, found.in_force.tier.id, found.in_force.missing) == (
        "2026-10",
        "silver",
        38_000,
    )
    assert (found.running.month, found.running.tier.id, found.running.missing) == ("2026-11", "silver", 1)
    shop.sell("more", local(11, 12), 1)
    top = tier_now(shop, local(11, 13))
    assert top
    assert (top.running.tier.id, top.running.next, top.running.missing) == ("gold", None, None)


def test_a_query_stores_nothing_and_reads_what_is_stored() -> None:
    shop = Selling()
    shop.sell("october", local(10, 20), 12_000)
    tier_now(shop, local(11, 12))
    assert shop.closed("2026-10") is None
    shop.close("2026-10", 50_000)
    found = tier_now(shop, local(11, 12))
    assert found
    assert found.in_force.tier.id == "gold"


def test_nobody_stands_anywhere_where_the_plan_has_no_tiers_or_the_promoter_is_unknown() -> None:
    assert tier_now(Selling(make.plan()), local(11, 12)) is None
    with pytest.raises(NotFoundError):
        tier_now(Selling(), local(11, 12), "pr_nobody")


# --- what it costs, and that it is proven -------------------------------------------------------


class Counted:
    """A store that writes down what it is asked for."""

    def __init__(self, store: object, asked: list[str]) -> None:
        self._store, self._asked = store, asked

    def __getattr__(self, name: str) -> object:
        self._asked.append(name)
        return getattr(self._store, name)


def requests(shop: Selling, name: str, now: datetime) -> list[str]:
    """Return what posting an order asks of the catalog and the pages."""
    asked: list[str] = []
    catalog: Any = Counted(shop.world.catalog, asked)
    pages: Any = Counted(shop.world.pages, asked)
    post_order(PostOrder(key(name)), replace(shop.world.orders, catalog=catalog, pages=pages), now)
    return asked


def test_a_plan_without_tiers_and_one_whose_month_is_stored_ask_nothing_more() -> None:
    plain, stored, first = Selling(make.plan()), Selling(), Selling()
    stored.close("2026-10", 10_000)
    for shop in (plain, stored, first):
        shop.paid("one", local(11, 11), 10_000)
    assert requests(plain, "one", local(11, 11, 13)) == ["terms", "promoters", "promoters"]
    asked = ["terms", "promoters_with_volumes", "promoters_with_volumes"]
    assert requests(stored, "one", local(11, 11, 13)) == asked
    assert requests(first, "one", local(11, 11, 13)) == [*asked, "pages", "close_month"]


def test_edge_56_pages_of_sales_are_proven_by_the_entries() -> None:
    shop = Selling()
    shop.sell("one", local(11, 11), 10_000)
    pages = shop.world.pages.stored
    (sold,) = [page for page in pages if "/sales/" in page.subject]
    pages[sold] = replace(pages[sold], amounts={"net": 60_000, "orders": 1})
    assert [fault.check for fault in shop.world.proof().faults] == ["balance"]
    del pages[sold]
    assert [fault.subject for fault in shop.world.proof().faults] == [
        f"{sold.subject} {sold.day} slot {sold.slot}"
    ]


def test_every_fault_of_tiers_is_named() -> None:
    odd = (Tier(id="a", threshold=5, add_bps=300), Tier(id="a", threshold=5, add_bps=9_000))
    rule = RateRule(id="r", tier_id="z", rate_bps=(1,))
    plan = make.plan(
        1000,
        tiers=odd,
        tier_mode=MARGINAL,
        rules=(rule,),
        upline_gate_minor=5,
        tier_measure=TierMeasure.ORDERS,
    )
    assert [f"{fault.where}: {fault.what}" for fault in plan_faults(plan)] == [
        "rules.r: is for a tier that the plan does not have: z",
        "rules.r: is for a tier, which goes with tier_mode whole",
        "tiers: two have one id",
        "tiers: the first must have the threshold 0",
        "tiers: thresholds must rise",
        "tiers: add more than the pool cap leaves: 2000",
        "tier_mode: goes with tier_basis running_month",
        "upline_gate_minor: is for levels that the plan does not have",
    ]
    assert plan_faults(make.plan(1000, tier_measure=TierMeasure.ORDERS))[0].where == "tier_measure"
    assert plan_faults(tiered()) == ()


@pytest.mark.parametrize(
    ("currency", "changes", "expected"),
    [
        ("USD", {}, [(0, 0), (1_000_000, 200), (5_000_000, 500)]),
        ("JPY", {}, [(0, 0), (10_000, 200), (50_000, 500)]),
        ("KWD", {"pool_cap_bps": 1_700}, [(0, 0), (10_000_000, 200), (50_000_000, 500)]),
        ("USD", {"pool_cap_bps": 1_699}, [(0, 0), (1_000_000, 200)]),
        ("USD", {"pool_cap_bps": 1_399}, []),
        ("USD", {"tiers": ()}, []),
    ],
)
def test_a_plan_that_says_nothing_has_the_default_tiers_as_far_as_there_is_room(
    currency: str, changes: dict[str, Any], expected: list[tuple[int, int]]
) -> None:
    plan = with_default_tiers(make.plan(1000, 200, **changes), currency)
    assert [(tier.threshold, tier.add_bps) for tier in plan.tiers or ()] == expected
    assert plan_faults(plan) == ()


@given(
    amount=st.integers(-10, 100_000),
    steps=st.lists(st.integers(1, 20_000), max_size=4),
    bps=st.lists(st.integers(0, 3_000), min_size=5, max_size=5).map(sorted),
)
def test_edge_55_a_blended_uplift_is_the_parts_over_the_whole(
    amount: int, steps: list[int], bps: list[int]
) -> None:
    """Unit by unit: each is raised by the highest threshold that lies below it."""
    thresholds = [sum(steps[:number]) for number in range(len(steps) + 1)]
    tiers = [Tier(id=str(number), threshold=at, add_bps=bps[number]) for number, at in enumerate(thresholds)]
    added, parts = uplift_of(tiers, MARGINAL, amount)
    by_unit = sum(bps[bisect_right(thresholds, unit) - 1] for unit in range(max(amount, 0)))
    assert Fraction(added, parts) == (Fraction(by_unit, amount) if amount > 0 else bps[0])
