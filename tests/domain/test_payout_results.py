"""What a rail says of a leg: every state against every word."""

from __future__ import annotations

import pytest

from grapevine.domain.payout_results import Applied, judged
from grapevine.domain.payouts import Leg, PayoutState
from grapevine.domain.transfers import TransferResult
from tests.builders import T0

S = PayoutState
NAME = "po1x1"
MEANS = {
    (S.REQUESTED, S.COMPLETED): Applied.COMPLETED,
    (S.REQUESTED, S.FAILED): Applied.FAILED,
    (S.SENT, S.SENT): Applied.UNCHANGED,
    (S.SENT, S.COMPLETED): Applied.COMPLETED,
    (S.SENT, S.FAILED): Applied.FAILED,
    (S.SENT, S.RETURNED): Applied.RETURNED,
    (S.COMPLETED, S.SENT): Applied.UNCHANGED,
    (S.COMPLETED, S.COMPLETED): Applied.UNCHANGED,
    (S.COMPLETED, S.RETURNED): Applied.RETURNED,
    (S.FAILED, S.SENT): Applied.UNCHANGED,
    (S.FAILED, S.FAILED): Applied.UNCHANGED,
    (S.RETURNED, S.SENT): Applied.UNCHANGED,
    (S.RETURNED, S.RETURNED): Applied.UNCHANGED,
    (S.STOPPED, S.SENT): Applied.UNCHANGED,
}
"""What is not here contradicts the books."""


def leg(state: PayoutState, reference: str = "", detail: str = "") -> Leg:
    return Leg(number=1, amount_minor=5, due_at=T0, state=state, reference=reference, detail=detail)


def result(state: PayoutState, reference: str = "", detail: str = "") -> TransferResult:
    return TransferResult(transfer_id=NAME, state=state, reference=reference, detail=detail)


@pytest.mark.parametrize("said", PayoutState)
@pytest.mark.parametrize("state", PayoutState)
def test_edge_80_news_follows_from_where_the_leg_is_and_everything_else_is_rejected(
    state: PayoutState, said: PayoutState
) -> None:
    told = judged(leg(state), result(said))
    assert told.applied is MEANS.get((state, said), Applied.REJECTED)
    assert bool(told.why) == (told.applied is Applied.REJECTED)
    assert told.transfer_id == NAME


@pytest.mark.parametrize(
    ("state", "said", "why"),
    [
        (S.FAILED, S.COMPLETED, "it is failed already, the rail says completed"),
        (S.REQUESTED, S.SENT, "it was not sent"),
        (S.SENT, S.STOPPED, "no rail says stopped"),
        (S.REQUESTED, S.REQUESTED, "no rail says requested"),
    ],
)
def test_why_a_result_cannot_be_is_said(state: PayoutState, said: PayoutState, why: str) -> None:
    assert judged(leg(state), result(said)).why == why


@pytest.mark.parametrize(
    ("known", "said", "applied"),
    [
        (("", ""), ("r1", ""), Applied.NOTED),
        (("r1", ""), ("r1", ""), Applied.UNCHANGED),
        (("r1", ""), ("", ""), Applied.UNCHANGED),
        (("r1", ""), ("r2", ""), Applied.NOTED),
        (("r1", "slow"), ("r1", "slow"), Applied.UNCHANGED),
        (("r1", "slow"), ("r1", "slower"), Applied.NOTED),
    ],
)
def test_a_leg_under_way_is_noted_once_for_each_thing_said(
    known: tuple[str, str], said: tuple[str, str], applied: Applied
) -> None:
    assert judged(leg(S.SENT, *known), result(S.SENT, *said)).applied is applied


def test_what_is_said_of_a_leg_that_came_to_its_end_is_not_noted() -> None:
    assert judged(leg(S.COMPLETED), result(S.SENT, "r2", "late")).applied is Applied.UNCHANGED
    assert judged(leg(S.COMPLETED), result(S.COMPLETED, "r2", "late")).applied is Applied.UNCHANGED
