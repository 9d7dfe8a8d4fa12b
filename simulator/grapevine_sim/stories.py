"""What happens to an order after it was placed, webhook by webhook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grapevine_sim.plans import Parcel, RefundPlan, State, Step
from grapevine_sim.recipes import Ending, Recipe

ORDER_SPACING = 60
PAID_AFTER = 30
REFUND_SPACING = 300
DELIVERED_AFTER = 900
DAY = ORDER_SPACING * 60
"""Nothing in a story happens later than this after the shop opened."""

CREATED, PAID, UPDATED = "orders/create", "orders/paid", "orders/updated"
CANCELLED, FULFILLED, REFUNDED = "orders/cancelled", "orders/fulfilled", "refunds/create"


def story_of(recipe: Recipe, placed_at: int, refunds: Sequence[RefundPlan]) -> tuple[Step, ...]:
    """Return the order's webhooks in the order in which they were caused."""
    story = _opening(recipe, placed_at)
    if recipe.is_delivered:
        story += _parcel(story[-1].state, placed_at)
    for number, refund in enumerate(refunds):
        story += _refund(
            story[-1].state, number, refund, is_last=_ends_empty(recipe) and number == len(refunds) - 1
        )
    if recipe.ending is Ending.CANCELLED:
        story += _cancellation(story[-1].state)
    return tuple(story)


def _opening(recipe: Recipe, placed_at: int) -> list[Step]:
    """Some shops take the money in the same second, which is where ties come from."""
    placed = State(at=placed_at, payment="pending")
    if recipe.ending is Ending.UNPAID:
        return [
            Step(topic=CREATED, state=placed),
            Step(topic=UPDATED, state=replace(placed, at=placed_at + 5)),
        ]
    paid = State(at=placed_at if recipe.is_paid_at_once else placed_at + PAID_AFTER, payment="paid")
    return [Step(topic=CREATED, state=placed), Step(topic=PAID, state=paid), Step(topic=UPDATED, state=paid)]


def _parcel(state: State, placed_at: int) -> list[Step]:
    sent = replace(state, at=placed_at + 200, parcel=Parcel.SENT, parcel_at=placed_at + 200)
    arrived = placed_at + DELIVERED_AFTER
    delivered = replace(sent, at=arrived, parcel=Parcel.DELIVERED, parcel_at=arrived)
    return [Step(topic=FULFILLED, state=sent), Step(topic=UPDATED, state=delivered)]


def _refund(state: State, number: int, refund: RefundPlan, *, is_last: bool) -> list[Step]:
    payment = "refunded" if is_last else "partially_refunded"
    after = replace(state, at=refund.at, payment=payment, refunds=number + 1)
    return [Step(topic=REFUNDED, state=after, refund=number), Step(topic=UPDATED, state=after)]


def _cancellation(state: State) -> list[Step]:
    gone = replace(state, at=state.at + 2, cancelled_at=state.at + 2)
    return [Step(topic=CANCELLED, state=gone), Step(topic=UPDATED, state=gone)]


def _ends_empty(recipe: Recipe) -> bool:
    return recipe.ending in (Ending.ALL_BACK, Ending.CANCELLED)
