"""The ports of the API's requests, and of the keys they come with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from grapevine.domain.api_keys import ApiKey, KeyKind, Scope
from grapevine.domain.errors import AlreadyExistsError, NotFoundError
from grapevine.domain.requests import LEASE, Claim, KeptAnswer, RequestInProgressError, with_answer
from tests import builders as make
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, minutes

NAME = "an order / with #, 漢字? no: visible ASCII ~ 1"


def claim(names: Names, name: str = NAME) -> Claim:
    return Claim(
        key_id=f"key{names.number}", name=name, fingerprint="f" * 64, begun_at=T0, leased_until=T0 + LEASE
    )


def key(names: Names, number: int = 1, **changes: object) -> ApiKey:
    values: dict[str, object] = {
        "id": f"key_{names.number}_{number}",
        "merchant_id": names.merchant,
        "secret_hash": "ab" * 32,
        "created_at": T0,
    }
    return ApiKey(**{**values, **changes})  # type: ignore[arg-type]


def test_a_request_that_nobody_sent_is_none(stores: Stores, names: Names) -> None:
    assert stores.requests.claim(f"key{names.number}", "x") is None


def test_a_claim_is_kept_whole_and_answered_on_top_of_itself(stores: Stores, names: Names) -> None:
    first = claim(names)
    stores.requests.keep_claim(first)
    assert stores.requests.claim(first.key_id, NAME) == first
    answered = with_answer(first, KeptAnswer(201, bytes(range(256))))
    stores.requests.keep_claim(answered)
    assert stores.requests.claim(first.key_id, NAME) == answered
    assert stores.requests.claim(f"{first.key_id}x", NAME) is None
    given_back = replace(answered, fingerprint="", answer=None, revision=3)
    stores.requests.keep_claim(given_back)
    assert stores.requests.claim(first.key_id, NAME) == given_back


def test_of_two_who_claim_one_is_too_late(stores: Stores, names: Names) -> None:
    first = claim(names)
    stores.requests.keep_claim(first)
    for late in (first, replace(first, revision=3), replace(first, revision=1, fingerprint="e" * 64)):
        with pytest.raises(RequestInProgressError):
            stores.requests.keep_claim(late)
    assert stores.requests.claim(first.key_id, NAME) == first


def test_requests_are_counted_by_key_and_minute(stores: Stores, names: Names) -> None:
    key_id = f"key{names.number}"
    assert [stores.requests.count_request(key_id, T0) for _ in range(3)] == [1, 2, 3]
    assert stores.requests.count_request(key_id, T0 + minutes(1)) == 1
    assert stores.requests.count_request(f"{key_id}b", T0) == 1


@pytest.mark.engines("memory", "ministack", "dynamodb-local")
def test_no_request_is_counted_twice_or_not_at_all(stores: Stores, names: Names) -> None:
    def count(_: int) -> int:
        return stores.requests.count_request(f"key{names.number}", T0)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(count, range(40))) == list(range(1, 41))


def test_a_key_is_read_as_it_was_added(stores: Stores, names: Names) -> None:
    whole = key(
        names,
        name="The shop's own",
        kind=KeyKind.STOREFRONT,
        scopes=(Scope.PRODUCTS_WRITE, Scope.LINKS_WRITE),
        program_id=names.program,
        storefront_id=names.storefront,
    )
    promoters = key(names, 2, kind=KeyKind.PROMOTER, program_id=names.program, promoter_id="pr_ana")
    for one in (whole, promoters):
        stores.api_keys.add_api_key(one)
        assert stores.api_keys.api_key(one.id) == one
    with pytest.raises(AlreadyExistsError):
        stores.api_keys.add_api_key(replace(whole, name="again"))
    assert stores.api_keys.api_key(whole.id) == whole


def test_a_key_is_revoked_for_good(stores: Stores, names: Names) -> None:
    stores.api_keys.add_api_key(key(names))
    revoked = key(names, revoked_at=T0 + minutes(1))
    stores.api_keys.change_api_key(revoked)
    assert stores.api_keys.api_key(revoked.id) == revoked
    with pytest.raises(NotFoundError):
        stores.api_keys.change_api_key(key(names, 2))
    assert stores.api_keys.api_key(key(names, 2).id) is None


def test_a_merchants_keys_are_listed_by_id(stores: Stores, names: Names) -> None:
    stores.catalog.add_merchant(names.merchant, "Orchard", key(names, 3))
    for number in (2, 1):
        stores.api_keys.add_api_key(key(names, number))
    stores.api_keys.add_api_key(key(names, 9, merchant_id=f"{names.merchant}x"))
    ids = [key(names, number).id for number in (1, 2, 3)]
    assert [one.id for one in stores.api_keys.api_keys(names.merchant)] == ids
    assert [one.id for one in stores.api_keys.api_keys(names.merchant, ids[0])] == ids[1:]
    assert list(stores.api_keys.api_keys(names.merchant, ids[2])) == []


def test_a_promoters_links_are_listed_by_code(stores: Stores, names: Names) -> None:
    codes = [f"c{number}{names.number}" for number in (1, 2, 3)]
    for code in reversed(codes):
        stores.catalog.add_link(make.link(code=code, program_id=names.program, promoter_id="pr_ana"))
    stores.catalog.add_link(make.link(code=f"o{names.number}", program_id=names.program, promoter_id="pr_a"))
    lists = stores.catalog
    assert [one.code for one in lists.links_of(names.program, "pr_ana")] == codes
    assert [one.code for one in lists.links_of(names.program, "pr_ana", codes[1])] == codes[2:]
    assert list(lists.links_of(names.program, "pr_#")) == []
