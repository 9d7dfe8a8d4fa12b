"""The platform template is the one definition of the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engines.tables import TemplateError, table_definitions

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = """\
Conditions:
  Protected: !Equals [!Ref Stage, prod]
Resources:
  QueueTable:
    Type: AWS::SQS::Queue
  Ledger:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: !If [Protected, Retain, Delete]
    Properties:
      TableName: !Sub "grapevine-${Stage}-ledger"
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: !Ref Stage}
"""


def written(directory: Path, text: str) -> Path:
    template = directory / "platform.yaml"
    template.write_text(text, encoding="utf-8")
    return template


def test_the_platform_has_six_tables() -> None:
    names = {definition.name for definition in table_definitions()}

    assert names == {"catalog", "clicks", "orders", "ledger", "state", "private"}


def test_a_table_is_created_as_declared_under_another_name(tmp_path: Path) -> None:
    [ledger] = table_definitions(written(tmp_path, TEMPLATE))

    assert ledger.create_request("t1-ledger") == {
        "TableName": "t1-ledger",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    }
    assert ledger.time_to_live == "expires_at"


def test_a_declaration_that_depends_on_the_stage_is_refused(tmp_path: Path) -> None:
    template = TEMPLATE.replace("{StreamViewType: NEW_IMAGE}", "!If [Protected, a, b]")

    with pytest.raises(TemplateError, match=r"Ledger\.StreamSpecification must be literal"):
        table_definitions(written(tmp_path, template))


def test_a_template_without_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="declares no AWS::DynamoDB::Table"):
        table_definitions(written(tmp_path, "Resources: {}"))
