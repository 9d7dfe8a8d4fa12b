"""What is kept for a minute, and what never is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest

from grapevine.adapters.cache import Cache, CachedCatalog, CachedLinks
from grapevine.adapters.cache.secrets import CachedSecrets
from grapevine.adapters.memory.catalog import MemoryCatalog
from grapevine.adapters.memory.outside import MemorySecrets
from grapevine.domain.errors import AlreadyExistsError, NetworkMovedError, NotFoundError
from grapevine.domain.links import Link
from grapevine.domain.programs import Terms
from grapevine.ports import ApiKey, StorefrontSecrets
from tests import builders as make

T = TypeVar("T")


@dataclass
class Clock:
    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Source:
    """Answers from its values and remembers what it was asked."""

    values: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def load(self, key: str) -> str | None:
        self.asked.append(key)
        return self.values.get(key)


def test_a_value_is_loaded_once_a_minute() -> None:
    clock, source = Clock(), Source({"a": "1"})
    cache: Cache[str, str | None] = Cache(clock)
    assert [cache.get("a", source.load) for _ in range(3)] == ["1"] * 3
    clock.seconds += 59.9
    source.values["a"] = "2"
    assert cache.get("a", source.load) == "1"
    clock.seconds += 0.1
    assert cache.get("a", source.load) == "2"
    assert source.asked == ["a", "a"]


def test_what_is_not_there_is_asked_for_every_time() -> None:
    source = Source()
    cache: Cache[str, str | None] = Cache(Clock())
    assert cache.get("a", source.load) is None
    source.values["a"] = "1"
    assert cache.get("a", source.load) == "1"


def test_the_one_kept_longest_goes_when_it_is_full() -> None:
    source = Source({name: name for name in "abcd"})
    cache: Cache[str, str | None] = Cache(Clock(), most=2)
    for name in "abc":
        cache.get(name, source.load)
    source.asked.clear()
    for name in "cba":
        cache.get(name, source.load)
    assert source.asked == ["a"]


def test_what_was_dropped_is_loaded_again() -> None:
    source = Source({"a": "1"})
    cache: Cache[str, str | None] = Cache(Clock())
    cache.get("a", source.load)
    cache.drop("a")
    cache.drop("never kept")
    cache.get("a", source.load)
    assert source.asked == ["a", "a"]


class ChangingCatalog(MemoryCatalog):
    """A catalog whose links, terms and storefronts are other ones each time they are read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def link(self, code: str) -> Link | None:
        self.reads += 1
        return make.link(code=code, promoter_id=f"pr_{self.reads}")

    def terms(self, program_id: str) -> Terms:
        self.reads += 1
        return make.terms(id=program_id, name=str(self.reads))


def test_links_are_kept_by_code() -> None:
    clock, catalog = Clock(), ChangingCatalog()
    links = CachedLinks(catalog, clock)
    first = links.link("a")
    assert links.link("a") is first
    assert links.link("b") is not first
    clock.seconds += 60
    assert links.link("a") != first


def test_terms_and_links_of_a_catalog_are_kept() -> None:
    catalog = CachedCatalog(ChangingCatalog(), Clock())
    assert catalog.terms("pg_1") is catalog.terms("pg_1")
    assert catalog.link("a") is catalog.link("a")


def test_a_program_that_was_missing_is_found_once_it_is_there() -> None:
    memory = MemoryCatalog()
    catalog = CachedCatalog(memory, Clock())
    with pytest.raises(NotFoundError):
        catalog.terms(make.PROGRAM_ID)
    assert catalog.storefront(make.STOREFRONT_ID) is None
    catalog.add_program(make.program(), make.plan())
    catalog.add_storefront(make.storefront())
    assert catalog.terms(make.PROGRAM_ID) == memory.terms(make.PROGRAM_ID)
    assert catalog.storefront(make.STOREFRONT_ID) == make.storefront()


def test_everything_else_is_the_catalogs_own() -> None:
    memory = MemoryCatalog()
    catalog = CachedCatalog(memory, Clock())
    key = ApiKey(id="k", merchant_id="mc_test", secret_hash="h", created_at=make.T0)
    catalog.add_merchant("mc_test", "Shop", key)
    catalog.add_program(make.program(), make.plan())
    catalog.add_promoter(make.promoter("pr_ana"))
    catalog.add_link(make.link())
    assert catalog.api_key("k") == key
    assert list(catalog.programs("mc_test")) == [make.program()]
    assert list(catalog.promoters_of(make.PROGRAM_ID)) == [make.promoter("pr_ana")]
    assert catalog.promoters(make.PROGRAM_ID, ("pr_ana",)) == {"pr_ana": make.promoter("pr_ana")}
    assert memory.link(make.link().code) == make.link()


def test_a_version_of_a_plan_is_seen_by_who_published_it_and_by_who_came_second() -> None:
    memory = MemoryCatalog()
    catalog, other = CachedCatalog(memory, Clock()), CachedCatalog(memory, Clock())
    catalog.add_program(make.program(), make.plan())
    for reader in (catalog, other):
        assert len(reader.terms(make.PROGRAM_ID).plans) == 1
    catalog.add_plan(make.PROGRAM_ID, make.plan(version=2))
    assert len(catalog.terms(make.PROGRAM_ID).plans) == 2
    assert len(other.terms(make.PROGRAM_ID).plans) == 1
    with pytest.raises(AlreadyExistsError):
        other.add_plan(make.PROGRAM_ID, make.plan(500, version=2))
    assert len(other.terms(make.PROGRAM_ID).plans) == 2


def test_a_campaign_is_seen_by_who_made_or_changed_it_and_by_who_came_second() -> None:
    memory = MemoryCatalog()
    catalog, other = CachedCatalog(memory, Clock()), CachedCatalog(memory, Clock())
    catalog.add_program(make.program(), make.plan())
    for reader in (catalog, other):
        assert reader.terms(make.PROGRAM_ID).campaigns == ()
    made, bounty = make.campaign(), make.bounty()
    stopped, no_bounty = replace(made, stopped_at=make.T0), replace(bounty, stopped_at=make.T0)
    catalog.add_campaign(make.PROGRAM_ID, made, 1)
    assert catalog.terms(make.PROGRAM_ID).campaigns == (made,)
    assert other.terms(make.PROGRAM_ID).campaigns == ()
    with pytest.raises(NetworkMovedError):
        other.add_campaign(make.PROGRAM_ID, made, 1)
    assert other.terms(make.PROGRAM_ID).campaigns == (made,)
    catalog.change_campaign(make.PROGRAM_ID, stopped, made)
    assert catalog.terms(make.PROGRAM_ID).campaigns == (stopped,)
    assert other.terms(make.PROGRAM_ID).campaigns == (made,)
    assert other.terms_now(make.PROGRAM_ID).campaigns == other.terms(make.PROGRAM_ID).campaigns == (stopped,)
    catalog.add_bounty(make.PROGRAM_ID, bounty, 1)
    assert catalog.terms(make.PROGRAM_ID).bounties == (bounty,)
    catalog.change_bounty(make.PROGRAM_ID, no_bounty, bounty)
    assert catalog.terms(make.PROGRAM_ID).bounties == (no_bounty,)


def test_a_network_is_never_kept() -> None:
    memory = MemoryCatalog()
    catalog, ana = CachedCatalog(memory, Clock()), make.promoter("pr_ana")
    catalog.add_promoter(ana)
    assert catalog.network_version(make.PROGRAM_ID) == 0
    memory.change_promoter(ana.with_sponsor("pr_bo", make.T0), 0)
    assert catalog.network_version(make.PROGRAM_ID) == 1
    with pytest.raises(NetworkMovedError):
        catalog.change_promoter(ana, 0)
    catalog.change_promoter(ana, 1)
    assert memory.promoters(make.PROGRAM_ID, ("pr_ana",)) == {"pr_ana": ana}


def test_coupons_and_rates_are_never_kept() -> None:
    memory, made, rate = MemoryCatalog(), make.coupon(), make.rate("1.10", make.T0 - make.days(1))
    catalog = CachedCatalog(memory, Clock())
    catalog.add_coupon(made)
    catalog.add_rate(make.PROGRAM_ID, rate)
    assert catalog.coupons(make.PROGRAM_ID, (made.code,)) == {made.code: made}
    assert catalog.rate(make.PROGRAM_ID, "EUR", "USD", make.T0) == rate
    off = made.switched(enabled=False, now=make.T0)
    memory.change_coupon(off)
    newer = make.rate("1.20", make.T0)
    memory.add_rate(make.PROGRAM_ID, newer)
    assert catalog.coupons(make.PROGRAM_ID, (made.code,)) == {made.code: off}
    assert catalog.rate(make.PROGRAM_ID, "EUR", "USD", make.T0) == newer
    with pytest.raises(NetworkMovedError):
        catalog.change_coupon(made.switched(enabled=False, now=make.T0))
    on = off.switched(enabled=True, now=make.T0)
    catalog.change_coupon(on)
    assert memory.coupons(make.PROGRAM_ID, (made.code,)) == {made.code: on}


def test_secrets_are_kept_and_what_this_process_writes_is_seen_at_once() -> None:
    clock, memory = Clock(), MemorySecrets()
    secrets = CachedSecrets(memory, clock)
    old, new = (StorefrontSecrets(webhook_secrets=(name,), subject_key=b"k") for name in ("old", "new"))
    secrets.put_storefront_secrets("sf", old)
    assert secrets.storefront_secrets("sf") == old
    memory.put_storefront_secrets("sf", new)
    assert secrets.storefront_secrets("sf") == old
    clock.seconds += 60
    assert secrets.storefront_secrets("sf") == new
    secrets.put_storefront_secrets("sf", old)
    assert secrets.storefront_secrets("sf") == old


def test_subject_keys_are_kept_likewise() -> None:
    memory = MemorySecrets()
    secrets = CachedSecrets(memory, Clock())
    with pytest.raises(NotFoundError):
        secrets.subject_key("pg")
    secrets.put_subject_key("pg", b"1")
    assert secrets.subject_key("pg") == b"1"
    memory.put_subject_key("pg", b"2")
    assert secrets.subject_key("pg") == b"1"
    secrets.put_subject_key("pg", b"3")
    assert secrets.subject_key("pg") == b"3"
