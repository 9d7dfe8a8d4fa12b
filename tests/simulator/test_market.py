"""A world has everything that a demo must show, whatever its seed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.clicks import bot_reason
from grapevine_sim.agents import BOTS, PEOPLE, Agent, Visitor
from grapevine_sim.expected import expected, stands
from grapevine_sim.market import CLICKS, world

seeds = st.integers(0, 2**32 - 1)


def test_the_same_seed_gives_the_same_world() -> None:
    assert world(5) == world(5)
    assert world(5) != world(6)


@given(seeds)
def test_every_world_has_every_trouble(seed: int) -> None:
    market = world(seed)

    assert len(market.clicks) == CLICKS
    assert sum("MicroMessenger" in click.user_agent for click in market.clicks) >= 3
    assert {click.method for click in market.clicks} == {"GET", "HEAD"}
    assert any(line.product.is_gift_card for order in market.orders for line in order.lines)
    assert sum(len(order.refunds) == 2 for order in market.orders) >= 3
    assert any(order.customer.id is None for order in market.orders)
    assert any(order.click is None for order in market.orders)
    assert any(order.is_refund_first for order in market.orders)
    assert [order.key for order in market.orders if not stands(order)] == ["cancelled", "never paid"]


@given(seeds)
def test_one_promoter_stays_below_the_minimum_and_the_others_are_paid(seed: int) -> None:
    market = world(seed)

    earnings = expected(market).earnings

    assert {name for name, mine in earnings.items() if not mine.paid_minor} == {"dee"}
    assert 0 < earnings["dee"].net_minor < market.shop.minimum_payout_minor
    assert earnings["dee"].carried_minor == earnings["dee"].net_minor
    assert all(earnings[name].blocked_minor > 0 for name in ("ana", "bo", "cy"))


@given(seeds)
def test_nothing_returned_is_more_than_was_bought(seed: int) -> None:
    for order in world(seed).orders:
        for line in order.lines:
            back = [part for refund in order.refunds for part in refund.lines if part.line == line]
            assert sum(part.quantity for part in back) <= line.quantity
            assert 0 <= sum(part.subtotal_minor for part in back) <= line.net_minor
            assert 0 <= line.discount_minor <= line.gross_minor


def test_people_and_robots_are_who_they_say() -> None:
    def odd(agent: Agent) -> bool:
        return (bot_reason(agent.user_agent) is None) is not agent.is_person

    assert [agent for agent in (*PEOPLE, *BOTS) if odd(agent)] == []
    assert {agent.visitor for agent in PEOPLE} == set(Visitor) - {Visitor.BOT}
