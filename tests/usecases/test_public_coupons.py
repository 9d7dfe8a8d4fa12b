"""What coupons leave of pay, coupons that got out, and accounts that are one person's to the caps."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.coupons import RESERVED, PublicChange
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import decision_in_force
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.facts import Fact
from grapevine.domain.leaks import Evidence, evidence_of
from grapevine.domain.pages import coupon_subject
from grapevine.domain.payees import PAYEE_PREFIX, payee_key
from grapevine.domain.plan_faults import plan_faults
from grapevine.domain.plans import AttributionModel, BindingPolicy, CouponMode, PublicCoupon
from grapevine.usecases.create_coupon import CreateCoupon, SwitchCoupon, create_coupon, switch_coupon
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.mark_coupon import MarkCoupon, mark_coupon, read_score, score_coupons
from grapevine.usecases.merge_promoters import MergePromoters, merge_promoters
from grapevine.usecases.publish_plan import LEAD_TIME
from grapevine.usecases.put_payee import PutPayee, put_payee
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.boosting import boosted, day_of
from tests.usecases.scarce import counters, gone, order, paid, post, stands, told
from tests.worlds import SUBJECT_KEY, World, chain_world

CODE = "CY-10"
LOWER = {"public_coupon": PublicCoupon.LOWER, "public_coupon_bps": 4000, "coupon_bps": 8000}


def world_of(**changes: object) -> World:
    """Return a chain of three whose last has a coupon that was public from ten days before the order."""
    world = chain_world(make.plan(1000, 300, 100, **changes))
    world.catalog.add_coupon(make.coupon(CODE))
    return world


def public(world: World, *, since: object = None) -> None:
    coupon = world.catalog.coupons(PROGRAM_ID, (CODE,))[CODE]
    at = T0 - days(10) if since is None else since
    world.catalog.change_coupon(coupon.marked(PublicChange(at, public=True, reason="seen")))  # type: ignore[arg-type]


def sold(number: int = 1, *, click: bool = False, codes: tuple[str, ...] = (CODE,), **told: object) -> Fact:
    named = make.CLICK_ID if click else None
    return paid(number, 10_000, minutes(1), click_id=named, coupon_codes=codes, **told)


def decided(world: World, number: int = 1) -> Decision:
    found = decision_in_force(world.ledger.entries_of(order(number)))
    assert found is not None
    return found


# --- what a coupon leaves ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "is_public", "codes", "kept"),
    [
        ({}, True, (CODE,), 10_000),
        ({"coupon_bps": 8000}, False, (CODE,), 8_000),
        ({"coupon_bps": 8000}, True, (CODE,), 8_000),
        ({"coupon_bps": 8000}, False, (), 10_000),
        ({"coupon_bps": 8000}, False, ("SHOP-SALE",), 10_000),
        (LOWER, False, (CODE,), 8_000),
        (LOWER, True, (CODE,), 4_000),
        (LOWER, True, (), 10_000),
    ],
)
def test_edge_28_what_a_coupon_leaves_by_whether_it_was_public(
    terms: dict[str, object], is_public: bool, codes: tuple[str, ...], kept: int
) -> None:
    world = world_of(**terms)
    if is_public:
        public(world)
    post(world, sold(click=True, codes=codes))
    assert decided(world).kept_bps == kept


@pytest.mark.parametrize(
    ("terms", "kept"),
    [
        ({"coupon_mode": CouponMode.IF_WINNER}, 8_000),
        ({"coupon_mode": CouponMode.IF_WINNER, "binding": BindingPolicy.ALWAYS}, 8_000),
        ({"attribution_model": AttributionModel.LINEAR, "coupon_mode": CouponMode.IF_WINNER}, 8_000),
    ],
)
def test_a_coupon_counts_also_where_a_click_won_it_for_its_owner(terms: dict[str, object], kept: int) -> None:
    world = world_of(coupon_bps=8000, **terms)
    post(world, sold(click=True))
    assert decided(world).kept_bps == kept


def test_a_coupon_of_somebody_who_does_not_have_the_order_leaves_it_whole() -> None:
    world = world_of(coupon_bps=8000, coupon_mode=CouponMode.IF_WINNER)
    world.catalog.add_coupon(make.coupon("BO-10", BO))
    post(world, sold(click=True, codes=("BO-10",)))
    assert (decided(world).promoter_ids[0], decided(world).kept_bps) == (CY, 10_000)


def test_a_coupon_that_was_switched_off_leaves_it_whole() -> None:
    world = world_of(coupon_bps=8000)
    off = SwitchCoupon(program_id=PROGRAM_ID, code=CODE, enabled=False)
    switch_coupon(off, world.catalog, T0 - days(1))
    post(world, sold(click=True))
    assert decided(world).kept_bps == 10_000


def test_edge_28_what_a_public_coupon_leaves_is_in_the_ledger_to_the_cent_and_goes_back_whole() -> None:
    world = world_of(**LOWER)
    post(world, sold(1))
    assert stands(world, 1) == {CY: 800, BO: 240, ANA: 80}
    public(world)
    post(world, sold(2))
    assert stands(world, 2) == {CY: 400, BO: 120, ANA: 40}
    post(world, gone(2, 3_333))
    # What is left of 400, 120 and 40 after 33.33 % went back: 400 - 133, 120 - 40, 40 - 13.
    assert stands(world, 2) == {CY: 267, BO: 80, ANA: 27}
    post(world, gone(2, 6_667, minutes(11)))
    assert stands(world, 2) == {}


def test_a_coupon_lowers_before_caps_do() -> None:
    world = world_of(coupon_bps=8000, caps=(Cap(id="order", per=CapPer.ORDER, amount_minor=1_000),))
    post(world, sold())
    assert stands(world, 1) == {CY: 800, BO: 200}


# --- a touch is needed ---------------------------------------------------------------------------


def test_edge_28_a_public_coupon_counts_only_with_a_touch_of_its_owner() -> None:
    world = world_of(public_coupon=PublicCoupon.NEEDS_TOUCH)
    public(world)
    post(world, sold(1))
    post(world, sold(2, click=True))
    assert stands(world, 1) == {}
    assert [touch.reason.value for touch in decided(world, 1).candidates] == ["public_coupon"]
    assert stands(world, 2) == {CY: 1000, BO: 300, ANA: 100}
    assert decided(world, 2).reason.value == "coupon"


def test_edge_28_a_public_coupon_without_a_touch_leaves_the_order_to_who_was_clicked() -> None:
    world = world_of(public_coupon=PublicCoupon.NEEDS_TOUCH)
    public(world)
    world.clicks.stored.clear()
    world.clicks.record(make.click(promoter_id=ANA, upline=()))
    post(world, sold(click=True))
    assert decided(world).promoter_ids == (ANA,)


def test_edge_28_by_default_a_score_takes_nothing_from_anybody() -> None:
    world = world_of()
    public(world)
    post(world, sold())
    assert stands(world, 1) == {CY: 1000, BO: 300, ANA: 100}
    assert told(world, 1)["attribution"]["candidates"][0]["public"]


@pytest.mark.parametrize("mode", [LOWER, {"public_coupon": PublicCoupon.NEEDS_TOUCH}])
def test_edge_28_the_state_at_the_orders_own_instant_decides_whoever_comes_first(
    mode: dict[str, object],
) -> None:
    """A mark between two orders, and one after: every order of arrival ends in the same decisions."""
    ends = set()
    for first in permutations(("mark", "before", "after")):
        world = world_of(**mode)
        for step in first:
            if step == "mark":
                public(world, since=T0 + minutes(2))
            else:
                placed = T0 if step == "before" else T0 + minutes(3)
                post(world, sold(1 if step == "before" else 2, placed_at=placed), at=minutes(20))
        for number in (1, 2):
            world.post(T0 + days(1), order(number))
        ends.add(
            tuple(
                (found.reason.value, found.kept_bps, tuple(touch.reason.value for touch in found.candidates))
                for found in (decided(world, 1), decided(world, 2))
            )
        )
    (end,) = ends
    assert end[0] != end[1]


# --- the score -----------------------------------------------------------------------------------


def evidence(world: World) -> Evidence:
    return evidence_of(world.pages.pages(coupon_subject(PROGRAM_ID, CODE)))


def test_edge_28_evidence_counts_each_order_once_however_often_it_is_folded_or_decided() -> None:
    world = world_of()
    for number in (1, 2):
        post(world, sold(number, click=number == 2))
    assert evidence(world) == Evidence(used=2, touched=1)
    entries = tuple(world.ledger.appended)
    for batch in (entries, entries[::-1], entries[:1]):
        fold_entries(FoldEntries(batch), world.pages)
    assert evidence(world) == Evidence(used=2, touched=1)
    post(world, replace(sold(1, click=True), version=T0 + minutes(30), digest="later"), at=minutes(40))
    assert evidence(world) == Evidence(used=2, touched=2)
    assert world.proof().faults == ()


def test_edge_28_the_host_that_led_to_an_order_is_counted_beside_it() -> None:
    world = world_of()
    for number, host in ((1, "slickdeals.net"), (2, "slickdeals.net"), (3, None), (4, "blog.example")):
        post(world, sold(number, click=True, referrer=host))
    assert evidence(world) == Evidence(4, 4, (("slickdeals.net", 2), ("blog.example", 1)))
    assert world.proof().faults == ()


def test_edge_28_a_coupon_that_did_not_count_and_an_owners_own_order_are_no_evidence() -> None:
    world = world_of()
    off = SwitchCoupon(program_id=PROGRAM_ID, code=CODE, enabled=False)
    switch_coupon(off, world.catalog, T0 - days(1))
    post(world, sold(1, click=True))
    post(world, sold(2, click=True, codes=()))
    assert evidence(world) == Evidence()


def leaked(world: World, orders: int = 30) -> None:
    for number in range(1, orders + 1):
        world.append(sold(number))
        world.post(T0 + minutes(20), order(number))
    world.fold()


def test_edge_28_a_leaked_coupon_is_marked_ahead_of_time_and_a_person_may_say_otherwise() -> None:
    world = world_of(public_coupon=PublicCoupon.NEEDS_TOUCH)
    leaked(world)
    terms, now = world.catalog.terms(PROGRAM_ID), T0 + days(1)
    (marked,) = score_coupons(terms, world.catalog, world.pages, now)
    assert (marked.score.score, marked.score.evidence) == (77, Evidence(used=30, touched=0))
    coupon = world.catalog.coupons(PROGRAM_ID, (CODE,))[CODE]
    (mark,) = coupon.marks
    assert (mark.effective_at, mark.public, mark.by) == (now + LEAD_TIME, True, None)
    assert "30 of 30 untouched" in mark.reason
    assert score_coupons(terms, world.catalog, world.pages, now + days(1)) == ()
    cleared = MarkCoupon(program_id=PROGRAM_ID, code="cy-10", public=False, by="Mia", reason="a podcast")
    mark_coupon(cleared, world.catalog, now + days(2))
    assert mark_coupon(cleared, world.catalog, now + days(3)).revision == 2
    # What a person has looked at is no evidence against the coupon any more.
    assert score_coupons(terms, world.catalog, world.pages, now + days(4)) == ()
    coupon = world.catalog.coupons(PROGRAM_ID, (CODE,))[CODE]
    assert read_score(coupon, terms, world.pages, now + days(4)).score.evidence == Evidence()
    states = [coupon.is_public_at(now + days(day)) for day in (0, 1, 2, 3)]
    assert states == [False, True, True, False]


def test_edge_28_where_the_plan_keeps_what_they_earn_nobody_is_marked_and_the_score_is_shown() -> None:
    world = world_of()
    leaked(world, 8)
    terms = world.catalog.terms(PROGRAM_ID)
    assert score_coupons(terms, world.catalog, world.pages, T0 + days(1)) == ()
    coupon = world.catalog.coupons(PROGRAM_ID, (CODE,))[CODE]
    assert coupon.marks == ()
    assert read_score(coupon, terms, world.pages, T0 + days(1)).score.score == 35
    assert read_score(coupon, terms, world.pages, T0 + days(100)).score.score == 0


@pytest.mark.parametrize(
    ("by", "reason", "where"), [("", "x", "by"), ("Mia", " ", "reason"), ("M" * 201, "x", "by")]
)
def test_a_mark_says_who_and_why(by: str, reason: str, where: str) -> None:
    world = world_of()
    with pytest.raises(InvalidInputError, match=where):
        mark_coupon(
            MarkCoupon(program_id=PROGRAM_ID, code=CODE, public=True, by=by, reason=reason), world.catalog, T0
        )
    with pytest.raises(NotFoundError):
        mark_coupon(
            MarkCoupon(program_id=PROGRAM_ID, code="GONE", public=True, by="Mia", reason="x"),
            world.catalog,
            T0,
        )


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"coupon_bps": -1}, ["coupon_bps"]),
        ({"coupon_bps": 10_001}, ["coupon_bps"]),
        ({"public_coupon": PublicCoupon.LOWER}, ["public_coupon_bps"]),
        ({"public_coupon_bps": 5000}, ["public_coupon_bps"]),
        ({**LOWER, "public_coupon_bps": 8000}, ["public_coupon_bps"]),
        ({**LOWER, "public_coupon_bps": -1}, ["public_coupon_bps"]),
        (
            {"public_coupon_score": 0, "coupon_untouched_bps": 10_000},
            ["public_coupon_score", "coupon_untouched_bps"],
        ),
        ({"public_coupon_score": 101}, ["public_coupon_score"]),
        (LOWER, []),
    ],
)
def test_a_plan_whose_coupon_terms_contradict_each_other(
    changes: dict[str, object], where: list[str]
) -> None:
    assert [fault.where for fault in plan_faults(make.plan(1000, **changes))] == where


# --- codes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["none", " NULL ", "Discount"])
def test_a_word_that_shops_write_without_a_code_is_nobodys(code: str) -> None:
    with pytest.raises(InvalidInputError, match="what shops write"):
        create_coupon(CreateCoupon(program_id=PROGRAM_ID, promoter_id=CY, code=code), world_of().catalog, T0)
    assert code.strip().upper() in RESERVED


def test_edge_30_a_switch_may_be_planned_and_is_overruled_by_a_later_word() -> None:
    world = world_of()
    planned = SwitchCoupon(program_id=PROGRAM_ID, code=CODE, enabled=False, effective_at=T0 + days(2))
    switch_coupon(planned, world.catalog, T0)
    assert switch_coupon(planned, world.catalog, T0 + days(1)).revision == 1
    stays_on = SwitchCoupon(program_id=PROGRAM_ID, code=CODE, enabled=True, effective_at=T0 + days(2))
    coupon = switch_coupon(stays_on, world.catalog, T0 + days(1))
    assert (coupon.revision, coupon.is_enabled_at(T0 + days(9))) == (2, True)
    with pytest.raises(InvalidInputError, match="must not be over"):
        switch_coupon(planned, world.catalog, T0 + days(3))


# --- one person ----------------------------------------------------------------------------------

DAILY = Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=1_100)
EACH = Cap(id="each", per=CapPer.PROMOTER, amount_minor=1_050)
KEY = payee_key(SUBJECT_KEY, "DE89 3704 0044 0532 0130 00")


def payee(world: World, promoter_id: str, at: float = -60) -> None:
    command = PutPayee(program_id=PROGRAM_ID, promoter_id=promoter_id, payee="de89370400440532013000")
    put_payee(command, world.catalog, world.secrets, T0 + minutes(at))


def one_person(*caps: Cap) -> World:
    """Return a world where Cy and his sponsor Bo are paid to one account."""
    world = chain_world(make.plan(1000, 300, 100, caps=caps))
    for name in (CY, BO):
        payee(world, name)
    return world


def test_edge_51_accounts_paid_to_one_place_have_one_cap_over_a_period() -> None:
    world = one_person(DAILY)
    post(world, paid(1))
    assert stands(world, 1) == {CY: 1000, BO: 100, ANA: 100}
    assert counters(world) == {
        f"cap.daily/{PAYEE_PREFIX}{KEY}/2026-11-11": 1100,
        f"cap.daily/{ANA}/2026-11-11": 100,
    }
    post(world, paid(2))
    assert stands(world, 2) == {ANA: 100}


def test_edge_51_and_one_cap_within_an_order() -> None:
    world = one_person(EACH)
    post(world, paid(1))
    assert stands(world, 1) == {CY: 1000, BO: 50, ANA: 100}


def test_edge_51_a_campaigns_cap_per_promoter_is_one_persons_too() -> None:
    world = boosted(day_of(add_bps=500, promoter_cap=700))
    for name in (CY, BO):
        payee(world, name)
    visit = "5" * 22 + "-" + "6" * 20
    world.clicks.record(make.click(id=visit, promoter_id=BO, upline=(ANA,)))
    post(world, paid(1))
    post(world, paid(2, click_id=visit))
    assert stands(world, 1)[CY] == 1000 + 500
    assert stands(world, 2)[BO] == 1000 + 200


def test_edge_51_a_refund_gives_back_what_the_person_had() -> None:
    world = one_person(DAILY)
    post(world, paid(1))
    post(world, gone(1, 10_000, minutes(30)), at=minutes(31))
    assert (stands(world, 1), counters(world)) == ({}, {})


def test_edge_51_who_shares_a_payee_after_the_order_was_two_for_it() -> None:
    world = chain_world(make.plan(1000, 300, 100, caps=(DAILY,)))
    payee(world, CY)
    payee(world, BO, at=5)
    post(world, paid(1))
    assert stands(world, 1) == {CY: 1000, BO: 300, ANA: 100}
    assert decided(world).payees == ((CY, KEY),)


def test_edge_51_without_a_cap_per_promoter_no_payee_is_kept() -> None:
    world = one_person(Cap(id="order", per=CapPer.ORDER, amount_minor=10**6))
    post(world, paid(1))
    assert decided(world).payees == ()


def test_edge_51_the_payee_is_a_hash_alone_and_goes_with_a_merge() -> None:
    world = chain_world()
    payee(world, BO)
    assert payee_key(SUBJECT_KEY, "de89370400440532013000") == KEY != payee_key(b"x" * 32, "de89")
    bo = world.catalog.promoters(PROGRAM_ID, (BO,))[BO]
    assert (bo.payee_at(T0), bo.payee_at(T0 - days(1))) == (KEY, None)
    payee(world, BO, at=10)
    assert world.catalog.promoters(PROGRAM_ID, (BO,))[BO] == bo
    merged = merge_promoters(
        MergePromoters(program_id=PROGRAM_ID, duplicate_id=BO, promoter_id=ANA), world.catalog, T0
    )
    assert (merged.payee_at(T0), merged.payee_at(T0 - minutes(1))) == (KEY, None)
    with pytest.raises(NotFoundError):
        payee(world, "pr_gone")
    with pytest.raises(InvalidInputError, match="payee"):
        put_payee(
            PutPayee(program_id=PROGRAM_ID, promoter_id=ANA, payee=" "), world.catalog, world.secrets, T0
        )
