"""schemathesis sends what the description says, and what it does not: no server error, nothing undocumented.

`FUZZ_EXAMPLES` says how many requests of a kind each operation gets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from grapevine.domain.api_keys import ApiKey
from grapevine.runtime.openapi import document
from grapevine.runtime.parts import install
from grapevine.usecases.manage_keys import hash_of
from tests import builders as make
from tests.api.server import serving
from tests.builders import CY, T0
from tests.worlds import chain_world

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
PLACE = {
    "program_id": make.PROGRAM_ID,
    "promoter_id": CY,
    "storefront_id": make.STOREFRONT_ID,
    "order_id": "1001",
}
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
schema = schemathesis.openapi.from_dict(document())


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with _served() as url:
        yield url


@contextmanager
def _served() -> Iterator[str]:
    world = chain_world()
    key = ApiKey(id="key_test", merchant_id="mc_test", secret_hash=hash_of("secret"), created_at=T0)
    world.catalog.add_merchant("mc_test", "Test", key)
    world.catalog.add_coupon(make.coupon())
    install(world)
    with serving() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_no_answer_is_undocumented(case: schemathesis.Case[Any], base_url: str) -> None:
    """At places that exist, so that bodies and queries are what is tried."""
    for name in PLACE.keys() & (case.path_parameters or {}).keys():
        case.path_parameters[name] = PLACE[name]
    response = case.call(base_url=base_url, headers={"Authorization": "Bearer gv.key_test.secret"})
    case.validate_response(response, checks=list(CHECKS))
