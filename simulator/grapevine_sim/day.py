"""A day of a shop, played against the deployed endpoints: set up, click, buy, settle, pay."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from grapevine.domain.errors import NotFoundError
from grapevine.domain.schedules import settlement_date
from grapevine.domain.settlements import scheduled_id
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.create_merchant import CreateMerchant, create_merchant
from grapevine_sim.deliveries import deliveries
from grapevine_sim.plans import ClickPlan, Delivery, Run, World
from grapevine_sim.web import Console, UnexpectedAnswerError, invoke, request, schedule_event
from infra.deploy import Deployment, move_clock

SENDERS = 2
"""Requests under way at once; more only queue up on two cores."""
PATIENCE_SECONDS = 90
POLL_SECONDS = 0.25
AFTER_EVERY_HOLD = timedelta(days=35)
"""Beyond the hold (30 days), the last wait for a verdict (3) and the day of the story itself."""


class NotReachedError(Exception):
    """The system did not come to a state that it had to reach."""


@dataclass(frozen=True, slots=True)
class Shop:
    """What the set-up made: the API with its key, and the ids by the plans' names."""

    console: Console
    program_id: str
    storefront_id: str
    promoter_ids: Mapping[str, str]
    link_codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Day:
    """A world on a deployment, and what it is played with."""

    world: World
    deployment: Deployment
    parts: AwsParts

    def url(self, app: str) -> str:
        """Return where an app's routes answer."""
        url = self.deployment.apps[app].url
        if url is None:
            raise NotReachedError(f"{app} has no URL")
        return url

    def invoke(self, app: str, handler: str, event: Mapping[str, object]) -> Mapping[str, object]:
        """Invoke a handler as its trigger would, and return its answer."""
        function = self.deployment.apps[app].functions[handler]
        answer: Mapping[str, object] = invoke(self.deployment.site, function, event)
        return answer


def until(done: Callable[[], bool], what: str) -> None:
    """Wait until something is so; NotReachedError when it does not come."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise NotReachedError(f"waited {PATIENCE_SECONDS} s for {what}")
        time.sleep(POLL_SECONDS)


def set_up(day: Day, merchant: str = "Orchard", program: Mapping[str, Any] | None = None) -> Shop:
    """Create the merchant as the command line does, and everything else through the API."""
    parts, shop = day.parts, day.world.shop
    made = create_merchant(CreateMerchant(merchant), parts.catalog, parts.random_bytes, parts.now())
    console = Console(day.url("console"), made.api_key)
    program_id = console.post("/programs", program or _program(day.world))["id"]
    storefront = {"platform": "shopify", "domain": shop.domain, "webhook_secret": shop.webhook_secret}
    storefront_id = console.post(f"/programs/{program_id}/storefronts", storefront)["id"]
    promoter_ids: dict[str, str] = {}
    for plan in day.world.promoters:
        person = {"name": plan.name.title(), "email": plan.email}
        sponsor = {"sponsor_id": promoter_ids[plan.sponsor]} if plan.sponsor else {}
        made_promoter = console.post(f"/programs/{program_id}/promoters", person | sponsor)
        promoter_ids[plan.name] = made_promoter["id"]
    link_codes = {
        name: console.post(
            f"/programs/{program_id}/promoters/{promoter_id}/links", {"destination": shop.destination}
        )["code"]
        for name, promoter_id in promoter_ids.items()
    }
    return Shop(console, program_id, storefront_id, promoter_ids, link_codes)


def _program(world: World) -> dict[str, object]:
    shop = world.shop
    return {
        "name": "Orchard friends",
        "currency": shop.currency,
        "time_zone": "UTC",
        "allowed_hosts": [urlsplit(shop.destination).hostname],
        "payouts": {"minimum_payout_minor": shop.minimum_payout_minor},
        "plan": {
            "rate_bps": list(shop.rate_bps),
            "hold_days_after_receipt": shop.hold_days_after_receipt,
            "hold_days_after_payment": shop.hold_days_after_payment,
            "screening_days": shop.screening_days,
        },
    }


def click(day: Day, shop: Shop) -> Run:
    """Follow every link; return the click ids that the shop saw, and opens with."""
    with ThreadPoolExecutor(SENDERS) as senders:
        found = senders.map(lambda plan: (plan.key, _click(day, shop, plan)), day.world.clicks)
        click_ids = {key: click_id for key, click_id in found if click_id}
    return Run(opened_at=datetime.now(UTC).replace(microsecond=0), click_ids=click_ids)


def _click(day: Day, shop: Shop, plan: ClickPlan) -> str | None:
    url = f"{day.url('track_click')}/{shop.link_codes[plan.link_owner]}"
    answer = request(plan.method, url, headers={"User-Agent": plan.user_agent})
    location = answer.headers.get("location", "")
    if answer.status != 302 or not location.startswith(day.world.shop.destination):
        raise UnexpectedAnswerError(f"{plan.method} {url}: {answer.status} to {location!r}")
    return parse_qs(urlsplit(location).query).get("gv_click", [None])[0]


def deliver(day: Day, shop: Shop, run: Run, progress: Callable[[int, int], None]) -> int:
    """Send every webhook, repeats and late ones too; return how many."""
    sent = deliveries(day.world, run)
    with ThreadPoolExecutor(SENDERS) as senders:
        for number, _ in enumerate(senders.map(lambda one: send(day, shop, one), sent), start=1):
            progress(number, len(sent))
    return len(sent)


def send(day: Day, shop: Shop, delivery: Delivery) -> None:
    """Send one webhook; UnexpectedAnswerError unless it is taken."""
    url = f"{day.url('place_order')}/storefronts/{shop.storefront_id}/webhooks"
    answer = request("POST", url, delivery.raw, delivery.headers)
    if answer.status != 200:
        raise UnexpectedAnswerError(f"{delivery.topic}: {answer.status} {answer.body.decode()[:400]}")


def balances(shop: Shop) -> dict[str, dict[str, str]]:
    """Return every promoter's balance as the API tells it, by name."""
    return {
        name: shop.console.get(f"/programs/{shop.program_id}/promoters/{promoter_id}/balance")
        for name, promoter_id in shop.promoter_ids.items()
    }


def after_the_holds(day: Day, run: Run) -> timedelta:
    """Return how far to move time: to noon of the first settlement day after every hold."""
    program = next(iter(day.parts.catalog.programs()))
    instant = (run.opened_at + AFTER_EVERY_HOLD).replace(hour=12, minute=0, second=0)
    while settlement_date(program, instant) != instant.date():
        instant += timedelta(days=1)
    return instant - datetime.now(UTC)


def pass_time(day: Day, offset: timedelta) -> None:
    """Move the clock of the functions that act on time; only the local stack has a setting for it."""
    move_clock(day.deployment.site, int(offset.total_seconds()), ("accrue", "settle"))


def settle(day: Day, shop: Shop, now: datetime) -> str:
    """Let the schedule start the settlement and the queue work it off; return its id."""
    name = scheduled_id(shop.program_id, now.date().isoformat())
    day.invoke("settle", "start_settlements", schedule_event(now))
    until(lambda: _is_settled(day, name), f"settlement {name} and its files")
    return name


def _is_settled(day: Day, name: str) -> bool:
    """Say whether a run is closed, its payouts are sent and the files are there."""
    run = day.parts.settlements.settlement(name)
    return run is not None and run.closed_at is not None and None not in _files(day, name)


def _files(day: Day, settlement: str) -> list[bytes | None]:
    """Return the files of the batches that a settlement's payouts are in, None for what is not there yet."""
    legs = {
        (payout.key.program_id, leg.batch_id)
        for payout in day.parts.treasury.payouts_of(settlement)
        for leg in payout.legs
    }
    return [_file(day, f"payouts/{program_id}/{batch_id}.csv") for program_id, batch_id in sorted(legs)]


def _file(day: Day, name: str) -> bytes | None:
    try:
        return day.parts.files.get(name)
    except NotFoundError:
        return None


def payout_rows(day: Day, settlement: str) -> list[dict[str, str]]:
    """Return the rows of the payout files in the bucket that are of a settlement."""
    bodies = [body.decode() for body in _files(day, settlement) if body is not None]
    rows = [row for body in bodies for row in csv.DictReader(io.StringIO(body, newline=""))]
    return [row for row in rows if row["settlement_id"] == settlement]


def confirm(day: Day, shop: Shop, settlement: str, rows: list[dict[str, str]]) -> Mapping[str, object]:
    """Put the bank's answer into the bucket, every transfer completed, and import it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("transfer_id", "status", "detail"))
    writer.writerows((row["transfer_id"], "completed", "demo bank") for row in rows)
    name = f"results/{settlement}.csv"
    day.parts.files.put(name, text.getvalue().encode(), "text/csv")
    return day.invoke("settle", "import_results", {"program_id": shop.program_id, "file": name})
