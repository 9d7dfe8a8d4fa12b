"""What a contract test gets to know about the engine it runs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodbstreams import DynamoDBStreamsClient

REGION = "us-east-1"
# Made up, and letters only: DynamoDB Local refuses access keys with anything else in them.
ACCESS_KEY = "testing"

MEMORY = "memory"
MOTO = "moto"
MINISTACK = "ministack"
DYNAMODB_LOCAL = "dynamodb-local"

ENGINES = (MEMORY, MOTO, MINISTACK, DYNAMODB_LOCAL)
DEFAULT_ENGINES = (MEMORY, MOTO, MINISTACK)
SINGLE_THREADED = frozenset({MOTO})


@dataclass(frozen=True, slots=True)
class DynamoEndpoint:
    """A running DynamoDB with our tables on it: where it is and what they are called there."""

    engine: str
    endpoint_url: str
    tables: Mapping[str, str]
    region: str = REGION

    def client(self) -> DynamoDBClient:
        """A fresh boto3 client for looking behind an adapter's back."""
        return self._session().client("dynamodb", endpoint_url=self.endpoint_url)

    def streams_client(self) -> DynamoDBStreamsClient:
        """A fresh boto3 client for the tables' streams."""
        return self._session().client("dynamodbstreams", endpoint_url=self.endpoint_url)

    def environment(self) -> dict[str, str]:
        """The variables a deployed function would find, as far as they name tables."""
        return {f"GRAPEVINE_TABLE_{name.upper()}": table for name, table in self.tables.items()}

    def _session(self) -> boto3.Session:
        return boto3.Session(
            aws_access_key_id=ACCESS_KEY, aws_secret_access_key=ACCESS_KEY, region_name=self.region
        )


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine of the contract suites; without a DynamoDB behind it, it is the memory adapters."""

    name: str
    dynamo: DynamoEndpoint | None = None
