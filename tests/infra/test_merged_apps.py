"""What Chalice and the merge files make together, value by value: a mistyped key changes a value silently."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from grapevine.adapters.dynamo.stored import READERS as READ_KINDS
from grapevine.adapters.webhooks.http import WHOLE_SECONDS
from grapevine.usecases.deliver_events import LEASE
from grapevine.usecases.run_lane import WORK
from infra.house import APPS, INFRA, PYTHON_VERSION
from infra.templates import OFFSET_PARAMETER, OFFSET_VARIABLE, functions_of, handler_of

if TYPE_CHECKING:
    from infra.package import PackagedApp

# The public handler names: a renamed handler replaces the deployed function.
HANDLERS = {
    "track_click": {"api_handler"},
    "place_order": {"api_handler", "receive_event", "serve_shops", "start_reconciling"},
    "accrue": {"on_facts", "on_entries", "redrive"},
    "settle": {
        "sweep_due",
        "start_settlements",
        "send_payouts",
        "start_points",
        "report_waiting",
        "verify_programs",
        "settle_promoters",
        "import_results",
        "api_handler",
    },
    "fraud": {"screen_facts"},
    "insight": {"count_clicks"},
    "notify": {
        "send_messages",
        "publish_entries",
        "publish_people",
        "publish_payouts",
        "deliver_webhooks",
        "sweep_webhooks",
    },
    "console": {"api_handler"},
}
# Function → its stream, and how many batches of one shard may run at once.
READERS = {
    ("accrue", "on_facts"): ("OrdersStream", 4),
    ("accrue", "on_entries"): ("LedgerStream", 4),
    ("fraud", "screen_facts"): ("OrdersStream", 1),
    ("insight", "count_clicks"): ("ClicksStream", 1),
    ("notify", "publish_entries"): ("LedgerStream", 1),
    ("notify", "publish_people"): ("CatalogStream", 1),
    ("notify", "publish_payouts"): ("StateStream", 1),
}
TOLD = {
    "catalog": ("promoter", "volume", "customer_order", "registration"),
    "state": ("payout", "settlement"),
}
"""The kinds of rows that events are made of, by table."""
ONLY_INSERTS = {"Filters": [{"Pattern": '{"eventName":["INSERT"]}'}]}
VARIABLES = {
    "GRAPEVINE_STAGE": {"Ref": "Stage"},
    "GRAPEVINE_TABLE_CATALOG": {"Ref": "CatalogTable"},
    "GRAPEVINE_TABLE_CLICKS": {"Ref": "ClicksTable"},
    "GRAPEVINE_TABLE_ORDERS": {"Ref": "OrdersTable"},
    "GRAPEVINE_TABLE_LEDGER": {"Ref": "LedgerTable"},
    "GRAPEVINE_TABLE_STATE": {"Ref": "StateTable"},
    "GRAPEVINE_TABLE_PRIVATE": {"Ref": "PrivateTable"},
    "GRAPEVINE_BUCKET": {"Ref": "BucketName"},
    "GRAPEVINE_BUS": {"Ref": "BusName"},
    "GRAPEVINE_FAILURES_QUEUE_URL": {"Ref": "FailuresQueueUrl"},
    "GRAPEVINE_SETTLE_QUEUE_URL": {"Ref": "SettleQueueUrl"},
    "GRAPEVINE_SHOP_QUEUE_URL": {"Ref": "ShopQueueUrl"},
    "GRAPEVINE_WEBHOOK_QUEUE_URL": {"Ref": "WebhookQueueUrl"},
    "GRAPEVINE_REQUESTS_PER_MINUTE": "600",
    "GRAPEVINE_SECRETS_PREFIX": {"Fn::Sub": "grapevine/${Stage}/"},
    "POWERTOOLS_METRICS_NAMESPACE": "Grapevine",
}

Functions = dict[str, dict[str, Any]]


def _functions(app: PackagedApp) -> Functions:
    return {handler_of(part): part["Properties"] for part in functions_of(app.template).values()}


def _only_event(function: dict[str, Any]) -> dict[str, Any]:
    (event,) = function["Events"].values()
    return dict(event)


@pytest.mark.parametrize("app", APPS)
def test_handlers(packaged: dict[str, PackagedApp], app: str) -> None:
    assert _functions(packaged[app]).keys() == HANDLERS[app]


@pytest.mark.parametrize("app", APPS)
def test_runtime_and_architecture_are_pinned(packaged: dict[str, PackagedApp], app: str) -> None:
    for function in _functions(packaged[app]).values():
        assert function["Runtime"] == f"python{PYTHON_VERSION}"
        assert function["Architectures"] == ["x86_64"]


@pytest.mark.parametrize("app", APPS)
def test_memory_and_timeouts(packaged: dict[str, PackagedApp], app: str) -> None:
    for name, function in _functions(packaged[app]).items():
        assert function["MemorySize"] >= 512
        most = 15 if name == "api_handler" else 900 if name == "verify_programs" else 300
        assert 3 <= function["Timeout"] <= most


@pytest.mark.parametrize("app", APPS)
def test_layers(packaged: dict[str, PackagedApp], app: str) -> None:
    """Globals come first and are added to: naming a layer in both places would be an error."""
    assert packaged[app].template["Globals"]["Function"]["Layers"] == [{"Ref": "CommonLayer"}]
    own = [{"Ref": "ScienceLayer"}] if app in {"fraud", "insight"} else None
    assert {json.dumps(function.get("Layers")) for function in _functions(packaged[app]).values()} == {
        json.dumps(own)
    }


@pytest.mark.parametrize("app", APPS)
def test_environment(packaged: dict[str, PackagedApp], app: str) -> None:
    variables = packaged[app].template["Globals"]["Function"]["Environment"]["Variables"]
    assert variables == {**VARIABLES, "POWERTOOLS_SERVICE_NAME": app}
    assert not any("Environment" in function for function in _functions(packaged[app]).values())


@pytest.mark.parametrize("app", APPS)
def test_time_cannot_be_moved_on_aws(packaged: dict[str, PackagedApp], app: str) -> None:
    text = json.dumps(packaged[app].template)
    assert OFFSET_VARIABLE not in text
    assert OFFSET_PARAMETER not in text


@pytest.mark.parametrize(("app", "handler"), READERS)
def test_stream_mappings(packaged: dict[str, PackagedApp], app: str, handler: str) -> None:
    stream, parallel = READERS[app, handler]
    event = _only_event(_functions(packaged[app])[handler])
    settings = event["Properties"]
    assert event["Type"] == "DynamoDB"
    assert settings["Stream"] == {"Ref": stream}
    assert settings["StartingPosition"] == "TRIM_HORIZON"
    assert settings["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert settings["BisectBatchOnFunctionError"] is True
    assert settings["BatchSize"] == 100
    assert settings["ParallelizationFactor"] == parallel
    assert 0 < settings["MaximumRetryAttempts"] <= 20
    assert 3600 <= settings["MaximumRecordAgeInSeconds"] < 24 * 3600
    assert settings["DestinationConfig"]["OnFailure"]["Destination"] == {"Ref": "DroppedQueueArn"}


def test_only_the_folder_of_pages_sees_modifications_of_the_ledger(packaged: dict[str, PackagedApp]) -> None:
    filters = {
        (app, handler): _only_event(_functions(packaged[app])[handler])["Properties"].get("FilterCriteria")
        for app, handler in READERS
    }
    assert filters.pop(("accrue", "on_entries")) is None
    people, payouts = filters.pop(("notify", "publish_people")), filters.pop(("notify", "publish_payouts"))
    assert kinds_of(people) == set(TOLD["catalog"])
    assert kinds_of(payouts) == set(TOLD["state"])
    assert kinds_of(people) | kinds_of(payouts) == set(READ_KINDS)
    assert list(filters.values()) == [ONLY_INSERTS] * 4


def kinds_of(filters: Any) -> set[str]:  # noqa: ANN401 - a template's part
    """Return the kinds of rows that reach a function, as new ones and as changed ones."""
    (one,) = filters["Filters"]
    pattern = json.loads(one["Pattern"])
    assert pattern["eventName"] == ["INSERT", "MODIFY"]
    return set(pattern["dynamodb"]["NewImage"]["kind"]["S"])


def test_webhook_queue_mapping(packaged: dict[str, PackagedApp]) -> None:
    event = _only_event(_functions(packaged["notify"])["deliver_webhooks"])
    assert event["Type"] == "SQS"
    assert event["Properties"]["Queue"] == {"Fn::Sub": "${WebhookQueueArn}"}
    assert event["Properties"]["BatchSize"] == 1
    assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_lane_is_longer_somebodys_than_a_function_runs(packaged: dict[str, PackagedApp]) -> None:
    longest = _functions(packaged["notify"])["deliver_webhooks"]["Timeout"]
    assert LEASE.total_seconds() > longest > WORK.total_seconds() + WHOLE_SECONDS


def test_no_stream_has_more_than_two_readers() -> None:
    streams = [stream for stream, _ in READERS.values()]
    assert max(streams.count(stream) for stream in streams) <= 2


def test_settle_queue_mapping(packaged: dict[str, PackagedApp]) -> None:
    event = _only_event(_functions(packaged["settle"])["settle_promoters"])
    assert event["Type"] == "SQS"
    assert event["Properties"]["Queue"] == {"Fn::Sub": "${SettleQueueArn}"}
    assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_shop_queue_mapping(packaged: dict[str, PackagedApp]) -> None:
    event = _only_event(_functions(packaged["place_order"])["serve_shops"])
    assert event["Type"] == "SQS"
    assert event["Properties"]["Queue"] == {"Fn::Sub": "${ShopQueueArn}"}
    assert event["Properties"]["BatchSize"] == 1
    assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


@pytest.mark.parametrize(
    ("app", "handler"),
    [
        ("settle", "sweep_due"),
        ("settle", "start_settlements"),
        ("settle", "report_waiting"),
        ("settle", "verify_programs"),
        ("place_order", "start_reconciling"),
    ],
)
def test_schedules(packaged: dict[str, PackagedApp], app: str, handler: str) -> None:
    event = _only_event(_functions(packaged[app])[handler])
    assert event == {"Type": "Schedule", "Properties": {"Schedule": "rate(1 hour)"}}


def test_shops_events_are_heard_and_none_is_dropped_in_silence(packaged: dict[str, PackagedApp]) -> None:
    function = _functions(packaged["place_order"])["receive_event"]
    pattern = {"source": [{"prefix": "aws.partner/shopify.com/"}], "detail-type": ["shopifyWebhook"]}
    assert _only_event(function) == {"Type": "CloudWatchEvent", "Properties": {"Pattern": pattern}}
    given_up = function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert given_up == {"Type": "SQS", "Destination": {"Ref": "DroppedQueueArn"}}


def test_points_are_tended_after_the_utc_day_has_settled(packaged: dict[str, PackagedApp]) -> None:
    event = _only_event(_functions(packaged["settle"])["start_points"])
    assert event == {"Type": "Schedule", "Properties": {"Schedule": "cron(15 1 * * ? *)"}}


def test_messages_go_every_five_minutes(packaged: dict[str, PackagedApp]) -> None:
    event = _only_event(_functions(packaged["notify"])["send_messages"])
    assert event == {"Type": "Schedule", "Properties": {"Schedule": "rate(5 minutes)"}}


@pytest.mark.parametrize("app", ["track_click", "place_order", "settle", "console"])
def test_routes_are_regional_without_a_second_stage(packaged: dict[str, PackagedApp], app: str) -> None:
    api = packaged[app].template["Resources"]["RestAPI"]["Properties"]
    assert api["EndpointConfiguration"] == "REGIONAL"
    assert api["StageName"] == "api"
    # Without it SAM adds a stage called Stage.
    assert api["OpenApiVersion"] == "2.0"


def test_the_console_hands_files_on_to_browsers(packaged: dict[str, PackagedApp]) -> None:
    """A browser accepts `text/html` first, and API Gateway looks at no other type."""
    assert packaged["console"].template["Resources"]["RestAPI"]["Properties"]["BinaryMediaTypes"] == ["*/*"]


def test_public_routes(packaged: dict[str, PackagedApp]) -> None:
    paths = {
        app: packaged[app].template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"]["paths"]
        for app in ("track_click", "place_order", "settle")
    }
    assert {"get", "head"} <= paths["track_click"]["/{link_code}"].keys()
    assert {"get", "post"} <= paths["place_order"]["/storefronts/{storefront_id}/webhooks"].keys()
    assert "post" in paths["settle"]["/rails/{rail}/{program_id}/webhooks"]


@pytest.mark.parametrize("app", APPS)
def test_merge_files_add_what_they_say_and_nothing_else(packaged: dict[str, PackagedApp], app: str) -> None:
    """The kinds of resources of an app are known: anything else came from a mistyped name."""
    kinds = {part["Type"] for part in packaged[app].template["Resources"].values()}
    assert kinds <= {
        "AWS::CloudWatch::Alarm",
        "AWS::IAM::Role",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::Serverless::Api",
        "AWS::Serverless::Function",
    }
    functions = functions_of(packaged[app].template)
    assert {name for name, part in functions.items() if "Handler" in part["Properties"]} == set(functions)


def test_every_app_has_its_merge_file_and_no_other_exists() -> None:
    assert {file.stem for file in (INFRA / "merge").iterdir()} == {"common", *APPS}


@pytest.mark.parametrize("app", APPS)
def test_logs_are_kept_for_a_while_only(packaged: dict[str, PackagedApp], app: str) -> None:
    template = packaged[app].template
    assert template["Resources"]["LogGroup"]["Properties"]["RetentionInDays"] == 90
    assert template["Globals"]["Function"]["LoggingConfig"] == {"LogGroup": {"Ref": "LogGroup"}}
