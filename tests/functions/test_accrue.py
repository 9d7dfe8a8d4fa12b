"""The accrual behind unkind streams: nothing is lost, counted twice, or stopped by a neighbour."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from chalice.test import Client

from grapevine.adapters.memory.flow import MemoryFacts
from grapevine.adapters.memory.outside import MemoryFailures
from grapevine.adapters.memory.state import MemoryPages, MemoryTreasury
from grapevine.domain.accounts import Account, net
from grapevine.domain.entries import AccountKey, Entry, Postable, standing
from grapevine.domain.errors import UnavailableError
from grapevine.domain.facts import Fact, FactKind, OrderKey, Outcome, Payment
from grapevine.domain.heads import Head
from grapevine.domain.pages import Page
from grapevine.ports import Waiting
from grapevine.runtime import observe
from grapevine.usecases.read_balance import Balance
from tests import builders as make
from tests.builders import ANA, BO, CY, T0, days, minutes
from tests.functions.images import entry_records, fact_records
from tests.paying import reserve
from tests.runtime.observed import Line, counted, invocations
from tests.streams.records import KEY_NAMES, Event, Record, item_change, sequence_of
from tests.streams.simulator import CALM, Delivery, StreamMapping, StreamSimulator, Weather
from tests.worlds import World, chain_world

Clients = Callable[[str], Client]
NOW = T0 + minutes(200)
END = T0 + days(60)
"""Beyond the hold and the screening deadline."""
ORDERS = tuple(OrderKey(make.STOREFRONT_ID, str(number)) for number in range(1001, 1007))
POISON = ORDERS[2]
SEEDS = range(12)
STORMY = Weather(redelivery=0.5, splits=2)


# --- a small shop's day --------------------------------------------------------------------------


def story(order: OrderKey) -> list[Fact]:
    """An order that is paid and partly refunded; some are edited, cancelled, blocked or allowed too."""
    kinds = int(order.order_id) % 4
    facts = [
        make.fact(FactKind.PLACED, order=order, snapshot=make.snapshot(payment=Payment.PENDING)),
        make.fact(FactKind.PAID, minutes(1), order=order),
        make.fact(FactKind.REFUNDED, minutes(60), order=order, refunds=(make.refund("r1", ("a", 2_345)),)),
    ]
    cancelled = make.snapshot(cancelled_at=T0 + minutes(120))
    verdict = make.verdict(Outcome.BLOCK if kinds == 2 else Outcome.ALLOW).verdict
    extra = {
        0: [make.fact(FactKind.CANCELLED, minutes(120), order=order, snapshot=cancelled)],
        1: [make.fact(FactKind.VERDICT, order=order, verdict=verdict)],
        2: [make.fact(FactKind.VERDICT, order=order, verdict=verdict)],
        3: [],
    }
    return facts + extra[kinds]


DAY = [fact for order in ORDERS for fact in story(order)]


@dataclass(frozen=True)
class Books:
    """How a day ended: each promoter's balance and what stands for each order."""

    balances: tuple[Balance, ...]
    orders: tuple[dict[tuple[Account, str], int], ...]


def books(world: World) -> Books:
    chains = (world.ledger.entries_of(order) for order in ORDERS)
    return Books(
        tuple(world.balance(name) for name in (ANA, BO, CY)), tuple(standing(chain) for chain in chains)
    )


def undisturbed() -> Books:
    """Every fact posted once, in order, every entry folded once, time passed once."""
    world = chain_world()
    for fact in DAY:
        world.append(fact)
        world.post(NOW, fact.order)
    world.fold()
    world.sweep(END)
    world.fold()
    return books(world)


UNDISTURBED = undisturbed()


@dataclass
class Shop:
    """The world's streams, mapped to the accrual through the simulator."""

    world: World
    client: Clients
    seed: int
    weather: Weather = STORMY
    deliveries: list[Delivery] = field(default_factory=list)
    folded: int = 0

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.accrue, self.settle = self.client("accrue"), self.client("settle")

    def deliver(self, handler: str, records: Sequence[Record]) -> Delivery:
        mapping = StreamMapping(
            batch_size=self.random.choice((1, 3, 10, 100)), parallelization=self.random.choice((1, 2, 10))
        )
        simulator = StreamSimulator(mapping, seed=self.random.randrange(2**32), weather=self.weather)
        delivery = simulator.deliver(records, lambda event: self.invoke(handler, event))
        assert [call.error for call in delivery.invocations if call.error] == []
        self.deliveries.append(delivery)
        return delivery

    def invoke(self, handler: str, event: Event) -> dict[str, list[dict[str, str]]]:
        answer: dict[str, list[dict[str, str]]] = self.accrue.lambda_.invoke(handler, event).payload
        return answer

    def take_facts(self, spoil: Callable[[Record], Record] = lambda record: record) -> None:
        """Append the day's facts in some order, the stream running behind by a few of them."""
        self.world.clock = NOW
        arriving = self.random.sample(DAY, len(DAY))
        while arriving:
            size = self.random.randint(1, 8)
            chunk, arriving = arriving[:size], arriving[size:]
            self.world.append(*chunk)
            self.deliver("on_facts", [spoil(record) for record in fact_records(chunk)])

    def fold(self, spoil: Callable[[Record], Record] = lambda record: record) -> None:
        """Deliver the entries that were appended since the last time."""
        fresh = self.world.ledger.appended[self.folded :]
        self.folded += len(fresh)
        self.deliver("on_entries", [spoil(record) for record in entry_records(fresh)])

    def pass_time(self) -> None:
        self.world.clock = END
        self.settle.lambda_.invoke(
            "sweep_due", self.settle.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
        )
        self.fold()

    def redrive(self) -> dict[str, object]:
        answer: dict[str, object] = self.accrue.lambda_.invoke("redrive").payload
        assert json.loads(json.dumps(answer)) == {
            **answer,
            "still_waiting": list(_texts(answer["still_waiting"])),
        }
        return answer

    def given_up(self) -> list[int]:
        """The sizes of the batches that went to the mapping's failure destination."""
        return [gone.batch_size for delivery in self.deliveries for gone in delivery.destination]


def _texts(value: object) -> Iterator[str]:
    assert isinstance(value, (list, tuple))
    yield from value


def others(found: Books) -> list[dict[tuple[Account, str], int]]:
    return [stands for order, stands in zip(ORDERS, found.orders, strict=True) if order != POISON]


def check(shop: Shop) -> None:
    """The day ended as the undisturbed one, nothing waits, and the books prove themselves."""
    assert books(shop.world) == UNDISTURBED
    assert shop.world.proof().faults == ()
    assert shop.world.failures.sent == []


# --- weather -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_weather_changes_nothing(world: World, client: Clients, seed: int) -> None:
    shop = Shop(world, client, seed)
    shop.take_facts()
    shop.fold()
    shop.pass_time()
    check(shop)
    assert shop.given_up() == []


def test_the_undisturbed_day_is_worth_something() -> None:
    """Payable for the allowed and the unscreened, blocked for the blocked, nothing for the cancelled."""
    assert [balance.payable_minor > 0 for balance in UNDISTURBED.balances] == [True] * 3
    assert [balance.blocked_minor > 0 for balance in UNDISTURBED.balances] == [True] * 3
    assert UNDISTURBED.orders[ORDERS.index(OrderKey(make.STOREFRONT_ID, "1004"))] == {}


@pytest.mark.parametrize("seed", range(4))
def test_a_stream_that_was_lost_is_rebuilt_by_replaying_it_all(
    world: World, client: Clients, seed: int
) -> None:
    shop = Shop(world, client, seed)
    world.clock = NOW
    world.append(*DAY)
    shop.deliver("on_facts", fact_records(DAY))
    shop.fold()
    shop.pass_time()
    for _ in range(2):
        shop.deliver("on_facts", fact_records(DAY))
        shop.deliver("on_entries", entry_records(world.ledger.appended))
    check(shop)


def test_a_batch_posts_an_order_once(world: World, client: Clients, lines: list[Line]) -> None:
    world.clock = NOW
    facts = story(ORDERS[0])
    world.append(*facts)
    assert Shop(world, client, 0).invoke("on_facts", {"Records": fact_records(facts)}) == {
        "batchItemFailures": []
    }
    assert len(world.ledger.appended) == 1
    (line,) = invocations(lines)
    assert (line["handler"], line["outcome"], line["orders"]) == ("on_facts", "ok", [str(ORDERS[0])])
    assert (line["records"], line["failed"]) == (len(facts), 0)


def test_a_batch_of_entries_names_its_orders(world: World, client: Clients, lines: list[Line]) -> None:
    world.append(*DAY)
    for order in ORDERS[:3]:
        world.post(NOW, order)
    Shop(world, client, 0).invoke("on_entries", {"Records": entry_records(world.ledger.appended)})
    (line,) = invocations(lines)
    assert (line["handler"], line["orders"]) == ("on_entries", [str(order) for order in ORDERS[:3]])


# --- an order that cannot be processed -----------------------------------------------------------


class UnreadableFacts(MemoryFacts):
    """A store that cannot read one order's facts while `error` is set."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error: Exception | None = error

    def facts_of(self, order: OrderKey) -> tuple[Fact, ...]:
        if self.error and order == POISON:
            raise self.error
        return super().facts_of(order)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    ("error", "reason"),
    [(UnavailableError("no answer"), "no answer"), (KeyError("body"), "KeyError: 'body'")],
    ids=["ours", "not ours"],
)
def test_a_poison_order_waits_and_stops_no_other(
    world: World, client: Clients, seed: int, error: Exception, reason: str
) -> None:
    world.facts = UnreadableFacts(error)
    shop = Shop(world, client, seed)
    shop.take_facts()
    shop.fold()
    assert set(world.failures.sent) == {(POISON, reason)}
    assert shop.redrive() == {"done": 0, "still_waiting": (f"{POISON}: {reason}",)}
    shop.pass_time()
    assert others(books(world)) == others(UNDISTURBED)
    assert world.ledger.entries_of(POISON) == ()
    assert shop.given_up() == []
    world.facts.error = None
    assert shop.redrive()["still_waiting"] == ()
    shop.fold()
    check(shop)


def test_what_was_queued_is_counted_and_logged(
    world: World, client: Clients, lines: list[Line], capsys: pytest.CaptureFixture[str]
) -> None:
    world.facts = UnreadableFacts(UnavailableError("no answer"))
    facts = story(POISON) + story(ORDERS[0])
    world.append(*facts)
    Shop(world, client, 0).invoke("on_facts", {"Records": fact_records(facts)})
    assert counted(capsys.readouterr().out) == {observe.ORDER_QUEUED: 1}
    (warning,) = [line for line in lines if line["message"] == "order queued"]
    assert (warning["order"], warning["reason"]) == (str(POISON), "no answer")


def test_an_order_of_an_unknown_program_waits(world: World, client: Clients) -> None:
    fact = make.fact(program_id="pg_gone")
    world.append(fact)
    Shop(world, client, 0).invoke("on_facts", {"Records": fact_records([fact])})
    assert world.failures.sent == [(make.ORDER, "no program 'pg_gone'")]


class BrokenQueue(MemoryFailures):
    """A queue that does not acknowledge the next orders."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals = refusals

    def send(self, order: Postable, reason: str) -> None:
        self.refusals -= 1
        if self.refusals >= 0:
            raise UnavailableError("the queue does not answer")
        super().send(order, reason)


@pytest.mark.parametrize("seed", range(6))
def test_what_could_not_be_queued_comes_again(world: World, client: Clients, seed: int) -> None:
    world.facts, world.failures = UnreadableFacts(KeyError("body")), BrokenQueue(2)
    shop = Shop(world, client, seed)
    shop.take_facts()
    shop.fold()
    assert set(world.failures.sent) == {(POISON, "KeyError: 'body'")}
    assert shop.given_up() == []
    world.facts.error = None
    shop.redrive()
    shop.fold()
    shop.pass_time()
    check(shop)


def test_only_what_could_not_be_queued_is_reported(
    world: World, client: Clients, lines: list[Line], capsys: pytest.CaptureFixture[str]
) -> None:
    world.facts, world.failures = UnreadableFacts(KeyError("body")), BrokenQueue(99)
    world.append(*DAY)
    records = fact_records(DAY)
    of_poison = [
        sequence_of(record) for record, fact in zip(records, DAY, strict=True) if fact.order == POISON
    ]
    answer = Shop(world, client, 0).invoke("on_facts", {"Records": records})
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == of_poison
    assert counted(capsys.readouterr().out) == {observe.RECORD_FAILED: len(of_poison)}
    (line,) = invocations(lines)
    assert (line["outcome"], line["failed"]) == ("partial", len(of_poison))


@pytest.mark.parametrize("seed", range(4))
def test_with_the_queue_gone_for_good_the_others_still_post(world: World, client: Clients, seed: int) -> None:
    world.facts, world.failures = UnreadableFacts(KeyError("body")), BrokenQueue(10_000)
    shop = Shop(world, client, seed)
    shop.take_facts()
    shop.fold()
    shop.pass_time()
    assert others(books(world)) == others(UNDISTURBED)
    assert set(shop.given_up()) == {1}


# --- images that cannot be read ------------------------------------------------------------------


def changed_image(record: Record, **changes: object) -> Record:
    image = {**record["dynamodb"]["NewImage"], **changes}
    return {**record, "dynamodb": {**record["dynamodb"], "NewImage": image}}


def is_of(record: Record, order: OrderKey) -> bool:
    return bool(record["dynamodb"]["Keys"]["pk"]["S"] == f"O#{order.storefront_id}#{order.order_id}")


def newer_writer(record: Record) -> Record:
    """What a version of us that is not deployed here yet may have written."""
    return changed_image(record, kind={"S": "newer"}, body={"S": "{"}) if is_of(record, POISON) else record


def without_key(record: Record) -> Record:
    return changed_image(record, pk={"N": "1"}) if is_of(record, POISON) else record


def without_image(record: Record) -> Record:
    if not is_of(record, POISON):
        return record
    return {**record, "dynamodb": {n: v for n, v in record["dynamodb"].items() if n != "NewImage"}}


@pytest.mark.parametrize("seed", range(4))
def test_a_fact_is_posted_by_its_key_whatever_its_image_holds(
    world: World, client: Clients, seed: int
) -> None:
    shop = Shop(world, client, seed)
    shop.take_facts(newer_writer)
    shop.fold()
    shop.pass_time()
    check(shop)


@pytest.mark.parametrize("seed", range(4))
def test_an_entry_that_cannot_be_read_waits_by_its_order(world: World, client: Clients, seed: int) -> None:
    shop = Shop(world, client, seed)
    shop.take_facts()
    shop.fold(newer_writer)
    assert {order for order, _ in world.failures.sent} == {POISON}
    assert shop.given_up() == []
    assert shop.redrive()["still_waiting"] == ()
    shop.pass_time()
    check(shop)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("spoil", [without_key, without_image])
def test_a_record_without_key_or_image_comes_again_alone(
    world: World, client: Clients, seed: int, spoil: Callable[[Record], Record]
) -> None:
    """There is nothing to queue; the mapping gives up on that record, and on no other."""
    shop = Shop(world, client, seed, weather=CALM)
    shop.take_facts(spoil)
    shop.fold(spoil)
    shop.pass_time()
    assert others(books(world)) == others(UNDISTURBED)
    assert set(shop.given_up()) == {1}


def test_images_that_cannot_be_read_are_told_apart(world: World, client: Clients) -> None:
    world.append(*DAY)
    shop = Shop(world, client, 0)
    shop.invoke("on_facts", {"Records": fact_records(DAY)})
    records = entry_records(world.ledger.appended)
    spoilt = [without_key(record) for record in records]
    answer = shop.invoke("on_entries", {"Records": spoilt})
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == [
        sequence_of(record) for record in records if is_of(record, POISON)
    ]


# --- pages that cannot be folded -----------------------------------------------------------------


class BrokenPages(MemoryPages):
    """A store that cannot fold into one promoter's pages while `error` is set."""

    def __init__(self, promoter_id: str, error: Exception) -> None:
        super().__init__()
        self.promoter_id = promoter_id
        self.error: Exception | None = error

    def fold(self, additions: Sequence[Page]) -> int:
        if self.error and any(f"/{self.promoter_id}/" in page.key.subject for page in additions):
            raise self.error
        return super().fold(additions)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("error", [UnavailableError("no answer"), ValueError("a page too large")])
def test_pages_that_fail_keep_only_their_orders_waiting(
    world: World, client: Clients, seed: int, error: Exception
) -> None:
    pages = BrokenPages(BO, error)
    world.pages, world.treasury = pages, MemoryTreasury(world.ledger, pages)
    unattributed = make.fact(order=OrderKey(make.STOREFRONT_ID, "2000"), snapshot=_clicked_on_ana(world))
    world.append(unattributed)
    world.post(NOW, unattributed.order)
    shop = Shop(world, client, seed)
    shop.take_facts()
    shop.fold()
    queued = {order for order, _ in world.failures.sent}
    assert queued == {entry.key for entry in world.ledger.appended if _earns(BO, entry)}
    assert world.balance(ANA).held_minor > 0
    assert world.balance(BO).earned_minor == 0
    assert shop.given_up() == []
    pages.error = None
    assert shop.redrive()["still_waiting"] == ()
    assert (world.failures.sent, world.proof().faults) == ([], ())
    shop.pass_time()
    assert world.balance(BO) == UNDISTURBED.balances[1]


def _earns(promoter_id: str, entry: Entry) -> bool:
    return any(account.owner == promoter_id for account, _ in net(entry.postings))


def _clicked_on_ana(world: World) -> object:
    click = make.click(id="4" * 22 + "-" + "5" * 20, promoter_id=ANA, upline=())
    world.clicks.record(click)
    return make.snapshot(click_id=click.id)


def test_an_accounts_own_entry_is_in_no_page(world: World, client: Clients) -> None:
    movement = reserve(Head(key=AccountKey(make.PROGRAM_ID, CY, "USD")), 100, "run", NOW)
    answer = Shop(world, client, 0).invoke("on_entries", {"Records": entry_records([movement.entry])})
    assert answer == {"batchItemFailures": []}
    assert world.pages.stored == {}


# --- the ledger was modified ---------------------------------------------------------------------


def modified(record: Record) -> Record:
    image = record["dynamodb"]["NewImage"]
    return item_change(
        {name: image[name] for name in KEY_NAMES}, image, number=99, old_image=image, table="ledger"
    )


def removed(record: Record) -> Record:
    image = record["dynamodb"]["NewImage"]
    return item_change(
        {name: image[name] for name in KEY_NAMES}, None, number=98, old_image=image, table="ledger"
    )


def test_a_modified_ledger_raises_the_alarm_and_folds_nothing(
    world: World, client: Clients, lines: list[Line], capsys: pytest.CaptureFixture[str]
) -> None:
    world.append(*DAY)
    shop = Shop(world, client, 0)
    for order in ORDERS:
        world.post(NOW, order)
    first, second, *rest = entry_records(world.ledger.appended)
    records = [modified(first), *rest, removed(second)]
    assert shop.invoke("on_entries", {"Records": records}) == {"batchItemFailures": []}
    assert counted(capsys.readouterr().out) == {observe.LEDGER_MODIFIED: 2}
    assert [line["message"] for line in lines if line["level"] == "ERROR"] == ["the ledger was modified"]
    marks = {mark for page in world.pages.stored.values() for mark in page.marks}
    assert marks == {entry.id for entry in world.ledger.appended[2:]}


def test_a_modified_fact_posts_nothing(world: World, client: Clients) -> None:
    world.append(*DAY)
    first, second, *_ = fact_records(DAY)
    answer = Shop(world, client, 0).invoke("on_facts", {"Records": [modified(first), removed(second)]})
    assert answer == {"batchItemFailures": []}
    assert world.ledger.appended == []


# --- the queue -----------------------------------------------------------------------------------


class LeasedFailures(MemoryFailures):
    """A queue as SQS is: what was received is hidden until the next run, unless it was taken out."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: list[tuple[Postable, str]] = []

    def receive(self, limit: int) -> tuple[Waiting, ...]:
        found = super().receive(limit)
        self.hidden += self.sent[:limit]
        del self.sent[:limit]
        return found

    def done(self, waiting: Waiting) -> None:
        self.hidden.remove((waiting.order, waiting.reason))

    def show(self) -> None:
        """The time to handle them is over: what was not taken out is seen again."""
        self.sent, self.hidden = self.hidden + self.sent, []


def test_a_heap_of_one_poison_order_hides_no_other(world: World, client: Clients) -> None:
    world.facts, world.failures = UnreadableFacts(KeyError("body")), LeasedFailures()
    world.append(*DAY)
    for number in range(25):
        world.failures.send(POISON, f"{number}")
    world.failures.send(ORDERS[0], "was down")
    shop = Shop(world, client, 0)
    assert shop.redrive() == {"done": 1, "still_waiting": (f"{POISON}: KeyError: 'body'",)}
    assert len(world.ledger.entries_of(ORDERS[0])) == 1
    world.failures.show()
    assert {order for order, _ in world.failures.sent} == {POISON}
    world.facts.error = None
    assert shop.redrive() == {"done": 25, "still_waiting": ()}
    world.failures.show()
    assert world.failures.sent == []


def test_redriving_nothing(world: World, client: Clients, lines: list[Line]) -> None:
    assert Shop(world, client, 0).redrive() == {"done": 0, "still_waiting": ()}
    (line,) = invocations(lines)
    assert (line["handler"], line["done"], line["outcome"]) == ("redrive", 0, "ok")


def test_an_order_that_is_well_is_redriven_to_no_effect(world: World, client: Clients) -> None:
    shop = Shop(world, client, 0)
    shop.take_facts()
    shop.fold()
    before, clock = books(world), world.clock
    world.failures.send(ORDERS[0], "a mistake")
    assert shop.redrive() == {"done": 1, "still_waiting": ()}
    assert (books(world), world.clock) == (before, clock)
    assert isinstance(clock, datetime)
