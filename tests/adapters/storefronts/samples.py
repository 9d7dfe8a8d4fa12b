"""Third-party payloads that are not in this repository: `GRAPEVINE_SAMPLES`, or ../shared/samples.

CI has them. Where the folder is missing, each test over them is skipped under its own name; where
`GRAPEVINE_SAMPLES` names a folder that is not there, they fail.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
DEFAULT = ROOT.parent / "shared" / "samples"
ORDERS = (
    "order_2022-04_full.json",
    "order_2026-07_cancelled.json",
    "order_2026-07_created_v15.json",
    "order_2026-07_created_v16.json",
    "order_2026-07_created_v18.json",
    "order_2026-07_created_v20.json",
    "order_2026-07_created_v21.json",
    "order_2026-07_full_discount_partially_refunded.json",
)
"""Orders of API versions whose totals add up."""
OLD_ORDERS = ("go_order_with_transaction.json", "py_order.json")
REFUNDS = ("refund_2026-07_v0.json", "refund_2026-07_v1.json", "refund_2026-07_v3.json")
OLD_REFUNDS = ("py_refund.json",)
OTHERS = ("abandoned_checkout_2026-07.json", "lineitem_properties_object.json", "lineitem_valid.json")
SHOPIFY = (*ORDERS, *OLD_ORDERS, *REFUNDS, *OLD_REFUNDS, *OTHERS)
MODERN_ORDERS = tuple(name for name in ORDERS if "2026-07" in name)


def samples_folder() -> Path:
    """Return the folder, or skip the test that asks."""
    named = os.environ.get("GRAPEVINE_SAMPLES")
    folder = Path(named) if named else DEFAULT
    if not named and not folder.is_dir():
        # Pytest folds skips of one reason into one line; each test is to be named.
        test = os.environ["PYTEST_CURRENT_TEST"].partition(" ")[0]
        pytest.skip(f"NOT RUN, no samples (set GRAPEVINE_SAMPLES to their folder): {test}")
    assert folder.is_dir(), f"GRAPEVINE_SAMPLES names {named}, which is not a folder"
    return folder


def sample(path: str) -> bytes:
    """Return one sample's bytes."""
    return (samples_folder() / path).read_bytes()


def sample_json(path: str) -> dict[str, Any]:
    """Return one sample's values, numbers with a point as Decimal."""
    values: dict[str, Any] = json.loads(sample(path), parse_float=Decimal)
    return values


each_shopify_sample = pytest.mark.parametrize("name", SHOPIFY)
"""Every file in the folder, by name."""


def each(*names: str) -> Callable[..., Any]:
    """Run a test once for each of these samples."""
    return pytest.mark.parametrize("name", names)


WOOCOMMERCE = (
    "docs_v3_coupons_0.json",
    "docs_v3_coupons_2.json",
    "docs_v3_order-refunds_0.json",
    "docs_v3_order-refunds_2.json",
    "docs_v3_orders_0.json",
    "docs_v3_orders_2.json",
    "docs_v3_orders_3.json",
)
STRIPE = (
    "openapi_charge.json",
    "openapi_checkout.session.json",
    "rubymock_charge.dispute.created.json",
    "rubymock_charge.refund.updated.json",
    "rubymock_charge.refunded.json",
    "rubymock_charge.succeeded.json",
    "rubymock_checkout.session.completed.json",
    "rubymock_invoice.paid.json",
    "rubymock_payment_intent.succeeded.json",
    "rubymock_payout.created.json",
    "rubymock_payout.paid.json",
)


def names_in(folder: str) -> list[str]:
    """Return the names of all files of a folder of samples."""
    return sorted(path.name for path in (samples_folder() / folder).glob("*.json"))


def vectors(*schemes: str) -> list[dict[str, Any]]:
    """Return the published signatures of these schemes."""
    found: list[dict[str, Any]] = json.loads(sample("signatures/vectors.json"))
    return [vector for vector in found if vector["scheme"] in schemes]


def fixture(path: str) -> bytes:
    """Return a body of our own, in a platform's shape."""
    return (Path(__file__).parent / "fixtures" / path).read_bytes()
