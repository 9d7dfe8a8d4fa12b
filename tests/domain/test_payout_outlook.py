"""What becomes of a balance next, in figures and in sentences."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from grapevine.domain.instants import from_text
from grapevine.domain.payout_outlook import Outlook, outlook_of, outlook_sentences
from grapevine.domain.payout_terms import OnDemand
from grapevine.domain.wording import Wording
from grapevine.domain.wordings import EN
from grapevine.domain.wordings_zh import ZH
from tests import builders as make
from tests.builders import T0

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEXT = from_text("2026-12-09T16:00:00.000Z")
"""The tenth of December begins in Shanghai."""
OFFER = OnDemand(minimum_minor=500)


def told(outlook: Outlook, words: Wording = EN) -> tuple[str, ...]:
    return outlook_sentences(outlook, SHANGHAI, T0, words)


def test_edge_74_what_is_missing_to_the_minimum_and_the_next_day_are_said() -> None:
    outlook = outlook_of(make.program(), 400, NEXT)
    assert (outlook.missing_minor, outlook.can_ask) == (600, False)
    assert told(outlook) == (
        "6.00 USD is missing to the minimum payout of 10.00 USD; the next settlement is on 10 December.",
    )
    assert told(outlook, ZH) == ("距最低付款额 10.00 美元 还差 6.00 美元；下一次结算在 12月10日。",)
    assert told(replace(outlook, next_at=None)) == (
        "6.00 USD is missing to the minimum payout of 10.00 USD.",
    )


def test_what_is_paid_next_is_said_with_its_day() -> None:
    outlook = outlook_of(make.program(), 1_000, NEXT)
    assert told(outlook) == ("10.00 USD is paid out with the settlement of 10 December.",)
    assert told(replace(outlook, next_at=None)) == (
        "10.00 USD is paid out with the next settlement, whose day is not fixed.",
    )


def test_edge_75_what_is_owed_is_said_first() -> None:
    assert told(outlook_of(make.program(), -5, NEXT))[0] == (
        "You owe 0.05 USD, which is taken from what you earn next."
    )


@pytest.mark.parametrize(("payable", "can_ask"), [(499, False), (500, True)])
def test_who_may_ask_is_told_so(payable: int, *, can_ask: bool) -> None:
    outlook = outlook_of(make.program(on_demand=OFFER), payable, NEXT)
    assert outlook.can_ask is can_ask
    last = "You can ask for a payout now, of 5.00 USD or more."
    assert (told(outlook)[-1] == last) is can_ask


def test_details_that_are_missing_are_named() -> None:
    outlook = outlook_of(make.program(), 1_000, NEXT, ("legal_name", "tax_id"))
    assert told(outlook)[-1] == "Before anything is paid out we need to know: legal_name, tax_id."
    assert told(outlook, ZH)[-1] == "付款前还需要提供：legal_name、tax_id。"
