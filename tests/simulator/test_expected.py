"""The second opinion itself, against sums worked out by hand."""

from __future__ import annotations

from dataclasses import replace

from grapevine_sim.expected import Share, expected, shares_of
from grapevine_sim.market import world
from grapevine_sim.plans import LinePlan, OrderPlan, RefundPlan, ReturnedLine

MARKET = world()


def line(id_: int, price_minor: int, **changes: int) -> LinePlan:
    product = replace(MARKET.orders[0].lines[0].product, price_minor=price_minor)
    values = {"quantity": 1, "discount_minor": 0, "tax_minor": 0, **changes}
    return LinePlan(id=id_, product=product, **values)


def refund(id_: int, *back: tuple[LinePlan, int]) -> RefundPlan:
    lines = tuple(
        ReturnedLine(id=id_ + n, line=returned, quantity=1, subtotal_minor=minor, tax_minor=0)
        for n, (returned, minor) in enumerate(back)
    )
    return RefundPlan(id=id_, at=0, lines=lines)


def order_of_cy(lines: tuple[LinePlan, ...], *refunds: RefundPlan, **changes: object) -> OrderPlan:
    """An order through Cy's link, whose upline is Bo and then Ana."""
    known = next(order for order in MARKET.orders if order.key == "percent off")
    return replace(known, lines=lines, refunds=refunds, **changes)  # type: ignore[arg-type]


def amounts(shares: list[Share]) -> list[tuple[str, int, int]]:
    return [(share.promoter, share.earned_minor, share.refunded_minor) for share in shares]


def test_ten_three_and_one_percent_of_a_hundred() -> None:
    order = order_of_cy((line(1, 10_000),))

    assert amounts(shares_of(MARKET, order)) == [("cy", 1000, 0), ("bo", 300, 0), ("ana", 100, 0)]


def test_half_a_cent_goes_to_the_even_neighbour() -> None:
    assert [share.earned_minor for share in shares_of(MARKET, order_of_cy((line(1, 50),)))] == [5, 2, 0]
    assert [share.earned_minor for share in shares_of(MARKET, order_of_cy((line(1, 150),)))] == [15, 4, 2]


def test_a_refund_takes_its_part_of_its_own_lines_share() -> None:
    """10 % of 150.01 is 15.00: 10.00 for the first line, 5.00 for the second, of which half goes back."""
    first, second = line(1, 10_000), line(2, 5001)
    order = order_of_cy((first, second), refund(7, (second, 2500)))

    assert amounts(shares_of(MARKET, order)) == [("cy", 1500, 250), ("bo", 450, 75), ("ana", 150, 25)]


def test_the_left_over_cent_belongs_to_the_first_of_equal_lines() -> None:
    """3 % of 0.99 is 0.03 over three lines of 0.33; 10 % is 0.10: 0.04, 0.03 and 0.03."""
    lines = (line(1, 33), line(2, 33), line(3, 33))

    assert shares_of(MARKET, order_of_cy(lines, refund(7, (lines[0], 33))))[0].refunded_minor == 4
    assert shares_of(MARKET, order_of_cy(lines, refund(7, (lines[2], 33))))[0].refunded_minor == 3


def test_everything_back_in_two_steps_leaves_nothing() -> None:
    parted = line(1, 3333, quantity=3)
    order = order_of_cy((parted,), refund(7, (parted, 3333)), refund(9, (parted, 6666)))

    assert all(share.earned_minor == share.refunded_minor for share in shares_of(MARKET, order))


def test_discount_and_tax_inside_lower_the_base_and_tax_on_top_does_not() -> None:
    taxed = line(1, 10_000, discount_minor=1000, tax_minor=500)

    assert shares_of(MARKET, order_of_cy((taxed,), taxes_included=True))[0].earned_minor == 850
    assert shares_of(MARKET, order_of_cy((taxed,), taxes_included=False))[0].earned_minor == 900


def test_a_gift_card_earns_nothing() -> None:
    card = line(1, 10_000)
    card = replace(card, product=replace(card.product, is_gift_card=True))

    assert [share.earned_minor for share in shares_of(MARKET, order_of_cy((card,)))] == [0, 0, 0]


def test_a_promoters_own_purchase_is_blocked_for_the_whole_chain() -> None:
    cy = MARKET.promoter("cy")
    order = order_of_cy(
        (line(1, 10_000),), customer=replace(MARKET.orders[0].customer, email=cy.email.upper())
    )

    truth = expected(replace(MARKET, orders=(order,)))

    assert {name: mine.blocked_minor for name, mine in truth.earnings.items() if mine.blocked_minor} == {
        "cy": 1000,
        "bo": 300,
        "ana": 100,
    }
    assert all(mine.net_minor == 0 for mine in truth.earnings.values())


def test_below_the_minimum_everything_is_carried() -> None:
    truth = expected(replace(MARKET, orders=(order_of_cy((line(1, 9990),)),)))

    assert (truth.earnings["cy"].paid_minor, truth.earnings["cy"].carried_minor) == (0, 999)


def test_exactly_the_minimum_is_paid() -> None:
    truth = expected(replace(MARKET, orders=(order_of_cy((line(1, 10_000),)),)))

    assert (truth.earnings["cy"].paid_minor, truth.earnings["cy"].carried_minor) == (1000, 0)
