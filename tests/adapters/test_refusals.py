"""What the services' refusals become: an error of ours with theirs as its cause, never silence.

botocore's own stub answers, so the adapters run as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.stub import Stubber

from grapevine.adapters.eventbridge import EventBridgeBus
from grapevine.adapters.s3 import S3Files
from grapevine.adapters.secrets_manager import SecretsManager
from grapevine.adapters.sqs import SqsFailures, SqsSettlementQueue
from grapevine.domain.errors import UnavailableError
from grapevine.domain.facts import OrderKey
from grapevine.domain.settlements import PageName
from grapevine.ports import StorefrontSecrets, Waiting
from tests.engines.processes import LOOPBACK, free_port

ORDER = OrderKey("sf_1", "1001")
PAGE = PageName("s", "")
SECRETS = StorefrontSecrets(webhook_secrets=("s",), subject_key=b"k")

CALLS: dict[str, tuple[str, str, Callable[[Any], object]]] = {
    "queue an order": ("sqs", "send_message", lambda client: SqsFailures(client, "q").send(ORDER, "why")),
    "read the queue": ("sqs", "receive_message", lambda client: SqsFailures(client, "q").receive(1)),
    "take an order out": (
        "sqs",
        "delete_message",
        lambda client: SqsFailures(client, "q").done(Waiting(ORDER, "why", "receipt")),
    ),
    "queue a page": (
        "sqs",
        "send_message_batch",
        lambda client: SqsSettlementQueue(client, "q").send_pages([PAGE]),
    ),
    "write a file": ("s3", "put_object", lambda client: S3Files(client, "b").put("f", b"", "text/csv")),
    "read a file": ("s3", "get_object", lambda client: S3Files(client, "b").get("f")),
    "publish": ("events", "put_events", lambda client: EventBridgeBus(client, "b").publish([("t", {})])),
    "read a secret": (
        "secretsmanager",
        "get_secret_value",
        lambda client: SecretsManager(client, "p/").storefront_secrets("sf"),
    ),
    "write a secret": (
        "secretsmanager",
        "create_secret",
        lambda client: SecretsManager(client, "p/").put_storefront_secrets("sf", SECRETS),
    ),
}


def client_of(service: str, endpoint_url: str | None = None) -> Any:  # noqa: ANN401 - any service
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    maker: Any = boto3.client
    return maker(service, config=config, region_name="us-east-1", endpoint_url=endpoint_url)


@pytest.mark.parametrize("call", CALLS)
def test_a_refused_request_is_unavailable_with_its_cause(call: str) -> None:
    service, operation, ask = CALLS[call]
    client = client_of(service)
    with Stubber(client) as stubber:
        stubber.add_client_error(operation, "ThrottlingException", http_status_code=400)
        with pytest.raises(UnavailableError) as raised:
            ask(client)
    assert isinstance(raised.value.__cause__, ClientError)


@pytest.mark.parametrize("call", CALLS)
def test_a_service_that_cannot_be_reached_is_unavailable_with_its_cause(call: str) -> None:
    service, _, ask = CALLS[call]
    with pytest.raises(UnavailableError) as raised:
        ask(client_of(service, f"http://{LOOPBACK}:{free_port()}"))
    assert isinstance(raised.value.__cause__, BotoCoreError)


def test_an_event_that_was_not_accepted_is_unavailable() -> None:
    client = client_of("events")
    entries = [{"EventId": "1"}, {"ErrorCode": "InternalFailure", "ErrorMessage": "x"}]
    with Stubber(client) as stubber:
        stubber.add_response("put_events", {"FailedEntryCount": 1, "Entries": entries})
        with pytest.raises(UnavailableError, match="InternalFailure"):
            EventBridgeBus(client, "bus").publish([("a", {}), ("b", {})])


def test_a_batch_that_was_not_accepted_is_unavailable() -> None:
    client = client_of("sqs")
    failed = [{"Id": "1", "SenderFault": False, "Code": "InternalError"}]
    with Stubber(client) as stubber:
        stubber.add_response("send_message_batch", {"Successful": [], "Failed": failed})
        with pytest.raises(UnavailableError, match="1: InternalError"):
            SqsSettlementQueue(client, "queue").send_pages([PAGE])


@pytest.mark.parametrize("body", ["", "[]", '"x"', '{"order": "sf/1"}', '{"order": 1, "reason": ""}', "{"])
def test_a_message_that_is_none_of_ours_is_passed_over(body: str) -> None:
    client = client_of("sqs")
    ours = {"MessageId": "m-2", "ReceiptHandle": "r2", "Body": '{"order": "sf/1", "reason": "late"}'}
    with Stubber(client) as stubber:
        strange = {"MessageId": "m-1", "ReceiptHandle": "r1", "Body": body}
        stubber.add_response("receive_message", {"Messages": [strange, ours]})
        waiting = SqsFailures(client, "https://queue").receive(10)
    assert [(str(item.order), item.reason) for item in waiting] == [("sf/1", "late")]


def test_a_long_reason_is_cut_and_still_sent() -> None:
    client = client_of("sqs")
    body = json.dumps({"order": "sf_1/1001", "reason": "x" * 2000})
    with Stubber(client) as stubber:
        stubber.add_response("send_message", {"MessageId": "m"}, {"QueueUrl": "q", "MessageBody": body})
        SqsFailures(client, "q").send(ORDER, "x" * 5000)
        stubber.assert_no_pending_responses()
