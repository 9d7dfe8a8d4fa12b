"""What-if: nothing drafted, no difference; a draft, what a fresh run under it would have posted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings

from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.drafts import NOTHING_NEW, Draft, drafted
from grapevine.domain.entries import Entry, EntryReason, standing
from grapevine.domain.facts import Component, FactKind, OrderKey, Outcome
from grapevine.domain.people import PromoterStatus
from grapevine.domain.plans import Plan, Vacancy
from grapevine.domain.products import Product, ProductChange
from grapevine.domain.programs import InvalidProgramError
from grapevine.domain.tiers import Tier, TierBasis
from grapevine.domain.what_if import Difference
from grapevine.usecases.replay_arrivals import voided_by_hand
from grapevine.usecases.replay_counters import Counters
from grapevine.usecases.replay_kinds import DraftReplay
from grapevine.usecases.replay_orders import Part
from grapevine.usecases.what_if import AskWhatIf, WhatIfPorts, read_records, what_if
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.reference import Story
from tests.strategies import PATIENT, plans, play, stories, sweeps_of, world_of
from tests.worlds import World, chain_world

END = T0 + days(90)
FIRST_DAY, END_DAY = date(2026, 11, 1), date(2028, 1, 1)
"""The stories' rows of October were there before; all of their orders are paid later."""


def ports_of(world: World) -> WhatIfPorts:
    return WhatIfPorts(world.ledger, world.facts, world.clicks, world.catalog)


def ask(draft: Draft = NOTHING_NEW, first: date = FIRST_DAY, end: date = END_DAY) -> AskWhatIf:
    return AskWhatIf(program_id=PROGRAM_ID, first_day=first, end_day=end, draft=draft)


def played(story: Story, *, voids: bool = True) -> World:
    world = world_of(story)
    play(story, world, sweeps_of(story, END), voids=voids)
    return world


@given(stories())
@settings(PATIENT, max_examples=40)
def test_the_unchanged_plan_makes_no_difference(story: Story) -> None:
    world = played(story)
    report = what_if(ask(), ports_of(world), END)
    assert report.changed == 0
    assert all(one.minor == 0 for one in (*report.totals, *report.promoters, *report.days, *report.states))
    books = told_by_orders(world)
    assert {(one.name, one.currency): one.posted for one in report.promoters if one.posted} == books


def told_by_orders(world: World) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for entry in world.ledger.appended:
        for (account, currency), minor in standing((entry,)).items():
            if account.is_promoters:
                found[account.owner, currency] = found.get((account.owner, currency), 0) + minor
    return {key: minor for key, minor in found.items() if minor}


@given(stories())
@settings(PATIENT, max_examples=25)
def test_an_unchanged_plan_that_is_played_anew_makes_no_difference_either(story: Story) -> None:
    """As a draft is replayed: fact by fact and sweep by sweep."""
    world = played(story)
    records, terms = read_records(ask(), ports_of(world), END)
    if not records.orders:
        return
    replay = DraftReplay(records, Part(records.orders), terms, ports_of(world).readers, Counters)
    replay.run()
    for order in records.orders:
        assert plain(replay.entries_of(order)) == plain(order.entries)


def plain(entries: Sequence[Entry]) -> list[Entry]:
    return [replace(entry, previous_hash="") for entry in entries]


def test_a_ban_voids_in_a_replay_too_where_a_fact_came_that_changed_nothing() -> None:
    """The entry by hand covers a fact that came long before it."""
    world = chain_world(make.plan(1000))
    world.append(make.fact(FactKind.PAID, minutes(1)))
    world.post(T0 + minutes(1))
    world.append(make.verdict(Outcome.ALLOW))
    world.post(T0 + days(2))
    banned = world.catalog.promoters(PROGRAM_ID, (CY,))[CY].with_status(
        PromoterStatus.BANNED, "cheated", T0 + days(3)
    )
    world.catalog.change_promoter(banned, world.catalog.network_version(PROGRAM_ID))
    world.fold()
    world.void(CY, T0 + days(5))
    (order,) = read_records(ask(), ports_of(world), END)[0].orders
    last = order.entries[-1]
    assert (last.reason, last.voided) == (EntryReason.VOIDED, (CY,))
    assert voided_by_hand(order) == [T0 + days(5)]
    late = replace(order.facts[0], digest="late", recorded_at=T0 + days(4))
    covering = (*order.entries[:-1], replace(last, facts=("late",)))
    assert voided_by_hand(replace(order, facts=(*order.facts, late), entries=covering)) == [T0 + days(5)]
    just = replace(late, recorded_at=T0 + days(5) - minutes(1))
    assert voided_by_hand(replace(order, facts=(*order.facts, just), entries=covering)) == []


@given(stories(), plans())
@settings(PATIENT, max_examples=40)
def test_a_changed_plan_comes_to_what_a_fresh_run_under_it_posts(
    story: Story, others: tuple[Plan, ...]
) -> None:
    world = played(story, voids=False)
    records, _ = read_records(ask(), ports_of(world), END)
    terms = drafted(records.terms, Draft(plan=others[0]), records.span)
    fresh = played(replace(story, plans=terms.plans), voids=False)
    if not records.orders:
        return
    replay = DraftReplay(records, Part(records.orders), terms, ports_of(world).readers, Counters)
    replay.run()
    for order in records.orders:
        assert plain(replay.entries_of(order)) == plain(fresh.ledger.entries_of(order.key))


class ReadOnly:
    """Lets nothing through but what it is told; whoever reaches for another method fails."""

    def __init__(self, inner: object, *names: str) -> None:
        self._inner = inner
        self._names = names

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the inner one has
        assert name in self._names, f"{name} is not for a what-if"
        return getattr(self._inner, name)


READS = ("terms", "promoters", "promoters_with_volumes", "coupons", "rate", "products", "customer")


def guarded(world: World) -> WhatIfPorts:
    """Return ports through which nothing can be written, whatever somebody tries."""
    return WhatIfPorts(
        ReadOnly(world.ledger, "scan"),
        ReadOnly(world.facts, "scan"),
        ReadOnly(world.clicks, "clicks_of"),
        ReadOnly(world.catalog, *READS),
    )


def shop(*plans: Plan, **changes: object) -> World:
    """Return a chain of three with two orders of 133.33 of one day, one of them refunded by 100.00 later."""
    world = chain_world(*plans, **changes)
    for name, at in (("1", minutes(1)), ("2", minutes(2))):
        world.append(make.fact(FactKind.PAID, at, order=OrderKey(make.STOREFRONT_ID, name)))
        world.post(T0 + at, OrderKey(make.STOREFRONT_ID, name))
    back = make.fact(
        FactKind.REFUNDED,
        days(1),
        order=OrderKey(make.STOREFRONT_ID, "2"),
        refunds=(make.refund("r", ("a", 10_000)),),
        snapshot=None,
    )
    world.append(back)
    world.post(T0 + days(1), back.order)
    world.fold()
    return world


FIRST, LAST = date(2026, 11, 1), date(2026, 12, 1)
NOW = T0 + days(2)


def test_the_difference_is_told_in_total_by_promoter_by_day_and_by_state() -> None:
    # 133.33 and 33.33 are left: 10, 3 and 1 % were posted; 12 and 2 % of two levels are drafted.
    draft = Draft(plan=make.plan(1200, 200))
    report = what_if(ask(draft, FIRST, LAST), guarded(shop()), NOW)
    assert (report.orders, report.changed, report.waiting) == (2, 2, 0)
    assert report.promoters == (
        Difference(CY, "USD", 1333 + 333, 1600 + 400),
        Difference(ANA, "USD", 133 + 33, 0),
        Difference(BO, "USD", 400 + 100, 267 + 67),
    )
    total = Difference("", "USD", 1666 + 500 + 166, 2000 + 334)
    assert report.totals == (total,)
    assert report.days == (replace(total, name="2026-11-11"),)
    assert report.states == (replace(total, name="held"),)
    assert [one.name for one in report.winners] == [CY]
    assert [one.name for one in report.losers] == [ANA, BO]
    assert report.house == report.budgets == ()


def test_a_day_is_one_of_the_programs_calendar() -> None:
    # 09:01 in UTC is 17:01 in Shanghai, and the next day on Kiritimati's east.
    draft = Draft(plan=make.plan(1200, 200))
    world = shop(make.plan(1000, 300, 100), time_zone="Pacific/Kiritimati")
    report = what_if(ask(draft, date(2026, 11, 11), date(2026, 11, 12)), guarded(world), NOW)
    assert [one.name for one in report.days] == ["2026-11-11"]
    before = what_if(ask(draft, date(2026, 11, 10), date(2026, 11, 11)), guarded(world), NOW)
    assert before.orders == 0


def test_nothing_changes_in_the_books() -> None:
    world = shop()
    before = tuple(world.ledger.appended), dict(world.pages.stored), dict(world.catalog.volumes)
    what_if(ask(Draft(plan=make.plan(2000, tiers=TIERED)), FIRST, LAST), guarded(world), NOW)
    assert (tuple(world.ledger.appended), world.pages.stored, world.catalog.volumes) == before


TIERED = (Tier(id="base", threshold=0, add_bps=0), Tier(id="silver", threshold=1, add_bps=500))


def test_tiers_of_the_draft_count_what_was_sold_before_them() -> None:
    """The plan there is counts no sales; under the draft the running month does."""
    draft = Draft(plan=make.plan(1000, 300, 100, tiers=TIERED, tier_basis=TierBasis.RUNNING_MONTH))
    report = what_if(ask(draft, FIRST, LAST), guarded(shop()), NOW)
    assert report.promoters[0] == Difference(CY, "USD", 1333 + 333, 2000 + 500)


def test_edge_53_a_sale_between_two_sweeps_raises_what_is_due_then() -> None:
    """A sweep looks at what was due up to three hours ago, and others may have sold meanwhile."""
    first, second = (OrderKey(make.STOREFRONT_ID, name) for name in "12")
    more = make.snapshot(lines=(make.line("a", 14_000),), received_at=T0 + minutes(10))
    story = (
        make.fact(FactKind.PAID, minutes(1), order=first),
        make.fact(FactKind.EDITED, minutes(10), order=first, snapshot=more),
        make.fact(FactKind.PAID, days(1) + minutes(90), order=second),
    )
    gold = (TIERED[0], Tier(id="gold", threshold=20_000, add_bps=500))
    holds = {"hold_days_after_payment": 1, "hold_days_after_receipt": 40}
    running = make.plan(1000, 300, 100, tiers=gold, tier_basis=TierBasis.RUNNING_MONTH, **holds)
    ends = T0 + days(1) + minutes(170)

    def play_under(plan: Plan) -> World:
        world = chain_world(plan)
        for at in sorted({*(fact.recorded_at for fact in story), *(T0 + 60 * minutes(n) for n in range(27))}):
            for fact in story:
                if fact.recorded_at == at:
                    world.append(fact)
                    world.post(at, fact.order)
            if at.minute == 0:
                world.sweep(at)
            world.fold()
        return world

    fresh = play_under(running)
    report = what_if(ask(Draft(plan=running), FIRST, LAST), guarded(play_under(make.plan(1000))), ends)
    # The first order was due at 09:01, and the sweep of 11:00 knows the sale of 10:30: 15 % of both.
    assert told_by_orders(fresh)[CY, "USD"] == 2100 + 2000
    assert {one.name: one.drafted for one in report.promoters}[CY] == 2100 + 2000


def test_what_came_later_than_until_is_not_known_yet() -> None:
    command = replace(ask(NOTHING_NEW, FIRST, LAST), until=T0 + minutes(90))
    report = what_if(command, guarded(shop()), NOW)
    assert report.totals == (Difference("", "USD", 2 * 1866, 2 * 1866),)


def test_orders_of_nobody_may_earn_under_a_draft() -> None:
    world = chain_world()
    world.catalog.put_product(
        Product(
            program_id=PROGRAM_ID,
            id="77",
            changes=(ProductChange(effective_at=T0 - days(1), promoter_id=BO),),
        )
    )
    bought = make.snapshot(click_id=None, lines=(make.line("a", 10_000, product_id="77"),))
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=bought))
    assert world.post(T0 + minutes(1)) is None
    draft = Draft(plan=make.plan(1000, product_bound=True))
    report = what_if(ask(draft, FIRST, LAST), guarded(world), NOW)
    assert report.promoters == (Difference(BO, "USD", 0, 1000),)


def test_a_cap_of_the_draft_is_used_up_in_the_sequence_of_the_orders() -> None:
    caps = (Cap(id="daily", per=CapPer.PROMOTER, period=CapPeriod.DAY, amount_minor=1500),)
    report = what_if(ask(Draft(plan=make.plan(1000, 300, 100, caps=caps)), FIRST, LAST), guarded(shop()), NOW)
    others = (Difference(name, "USD", minor, minor) for name, minor in ((ANA, 166), (BO, 500)))
    assert report.promoters == (Difference(CY, "USD", 1666, 1500), *others)


def test_clicks_that_have_expired_are_in_the_decisions() -> None:
    world = shop()
    world.clicks.stored.clear()
    report = what_if(ask(Draft(plan=make.plan(2000, 600, 200)), FIRST, LAST), guarded(world), NOW)
    assert report.promoters[0] == Difference(CY, "USD", 1666, 2 * 1667)


def test_a_bad_draft_is_refused_with_everything_that_is_wrong() -> None:
    plan = make.plan(
        9000, 9000, hold_days_after_payment=999, vacancy=Vacancy.DEFAULT_SPONSOR, default_sponsor_id="x"
    )
    with pytest.raises(InvalidProgramError) as caught:
        what_if(ask(Draft(plan=plan), date(2026, 12, 1), date(2026, 11, 1)), guarded(shop()), NOW)
    named = [fault.where for fault in caught.value.faults]
    assert named == ["to", "rate_bps", "hold_days_after_payment", "default_sponsor_id"]


def test_a_draft_needs_no_lead_time_and_says_nothing_of_its_instant() -> None:
    same = make.plan(1000, 300, 100, version=7, effective_at=T0 + days(300))
    assert what_if(ask(Draft(plan=same), FIRST, LAST), guarded(shop()), NOW).changed == 0


def test_progress_comes_to_its_end() -> None:
    told: list[tuple[str, int, int | None]] = []
    what_if(
        ask(Draft(plan=make.plan(2000)), FIRST, LAST),
        guarded(shop()),
        T0 + days(90),
        lambda *far: told.append(far),
    )
    assert told[-1][0] == "replayed"
    assert told[-1][1] == told[-1][2]
    assert list(dict.fromkeys(stage for stage, *_ in told)) == ["entries", "facts", "replayed"]


def test_an_order_that_the_draft_cannot_post_waits_for_a_person() -> None:
    report = what_if(
        ask(Draft(plan=make.plan(base=(Component.SHIPPING,))), FIRST, LAST), guarded(shop()), NOW
    )
    assert (report.waiting, report.changed) == (2, 2)
