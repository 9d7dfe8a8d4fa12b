"""moto inside this process, for tests without threads: under threads it loses updates."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from moto import mock_aws

from tests.engines.endpoint import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def running() -> Iterator[str]:
    """Answers calls to AWS's own DynamoDB address for as long as the block lasts; enters with that address.

    Other addresses pass through, so the other engines go on working beside it.
    """
    with mock_aws(config={"core": {"mock_credentials": False}}):
        yield boto3.Session().client("dynamodb", region_name=REGION).meta.endpoint_url
