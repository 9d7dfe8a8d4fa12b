"""What importing the adapters costs: the redirect never loads boto3, and clients come from outside."""

from __future__ import annotations

import subprocess
import sys

import pytest

REDIRECT = ("grapevine.adapters.dynamo.links", "grapevine.adapters.dynamo.clicks", "grapevine.adapters.cache")
SERVICES = ("s3", "sqs", "eventbridge", "secrets_manager")


def loaded_by(*modules: str) -> set[str]:
    """What a fresh interpreter has loaded after importing these."""
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_redirect_loads_no_boto3_and_no_other_table() -> None:
    loaded = loaded_by(*REDIRECT)
    assert "pynamodb" in loaded
    assert not loaded & {"boto3", "s3transfer", "pydantic", "aws_lambda_powertools"}
    mine = {name.rpartition(".")[2] for name in loaded if name.startswith("grapevine.adapters.dynamo.")}
    assert mine == {"catalog_keys", "clicks", "failures", "keys", "links", "rows", "table"}


def test_no_adapter_on_dynamodb_loads_boto3() -> None:
    names = ("catalog", "clicks", "facts", "ledger", "pages", "private", "settlements", "treasury")
    assert "boto3" not in loaded_by(*(f"grapevine.adapters.dynamo.{name}" for name in names))


@pytest.mark.parametrize("name", SERVICES)
def test_an_adapter_that_is_given_its_client_loads_no_sdk(name: str) -> None:
    assert not loaded_by(f"grapevine.adapters.{name}") & {"boto3", "botocore", "pynamodb"}
