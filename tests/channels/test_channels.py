"""The ways that messages go, against servers that answer as SES, SNS and WeChat do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config

from grapevine.adapters.channels.log import LogMessages
from grapevine.adapters.channels.ses import SesEmail
from grapevine.adapters.channels.sns import LONGEST, SnsText
from grapevine.adapters.channels.wechat import WechatTemplate
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.messages import Message
from grapevine.ports import MessageRefusedError, MessengerUnavailableError
from tests.builders import T0

MESSAGE = Message(program_id="pg", promoter_id="pr_cy", subject="茶 friends: paid", lines=("One.", "二。"))


@dataclass
class Answering:
    """A server: what it was asked, and what it answers next, in order; the last answer stays."""

    answers: list[tuple[int, dict[str, str], str]]
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str, body: str) -> tuple[int, dict[str, str], str]:
        self.asked.append((method, path, body))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def server(*answers: tuple[int, dict[str, str], str]) -> Iterator[Answering]:
    state = Answering(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            status, headers, text = state.answer(self.command, self.path, body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text.encode())), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        state.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            listening.shutdown()
            thread.join()


def client(service: str, url: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    made: Any = boto3.client  # Its overloads name every service there is.
    return made(
        service,
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=2),
    )


JSON = {"Content-Type": "application/json"}
XML = {"Content-Type": "text/xml"}
SENT_XML = (
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
    "<MessageId>m-1</MessageId></PublishResult></PublishResponse>"
)


def sns_error(code: str) -> str:
    return (
        '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>'
        f"<Code>{code}</Code><Message>no</Message></Error></ErrorResponse>"
    )


def test_an_e_mail_goes_with_its_sender_subject_and_lines() -> None:
    with server((200, JSON, '{"MessageId": "m-1"}')) as ses:
        assert SesEmail(client("sesv2", ses.url), "shop@shop.example").send("cy@x.example", MESSAGE) == "m-1"
    ((_, path, body),) = ses.asked
    sent = json.loads(body)
    assert path == "/v2/email/outbound-emails"
    assert sent["FromEmailAddress"] == "shop@shop.example"
    assert sent["Destination"] == {"ToAddresses": ["cy@x.example"]}
    simple = sent["Content"]["Simple"]
    assert simple["Subject"]["Data"] == "茶 friends: paid"
    assert simple["Body"]["Text"]["Data"] == "One.\n二。"


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "MessageRejected", MessageRefusedError),
        (400, "BadRequestException", MessageRefusedError),
        (429, "TooManyRequestsException", MessengerUnavailableError),
        (400, "SendingPausedException", MessengerUnavailableError),
        (500, "InternalServiceError", MessengerUnavailableError),
    ],
)
def test_ses_refuses_for_good_or_for_now(status: int, code: str, error: type[Exception]) -> None:
    with (
        server((status, {**JSON, "x-amzn-ErrorType": code}, '{"message": "no"}')) as ses,
        pytest.raises(error),
    ):
        SesEmail(client("sesv2", ses.url), "shop@shop.example").send("cy@x.example", MESSAGE)


def test_a_text_message_goes_to_the_number() -> None:
    with server((200, XML, SENT_XML)) as sns:
        assert SnsText(client("sns", sns.url)).send("+8613800138000", MESSAGE) == "m-1"
    sent = parse_qs(sns.asked[0][2])
    assert sent["PhoneNumber"] == ["+8613800138000"]
    assert sent["Message"] == ["One. 二。"]


def test_a_text_message_that_is_too_long_says_its_subject() -> None:
    long = Message(program_id="pg", promoter_id="pr", subject="short", lines=("x" * (LONGEST + 1),))
    with server((200, XML, SENT_XML)) as sns:
        SnsText(client("sns", sns.url)).send("+8613800138000", long)
    assert parse_qs(sns.asked[0][2])["Message"] == ["short"]


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "InvalidParameter", MessageRefusedError),
        (400, "OptedOut", MessageRefusedError),
        (400, "Throttling", MessengerUnavailableError),
        (500, "InternalError", MessengerUnavailableError),
    ],
)
def test_sns_refuses_for_good_or_for_now(status: int, code: str, error: type[Exception]) -> None:
    with server((status, XML, sns_error(code))) as sns, pytest.raises(error):
        SnsText(client("sns", sns.url)).send("+8613800138000", MESSAGE)


def test_nobody_listens() -> None:
    with server((200, JSON, "{}")) as gone:
        url = gone.url
    with pytest.raises(MessengerUnavailableError):
        SesEmail(client("sesv2", url), "shop@shop.example").send("cy@x.example", MESSAGE)
    with pytest.raises(MessengerUnavailableError):
        SnsText(client("sns", url)).send("+8613800138000", MESSAGE)
    with pytest.raises(MessengerUnavailableError):
        wechat(url).send("o" * 28, MESSAGE)


# --- WeChat --------------------------------------------------------------------------------------

TOKEN = (200, JSON, '{"access_token": "t-1", "expires_in": 7200}')
OTHER_TOKEN = (200, JSON, '{"access_token": "t-2", "expires_in": 7200}')


def said(code: int, **more: object) -> tuple[int, dict[str, str], str]:
    return 200, JSON, json.dumps({"errcode": code, "errmsg": "x", **more})


def wechat(base_url: str, now: Callable[[], datetime] = lambda: T0, **more: str) -> WechatTemplate:
    secrets = {"app_id": "wx1", "app_secret": "s", "template_id": "T1", "base_url": base_url, **more}
    return WechatTemplate(secrets, now)


def test_a_template_gets_the_subject_and_the_lines() -> None:
    with server(TOKEN, said(0, msgid=77)) as account:
        way = wechat(account.url, fields="thing1,thing2", url="https://shop.example")
        assert way.send("o" * 28, MESSAGE) == "77"
    (_, asked, _), (_, path, body) = account.asked
    assert parse_qs(urlsplit(asked).query)["appid"] == ["wx1"]
    assert parse_qs(urlsplit(path).query) == {"access_token": ["t-1"]}
    sent = json.loads(body)
    assert (sent["touser"], sent["template_id"], sent["url"]) == ("o" * 28, "T1", "https://shop.example")
    assert sent["data"] == {"thing1": {"value": "茶 friends: paid"}, "thing2": {"value": "One."}}


def test_the_token_is_asked_for_once_and_again_when_it_ends() -> None:
    clock = [T0]
    with server(TOKEN, said(0), said(0), OTHER_TOKEN, said(0)) as account:
        way = wechat(account.url, lambda: clock[0])
        way.send("o" * 28, MESSAGE)
        way.send("o" * 28, MESSAGE)
        clock[0] = T0 + timedelta(hours=2)
        way.send("o" * 28, MESSAGE)
    tokens = [parse_qs(urlsplit(path).query).get("access_token") for _, path, _ in account.asked]
    assert tokens == [None, ["t-1"], ["t-1"], None, ["t-2"]]


def test_a_stale_token_is_replaced_once() -> None:
    with server(TOKEN, said(40001), OTHER_TOKEN, said(0)) as account:
        wechat(account.url).send("o" * 28, MESSAGE)
    assert len(account.asked) == 4
    with (
        server(TOKEN, said(40001), OTHER_TOKEN, said(40001)) as account,
        pytest.raises(MessengerUnavailableError),
    ):
        wechat(account.url).send("o" * 28, MESSAGE)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ((TOKEN, said(43004)), MessageRefusedError),
        ((TOKEN, said(40003)), MessageRefusedError),
        ((TOKEN, said(45009)), MessengerUnavailableError),
        ((said(40125),), MessengerUnavailableError),
        (((502, JSON, "{}"),), MessengerUnavailableError),
        (((200, JSON, "<html>"),), MessengerUnavailableError),
        (((200, JSON, "[]"),), MessengerUnavailableError),
    ],
)
def test_wechat_refuses_for_good_or_for_now(
    answers: tuple[tuple[int, dict[str, str], str], ...], error: type[Exception]
) -> None:
    with server(*answers) as account, pytest.raises(error):
        wechat(account.url).send("o" * 28, MESSAGE)


def test_an_account_without_its_secrets_does_not_open() -> None:
    with pytest.raises(InvalidInputError, match="missing: app_secret, template_id"):
        WechatTemplate({"app_id": "wx1"}, lambda: T0)


def test_the_log_says_what_would_have_been_sent_and_not_to_whom(caplog: pytest.LogCaptureFixture) -> None:
    LogMessages("the local stack writes to nobody").send("cy@x.example", MESSAGE)
    (record,) = caplog.records
    assert record.message == "message not sent: the local stack writes to nobody"
    assert "cy@x" not in str(vars(record))
