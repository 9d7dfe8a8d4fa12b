"""The night of Double 11, played against the deployed endpoints: time is moved to it, and a week on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from grapevine.domain.facts import OrderKey
from grapevine.domain.money import format_minor
from grapevine_sim import day as play
from grapevine_sim.deliveries import each_once
from grapevine_sim.double_11 import (
    AFTER,
    COUPON,
    COUPON_OWNER,
    HELD_AFTER_REFUNDS,
    HELD_IN_THE_END,
    HELD_THAT_NIGHT,
    ONCE,
    SHANGHAI,
    STRAY,
    bounty_body,
    campaign_bodies,
    midnight_after,
    night_world,
    program_body,
)
from grapevine_sim.plans import Delivery, OrderPlan, Run
from grapevine_sim.steps import Progress
from infra.deploy import move_clock

APPS = ("track_click", "place_order", "accrue")
"""Whose clock the night is about; the others live in the time that it is: whoever is moved starts anew."""
REFUNDS = "refunds/create"
BEFORE_ALL = timedelta(days=60)
"""Further on than the day before was played: time does not go back."""


@dataclass(frozen=True, slots=True)
class Night:
    """A night on a deployment: its shop, its campaigns' ids by name, and when its midnight is."""

    day: play.Day
    shop: play.Shop
    campaign_ids: Mapping[str, str]
    midnight: datetime

    def order_key(self, order: OrderPlan) -> OrderKey:
        """Return what the ledger calls an order."""
        return OrderKey(self.shop.storefront_id, str(order.id))

    def explanation(self, order: OrderPlan, language: str = "en") -> dict[str, Any]:
        """Return what the API says about an order's last entry."""
        name = self.day.parts.ledger.entries_of(self.order_key(order))[-1].id
        path = f"/programs/{self.shop.program_id}/entries/{name}/explain?language={language}"
        found: dict[str, Any] = self.shop.console.get(path)
        return found


def play_the_night(before: play.Day, progress: Progress) -> Night:
    """Play it all: set up, the burst around midnight, the refunds a week later, and the late webhook."""
    night, run = _set_up(before, progress)
    sent = each_once(night.day.world, run, Random(11))
    burst = [one for one in sent if one.order != STRAY.order.key and one.topic != REFUNDS]
    _move(night, timedelta(minutes=2))
    with progress.step("the last minute before midnight and the first after it") as said:
        _send(night, [one for one in burst if one.order not in (*ONCE, AFTER)])
        _send(night, [one for one in burst if one.order in ONCE], at_once=len(ONCE))
        _send(night, [one for one in burst if one.order == AFTER])
        _until_held(night, HELD_THAT_NIGHT)
        said.append(f"{len(burst)} webhooks, two orders at once for the last of a budget")
    _move(night, timedelta(days=7, hours=11))
    with progress.step("a week later: refunds give back, and a late webhook takes what is there again"):
        _send(night, [one for one in sent if one.topic == REFUNDS])
        _until_held(night, HELD_AFTER_REFUNDS)
        _send(night, [one for one in sent if one.order == STRAY.order.key])
        _until_held(night, HELD_IN_THE_END)
    return night


def _set_up(before: play.Day, progress: Progress) -> tuple[Night, Run]:
    """Move time to before the pre-sale, and make everything through the API."""
    midnight = midnight_after(datetime.now(UTC) + BEFORE_ALL)
    year, day = (midnight + SHANGHAI).year, play.Day(night_world(), before.deployment, before.parts)
    with progress.step(f"time moved to November {year}"):
        _move_to(day, midnight - timedelta(days=7, hours=4))
    with progress.step(
        "a program by the rules of China, with campaigns, a bounty, a coupon and links"
    ) as said:
        shop = play.set_up(day, "Lantern", program_body())
        made = [_make(shop, "campaigns", body) for body in campaign_bodies(year)]
        _make(shop, "bounties", bounty_body(year))
        _make(shop, f"promoters/{shop.promoter_ids[COUPON_OWNER]}/coupons", {"code": COUPON})
        said.append(f"{len(made)} campaigns")
        run = Run(opened_at=midnight, click_ids=play.click(day, shop).click_ids)
    return Night(day, shop, {one["id"]: one["name"] for one in made}, midnight), run


def _make(shop: play.Shop, what: str, body: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = shop.console.post(f"/programs/{shop.program_id}/{what}", body)
    return made


def _move(night: Night, since_midnight: timedelta) -> None:
    _move_to(night.day, night.midnight + since_midnight)


def _move_to(day: play.Day, instant: datetime) -> None:
    move_clock(day.deployment.site, int((instant - datetime.now(UTC)).total_seconds()), APPS)


def _send(night: Night, sent: Sequence[Delivery], at_once: int = 1) -> None:
    """Send webhooks and wait until each of their orders is posted: the next ones find what these left."""
    with ThreadPoolExecutor(at_once) as senders:
        list(senders.map(lambda one: play.send(night.day, night.shop, one), sent))
    orders = {one.order_id for one in sent}
    play.until(lambda: _are_posted(night, orders), f"{len(orders)} orders to be posted")


def _are_posted(night: Night, order_ids: Collection[str]) -> bool:
    keys = [OrderKey(night.shop.storefront_id, name) for name in order_ids]
    return all(night.day.parts.ledger.entries_of(key) for key in keys)


def _until_held(night: Night, expected: Mapping[str, int]) -> None:
    """Wait until this is held; NotReachedError says what is instead."""
    must = {name: format_minor(minor, night.day.world.shop.currency) for name, minor in expected.items()}
    try:
        play.until(lambda: _held(night) == must, "what must be held")
    except play.NotReachedError as error:
        raise play.NotReachedError(f"{error}: {_held(night)} not {must}") from error


def _held(night: Night) -> dict[str, str]:
    return {name: balance["held"] for name, balance in play.balances(night.shop).items()}
