"""The six tables on any DynamoDB endpoint, made from the one definition that AWS gets too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import CreateTableInputTypeDef

PLATFORM_TEMPLATE = Path(__file__).parents[2] / "infra" / "platform.yaml"

_TABLE_TYPE = "AWS::DynamoDB::Table"
_TABLE_SUFFIX = "Table"
# Backups, encryption and tags are AWS's business; everything that changes behaviour is copied.
_COPIED = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


class TemplateError(Exception):
    """The platform template does not say what a test engine needs to know."""


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """One table as the template declares it; the name is the logical one, such as ``ledger``."""

    name: str
    properties: Mapping[str, Any]

    def create_request(self, physical_name: str) -> CreateTableInputTypeDef:
        """The CreateTable parameters; CloudFormation spells streams a little differently."""
        request: dict[str, Any] = {"TableName": physical_name}
        request |= {key: self.properties[key] for key in _COPIED if key in self.properties}
        if stream := self.properties.get("StreamSpecification"):
            request["StreamSpecification"] = {"StreamEnabled": True, **stream}
        return cast("CreateTableInputTypeDef", request)

    @property
    def time_to_live(self) -> str | None:
        """The attribute that expires items, if the table has one."""
        specification = self.properties.get("TimeToLiveSpecification", {})
        return specification.get("AttributeName") if specification.get("Enabled") else None


class _TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as the mappings they stand for (``!Ref X`` is ``{"Ref": "X"}``)."""


def _intrinsic(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in {"Ref", "Condition"} else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    raise TemplateError(f"unreadable !{tag}")


_TemplateLoader.add_multi_constructor("!", _intrinsic)


def table_definitions(template: Path = PLATFORM_TEMPLATE) -> tuple[TableDefinition, ...]:
    """Every DynamoDB table of the template, in its order."""
    # The loader is a SafeLoader: it builds plain values only.
    document = yaml.load(template.read_text(encoding="utf-8"), Loader=_TemplateLoader)  # noqa: S506
    found = tuple(
        TableDefinition(_logical_name(logical_id), _literal(resource["Properties"], logical_id))
        for logical_id, resource in document["Resources"].items()
        if resource["Type"] == _TABLE_TYPE
    )
    if not found:
        raise TemplateError(f"{template.name} declares no {_TABLE_TYPE}")
    return found


def _logical_name(logical_id: str) -> str:
    """``LedgerTable`` and ``Ledger`` are both the table called ``ledger``."""
    return logical_id.removesuffix(_TABLE_SUFFIX).lower()


def _literal(properties: Mapping[str, Any], logical_id: str) -> Mapping[str, Any]:
    """The properties, or an error where one we copy depends on a deployment's parameters."""
    for key in (*_COPIED, "StreamSpecification", "TimeToLiveSpecification"):
        if _is_intrinsic(properties.get(key)):
            raise TemplateError(f"{logical_id}.{key} must be literal to be the same on every engine")
    return properties


def _is_intrinsic(value: object) -> bool:
    return isinstance(value, dict) and any(name == "Ref" or name.startswith("Fn::") for name in value)


def create_tables(
    client: DynamoDBClient, prefix: str, definitions: tuple[TableDefinition, ...]
) -> dict[str, str]:
    """Creates the tables as ``{prefix}{logical name}`` and returns logical → physical once all are active."""
    names = {definition.name: f"{prefix}{definition.name}" for definition in definitions}
    for definition in definitions:
        client.create_table(**definition.create_request(names[definition.name]))
    for definition in definitions:
        client.get_waiter("table_exists").wait(
            TableName=names[definition.name], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
        _expire_items(client, names[definition.name], definition.time_to_live)
    return names


def _expire_items(client: DynamoDBClient, table: str, attribute: str | None) -> None:
    if attribute is not None:
        client.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
        )
