"""Runs and their pages: what is counted, what is told, and how far a run has come."""

from __future__ import annotations

import pytest

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.settlements import (
    AccountOutcome,
    Settled,
    Settlement,
    SettlementState,
    demanded_id,
    scheduled_id,
)
from grapevine.domain.wording import Language
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0

RUN = Settlement(id="run", program_id=PROGRAM_ID, started_at=T0, ignores_minimum=True)


def outcome(promoter_id: str, settled: Settled, amount_minor: int = 0) -> AccountOutcome:
    return AccountOutcome(promoter_id=promoter_id, settled=settled, amount_minor=amount_minor)


def test_a_chain_of_pages_counts_itself() -> None:
    first = RUN.page_of((ANA, BO))
    second = first.done(()).followed_by((CY,))
    end = second.followed_by(())
    assert [(page.after, page.number, page.before, page.ends) for page in (first, second, end)] == [
        ("", 1, 0, False),
        (BO, 2, 2, False),
        (CY, 3, 3, True),
    ]
    assert end.last == CY
    assert (second.is_done, second.ignores_minimum, second.program_id) == (False, True, PROGRAM_ID)


def test_a_page_that_is_done_tells_what_its_counts_and_payouts_do_not() -> None:
    told = [outcome(name, name, 5) for name in Settled]
    page = RUN.page_of(tuple(Settled)).done(told)
    assert page.counts == dict.fromkeys(Settled, 1)
    assert page.paid_minor == 5
    assert {one.settled for one in page.outcomes} == {*Settled} - {Settled.PAID, Settled.EMPTY}
    assert page.outcome_of(Settled.CARRIED) == outcome(Settled.CARRIED, Settled.CARRIED, 5)
    assert page.outcome_of(Settled.PAID) is None


def test_a_run_adds_up_its_pages() -> None:
    page = RUN.page_of((ANA, BO)).done((outcome(ANA, Settled.PAID, 7), outcome(BO, Settled.EMPTY)))
    run = RUN.with_page(page).with_page(page)
    assert (run.pages_done, run.paid_minor, run.settled) == (2, 14, 4)
    assert run.counts == {Settled.PAID: 2, Settled.EMPTY: 2}


@pytest.mark.parametrize(
    ("listed", "closed", "state", "text", "chinese"),
    [
        (False, False, SettlementState.LISTING, "listing 12 400 / …", "正在列出推广者 12 400 / …"),
        (True, False, SettlementState.SETTLING, "settling 12 400 / 50 000", "结算中 12 400 / 50 000"),
        (True, True, SettlementState.CLOSED, "closed 12 400 / 50 000", "已结算 12 400 / 50 000"),
    ],
)
def test_a_run_says_how_far_it_has_come(
    *, listed: bool, closed: bool, state: SettlementState, text: str, chinese: str
) -> None:
    run = Settlement(
        id="run",
        program_id=PROGRAM_ID,
        started_at=T0,
        listed=listed,
        promoters=50_000 if listed else 0,
        counts={Settled.EMPTY: 12_400},
        closed_at=T0 if closed else None,
    )
    assert (run.state, run.progress, run.progress_in(Language.ZH)) == (state, text, chinese)


def test_no_run_on_demand_can_have_a_days_name() -> None:
    assert demanded_id(PROGRAM_ID, "2027-01-10") != scheduled_id(PROGRAM_ID, "2027-01-10")
    for name in ("", "x" * 41, "a.b", "a#b", "-", "a b", "日"):
        with pytest.raises(InvalidInputError, match=r"^name: "):
            demanded_id(PROGRAM_ID, name)
