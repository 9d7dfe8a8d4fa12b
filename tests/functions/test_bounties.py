"""Bounties as deployed: the stream posts them, the queue keeps what fails, the console tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from chalice.test import Client

from grapevine.adapters.memory.outside import MemoryFailures
from grapevine.adapters.memory.state import MemoryPages, MemoryTreasury
from grapevine.domain.campaigns import Audience, Pays
from grapevine.domain.entries import Entry, Postable
from grapevine.domain.errors import UnavailableError
from grapevine.domain.pages import Page
from grapevine.domain.people import PromoterStatus
from grapevine.domain.tiers import TierMeasure
from grapevine.usecases.change_promoter import ChangeStatus, change_status
from tests import builders as make
from tests.builders import ANA, CY, days, minutes
from tests.functions.images import entry_records
from tests.functions.test_console import PROGRAM, Api, merchant
from tests.usecases.hunting import HELD_UNTIL, WEEK, bonus, bounty
from tests.usecases.selling import Selling, key, local
from tests.worlds import World

Clients = Callable[[str], Client]
BOUNTIES = f"{PROGRAM}/promoters/{CY}/bounties"


def shop_of(world: World, *names: str) -> Selling:
    """Return the world as a shop with a bounty, in which Cy sold these; nothing is folded."""
    shop = Selling()
    shop.world = world
    if not world.catalog.terms(make.PROGRAM_ID).bounties:
        world.catalog.add_bounty(make.PROGRAM_ID, bounty(), 1)
    for number, name in enumerate(names):
        at = local(11, 10, number)
        shop.paid(name, at, 5_000)
        assert world.post(at + minutes(1), key(name))
    return shop


def deliver(client: Client, entries: Sequence[Entry]) -> list[dict[str, str]]:
    event = {"Records": entry_records(entries)}
    failed: list[dict[str, str]] = client.lambda_.invoke("on_entries", event).payload["batchItemFailures"]
    return failed


# --- the stream -----------------------------------------------------------------------------------


def test_edge_63_the_stream_posts_a_bounty_once_its_evidence_is_folded(world: World, client: Clients) -> None:
    world.clock = local(11, 12)
    shop_of(world, "one", "two")
    assert deliver(client("accrue"), world.ledger.appended) == []
    (entry,) = world.ledger.entries_of(bonus())
    assert (entry.recorded_at, entry.sequence) == (world.clock, 1)
    assert deliver(client("accrue"), world.ledger.appended) == []
    assert world.balance(CY).held_minor == 1_000 + 300 + 5_000 - 300
    assert world.live_proof(local(11, 13)).faults == ()


def test_records_that_come_one_by_one_and_again_post_it_once(world: World, client: Clients) -> None:
    world.clock = local(11, 12)
    shop_of(world, "one", "two")
    for entry in (*world.ledger.appended, *world.ledger.appended):
        assert deliver(client("accrue"), [entry]) == []
    assert len(world.ledger.entries_of(bonus())) == 1


class Unread(MemoryPages):
    """Pages whose evidence cannot be read while `error` is set."""

    error: Exception | None = None

    def pages(self, subject: str) -> tuple[Page, ...]:
        if self.error and "/bounty/" in subject:
            raise self.error
        return super().pages(subject)


@pytest.fixture
def unread(world: World) -> Unread:
    pages = Unread()
    pages.error = UnavailableError("no answer")
    world.pages, world.treasury = pages, MemoryTreasury(world.ledger, pages)
    return pages


def test_a_bounty_that_cannot_be_posted_waits_by_its_key_and_stops_nothing(
    world: World, client: Clients, unread: Unread
) -> None:
    world.clock = local(11, 12)
    shop_of(world, "one", "two")
    assert deliver(client("accrue"), world.ledger.appended) == []
    assert world.failures.sent == [(bonus(), "no answer")]
    assert world.balance(CY).held_minor == 1_000
    assert client("accrue").lambda_.invoke("redrive").payload["done"] == 0
    unread.error = None
    assert client("accrue").lambda_.invoke("redrive").payload["done"] == 1
    assert (world.failures.sent, world.balance(CY).held_minor) == ([], 1_000 + 5_000)


class Silent(MemoryFailures):
    """A queue that acknowledges no bounty."""

    def send(self, order: Postable, reason: str) -> None:
        if order == bonus():
            raise UnavailableError("the queue does not answer")
        super().send(order, reason)


def test_a_bounty_that_is_neither_posted_nor_queued_is_redriven_with_its_orders(
    world: World, client: Clients, unread: Unread
) -> None:
    world.clock, world.failures = local(11, 12), Silent()
    shop_of(world, "one", "two")
    assert deliver(client("accrue"), world.ledger.appended) == []
    assert {order for order, _ in world.failures.sent} == {key("one"), key("two")}
    unread.error = None
    assert client("accrue").lambda_.invoke("redrive").payload["done"] == 2
    assert deliver(client("accrue"), world.ledger.entries_of(bonus())) == []
    assert world.balance(CY).held_minor == 1_000 + 5_000


def test_the_sweep_makes_it_payable_when_its_hold_ends(world: World, client: Clients) -> None:
    world.clock = local(11, 12)
    shop_of(world, "one", "two")
    deliver(client("accrue"), world.ledger.appended)
    world.clock = HELD_UNTIL
    settle = client("settle")
    event = settle.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
    settle.lambda_.invoke("sweep_due", event)
    assert [entry.released for entry in world.ledger.entries_of(bonus())] == [False, True]


# --- the console ----------------------------------------------------------------------------------


@pytest.fixture
def api(world: World, client: Clients) -> Api:
    return merchant(world, client, "test")


def told(api: Api, promoter: str = CY) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(f"{PROGRAM}/promoters/{promoter}/bounties")["bounties"]
    return found


def test_progress_says_what_counts_what_is_missing_and_until_when(world: World, api: Api) -> None:
    world.clock = local(11, 12)
    shop_of(world, "one")
    world.fold_and_post(world.clock)
    assert told(api)[0] == {
        "bounty": "bt_week",
        "name": "Two a week",
        "period": "2026-W46",
        "starts_at": "2026-11-08T16:00:00.000Z",
        "ends_at": "2026-11-15T16:00:00.000Z",
        "tiers": [],
        "measure": "orders",
        "target": 2,
        "reached": 1,
        "missing": 1,
        "amount": "50.00",
        "currency": "USD",
        "state": "open",
        "hold_ends_at": "2026-12-15T16:00:00.000Z",
    }
    assert [one["period"] for one in told(api)] == [f"2026-W{week}" for week in range(46, 40, -1)]
    assert [one["state"] for one in told(api)[1:]] == ["not_reached"] * 5


def test_progress_goes_from_open_to_held_to_payable(world: World, api: Api) -> None:
    world.clock = local(11, 12)
    shop_of(world, "one", "two", "three")
    world.fold_and_post(world.clock)
    assert [(told(api)[0][name]) for name in ("state", "reached", "missing")] == ["held", 3, 0]
    world.clock = local(12, 15, 23)
    assert [one["state"] for one in told(api) if one["period"] == "2026-W46"] == ["held"]
    world.sweep(HELD_UNTIL)
    world.clock = HELD_UNTIL + days(6)
    assert [one["state"] for one in told(api) if one["period"] == "2026-W46"] == ["payable"]


def test_progress_in_net_sales_and_points(world: World, api: Api) -> None:
    world.clock = local(11, 12)
    shown = bounty(measure=TierMeasure.NET_SALES, target=12_000, pays=Pays.POINTS, amount=70)
    world.catalog.add_bounty(make.PROGRAM_ID, shown, 1)
    shop_of(world, "one", "two")
    world.fold_and_post(world.clock)
    names = ("target", "reached", "missing", "amount", "currency")
    assert [told(api)[0][name] for name in names] == ["120.00", "100.00", "20.00", "70", "PTS"]


def test_progress_tells_whom_it_is_for_and_leaves_out_what_is_for_others(world: World, api: Api) -> None:
    world.clock = local(11, 12)
    silver = bounty(bounty_id="bt_silver", audience=Audience(tier_ids=("silver",)))
    fresh = bounty(bounty_id="bt_new", audience=Audience(joined_within_days=7))
    for number, one in enumerate((silver, fresh), start=1):
        world.catalog.add_bounty(make.PROGRAM_ID, one, number)
    assert {(one["bounty"], *one["tiers"]) for one in told(api)} == {("bt_silver", "silver")}


def test_a_stopped_bounty_is_not_open_and_one_that_is_over_goes_after_a_week(world: World, api: Api) -> None:
    ended = bounty(bounty_id="bt_over", ends_at=local(11, 9, 0), hold_days=1)
    stopped = bounty(bounty_id="bt_stop", stopped_at=local(11, 11))
    for number, one in enumerate((ended, stopped), start=1):
        world.catalog.add_bounty(make.PROGRAM_ID, one, number)
    world.clock = local(11, 12)
    states = {(one["bounty"], one["period"]): one["state"] for one in told(api)}
    assert states["bt_over", "2026-W45"] == states["bt_stop", "2026-W46"] == "not_reached"
    world.clock = local(11, 10, 0) + days(7)
    assert "bt_over" not in {one["bounty"] for one in told(api)}


def test_progress_of_a_banned_promoter_a_duplicate_and_nobody(world: World, api: Api) -> None:
    world.clock = local(11, 12)
    shop_of(world, "one", "two")
    world.fold_and_post(world.clock)
    banned = ChangeStatus(
        program_id=make.PROGRAM_ID, promoter_id=CY, status=PromoterStatus.BANNED, reason="cheated"
    )
    change_status(banned, world.catalog, world.clock)
    world.void(CY, world.clock)
    assert told(api)[0]["state"] == "voided"
    api.changed(f"{PROGRAM}/promoters/{make.BO}/merge", {"promoter_id": ANA})
    assert told(api, make.BO) == []
    assert api.refused("GET", f"{PROGRAM}/promoters/pr_gone/bounties", status=404)["code"] == "not_found"


def test_a_bountys_entry_is_in_the_list_and_explains_itself(world: World, api: Api) -> None:
    world.clock = local(11, 12)
    shop = shop_of(world, "one", "two")
    world.fold_and_post(world.clock)
    shop.give_back("two", local(11, 13), 5_000)
    world.post(local(11, 13), key("two"))
    world.fold_and_post(local(11, 13, 13))
    newest, *_ = api.get(f"{PROGRAM}/promoters/{CY}/entries")["entries"]
    assert (newest["id"], newest["reason"]) == (f"{bonus()}/2", "undone")
    assert newest["sentence"] == "What a bonus was for does not count any more; 50.00 USD went back."
    found = api.get(f"{BOUNTIES}/{WEEK}/1/explain")
    assert found["sentences"] == {
        CY: [
            (
                "You earned 50.00 USD for “Two a week”: it takes 2 orders from 9 November to 15 November, "
                "and 2 orders counted; payable on 16 December; what is refunded, cancelled or stopped "
                "until then does not count, and can undo it."
            )
        ]
    }
    assert found["reached"] == {"orders": 2, "net_sales": "100.00", "is_enough": True}
    assert found["standing"] == {"held": "50.00"}
    assert [(one["entry"], one["orders"], one["net_sales"]) for one in found["counts_now"]] == [
        ("sf_test/one/1", 1, "50.00"),
        ("sf_test/two/1", 1, "50.00"),
        ("sf_test/two/2", -1, "-50.00"),
    ]
    undone = api.get(f"{BOUNTIES}/{WEEK}/2/explain")
    assert (undone["reason"], undone["standing"]) == ("undone", {})
    (said,) = undone["sentences"][CY]
    assert said.startswith("You earned nothing for “Two a week”: it takes 2 orders from 9 November")
    assert said.endswith(" to 15 November, and 1 order counted.")


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (
            TierMeasure.ORDERS,
            "你因“Two a week”获得50.00美元：11月9日至11月15日需要达到2笔订单，已计入2笔订单；",
        ),
        (
            TierMeasure.NET_SALES,
            "你因“Two a week”获得50.00美元：11月9日至11月15日需要达到0.02美元的销售额，已计入100.00",
        ),
    ],
)
def test_a_promoter_is_told_of_a_bounty_in_chinese(
    world: World, api: Api, measure: TierMeasure, said: str
) -> None:
    world.clock = local(11, 12)
    world.catalog.add_bounty(make.PROGRAM_ID, bounty(measure=measure), 1)
    shop_of(world, "one", "two")
    world.fold_and_post(world.clock)
    answer = api.call("GET", f"{BOUNTIES}/{WEEK}/1/explain", **{"Accept-Language": "zh"})
    assert answer.json_body["sentences"][CY][0].replace(" ", "").startswith(said.replace(" ", ""))


@pytest.mark.parametrize(
    "path", [f"{WEEK}/2", f"{WEEK}/0", "bt_week:2026-W99/1", "bt_week:nonsense/1", "bt_x:1/1"]
)
def test_an_entry_of_a_bounty_that_is_not_there(world: World, api: Api, path: str) -> None:
    world.clock = local(11, 12)
    shop_of(world, "one", "two")
    world.fold_and_post(world.clock)
    assert api.refused("GET", f"{BOUNTIES}/{path}/explain", status=404)["code"] == "not_found"


def test_an_entrys_number_that_is_none(world: World, api: Api) -> None:
    shop_of(world)
    assert api.refused("GET", f"{BOUNTIES}/{WEEK}/one/explain")["where"] == "sequence"
