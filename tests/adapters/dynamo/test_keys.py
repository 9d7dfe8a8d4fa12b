"""Keys: what is built is read back, and no two things have one key."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grapevine.adapters.dynamo import catalog_keys, keys, settlement_keys
from grapevine.adapters.dynamo.keys import Key
from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import InvalidInputError
from grapevine.domain.facts import FactKind, OrderKey
from grapevine.domain.pages import PageKey
from tests import builders as make
from tests.builders import T0, days

ORDER = OrderKey("sf_1", "5847382910123")
ACCOUNT = AccountKey("pg_1", "pr_1", "USD")


def test_keys_look_as_the_architecture_says() -> None:
    at = "2026-11-11T09:00:00.000Z"
    assert catalog_keys.program("pg_1") == Key("PG#pg_1", "META")
    assert catalog_keys.plan("pg_1", make.plan(version=12, effective_at=T0)) == Key(
        "PG#pg_1", f"PLAN#{at}#0012"
    )
    assert catalog_keys.promoter("pg_1", "pr_1") == Key("PR#pg_1#pr_1", "META")
    assert catalog_keys.plan_number("pg_1", make.plan(version=12, effective_at=T0)) == Key(
        "PG#pg_1", "PV#0012"
    )
    assert catalog_keys.network("pg_1") == Key("PG#pg_1", "NETWORK")
    assert catalog_keys.link("bcdfghjk") == Key("LK#bcdfghjk", "META")
    assert catalog_keys.storefront("sf_1") == Key("SF#sf_1", "META")
    assert catalog_keys.merchant("mc_1") == Key("MC#mc_1", "META")
    assert catalog_keys.api_key("k1") == Key("KEY#k1", "META")
    assert keys.click(make.CLICK_ID) == Key("V#" + "2" * 22, make.CLICK_ID)
    assert keys.fact(make.fact(order=ORDER, digest="d")) == Key("O#sf_1#5847382910123", f"E#{at}#paid#d")
    assert keys.fact(make.fact(FactKind.VERDICT, digest="d")).sk == f"V#{at}#d"
    assert keys.entry(ORDER, 1) == Key("O#sf_1#5847382910123", "N#000001")
    assert keys.entry(ACCOUNT, 12) == Key("A#pg_1#pr_1#USD", "N#000012")
    assert keys.head(ACCOUNT) == Key("A#pg_1#pr_1#USD", "HEAD")
    assert keys.page(PageKey(str(ACCOUNT), "2026-11-11", 3)) == Key("A#pg_1#pr_1#USD", "D#2026-11-11#003")
    assert keys.page(PageKey("clicks/abc", "2026-11-11", 3)).pk == "ST#clicks#abc"
    assert keys.settlement("pg_1.2026-11-10") == Key("SET#pg_1.2026-11-10", "META")
    assert settlement_keys.page("run", "pr_1") == Key("SET#run", "PAGE#pr_1")
    assert keys.payout("run", "po_1") == Key("SET#run", "PAY#po_1")
    assert keys.raw_body("sf_1", "1001#v#orders/paid#d") == Key("RAW#sf_1#1001", "v#orders/paid#d")
    assert keys.raw_body("sf_1", "malformed#d") == Key("RAW#sf_1#malformed", "d")
    assert keys.payee("pg_1", "pr_1") == Key("PAYEE#pg_1#pr_1", "META")
    assert keys.batch("pg_1", "pb1") == Key("BATCHES#pg_1", "pb1")
    assert keys.open_batch("pg_1", "pb1") == Key("OPEN#pg_1", "pb1")
    assert keys.person("abc") == Key("PII#abc", "META")


def test_what_is_built_is_read_back() -> None:
    assert keys.order_of(keys.order(ORDER)) == ORDER
    assert [keys.entries_of(keys.entries(key)) for key in (ORDER, ACCOUNT)] == [ORDER, ACCOUNT]
    assert keys.account_of(keys.account(ACCOUNT)) == ACCOUNT
    for subject in (str(ACCOUNT), "clicks/abc", "one", "a/b/c/d"):
        page = PageKey(subject, "2026-11-11", 63)
        assert keys.page_of(keys.page(page)) == page
    for kind in FactKind:
        fact = make.fact(kind)
        assert keys.fact_parts(keys.fact(fact).sk) == (kind, fact.version, fact.digest)
    assert keys.entry_named(f"{ORDER}/7") == keys.entry(ORDER, 7)
    assert catalog_keys.program_in(catalog_keys.promoter("pg_1", "pr_1").pk) == "pg_1"


@pytest.mark.parametrize("pk", ["", "O", "O#sf_1", "O#sf_1#1#x", "A#pg_1#pr_1#USD", "V#x"])
def test_an_item_elsewhere_is_in_no_orders_partition(pk: str) -> None:
    assert keys.order_in({"pk": {"S": keys.order(ORDER)}}) == ORDER
    assert keys.order_in({"pk": {"S": pk}}) is None
    assert keys.order_in({}) is None


@pytest.mark.parametrize(
    "name", ["", "sf_1/1001", "sf_1/1001/x", "sf_1/1001/-1", "sf#1/1001/1", "1", "/1", "//1"]
)
def test_what_is_no_entrys_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError):
        keys.entry_named(name)


@pytest.mark.parametrize("part", ["a#b", "#", "x" * 257])
def test_a_part_that_could_be_mistaken_is_refused(part: str) -> None:
    assert not keys.is_usable(part)
    assert not keys.is_usable("fine", part)
    with pytest.raises(InvalidInputError):
        keys.order(OrderKey("sf_1", part))
    with pytest.raises(InvalidInputError):
        catalog_keys.program(part)


def test_a_text_that_is_no_click_id_has_no_key() -> None:
    with pytest.raises(InvalidInputError):
        keys.click("V#forged")


def test_what_is_due_is_in_one_of_the_places_a_sweep_looks_at() -> None:
    places = keys.due_shards(T0, T0 + days(1))
    assert places == tuple(f"DUE#{day}#{shard}" for day in ("2026-11-11", "2026-11-12") for shard in range(4))
    for number in range(50):
        order = OrderKey("sf_1", str(number))
        assert keys.due_shard(order, T0 + timedelta(hours=number % 24)) in places
    assert len({keys.due_shard(OrderKey("sf_1", str(number)), T0) for number in range(50)}) == 4
