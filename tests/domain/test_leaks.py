"""A leak score: from a stated base, surely, and never more than the evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.leaks import Evidence, LeakReason, evidence_of, leak_score, lower_bound
from grapevine.domain.pages import TOUCHED, USED, Page, PageKey, coupon_subject

BASE = 5000
counts = st.integers(0, 5_000).flatmap(lambda used: st.tuples(st.just(used), st.integers(0, used)))


@pytest.mark.parametrize(
    ("used", "touched", "score", "reason"),
    [
        (0, 0, 0, LeakReason.NEVER_USED),
        (1, 0, 0, LeakReason.LIKE_OTHERS),
        (3, 0, 0, LeakReason.LIKE_OTHERS),
        # 4 of 4 is at least 4 / (4 + 1.96²) = 51.0 %.
        (4, 0, 2, LeakReason.UNTOUCHED),
        # 20 of 20: 20 / 23.8416 = 83.9 %, of the way from 50 % to all of them 67 %.
        (20, 0, 67, LeakReason.UNTOUCHED),
        (1_000, 0, 99, LeakReason.UNTOUCHED),
        (1_000, 500, 0, LeakReason.LIKE_OTHERS),
        (1_000, 1_000, 0, LeakReason.LIKE_OTHERS),
    ],
)
def test_edge_28_the_score_is_how_far_the_share_surely_is_from_the_base(
    used: int, touched: int, score: int, reason: LeakReason
) -> None:
    found = leak_score(Evidence(used, touched), BASE)
    assert (found.score, found.reason) == (score, reason)
    assert found.evidence.untouched == used - touched


@given(counts, st.integers(0, 9_999))
def test_a_score_is_0_to_100_and_0_where_the_share_is_the_base_or_less(
    count: tuple[int, int], base_bps: int
) -> None:
    used, touched = count
    found = leak_score(Evidence(used, touched), base_bps)
    assert 0 <= found.score <= 100
    if (used - touched) * 10_000 <= base_bps * used:
        assert found.score == 0


@given(counts)
def test_one_more_order_with_a_touch_never_raises_it(count: tuple[int, int]) -> None:
    used, touched = count
    before, after = (leak_score(Evidence(used + n, touched + n), BASE).score for n in (0, 1))
    assert after <= before


@given(counts)
def test_a_share_is_surely_less_than_it_looks(count: tuple[int, int]) -> None:
    used, touched = count
    assert 0 <= lower_bound(touched, used) <= (touched / used if used else 0)


def test_edge_28_deal_sites_say_more_than_missing_touches_do() -> None:
    """Everybody clicked as well, but 20 of 25 whose origin is known came from deal sites."""
    referrers = (("slickdeals.net", 15), ("blog.example", 5), ("m.smzdm.com", 5))
    found = leak_score(Evidence(40, 40, referrers), BASE)
    # 20 of 25 is at least 60.8 %; from 5 % that is 58 % of the way.
    assert (found.evidence.from_deals, found.evidence.known, found.surely_deals_bps) == (20, 25, 6086)
    assert (found.score, found.reason) == (58, LeakReason.DEAL_SITES)
    assert leak_score(Evidence(40, 0, referrers), BASE).reason is LeakReason.UNTOUCHED
    assert leak_score(Evidence(40, 40, (("blog.example", 40),)), BASE).score == 0


def test_evidence_is_what_the_pages_of_late_days_add_up_to() -> None:
    subject = coupon_subject("pg_test", "CY-10")
    pages = [
        Page(PageKey(subject, day, slot), {USED: 3, TOUCHED: 1, "from:x.example": 1}, frozenset())
        for day, slot in (("2026-11-09", 0), ("2026-11-10", 0), ("2026-11-10", 7))
    ]
    assert evidence_of(pages) == Evidence(9, 3, (("x.example", 3),))
    assert evidence_of(pages, "2026-11-10") == Evidence(6, 2, (("x.example", 2),))
    assert evidence_of(()) == Evidence()
