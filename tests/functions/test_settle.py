"""Settlement through Chalice: sweeps, runs, batches and result files, each twice and with faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
from chalice.test import Client

from grapevine.adapters.memory.flow import MemoryFacts
from grapevine.adapters.memory.outside import MemoryFailures, MemorySettlementQueue
from grapevine.adapters.memory.state import MemoryTreasury
from grapevine.domain.entries import AccountKey, Postable
from grapevine.domain.errors import InvalidInputError, NotFoundError, UnavailableError
from grapevine.domain.facts import Fact, FactKind, OrderKey, Outcome
from grapevine.domain.heads import Head
from grapevine.domain.pages import Page
from grapevine.domain.payouts import Payout, PayoutState
from grapevine.domain.people import PromoterStatus
from grapevine.domain.settlements import PageName, Settled
from grapevine.domain.transfers import Payee, RailName, TransferBatch, TransferResult
from grapevine.runtime import observe
from grapevine.usecases.start_settlements import SettlementsNotStartedError
from tests import builders as make
from tests.builders import ANA, BO, CY, T0, days, minutes
from tests.rails.fake import FakeRail
from tests.runtime.observed import Line, counted, invocations
from tests.worlds import World

Clients = Callable[[str], Client]
OTHER = OrderKey(make.STOREFRONT_ID, "1002")
DUE = T0 + days(31)
"""Past the hold of thirty days after payment."""
RUN_DAY = datetime(2027, 1, 10, 12, tzinfo=UTC)
RUN = f"{make.PROGRAM_ID}.2027-01-10"


def run(client: Clients, handler: str, payload: Any = None) -> Any:  # noqa: ANN401 - whatever it answers
    """Invoke a handler; its answer must be JSON, as Lambda's is."""
    app = client("settle")
    event = app.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
    answer = app.lambda_.invoke(handler, event if payload is None else payload).payload
    return json.loads(json.dumps(answer))


def paid_order(world: World, order: OrderKey = make.ORDER) -> None:
    """Let an order of 133.33 accrue 13.33, 4.00 and 1.33 to the chain."""
    world.append(make.fact(order=order))
    verdict = make.verdict(Outcome.ALLOW).verdict
    world.append(make.fact(FactKind.VERDICT, order=order, verdict=verdict))
    world.post(T0 + minutes(5), order)
    world.fold()


# --- sweep ---------------------------------------------------------------------------------------


def test_nothing_is_due_before_the_hold_ends(world: World, client: Clients) -> None:
    paid_order(world)
    world.clock = T0 + days(29)
    assert run(client, "sweep_due") == {"looked_at": 0, "posted": 0, "failed": 0}


def test_what_is_due_is_released_once(world: World, client: Clients, lines: list[Line]) -> None:
    paid_order(world)
    world.clock = DUE
    assert run(client, "sweep_due") == {"looked_at": 1, "posted": 1, "failed": 0}
    assert run(client, "sweep_due")["posted"] == 0
    world.fold()
    assert (world.balance(CY).held_minor, world.balance(CY).payable_minor) == (0, 1_333)
    first, _ = invocations(lines)
    assert (first["handler"], first["outcome"], first["posted"]) == ("sweep_due", "ok", 1)


class UnreadableFacts(MemoryFacts):
    """A store that cannot read one order's facts while `error` is set."""

    error: Exception | None = None

    def facts_of(self, order: OrderKey) -> tuple[Fact, ...]:
        if self.error and order == make.ORDER:
            raise self.error
        return super().facts_of(order)


@pytest.mark.parametrize(
    ("error", "reason"),
    [(UnavailableError("no answer"), "no answer"), (KeyError("body"), "KeyError: 'body'")],
    ids=["ours", "not ours"],
)
def test_an_order_that_cannot_be_swept_waits_and_stops_no_other(
    world: World, client: Clients, error: Exception, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.facts = facts = UnreadableFacts()
    paid_order(world)
    paid_order(world, OTHER)
    world.clock, facts.error = DUE, error
    assert run(client, "sweep_due") == {"looked_at": 2, "posted": 1, "failed": 1}
    assert world.failures.sent == [(make.ORDER, f"sweep: {reason}")]
    assert counted(capsys.readouterr().out) == {observe.ORDER_QUEUED: 1}
    assert world.ledger.entries_of(OTHER)[-1].released
    facts.error = None
    assert client("accrue").lambda_.invoke("redrive").payload == {"done": 1, "still_waiting": ()}
    assert world.ledger.entries_of(make.ORDER)[-1].released


class SilentQueue(MemoryFailures):
    """A queue that acknowledges nothing."""

    def send(self, order: Postable, reason: str) -> None:
        raise UnavailableError("the queue does not answer")


def test_an_order_that_is_neither_posted_nor_queued_is_looked_at_again(
    world: World, client: Clients, lines: list[Line]
) -> None:
    world.facts, world.failures = facts, queue = UnreadableFacts(), SilentQueue()
    assert isinstance(queue, SilentQueue)
    paid_order(world)
    world.clock, facts.error = DUE, UnavailableError("no answer")
    with pytest.raises(UnavailableError):
        run(client, "sweep_due")
    assert invocations(lines)[-1]["outcome"] == "error"
    facts.error = None
    world.clock = DUE + days(30)
    assert run(client, "sweep_due")["posted"] == 1


# --- start ---------------------------------------------------------------------------------------


def test_a_run_starts_on_its_day_and_again_goes_on(world: World, client: Clients) -> None:
    world.clock = RUN_DAY
    for _ in range(2):
        assert run(client, "start_settlements") == {"settlements": [RUN]}
    assert settle(client, messages(world)) == []
    assert world.settlement_queue.pages == [PageName(RUN, "")] * 2
    page = world.settlements.page(PageName(RUN, ""))
    assert page
    assert page.promoter_ids == (ANA, BO, CY)


def test_a_promoter_who_joined_meanwhile_is_in_the_next_run(world: World, client: Clients) -> None:
    world.clock = RUN_DAY
    run(client, "start_settlements")
    world.catalog.add_promoter(make.promoter("pr_aaa", joined_at=RUN_DAY + minutes(1)))
    world.clock = RUN_DAY + minutes(60)
    run(client, "start_settlements")
    assert settle(client, messages(world)) == []
    assert world.settlements.page_with(RUN, "pr_aaa") is None


def test_a_closed_run_is_not_started_again(world: World, client: Clients) -> None:
    world.clock = RUN_DAY
    run(client, "start_settlements")
    assert settle(client, messages(world)) == []
    assert settle(client, messages(world)) == []
    assert run(client, "start_settlements") == {"settlements": []}


class PickyQueue(MemorySettlementQueue):
    """A queue that refuses the lists of one program."""

    def send_list(self, name: PageName) -> None:
        if name.settlement_id.startswith(make.PROGRAM_ID):
            raise UnavailableError("settlement messages not queued")
        super().send_list(name)


def test_one_program_that_cannot_start_stops_no_other_and_fails_the_run(
    world: World, client: Clients, lines: list[Line]
) -> None:
    world.settlement_queue = PickyQueue()
    world.catalog.add_program(make.program(id="pg_zz"), make.plan())
    world.clock = RUN_DAY
    with pytest.raises(SettlementsNotStartedError, match=f"^{RUN}: settlement messages"):
        run(client, "start_settlements")
    assert [name.settlement_id for name in world.settlement_queue.lists] == ["pg_zz.2027-01-10"]
    assert invocations(lines)[-1]["outcome"] == "error"


# --- settle --------------------------------------------------------------------------------------


def messages(world: World) -> list[str]:
    """Take the queue's bodies, as its adapter writes them."""
    queue = world.settlement_queue
    lists, queue.lists, pages, queue.pages = queue.lists, [], queue.pages, []
    bodies = [{"list": asdict(name)} for name in lists] + [{"page": asdict(name)} for name in pages]
    return [json.dumps(body) for body in bodies]


def settle(client: Clients, bodies: Sequence[str], receives: int = 1) -> list[int]:
    """Deliver messages in one batch; return the positions of those that come again."""
    event = client("settle").events.generate_sqs_event(list(bodies))
    for number, record in enumerate(event["Records"]):
        record["messageId"] = str(number)
        record["attributes"] = {"ApproximateReceiveCount": str(receives)}
    answer = run(client, "settle_promoters", event)
    return [int(failure["itemIdentifier"]) for failure in answer["batchItemFailures"]]


@pytest.fixture
def started(world: World, client: Clients) -> list[str]:
    """Return the messages of a run over a chain that has earned 133.30, 40.00 and 13.30."""
    for number in range(10):
        paid_order(world, OrderKey(make.STOREFRONT_ID, str(2000 + number)))
    world.clock = RUN_DAY
    run(client, "sweep_due")
    world.fold()
    run(client, "start_settlements")
    settle(client, messages(world))
    return messages(world)


def payouts(world: World) -> dict[str, int]:
    return {payout.key.promoter_id: payout.amount_minor for payout in world.treasury.payouts_of(RUN)}


def test_a_run_pays_each_promoter_once(
    world: World, client: Clients, started: list[str], lines: list[Line]
) -> None:
    assert settle(client, started * 3) == []
    assert invocations(lines)[-1]["pages"] == [f"{RUN}/"]
    assert payouts(world) == {CY: 13_330, BO: 4_000, ANA: 1_330}
    assert [world.balance(name).reserved_minor for name in (CY, BO, ANA)] == [13_330, 4_000, 1_330]
    assert world.proof().faults == ()
    assert settle(client, started) == []
    assert len(world.treasury.stored) == 3
    assert world.settlement_queue.payouts == [make.PROGRAM_ID]


def test_edge_42_a_ban_from_the_queue_voids_what_is_held(
    world: World, client: Clients, lines: list[Line]
) -> None:
    paid_order(world, make.ORDER)
    world.fold()
    (cy,) = world.catalog.promoters(make.PROGRAM_ID, (CY,)).values()
    world.clock += days(1)
    world.catalog.change_promoter(cy.with_status(PromoterStatus.BANNED, "cheated", world.clock), 0)
    body = json.dumps({"void": {"program_id": make.PROGRAM_ID, "promoter_id": CY}})
    assert settle(client, [body, body]) == []
    assert [entry.reason.value for entry in world.ledger.entries_of(make.ORDER)] == ["accrued", "voided"]
    assert invocations(lines)[-1]["voided"] == [f"{make.PROGRAM_ID}/{CY}"]


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"page": 1}',
        '{"page": {"settlement_id": "x", "after": ""}}',
        '{"list": {}}',
    ],
)
def test_a_message_that_is_none_comes_again_alone(
    world: World, client: Clients, started: list[str], garbage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settle(client, [garbage, *started]) == [0]
    assert len(payouts(world)) == 3
    assert counted(capsys.readouterr().out)[observe.RECORD_FAILED] == 1


def test_the_list_of_a_run_that_nobody_started_comes_again(client: Clients) -> None:
    assert settle(client, [json.dumps({"list": {"settlement_id": "x", "after": ""}})]) == [0]


class BrokenTreasury(MemoryTreasury):
    """A store that cannot read one promoter's account while `error` is set."""

    error: Exception | None = None

    def account(self, key: AccountKey) -> tuple[tuple[Page, ...], Head]:
        if self.error and key.promoter_id == BO:
            raise self.error
        return super().account(key)


@pytest.mark.parametrize("error", [UnavailableError("no answer"), KeyError("body")], ids=["ours", "not ours"])
def test_one_promoter_that_fails_stops_no_other_and_comes_again(
    world: World, client: Clients, started: list[str], error: Exception, lines: list[Line]
) -> None:
    world.treasury = treasury = BrokenTreasury(world.ledger, world.pages)
    treasury.error = error
    assert settle(client, started) == [0]
    assert payouts(world) == {CY: 13_330, ANA: 1_330}
    assert world.settlement_queue.payouts == []
    assert any(BO in text for text in invocations(lines)[-1]["errors"])
    treasury.error = None
    assert settle(client, started) == []
    assert payouts(world) == {CY: 13_330, BO: 4_000, ANA: 1_330}
    assert world.settlement_queue.payouts == [make.PROGRAM_ID]
    assert world.proof().faults == ()


def test_edge_82_who_fails_three_times_is_recorded_and_counted_where_the_alarm_looks(
    world: World, client: Clients, started: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    world.treasury = treasury = BrokenTreasury(world.ledger, world.pages)
    treasury.error = KeyError("body")
    assert [settle(client, started, receives) for receives in (1, 2)] == [[0], [0]]
    capsys.readouterr()
    assert settle(client, started, 3) == []
    told = counted(capsys.readouterr().out)
    assert told[observe.PROMOTER_NOT_SETTLED] == 1
    assert (told[observe.PROMOTER_SETTLED], told[observe.PAYOUT_RESERVED]) == (3, 2)
    stored = world.settlements.settlement(RUN)
    assert stored
    assert (stored.counts[Settled.FAILED], stored.closed_at) == (1, RUN_DAY)
    treasury.error = None
    assert world.balance(BO).payable_minor == 4_000


# --- send ----------------------------------------------------------------------------------------


def sending(world: World) -> list[str]:
    """Take the queue's bodies about payouts, as its adapter writes them."""
    queue = world.settlement_queue
    bodies: list[Any] = [{"send": name} for name in queue.payouts]
    bodies += [{"transfers": {"program_id": name, "batch_id": batch}} for name, batch in queue.transfers]
    queue.payouts, queue.transfers = [], []
    return [json.dumps(body) for body in bodies]


def test_the_end_of_a_run_forms_a_batch_and_the_batch_is_sent(
    world: World, client: Clients, started: list[str], lines: list[Line]
) -> None:
    settle(client, started)
    assert settle(client, sending(world)) == []
    ((_, batch_id),) = world.settlement_queue.transfers
    assert world.files.stored == {}
    assert settle(client, sending(world) * 2) == []
    body, content_type = world.files.stored[f"payouts/{make.PROGRAM_ID}/{batch_id}.csv"]
    assert content_type == "text/csv"
    assert len(body.decode().splitlines()) == 4
    assert {payout.state for payout in world.treasury.stored.values()} == {PayoutState.SENT}
    assert invocations(lines)[-1]["batches"] == [f"{make.PROGRAM_ID}/{batch_id}"]


def test_every_hour_programs_are_queued_and_what_is_open_is_looked_at_until_it_is_known(
    world: World, client: Clients, started: list[str]
) -> None:
    settle(client, started)
    for _ in range(2):
        world.settlement_queue.payouts = []
        assert run(client, "send_payouts") == {"programs": 1}
        settle(client, sending(world))
        settle(client, sending(world))
    (batch,) = world.batches.open_batches(make.PROGRAM_ID)
    text = "".join(f"{transfer.id},completed\n" for transfer in batch.transfers)
    report = import_file(world, client, f"transfer_id,status\n{text}")
    assert len(report["completed"]) == 3
    run(client, "send_payouts")
    settle(client, sending(world))
    settle(client, sending(world))
    assert world.batches.open_batches(make.PROGRAM_ID) == []
    assert world.proof().faults == ()


def test_what_waits_is_in_the_line_and_a_rail_that_is_away_is_counted(
    world: World, client: Clients, started: list[str], lines: list[Line], capsys: pytest.CaptureFixture[str]
) -> None:
    settle(client, started)
    rail = world.given_rails[RailName.PAYPAL] = FakeRail(away=1)
    payee = Payee(rail=RailName.PAYPAL, details={"receiver": "cy@example.com"}, changed_at=T0)
    world.payees.put_payee(make.PROGRAM_ID, CY, payee)
    settle(client, sending(world))
    assert invocations(lines)[-1]["waiting_payee"] == ["2"]
    capsys.readouterr()
    assert settle(client, sending(world)) == []
    assert counted(capsys.readouterr().out)[observe.RAIL_UNAVAILABLE] == 1
    assert invocations(lines)[-1]["unavailable"] == ["paypal: 503: come again"]
    assert not rail.moved


def test_edge_80_what_a_rail_says_and_cannot_be_raises_the_alarm_and_moves_nothing(
    world: World, client: Clients, started: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    settle(client, started)
    rail = Confused()
    world.given_rails[RailName.PAYPAL] = rail
    payee = Payee(rail=RailName.PAYPAL, details={"receiver": "cy@example.com"}, changed_at=T0)
    world.payees.put_payee(make.PROGRAM_ID, CY, payee)
    settle(client, sending(world))
    capsys.readouterr()
    assert settle(client, sending(world)) == []
    assert counted(capsys.readouterr().out)[observe.RESULT_REJECTED] == 1
    assert world.balance(CY).reserved_minor == 13_330


class Confused(FakeRail):
    """A rail that also tells of a transfer that nobody sent."""

    def query(self, batch: TransferBatch) -> Sequence[TransferResult]:
        stray = TransferResult(transfer_id="po1x1", state=PayoutState.COMPLETED)
        return [*super().query(batch), stray]


def test_a_batch_that_nobody_formed_comes_again(world: World, client: Clients) -> None:
    body = json.dumps({"transfers": {"program_id": make.PROGRAM_ID, "batch_id": "pbnever"}})
    assert settle(client, [body, json.dumps({"send": "pg_never"})]) == [0, 1]


def test_a_file_that_could_not_be_written_comes_again(
    world: World, client: Clients, started: list[str]
) -> None:
    settle(client, started)
    settle(client, sending(world))
    stored, bodies = world.files.stored, sending(world)
    world.files.stored = ReadOnly()
    assert settle(client, bodies) == [0]
    world.files.stored = stored
    assert settle(client, bodies) == []
    assert len(stored) == 1


class ReadOnly(dict[str, tuple[bytes, str]]):
    """A bucket that takes nothing."""

    def __setitem__(self, name: str, value: tuple[bytes, str]) -> None:
        raise UnavailableError(f"{name} not written")


# --- import --------------------------------------------------------------------------------------


@pytest.fixture
def requested(world: World, client: Clients, started: list[str]) -> list[Payout]:
    """Return the payouts of a settled run, Ana's, Bo's and Cy's."""
    settle(client, started)
    return sorted(world.treasury.payouts_of(RUN), key=lambda payout: payout.key.promoter_id)


def import_file(world: World, client: Clients, text: str | bytes) -> Any:  # noqa: ANN401 - whatever it answers
    body = text.encode() if isinstance(text, str) else text
    world.files.put("results/r.csv", body, "text/csv")
    return run(client, "import_results", {"program_id": make.PROGRAM_ID, "file": "results/r.csv"})


def test_confirmed_is_paid_and_failed_goes_back(
    world: World, client: Clients, requested: list[Payout], lines: list[Line]
) -> None:
    ana, bo, cy = requested
    text = (
        f"payout_id,status,detail\r\n{ana.id},completed,\r\n{bo.id},failed,closed\r\npo_x,completed,\r\n"
        f"{cy.id},perhaps,\r\n"
    )
    report = import_file(world, client, text)
    assert (report["completed"], report["failed"], report["unchanged"]) == ([ana.id], [bo.id], [])
    assert [reason.split(":")[0] for reason in report["rejected"]] == ["line 4", "line 5"]
    assert (world.balance(ANA).paid_minor, world.balance(ANA).reserved_minor) == (1_330, 0)
    assert (world.balance(BO).payable_minor, world.balance(BO).reserved_minor) == (4_000, 0)
    assert world.balance(CY).reserved_minor == 13_330
    assert world.proof().faults == ()
    (line,) = [line for line in invocations(lines) if line["handler"] == "import_results"]
    assert (line["program"], line["completed"], line["rejected"]) == (make.PROGRAM_ID, 1, 2)


def test_importing_twice_changes_nothing(world: World, client: Clients, requested: list[Payout]) -> None:
    text = f"payout_id,status\n{requested[0].id},completed\n{requested[1].id},failed\n"
    import_file(world, client, text)
    entries = len(world.ledger.appended)
    report = import_file(world, client, text)
    assert report["unchanged"] == [requested[0].id, requested[1].id]
    assert len(world.ledger.appended) == entries


def test_a_result_that_changes_its_mind_is_rejected(
    world: World, client: Clients, requested: list[Payout]
) -> None:
    import_file(world, client, f"payout_id,status\n{requested[0].id},completed\n")
    report = import_file(world, client, f"payout_id,status\n{requested[0].id},failed\n")
    assert report["rejected"] == [
        f"line 2: {requested[0].id!r}: it is completed already, the rail says failed",
    ]
    stored = world.treasury.payout(RUN, requested[0].id)
    assert stored
    assert stored.state is PayoutState.COMPLETED


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "has no column transfer_id or payout_id, status"),
        ("payout_id;status\n", "has no column transfer_id or payout_id, status"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        ("payout_id,detail\n", "has no column status"),
    ],
)
def test_a_file_that_is_none(
    world: World, client: Clients, requested: list[Payout], text: str | bytes, what: str
) -> None:
    with pytest.raises(InvalidInputError, match=f"results: {what}"):
        import_file(world, client, text)
    assert world.balance(ANA).reserved_minor == requested[0].amount_minor


@pytest.mark.parametrize(
    ("event", "where"),
    [
        ({}, "program_id"),
        ({"program_id": 7, "file": "r.csv"}, "program_id"),
        ({"program_id": "", "file": "r.csv"}, "program_id"),
        ({"program_id": make.PROGRAM_ID}, "file"),
        ({"program_id": make.PROGRAM_ID, "file": ["r.csv"]}, "file"),
    ],
)
def test_an_import_of_what(
    world: World, client: Clients, event: dict[str, Any], where: str, lines: list[Line]
) -> None:
    with pytest.raises(InvalidInputError, match=f"^{where}: must be a string"):
        run(client, "import_results", event)
    assert invocations(lines)[-1]["error"].startswith("InvalidInputError")


def test_an_import_of_a_file_that_is_not_there(world: World, client: Clients) -> None:
    with pytest.raises(NotFoundError):
        run(client, "import_results", {"program_id": make.PROGRAM_ID, "file": "nowhere.csv"})


# --- who waits, and the proof --------------------------------------------------------------------


def test_edge_4_a_refund_without_its_order_raises_the_alarm_after_a_day(
    world: World, client: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    refund = make.refunded("r1", minutes(60), ("a", 2_345))
    world.append(refund)
    world.post(T0 + minutes(61))
    world.clock = refund.recorded_at + days(1)
    assert run(client, "report_waiting") == {"overdue": []}
    world.clock += minutes(1)
    said = f"{make.ORDER}: refund_first: refunded without its order: r1"
    assert run(client, "report_waiting") == {"overdue": [said]}
    assert counted(capsys.readouterr().out) == {observe.ORDER_OVERDUE: 1}


NIGHT = datetime(2026, 11, 12, 18, 30, tzinfo=UTC)
"""Half past two in the program's own night."""


def test_the_nightly_proof_counts_faults_where_the_alarm_looks(
    world: World, client: Clients, capsys: pytest.CaptureFixture[str], lines: list[Line]
) -> None:
    paid_order(world)
    world.append(make.fact(order=OTHER))
    world.clock = NIGHT
    answer = run(client, "verify_programs")
    (fault,) = answer["faults"]
    assert fault.startswith(f"{make.PROGRAM_ID}: facts: {OTHER}: entry 1 was never posted")
    assert (answer["proven"], answer["failed"]) == ([make.PROGRAM_ID], [])
    assert counted(capsys.readouterr().out)[observe.PROOF_FAULT] == 1
    (line,) = invocations(lines)
    assert (line["handler"], line["faults"]) == ("verify_programs", [fault])


def test_a_proof_without_faults_says_that_it_was_made(
    world: World, client: Clients, capsys: pytest.CaptureFixture[str]
) -> None:
    paid_order(world)
    world.clock = NIGHT
    for proven in ([make.PROGRAM_ID], []):
        answer = run(client, "verify_programs")
        assert answer == {"proven": proven, "faults": [], "failed": [], "overdue": []}
        told = capsys.readouterr().out
        assert counted(told) == {observe.PROOF_FAULT: 0, observe.PROOF_MISSED: 0}
