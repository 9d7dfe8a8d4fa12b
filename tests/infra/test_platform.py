"""The one definition of the tables, the bucket and the queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cfnlint.decode import decode_str

from infra.house import APPS, INFRA
from infra.templates import functions_of, handler_of

if TYPE_CHECKING:
    from typing import Any

    from infra.package import PackagedApp

KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
# Table → stream, time to live, index.
TABLES = {
    "CatalogTable": ("NEW_IMAGE", False, "by_program"),
    "ClicksTable": ("NEW_IMAGE", True, None),
    "OrdersTable": ("NEW_IMAGE", False, None),
    "LedgerTable": ("NEW_AND_OLD_IMAGES", False, "due"),
    "StateTable": ("NEW_IMAGE", True, "by_state"),
    "PrivateTable": (None, True, None),
}


@pytest.fixture(scope="module")
def platform() -> dict[str, Any]:
    template, errors = decode_str((INFRA / "platform.yaml").read_text())
    assert not errors
    assert template is not None
    return dict(template)


def _of_type(platform: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: part for name, part in platform["Resources"].items() if part["Type"] == kind}


def test_six_tables(platform: dict[str, Any]) -> None:
    tables = _of_type(platform, "AWS::DynamoDB::Table")
    found = {}
    for name, table in tables.items():
        settings = table["Properties"]
        assert settings["KeySchema"] == KEYS
        assert settings["BillingMode"] == "PAY_PER_REQUEST"
        indexes = [index["IndexName"] for index in settings.get("GlobalSecondaryIndexes", [])]
        found[name] = (
            settings.get("StreamSpecification", {}).get("StreamViewType"),
            settings.get("TimeToLiveSpecification") == {"AttributeName": "expires_at", "Enabled": True},
            indexes[0] if indexes else None,
        )
    assert found == TABLES


def test_due_index_holds_keys_only(platform: dict[str, Any]) -> None:
    (index,) = platform["Resources"]["LedgerTable"]["Properties"]["GlobalSecondaryIndexes"]
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["due_shard", "due_at"]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_money_outlives_a_deleted_stack(platform: dict[str, Any]) -> None:
    kept = {**_of_type(platform, "AWS::DynamoDB::Table"), **_of_type(platform, "AWS::S3::Bucket")}
    for part in kept.values():
        assert (part["DeletionPolicy"], part["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_tables_can_be_restored_to_any_second(platform: dict[str, Any]) -> None:
    for table in _of_type(platform, "AWS::DynamoDB::Table").values():
        assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_bucket_is_private_encrypted_and_versioned(platform: dict[str, Any]) -> None:
    bucket = platform["Resources"]["Bucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "BucketEncryption" in bucket


def test_alarms_reach_a_person(platform: dict[str, Any]) -> None:
    alarms = _of_type(platform, "AWS::CloudWatch::Alarm")
    assert alarms.keys() == {
        "ShopsNotServed",
        "ShopsRefuse",
        "ShopsNotReconciled",
        "FailuresWait",
        "WebhooksDead",
        "EventsDead",
        "WebhooksDisabled",
        "BatchesDropped",
        "SettlementsDead",
        "PromotersNotSettled",
        "LedgerModified",
        "ClicksNotRecorded",
        "BooksDisproved",
        "ProofsMissed",
        "OrdersOverdue",
        "ResultsRejected",
        "RailsUnavailable",
    }
    assert all(alarm["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}] for alarm in alarms.values())


@pytest.mark.parametrize("app", APPS)
def test_platform_offers_what_an_app_asks_for(
    platform: dict[str, Any], packaged: dict[str, PackagedApp], app: str
) -> None:
    assert set(packaged[app].template["Parameters"]) <= {"Stage", *platform["Outputs"]}


@pytest.mark.parametrize(
    ("queue", "app", "handler"),
    [("SettleQueue", "settle", "settle_promoters"), ("ShopQueue", "place_order", "serve_shops")],
)
def test_a_message_stays_hidden_for_six_times_as_long_as_its_function_may_take(
    platform: dict[str, Any], packaged: dict[str, PackagedApp], queue: str, app: str, handler: str
) -> None:
    functions = {
        handler_of(part): part["Properties"] for part in functions_of(packaged[app].template).values()
    }
    hidden = platform["Resources"][queue]["Properties"]["VisibilityTimeout"]
    assert hidden == 6 * functions[handler]["Timeout"]
