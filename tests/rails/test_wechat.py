"""WeChat Pay against a server that behaves as WeChat Pay does, in every weather: money moves once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from grapevine.adapters.memory.outside import MemoryFiles
from grapevine.adapters.rails.wechat import WeChat, open_rail, package_file
from grapevine.adapters.rails.wechat_api import WeChatBills
from grapevine.adapters.rails.wechat_settings import USUAL_REMARK, wechat_settings
from grapevine.domain.errors import InvalidInputError, UnauthenticatedError, UnavailableError
from grapevine.domain.legs import plan_legs
from grapevine.domain.money import Money
from grapevine.domain.payouts import PayoutState
from grapevine.domain.transfers import RailLimits, RailName, TransferBatch, TransferResult
from grapevine.ports.rails import RailNeeds, RailSecrets, RailUnavailableError
from tests import builders as make
from tests.rails.batches import PROGRAM, batch, transfer
from tests.rails.contract import Driven, RailContract, amounts, named_once
from tests.rails.weather import Provider, Weather, serving
from tests.rails.wechat_server import (
    BILLS,
    BY_NUMBER,
    WeChatBooks,
    error,
    notification,
    secrets,
    signature,
    wechat,
)

DANA = {"openid": "o-MYE42l80oelYMDE34nYD456Xoy"}
HASTY = 0.3
"""Seconds a test waits for an answer that does not come."""
SENT, COMPLETED, FAILED = PayoutState.SENT, PayoutState.COMPLETED, PayoutState.FAILED
WAITS = "WAIT_USER_CONFIRM: the payee must confirm in WeChat, within a day"


@dataclass(slots=True)
class Town:
    """A WeChat Pay, and rails that are made of the same secrets and files."""

    books: WeChatBooks
    provider: Provider
    files: MemoryFiles
    now: datetime = make.T0

    def rail(self, read_seconds: float = 10, **values: str) -> WeChat:
        settings = wechat_settings(RailSecrets(values={**secrets(self.provider.url), **values}))
        bills = WeChatBills(settings, read_seconds)
        return WeChat(settings, PROGRAM, self.files, lambda: self.now, bills)


@pytest.fixture
def town() -> Iterator[Town]:
    books, provider = wechat()
    with serving(provider):
        yield Town(books, provider, MemoryFiles())


class TestWeChat(RailContract):
    @pytest.fixture
    def driven(self, town: Town) -> Driven:
        return Driven(
            rail=town.rail(),
            again=town.rail,
            moved=town.books.money,
            good=DANA,
            bad={"openid": "o 1", "name": "张" * 70, "iban": "DE00"},
            faults=frozenset({"openid", "name", "iban"}),
            currency="CNY",
            unpayable="USD",
        )


def of(count: int = 2, minor: int = 1000, details: Mapping[str, str] | None = None) -> TransferBatch:
    made = [transfer(n, details or DANA, minor + n, "CNY") for n in range(1, count + 1)]
    return batch(RailName.WECHAT, *made)


def states(results: object) -> list[PayoutState]:
    assert isinstance(results, tuple)
    return [result.state for result in results]


def test_a_bill_is_ours_to_the_last_field(town: Town) -> None:
    sent = of(1, 30, {**DANA, "name": " 张三 "})
    (result,) = town.rail().send(sent)
    (bill,) = town.books.bills.values()
    assert {key: value for key, value in bill.asked.items() if key != "user_name"} == {
        "out_bill_no": sent.transfers[0].id,
        "transfer_scene_id": "1005",
        "openid": DANA["openid"],
        "transfer_amount": 31,
        "transfer_remark": USUAL_REMARK,
        "transfer_scene_report_infos": [{"info_type": "报酬说明", "info_content": "分享佣金"}],
        "appid": "wxd678efh567hg6787",
        "notify_url": "https://rails.example.com/wechat",
    }
    assert bill.name == "张三"
    assert result == TransferResult(
        transfer_id=sent.transfers[0].id, state=SENT, reference=bill.number, detail=WAITS
    )


def test_what_the_payee_confirms_with_is_kept(town: Town) -> None:
    sent = of(1)
    (result,) = town.rail().send(sent)
    kept = town.files.get(package_file(PROGRAM, sent.transfers[0].id))
    assert kept == f"package-of-{result.reference}".encode()
    assert package_file(PROGRAM, "po1x1") == "payouts/pg_rails/wechat/po1x1.txt"


@pytest.mark.parametrize("weather", [Weather.LOST, Weather.SLOW, Weather.GARBLED, Weather.FAILED_AFTER])
def test_edge_79_wechat_took_it_and_the_answer_was_lost(town: Town, weather: Weather) -> None:
    """What a query knows need not be sent again, and sent again all the same it is the same bill."""
    rail, sent = town.rail(read_seconds=HASTY), of()
    town.provider.next("POST", BILLS, weather)
    with pytest.raises(RailUnavailableError):
        rail.send(sent)
    first = sent.transfers[0]
    assert [result.transfer_id for result in town.rail().query(sent)] == [first.id]
    assert town.books.money() == {first.id: first.amount.minor}
    named_once(sent, town.rail().send(sent))
    assert town.books.money() == amounts(sent)
    assert len(town.books.bills) == 2


@pytest.mark.parametrize("weather", [Weather.LIMITED, Weather.FAILED_BEFORE])
def test_edge_79_wechat_did_not_take_it_and_is_asked_again(town: Town, weather: Weather) -> None:
    rail, sent = town.rail(), of()
    town.provider.next("POST", BILLS, weather)
    with pytest.raises(RailUnavailableError):
        rail.send(sent)
    assert rail.query(sent) == ()
    assert town.books.money() == {}
    named_once(sent, rail.send(sent))
    assert town.books.money() == amounts(sent)


def test_edge_79_what_was_sent_before_it_broke_off_is_not_sent_again_otherwise(town: Town) -> None:
    """The third of four is not answered: two are known, the third is there too, the fourth is not."""
    rail, sent = town.rail(), of(4)
    for _ in range(2):
        rail.send(replace(sent, transfers=sent.transfers[:2]))
    town.provider.next("POST", BILLS, Weather.LOST)
    with pytest.raises(RailUnavailableError):
        rail.send(replace(sent, transfers=sent.transfers[2:]))
    assert len(rail.query(sent)) == 3
    named_once(sent, rail.send(sent))
    assert town.books.money() == amounts(sent)


@pytest.mark.parametrize("weather", list(Weather))
def test_a_query_without_an_answer_says_nothing(town: Town, weather: Weather) -> None:
    rail, sent = town.rail(read_seconds=HASTY), of(1)
    rail.send(sent)
    town.provider.next("GET", BY_NUMBER, weather)
    with pytest.raises(RailUnavailableError):
        rail.query(sent)
    assert states(rail.query(sent)) == [SENT]


def test_a_number_that_is_taken_is_looked_up(town: Town) -> None:
    rail, sent = town.rail(), of()
    first = rail.send(sent)
    town.books.repeat_is_an_error = True
    assert rail.send(sent) == first
    assert town.books.money() == amounts(sent)


def test_a_number_that_is_taken_and_not_shown_stays_unknown(town: Town) -> None:
    rail, sent = town.rail(), of(1)
    (result,) = rail.send(sent)
    town.books.repeat_is_an_error = True
    town.books.forgotten.add(result.reference)
    with pytest.raises(RailUnavailableError, match="ALREADY_EXISTS"):
        rail.send(sent)


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("ACCEPTED", SENT),
        ("PROCESSING", SENT),
        ("WAIT_USER_CONFIRM", SENT),
        ("TRANSFERING", SENT),
        ("CANCELING", SENT),
        ("SOMETHING_NEW", SENT),
        ("SUCCESS", COMPLETED),
        ("FAIL", FAILED),
        ("CANCELLED", FAILED),
    ],
)
def test_every_state_of_a_bill(town: Town, word: str, state: PayoutState) -> None:
    town.books.state = word
    rail, sent = town.rail(), of(1)
    (told,) = rail.send(sent)
    assert (told.state, told.detail) == (
        state,
        {"SUCCESS": "", "WAIT_USER_CONFIRM": WAITS}.get(word, word),
    )
    assert rail.query(sent) == (told,)
    assert bool(town.files.stored) == (word == "WAIT_USER_CONFIRM")


def test_edge_80_a_payee_who_never_confirms_gets_it_back_to_payable_days_later(town: Town) -> None:
    rail, sent = town.rail(), of(2)
    rail.send(sent)
    unconfirmed, cancelled = sent.transfers
    town.books.conclude(unconfirmed.id, "FAIL", "OVERDUE_CLOSE")
    town.books.conclude(cancelled.id, "CANCELLED", "MCH_CANCEL")
    town.now += timedelta(days=3)
    assert [(result.state, result.detail) for result in rail.query(sent)] == [
        (FAILED, "FAIL OVERDUE_CLOSE"),
        (FAILED, "CANCELLED MCH_CANCEL"),
    ]
    assert town.books.money() == {}
    assert states(rail.send(sent)) == [FAILED, FAILED], "and it is not paid by the same bill again"


def test_a_refused_bill_fails_when_it_is_not_there(town: Town) -> None:
    """One whose openid took all it may in a day; the other is paid."""
    other = {"openid": "o-another-person-of-wechat"}
    sent = batch(
        RailName.WECHAT,
        *(transfer(n, DANA, 150_000, "CNY") for n in (1, 2)),
        transfer(3, other, 150_000, "CNY"),
    )
    results = town.rail().send(sent)
    assert [result.state for result in results] == [SENT, FAILED, SENT]
    assert results[1].detail == "400 INVALID_REQUEST 超过单用户单日转账额度"
    assert town.provider.count("GET", BY_NUMBER + sent.transfers[1].id) == 1, (
        "looked up before it is believed"
    )


def test_a_bill_is_not_failed_by_an_answer_to_another_request(town: Town) -> None:
    """The bill is there, with what it was first asked for: its own state counts."""
    rail, sent = town.rail(), of(1)
    rail.send(sent)
    changed = replace(sent, transfers=(replace(sent.transfers[0], amount=Money(5, "CNY")),))
    assert states(rail.send(changed)) == [SENT]
    assert town.books.money() == amounts(sent)


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "NOT_ENOUGH"), (403, "NO_AUTH"), (401, "SIGN_ERROR"), (400, "A_NEW_WORD"), (500, "SYSTEM_ERROR")],
)
def test_what_is_not_about_the_payee_leaves_it_unknown(town: Town, status: int, code: str) -> None:
    town.books.refusal = error(status, code, "")
    with pytest.raises(RailUnavailableError, match=code):
        town.rail().send(of(1))
    town.books.refusal = None
    assert states(town.rail().send(of(1))) == [SENT]


def test_money_that_is_short_now_is_paid_by_the_same_bill_later(town: Town) -> None:
    town.books.balance = 1500
    sent = of(2)
    with pytest.raises(RailUnavailableError, match="NOT_ENOUGH"):
        town.rail().send(sent)
    assert len(town.rail().query(sent)) == 1
    town.books.balance = 10**6
    named_once(sent, town.rail().send(sent))
    assert town.books.money() == amounts(sent)


def test_a_wrong_key_moves_nothing(town: Town) -> None:
    with pytest.raises(RailUnavailableError, match="SIGN_ERROR"):
        town.rail(cert_serial_no="other").send(of(1))
    assert town.books.money() == {}


def test_an_answer_that_is_not_wechat_pays_is_not_believed(town: Town) -> None:
    town.books.answer_as = "PUB_KEY_ID_2"
    with pytest.raises(RailUnavailableError):
        town.rail().send(of(1))


def test_a_real_name_is_asked_for_from_2000_yuan(town: Town) -> None:
    town.books.person_day = 10**7
    nameless = of(1, 199_999)
    below = of(1, 199_998)
    assert states(town.rail().send(below)) == [SENT]
    (refused,) = town.rail().send(nameless)
    assert refused.state is FAILED
    assert refused.detail == "name: is missing: WeChat Pay asks for the real name from 2000.00 yuan"
    named = batch(RailName.WECHAT, transfer(9, {**DANA, "name": "李四"}, 200_000, "CNY"))
    assert states(town.rail().send(named)) == [SENT]
    assert town.books.bills[named.transfers[0].id].name == "李四"


def test_a_name_is_not_sent_with_less_than_30_fen(town: Town) -> None:
    sent = of(1, 28, {**DANA, "name": "张三"})
    town.rail().send(sent)
    assert "user_name" not in town.books.bills[sent.transfers[0].id].asked


def test_nothing_is_asked_for_nothing(town: Town) -> None:
    (result,) = town.rail().send(of(1, -1))
    assert (result.state, result.detail) == (FAILED, "amount: must be more than nothing")


def test_a_bill_older_than_wechat_pay_looks_back_is_not_sent_again(town: Town) -> None:
    rail, sent = town.rail(), of(1)
    town.now += timedelta(days=29, seconds=1)
    for ask in (rail.send, rail.query):
        with pytest.raises(RailUnavailableError, match="may no longer know"):
            ask(sent)
    assert town.books.money() == {}
    town.now = make.T0 + timedelta(days=29)
    assert rail.query(sent) == ()
    rail.send(sent)
    town.now += timedelta(days=20)
    assert states(rail.send(sent)) == [SENT], "as long as it is found, it is told"
    assert town.provider.count("POST", BILLS) == 1


def test_a_package_that_was_not_written_leaves_the_bill_to_be_asked_again(town: Town) -> None:
    class NoFiles(MemoryFiles):
        def put(self, name: str, body: bytes, content_type: str) -> None:
            raise UnavailableError("no bucket")

    sent, files = of(1), town.files
    town.files = NoFiles()
    with pytest.raises(RailUnavailableError, match="its package not written"):
        town.rail().send(sent)
    town.files = files
    town.rail().send(sent)
    assert files.stored
    assert town.books.money() == amounts(sent)


def told_of(town: Town, state: str = "SUCCESS", **headers: str) -> tuple[dict[str, str], bytes]:
    sent = of(1)
    town.rail().send(sent)
    body = notification(town.books.conclude(sent.transfers[0].id, state), make.T0)
    return {**signature(body.decode(), make.T0), **headers}, body


@pytest.mark.parametrize(("word", "state"), [("SUCCESS", COMPLETED), ("FAIL", FAILED), ("CANCELLED", FAILED)])
def test_a_notification_says_what_became_of_a_bill(town: Town, word: str, state: PayoutState) -> None:
    headers, body = told_of(town, word)
    (result,) = town.rail().received({name.upper(): value for name, value in headers.items()}, body, make.T0)
    (bill,) = town.books.bills.values()
    assert result == TransferResult(
        transfer_id=bill.asked["out_bill_no"],
        state=state,
        reference=bill.number,
        detail="" if state is COMPLETED else word,
    )
    assert list(town.rail().query(of(1))) == [result]


def test_a_notification_about_something_else_says_nothing(town: Town) -> None:
    sent = of(1)
    town.rail().send(sent)
    bill = town.books.conclude(sent.transfers[0].id, "SUCCESS")
    body = notification(bill, make.T0, "TRANSACTION.SUCCESS")
    assert town.rail().received(signature(body.decode(), make.T0), body, make.T0) == ()


def test_who_did_not_sign_it_is_not_believed(town: Town) -> None:
    headers, body = told_of(town)
    rail = town.rail()
    asked = len(town.provider.asked)
    late, early = make.T0 + timedelta(seconds=301), make.T0 - timedelta(seconds=301)
    tries: list[tuple[dict[str, str], bytes, datetime]] = [
        ({}, body, make.T0),
        (headers, body.replace(b"EV-", b"EX-"), make.T0),
        (headers, b"", make.T0),
        (headers, b"\xff", make.T0),
        (headers, body, late),
        (headers, body, early),
        ({**headers, "Wechatpay-Serial": "7777"}, body, make.T0),
        ({**headers, "Wechatpay-Serial": ""}, body, make.T0),
        ({**headers, "Wechatpay-Timestamp": "٣"}, body, make.T0),
        ({**headers, "Wechatpay-Timestamp": "9" * 40}, body, make.T0),
        ({**headers, "Wechatpay-Signature": "no"}, body, make.T0),
        ({**headers, "Wechatpay-Signature-Type": "NONE"}, body, make.T0),
    ]
    for told, raw, now in tries:
        with pytest.raises(UnauthenticatedError):
            rail.received(told, raw, now)
    assert rail.received(headers, body, make.T0 + timedelta(seconds=300))
    assert len(town.provider.asked) == asked, "and nobody is asked for another key"


def test_a_resource_that_another_key_encrypted_is_not_believed(town: Town) -> None:
    headers, body = told_of(town)
    with pytest.raises(UnauthenticatedError):
        town.rail(apiv3_key="x" * 32).received(headers, body, make.T0)


def test_another_merchants_bill_is_not_ours(town: Town) -> None:
    headers, body = told_of(town)
    with pytest.raises(UnauthenticatedError):
        town.rail(mchid="1900000110").received(headers, body, make.T0)


def test_edge_81_what_one_person_is_owed_goes_within_the_days_cap(town: Town) -> None:
    """3,500 yuan: WeChat Pay's own books refuse nothing of a day that was planned."""
    limits = town.rail(transfer_minor="150000").limits
    legs = plan_legs(350_000, limits, make.T0)
    first = [leg for leg in legs if leg.due_at == make.T0]
    made = [transfer(leg.number, DANA, leg.amount_minor, "CNY") for leg in first]
    assert states(town.rail().send(batch(RailName.WECHAT, *made))) == [SENT] * len(first)
    assert sum(leg.amount_minor for leg in first) == 200_000
    assert sum(leg.amount_minor for leg in legs) == 350_000
    (over,) = town.rail().send(batch(RailName.WECHAT, transfer(99, DANA, 10, "CNY")))
    assert over.state is FAILED, "the server does count"


def test_the_rail_is_made_of_a_programs_secrets(town: Town) -> None:
    needs = RailNeeds(
        program_id=PROGRAM,
        secrets=RailSecrets(values=secrets(town.provider.url)),
        files=town.files,
        now=lambda: town.now,
    )
    rail = open_rail(needs)
    assert rail.limits == RailLimits(
        batch=50,
        transfer_minor=20_000,
        person_day_minor=200_000,
        minimum_minor=10,
        zone="Asia/Shanghai",
    )
    assert states(rail.send(of(1))) == [SENT]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "") for name in ("mchid", "appid", "private_key", "public_key", "public_key_id")),
        *((name, " ") for name in ("cert_serial_no", "transfer_scene_id", "notify_url", "apiv3_key")),
        ("apiv3_key", "short"),
        ("notify_url", "http://rails.example.com"),
        ("notify_url", "https://rails.example.com/?a=1"),
        ("transfer_remark", "x" * 33),
        ("transfer_scene_report_infos", "{}"),
        ("transfer_scene_report_infos", "[{}]"),
        ("transfer_scene_report_infos", '[{"info_type": 1, "info_content": "a"}]'),
        ("transfer_scene_report_infos", "no"),
        ("transfer_minor", "20.5"),
        ("person_day_minor", "-1"),
        ("minimum_minor", "9" * 30),
        ("person_day_transfers", "ten"),
    ],
)
def test_secrets_are_checked(name: str, value: str) -> None:
    values = {**secrets("http://127.0.0.1"), name: value}
    with pytest.raises(InvalidInputError, match=f"{name}: "):
        wechat_settings(RailSecrets(values=values))


def test_every_fault_of_the_secrets_is_told_at_once_and_no_key_is_shown() -> None:
    with pytest.raises(InvalidInputError) as refused:
        wechat_settings(RailSecrets(values={"transfer_minor": "x"}))
    assert refused.value.what.count("is missing") == 9
    assert "transfer_minor" in refused.value.what
    shown = repr(wechat_settings(RailSecrets(values=secrets("http://127.0.0.1/"))))
    assert "PRIVATE" not in shown
    assert "0123456789abcdef" not in shown


def test_a_merchants_own_limits() -> None:
    own = {"transfer_minor": "500000", "person_day_minor": "2000000", "person_day_transfers": "10"}
    limits = wechat_settings(RailSecrets(values={**secrets("http://127.0.0.1"), **own})).limits
    assert (limits.transfer_minor, limits.person_day_minor, limits.person_day_transfers) == (
        500_000,
        2_000_000,
        10,
    )
