"""What an API key may do, decided by the route alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.api_keys import BOUND_BY, MOST_OF, ApiKey, KeyKind, Scope, allow, key_faults
from grapevine.domain.errors import ForbiddenError
from tests.builders import T0

OWN = {"program_id": "pg_test", "promoter_id": "pr_ana"}
SHOP = {"program_id": "pg_test", "storefront_id": "sf_test"}
BOUNDS: dict[KeyKind, dict[str, str]] = {
    KeyKind.MERCHANT: {},
    KeyKind.READ_ONLY: {},
    KeyKind.STOREFRONT: SHOP,
    KeyKind.PROMOTER: OWN,
}


def key(kind: KeyKind, *scopes: Scope, **bounds: str) -> ApiKey:
    values: dict[str, Any] = {**BOUNDS[kind], **bounds}
    return ApiKey(id="k", merchant_id="m", secret_hash="h", created_at=T0, kind=kind, scopes=scopes, **values)


def allowed(key: ApiKey, scope: Scope, place: dict[str, str]) -> bool:
    try:
        allow(key, scope, place)
    except ForbiddenError:
        return False
    return True


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_may_what_its_kind_may_at_its_place(kind: KeyKind, scope: Scope) -> None:
    place = {**BOUNDS[kind], "code": "x"}
    assert allowed(key(kind), scope, place) == (scope in MOST_OF[kind])


def test_a_merchants_key_may_everything_and_a_read_only_one_looks() -> None:
    assert MOST_OF[KeyKind.MERCHANT] == set(Scope)
    assert {scope.split(":")[1] for scope in MOST_OF[KeyKind.READ_ONLY]} == {"read"}
    assert not MOST_OF[KeyKind.PROMOTER] & {Scope.PAYOUTS_WRITE, Scope.PROMOTERS_WRITE, Scope.KEYS_WRITE}


@pytest.mark.parametrize(
    "place", [{**OWN, "promoter_id": "pr_bo"}, {**OWN, "program_id": "pg_x"}, {"program_id": "pg_test"}, {}]
)
def test_a_promoters_key_is_good_for_their_own_alone(place: dict[str, str]) -> None:
    assert not allowed(key(KeyKind.PROMOTER), Scope.PAYOUTS_READ, place)
    assert allowed(key(KeyKind.PROMOTER), Scope.PAYOUTS_READ, OWN)


def test_a_storefronts_key_is_good_in_its_program_and_for_its_storefront() -> None:
    shop = key(KeyKind.STOREFRONT)
    assert allowed(shop, Scope.PRODUCTS_WRITE, {"program_id": "pg_test"})
    assert not allowed(shop, Scope.PRODUCTS_WRITE, {"program_id": "pg_other"})
    assert not allowed(shop, Scope.ORDERS_READ, {**SHOP, "storefront_id": "sf_other"})


@given(st.sampled_from(KeyKind), st.lists(st.sampled_from(Scope), min_size=1), st.sampled_from(Scope))
def test_scopes_only_ever_narrow(kind: KeyKind, scopes: list[Scope], scope: Scope) -> None:
    narrow = allowed(key(kind, *scopes), scope, BOUNDS[kind])
    assert narrow == (scope in scopes and scope in MOST_OF[kind])


def test_everything_that_is_wrong_with_a_key_is_said() -> None:
    bounds = {"program_id": None, "storefront_id": "sf_x", "promoter_id": None}
    found = key_faults(" ", KeyKind.PROMOTER, (Scope.LINKS_READ, Scope.KEYS_WRITE), bounds)
    assert [fault.where for fault in found] == [
        "name",
        "scopes[1]",
        "program_id",
        "storefront_id",
        "promoter_id",
    ]
    assert key_faults("Shop", KeyKind.MERCHANT, (), {"program_id": "pg_test"}) == ()
    assert set(BOUND_BY) == set(MOST_OF) == set(KeyKind)
