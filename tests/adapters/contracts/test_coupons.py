"""The catalog's ports of coupons and of exchange rates."""

from __future__ import annotations

import pytest

from grapevine.domain.coupons import Coupon, PublicChange
from grapevine.domain.errors import AlreadyExistsError, NetworkMovedError
from tests import builders as make
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import BO, T0, days, minutes

MILLISECOND = minutes(1) / 60_000


def switched(coupon: Coupon) -> Coupon:
    """Return a coupon that was disabled and enabled, twice at one instant."""
    for number, enabled in enumerate((False, True, False)):
        coupon = coupon.switched(enabled=enabled, now=T0 + days(number // 2))
    return coupon


# --- coupons -------------------------------------------------------------------------------------


def test_a_coupon_is_read_as_it_was_added(stores: Stores, names: Names) -> None:
    plain = make.coupon("CY-10", program_id=names.program)
    other = make.coupon("A.B_C-" + "9" * 58, BO, program_id=names.program, priority=1000)
    for coupon in (plain, other):
        stores.catalog.add_coupon(coupon)
    found = stores.catalog.coupons(names.program, (other.code, "NONE", plain.code, "with#sign", plain.code))
    assert found == {plain.code: plain, other.code: other}


def test_asking_for_no_code_finds_none(stores: Stores, names: Names) -> None:
    assert stores.catalog.coupons(names.program, ()) == {}


def test_a_hundred_coupons_are_read_at_once(stores: Stores, names: Names) -> None:
    codes = [f"CODE-{number:03d}" for number in range(100)]
    for code in codes[::33]:
        stores.catalog.add_coupon(make.coupon(code, program_id=names.program))
    assert set(stores.catalog.coupons(names.program, codes)) == set(codes[::33])


def test_edge_29_a_programs_code_is_one_promoters(stores: Stores, names: Names) -> None:
    first = make.coupon(program_id=names.program)
    elsewhere = make.coupon(first.code, BO, program_id=f"{names.program}-2")
    stores.catalog.add_coupon(first)
    stores.catalog.add_coupon(elsewhere)
    with pytest.raises(AlreadyExistsError, match=first.code):
        stores.catalog.add_coupon(make.coupon(first.code, BO, program_id=names.program))
    assert stores.catalog.coupons(names.program, (first.code,)) == {first.code: first}
    assert stores.catalog.coupons(elsewhere.program_id, (first.code,)) == {first.code: elsewhere}


def test_a_switched_coupon_is_read_with_its_history(stores: Stores, names: Names) -> None:
    made = make.coupon(program_id=names.program)
    once = made.switched(enabled=False, now=T0)
    twice = once.switched(enabled=True, now=T0)
    stores.catalog.add_coupon(made)
    for coupon in (once, twice):
        stores.catalog.change_coupon(coupon)
        assert stores.catalog.coupons(names.program, (made.code,)) == {made.code: coupon}


def test_a_coupon_may_be_added_with_a_history_and_goes_on(stores: Stores, names: Names) -> None:
    made = switched(make.coupon(program_id=names.program))
    stores.catalog.add_coupon(made)
    assert stores.catalog.coupons(names.program, (made.code,)) == {made.code: made}
    further = made.switched(enabled=True, now=T0 + days(9))
    stores.catalog.change_coupon(further)
    assert stores.catalog.coupons(names.program, (made.code,)) == {made.code: further}


def test_of_two_changes_on_top_of_the_same_one_the_second_is_refused(stores: Stores, names: Names) -> None:
    made = make.coupon(program_id=names.program)
    off, also_off = (made.switched(enabled=False, now=T0 + minutes(n)) for n in (0, 1))
    stores.catalog.add_coupon(made)
    stores.catalog.change_coupon(off)
    for refused in (also_off, off, switched(make.coupon(program_id=names.program))):
        with pytest.raises(NetworkMovedError, match=made.code):
            stores.catalog.change_coupon(refused)
    assert stores.catalog.coupons(names.program, (made.code,)) == {made.code: off}


def test_a_change_of_a_coupon_that_nobody_made_is_refused(stores: Stores, names: Names) -> None:
    nobodys = make.coupon(program_id=names.program).switched(enabled=False, now=T0)
    with pytest.raises(NetworkMovedError):
        stores.catalog.change_coupon(nobodys)
    assert stores.catalog.coupons(names.program, (nobodys.code,)) == {}


def test_edge_29_of_two_codes_that_look_alike_the_second_is_refused(stores: Stores, names: Names) -> None:
    first = make.coupon("ANA-10", program_id=names.program)
    stores.catalog.add_coupon(first)
    for alike in ("ANA-1O", "ANA_IO", "ANA.LO"):
        with pytest.raises(AlreadyExistsError, match=alike):
            stores.catalog.add_coupon(make.coupon(alike, BO, program_id=names.program))
    assert list(stores.catalog.coupons_of(names.program)) == [first]
    elsewhere = make.coupon("ANA-1O", program_id=f"{names.program}-2")
    stores.catalog.add_coupon(elsewhere)
    assert list(stores.catalog.coupons_of(elsewhere.program_id)) == [elsewhere]


def test_edge_28_a_marked_coupon_is_read_with_its_marks(stores: Stores, names: Names) -> None:
    made = make.coupon(program_id=names.program)
    once = made.marked(PublicChange(T0, public=True, reason="on a deal site: 优惠 #1", by="Mia"))
    twice = once.switched(enabled=False, now=T0)
    thrice = twice.marked(PublicChange(T0 + days(1), public=False, reason="leak score 80"))
    stores.catalog.add_coupon(made)
    for coupon in (once, twice, thrice):
        stores.catalog.change_coupon(coupon)
        assert stores.catalog.coupons(names.program, (made.code,)) == {made.code: coupon}
    for stale in (once, made.switched(enabled=True, now=T0), twice.switched(enabled=True, now=T0)):
        with pytest.raises(NetworkMovedError):
            stores.catalog.change_coupon(stale)
    assert list(stores.catalog.coupons_of(names.program)) == [thrice]


def test_coupons_are_listed_by_promoter(stores: Stores, names: Names) -> None:
    coupons = [
        make.coupon(code, promoter_id, program_id=names.program)
        for code, promoter_id in (("A-2", BO), ("A-1", BO), ("Q-1", f"{BO}2"), ("X-1", make.CY))
    ]
    for coupon in (*reversed(coupons), make.coupon("A-1", BO, program_id=f"{names.program}-2")):
        stores.catalog.add_coupon(coupon)
    listed = list(stores.catalog.coupons_of(names.program))
    assert listed == sorted(coupons, key=lambda coupon: (coupon.promoter_id, coupon.code))
    assert [coupon.code for coupon in stores.catalog.coupons_of(names.program, BO)] == ["A-1", "A-2"]
    assert list(stores.catalog.coupons_of(names.program, "pr_nobody")) == []
    assert list(stores.catalog.coupons_of(names.program, "with#sign")) == []


# --- exchange rates ------------------------------------------------------------------------------


def test_a_rate_is_read_as_it_was_added(stores: Stores, names: Names) -> None:
    rate = make.rate("0.000000000001", T0, base="VND", quote="KWD", source="中国银行 #1")
    stores.catalog.add_rate(names.program, rate)
    assert stores.catalog.rate(names.program, "VND", "KWD", T0) == rate


def test_the_rate_of_an_instant_is_the_last_one_in_effect_then(stores: Stores, names: Names) -> None:
    rates = {day: make.rate(f"1.{day:02d}", T0 + days(day)) for day in (5, 1, 40, 3)}
    for rate in rates.values():
        stores.catalog.add_rate(names.program, rate)
    instants = {
        T0 + days(1) - MILLISECOND: None,
        T0 + days(1): rates[1],
        T0 + days(3) - MILLISECOND: rates[1],
        T0 + days(3): rates[3],
        T0 + days(4): rates[3],
        T0 + days(39): rates[5],
        # However old: who asks says what is too old.
        T0 + days(4000): rates[40],
    }
    assert {at: stores.catalog.rate(names.program, "EUR", "USD", at) for at in instants} == instants


def test_a_rate_is_of_one_program_and_one_way(stores: Stores, names: Names) -> None:
    rate = make.rate("1.10", T0)
    stores.catalog.add_rate(names.program, rate)
    stores.catalog.add_rate(names.program, make.rate("0.91", T0, base="USD", quote="EUR"))
    assert stores.catalog.rate(names.program, "EUR", "USD", T0) == rate
    for program, base, quote in (
        (f"{names.program}-2", "EUR", "USD"),
        (names.program, "EUR", "GBP"),
        (names.program, "GBP", "USD"),
    ):
        assert stores.catalog.rate(program, base, quote, T0) is None


def test_a_rate_that_was_published_is_not_rewritten(stores: Stores, names: Names) -> None:
    rate = make.rate("1.10", T0)
    stores.catalog.add_rate(names.program, rate)
    with pytest.raises(AlreadyExistsError):
        stores.catalog.add_rate(names.program, make.rate("1.20", T0, source="another bank"))
    stores.catalog.add_rate(names.program, make.rate("1.20", T0 + MILLISECOND))
    assert stores.catalog.rate(names.program, "EUR", "USD", T0) == rate
