"""Why a leg waits, one reason at a time, in the order in which somebody can do something about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.payout_waits import (
    PayoutWait,
    WaitsFor,
    Way,
    day_wait,
    recalled,
    stopping_status,
    waiting_legs,
    waiting_reason,
)
from grapevine.domain.payouts import Leg, Payout, PayoutState, PayoutStateError, sent
from grapevine.domain.people import PromoterStatus
from grapevine.domain.transfers import Payee, RailLimits, RailName
from tests import builders as make
from tests.builders import CY, PROGRAM_ID, T0, days, minutes

NOW = T0 + days(30)
TERMS = PayoutTerms(cooling_hours=48, required_details=("tax_id",))
PAYEE = Payee(
    rail=RailName.WECHAT, details={"openid": "o", "tax_id": "1"}, changed_at=NOW - timedelta(hours=48)
)
LIMITS = RailLimits(
    batch=10, transfer_minor=1_000, minimum_minor=10, person_day_minor=1_500, zone="Asia/Shanghai"
)
WAY = Way(rail=RailName.WECHAT, payee=PAYEE, limits=LIMITS)
LEGS = tuple(Leg(number=n, amount_minor=1_000, due_at=NOW + days(n - 1)) for n in (1, 2, 3))
PAYOUT = Payout(
    id="po_1",
    settlement_id="run",
    key=AccountKey(PROGRAM_ID, CY, "CNY"),
    amount_minor=3_000,
    requested_at=NOW - days(1),
    legs=LEGS,
)
FAULT = InvalidInputError("is missing", "openid")


@pytest.mark.parametrize(
    ("payout", "leg", "way", "wait"),
    [
        (PAYOUT, LEGS[0], WAY, None),
        (replace(PAYOUT, review=True), LEGS[1], Way(rail=None), PayoutWait(waits_for=WaitsFor.REVIEW)),
        (PAYOUT, LEGS[1], Way(rail=None), PayoutWait(waits_for=WaitsFor.DUE, until=NOW + days(1))),
        (PAYOUT, LEGS[0], Way(rail=None), PayoutWait(waits_for=WaitsFor.PAYEE)),
        (PAYOUT, LEGS[0], Way(rail=RailName.SEPA), PayoutWait(waits_for=WaitsFor.RAIL, detail="sepa")),
        (
            PAYOUT,
            LEGS[0],
            Way(rail=RailName.SEPA, payee=PAYEE, faults=(FAULT,)),
            PayoutWait(waits_for=WaitsFor.RAIL, detail="sepa: openid: is missing"),
        ),
        (
            PAYOUT,
            LEGS[0],
            replace(WAY, payee=replace(PAYEE, details={"tax_id": " "}), faults=(FAULT,)),
            PayoutWait(waits_for=WaitsFor.DETAILS, detail="tax_id is missing; openid: is missing"),
        ),
        (
            PAYOUT,
            LEGS[0],
            replace(WAY, payee=replace(PAYEE, changed_at=PAYEE.changed_at + minutes(1))),
            PayoutWait(waits_for=WaitsFor.COOLING, until=NOW + minutes(1)),
        ),
        (
            PAYOUT,
            replace(LEGS[0], amount_minor=1_001),
            WAY,
            PayoutWait(waits_for=WaitsFor.LIMIT, detail="wechat transfers 1000 at most"),
        ),
        (
            PAYOUT,
            replace(LEGS[0], amount_minor=9),
            WAY,
            PayoutWait(waits_for=WaitsFor.LIMIT, detail="wechat transfers 10 at least"),
        ),
        (PAYOUT, replace(LEGS[0], amount_minor=10), WAY, None),
    ],
)
def test_edge_83_a_leg_says_what_it_waits_for(
    payout: Payout, leg: Leg, way: Way, wait: PayoutWait | None
) -> None:
    assert waiting_reason(payout, leg, way, TERMS, NOW) == wait


def test_who_has_no_payee_goes_by_a_rail_that_needs_none_unless_something_is_required() -> None:
    way = Way(rail=RailName.CSV, limits=RailLimits(batch=10))
    assert waiting_reason(PAYOUT, LEGS[0], way, PayoutTerms(), NOW) is None
    wait = waiting_reason(PAYOUT, LEGS[0], way, TERMS, NOW)
    assert wait == PayoutWait(waits_for=WaitsFor.DETAILS, detail="tax_id is missing")


def test_edge_81_a_full_day_lasts_until_midnight_of_the_rails_calendar() -> None:
    half = replace(LEGS[0], amount_minor=500, state=PayoutState.SENT)
    assert day_wait(LEGS[0], [half], LIMITS, NOW) is None
    wait = day_wait(LEGS[0], [half, half], LIMITS, NOW)
    assert wait
    assert wait.waits_for is WaitsFor.LIMIT
    assert wait.until
    assert wait.until.isoformat() == "2026-12-11T16:00:00+00:00"


def test_edge_43_only_a_status_that_came_after_the_payout_stops_it() -> None:
    cy = make.promoter(CY)
    assert stopping_status(PAYOUT, None, NOW) is None
    assert stopping_status(PAYOUT, cy, NOW) is None
    for status in PromoterStatus:
        after = cy.with_status(status, "x", NOW - minutes(1))
        stops = status in (PromoterStatus.SUSPENDED, PromoterStatus.BANNED)
        assert stopping_status(PAYOUT, after, NOW) is (status if stops else None)
        assert stopping_status(PAYOUT, after, NOW - minutes(2)) is None
        before = cy.with_status(status, "x", NOW - days(2))
        assert stopping_status(PAYOUT, before, NOW) is None


def test_a_leg_that_is_recalled_waits_as_it_did_and_its_payout_has_another_version() -> None:
    claimed = sent(PAYOUT, (1, 2), "pb1", "wechat")
    assert waiting_legs(claimed) == LEGS[2:]
    back = recalled(claimed, (1,))
    assert waiting_legs(back) == (LEGS[0], LEGS[2])
    assert (back.version, back.leg(2).batch_id) == (PAYOUT.version + 2, "pb1")
    with pytest.raises(PayoutStateError, match="only what was marked as sent is recalled"):
        recalled(claimed, (2, 3))
