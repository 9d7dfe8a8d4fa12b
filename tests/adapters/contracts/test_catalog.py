"""The catalog's ports: links, terms, promoters, storefronts, merchants and their keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.errors import AlreadyExistsError, NetworkMovedError, NotFoundError
from grapevine.domain.money import Rounding
from grapevine.domain.payout_terms import Schedule
from grapevine.domain.people import Merge, Promoter, PromoterStatus
from grapevine.domain.plans import Vacancy
from grapevine.domain.profiles import Profile
from grapevine.domain.programs import Terms
from grapevine.ports import ApiKey
from tests import builders as make
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days


def api_key(names: Names, key_id: str = "") -> ApiKey:
    return ApiKey(
        id=key_id or f"key{names.number}",
        merchant_id=names.merchant,
        secret_hash="ab" * 32,
        created_at=make.T0,
    )


def test_a_link_is_read_as_it_was_added(stores: Stores, names: Names) -> None:
    link = make.link(code=f"code{names.number}", program_id=names.program, upline=("pr_bo", "pr_ana"))
    stores.catalog.add_link(link)
    assert stores.catalog.link(link.code) == link


def test_a_link_keeps_the_product_that_it_leads_to(stores: Stores, names: Names) -> None:
    link = make.link(code=f"prod{names.number}", program_id=names.program, product_id="gid/8001")
    stores.catalog.add_link(link)
    assert stores.catalog.link(link.code) == link


def test_a_promoters_links_are_listed_and_changed(stores: Stores, names: Names) -> None:
    links = [
        make.link(code=f"{names.number}{n}", program_id=names.program, promoter_id="pr_ana") for n in range(2)
    ]
    other = make.link(code=f"{names.number}x", program_id=names.program, promoter_id="pr_ana2")
    for link in (*reversed(links), other):
        stores.catalog.add_link(link)
    changed = replace(links[0], destination="https://shop.example/p?by=ana#me").without_words()
    stores.catalog.change_link(changed)
    assert changed.destination == "https://shop.example/p"
    assert list(stores.catalog.links_of(names.program, "pr_ana")) == [changed, links[1]]
    assert list(stores.catalog.links_of(names.program, "a#b")) == []
    with pytest.raises(NotFoundError):
        stores.catalog.change_link(replace(other, code=f"{names.number}y"))


@pytest.mark.parametrize("code", ["nothere", "", "with#sign", "long" * 1000, "漢字"])
def test_an_unknown_link_is_none_whatever_the_visitor_typed(stores: Stores, code: str) -> None:
    assert stores.catalog.link(code) is None


def test_a_link_code_is_unique_over_all_programs(stores: Stores, names: Names) -> None:
    first = make.link(code=f"code{names.number}", program_id=names.program)
    stores.catalog.add_link(first)
    with pytest.raises(AlreadyExistsError):
        stores.catalog.add_link(make.link(code=first.code, program_id="pg-other"))
    assert stores.catalog.link(first.code) == first


def test_terms_are_the_program_with_its_plan(stores: Stores, names: Names) -> None:
    program = make.program(
        id=names.program,
        name="Früchte & 水果",
        currency="KWD",
        allowed_hosts=("a.example", "b.example"),
        rounding=Rounding.FLOOR,
        minimum_payout_minor=5,
        settlement_day=31,
        sandbox=True,
        profile=Profile.CHINA,
    )
    plan = make.plan(1000, 300, 100, pool_cap_bps=2000, click_window_days=7, screening_days=0)
    stores.catalog.add_program(program, plan)
    assert stores.catalog.terms(names.program) == Terms(program, (plan,))


@pytest.mark.parametrize("program_id", ["pg-nowhere", "with#sign"])
def test_there_are_no_terms_of_an_unknown_program(stores: Stores, program_id: str) -> None:
    with pytest.raises(NotFoundError):
        stores.catalog.terms(program_id)


def test_adding_a_program_again_changes_neither_it_nor_its_plan(stores: Stores, names: Names) -> None:
    program, plan = make.program(id=names.program), make.plan(1000)
    stores.catalog.add_program(program, plan)
    with pytest.raises(AlreadyExistsError):
        stores.catalog.add_program(make.program(id=names.program, name="Other"), make.plan(1, version=2))
    assert stores.catalog.terms(names.program) == Terms(program, (plan,))


def test_a_program_is_changed_on_top_of_its_last_change_only(stores: Stores, names: Names) -> None:
    program, plan = make.program(id=names.program), make.plan(1000)
    stores.catalog.add_program(program, plan)
    first = program.with_payouts(make.program(minimum_payout_minor=7).payouts, T0)
    second = first.with_payouts(make.program(schedule=Schedule.DAILY).payouts, T0 + days(1))
    stores.catalog.change_program(first)
    for stale in (first, program.with_payouts(second.payouts, T0)):
        with pytest.raises(NetworkMovedError):
            stores.catalog.change_program(stale)
    assert stores.catalog.terms(names.program) == Terms(first, (plan,))
    stores.catalog.change_program(second)
    assert stores.catalog.terms_now(names.program) == Terms(second, (plan,))
    assert second in stores.catalog.programs()
    assert (second.revision, second.scheduled_at) == (2, T0 + days(1))


def test_a_program_that_is_not_there_cannot_be_changed(stores: Stores, names: Names) -> None:
    changed = make.program(id=names.program).with_payouts(make.program(minimum_payout_minor=7).payouts, T0)
    with pytest.raises(NetworkMovedError):
        stores.catalog.change_program(changed)
    with pytest.raises(NotFoundError):
        stores.catalog.terms(names.program)


def test_promoters_that_exist_are_returned(stores: Stores, names: Names) -> None:
    ana = make.promoter("pr_ana", program_id=names.program)
    bo = make.promoter(
        "pr_bo",
        "pr_ana",
        program_id=names.program,
        customer_key="c" * 24,
    )
    for promoter in (ana, bo):
        stores.catalog.add_promoter(promoter)
    found = stores.catalog.promoters(names.program, ("pr_bo", "pr_ana", "pr_nobody", "pr_ana", "no#one"))
    assert found == {"pr_ana": ana, "pr_bo": bo}


def test_asking_for_nobody_finds_nobody(stores: Stores, names: Names) -> None:
    assert stores.catalog.promoters(names.program, ()) == {}


def test_a_hundred_promoters_are_read_at_once(stores: Stores, names: Names) -> None:
    ids = [f"pr_{number:03d}" for number in range(100)]
    for promoter_id in ids[::33]:
        stores.catalog.add_promoter(make.promoter(promoter_id, program_id=names.program))
    assert set(stores.catalog.promoters(names.program, ids)) == set(ids[::33])


def test_the_same_id_in_two_programs_is_two_promoters(stores: Stores, names: Names) -> None:
    here = make.promoter("pr_ana", program_id=names.program)
    there = make.promoter("pr_ana", program_id=f"{names.program}-2")
    stores.catalog.add_promoter(here)
    stores.catalog.add_promoter(there)
    assert stores.catalog.promoters(there.program_id, ("pr_ana",)) == {"pr_ana": there}


def test_adding_a_promoter_again_changes_nothing(stores: Stores, names: Names) -> None:
    ana = make.promoter("pr_ana", program_id=names.program)
    stores.catalog.add_promoter(ana)
    with pytest.raises(AlreadyExistsError):
        stores.catalog.add_promoter(make.promoter("pr_ana", "pr_bo", program_id=names.program))
    assert stores.catalog.promoters(names.program, ("pr_ana",)) == {"pr_ana": ana}


# --- a network that changes ----------------------------------------------------------------------


def changing(names: Names) -> Promoter:
    """Return a promoter with every kind of change, some of one instant, one to nobody."""
    promoter = make.promoter("pr_ana", "pr_x", program_id=names.program, customer_key="c" * 24)
    for number, sponsor_id in enumerate(("pr_bo", None, "pr_bo")):
        promoter = promoter.with_sponsor(sponsor_id, T0 + days(number // 2))
    promoter = promoter.with_status(PromoterStatus.SUSPENDED, "Rückfrage: 水果 \u2028 #1", T0)
    for status in (PromoterStatus.BANNED, PromoterStatus.LEFT):
        promoter = promoter.with_status(status, "#2", T0)
    merges = (Merge(T0, "pr_two"), Merge(T0 + days(1), "pr_three", "c" * 24))
    for key in ("d" * 24, None, "e" * 24):
        promoter = promoter.with_payee(key, T0)
    return replace(promoter, alias=Merge(T0 + days(2), "pr_other"), duplicates=merges)


def test_a_network_that_never_changed_has_version_nought(stores: Stores, names: Names) -> None:
    assert stores.catalog.network_version(names.program) == 0
    stores.catalog.add_promoter(make.promoter("pr_ana", program_id=names.program))
    assert stores.catalog.network_version(names.program) == 0


def test_a_changed_promoter_is_read_with_its_history(stores: Stores, names: Names) -> None:
    changed = changing(names)
    stores.catalog.add_promoter(make.promoter("pr_ana", "pr_x", program_id=names.program))
    stores.catalog.change_promoter(changed, 0)
    assert stores.catalog.promoters(names.program, ("pr_ana",)) == {"pr_ana": changed}
    assert list(stores.catalog.promoters_of(names.program)) == [changed]
    assert stores.catalog.network_version(names.program) == 1


def test_a_promoter_may_be_added_with_a_history(stores: Stores, names: Names) -> None:
    stores.catalog.add_promoter(changing(names))
    assert stores.catalog.promoters(names.program, ("pr_ana",)) == {"pr_ana": changing(names)}


def test_every_change_counts_and_each_program_for_itself(stores: Stores, names: Names) -> None:
    ana, there = (
        make.promoter("pr_ana", program_id=program) for program in (names.program, f"{names.program}-2")
    )
    for promoter in (ana, there):
        stores.catalog.add_promoter(promoter)
    for version in range(3):
        stores.catalog.change_promoter(ana, version)
    assert stores.catalog.network_version(names.program) == 3
    assert stores.catalog.network_version(there.program_id) == 0
    stores.catalog.change_promoter(there, 0)


@pytest.mark.parametrize("seen", [0, 1, 3])
def test_edge_46_a_change_on_another_version_changes_nothing(stores: Stores, names: Names, seen: int) -> None:
    ana = make.promoter("pr_ana", program_id=names.program)
    stores.catalog.add_promoter(ana)
    for version in range(2):
        stores.catalog.change_promoter(ana, version)
    with pytest.raises(NetworkMovedError):
        stores.catalog.change_promoter(ana.with_sponsor("pr_bo", T0), seen)
    assert stores.catalog.promoters(names.program, ("pr_ana",)) == {"pr_ana": ana}
    assert stores.catalog.network_version(names.program) == 2


def test_a_change_of_nobody_is_refused_and_does_not_count(stores: Stores, names: Names) -> None:
    nobody = make.promoter("pr_nobody", program_id=names.program)
    with pytest.raises(NotFoundError, match="pr_nobody"):
        stores.catalog.change_promoter(nobody, 0)
    assert stores.catalog.network_version(names.program) == 0
    assert stores.catalog.promoters(names.program, ("pr_nobody",)) == {}


def test_a_version_that_moved_is_said_before_anything_else(stores: Stores, names: Names) -> None:
    ana = make.promoter("pr_ana", program_id=names.program)
    stores.catalog.add_promoter(ana)
    stores.catalog.change_promoter(ana, 0)
    with pytest.raises(NetworkMovedError):
        stores.catalog.change_promoter(make.promoter("pr_nobody", program_id=names.program), 0)


@pytest.mark.parametrize("missing", ["pr_ana", "pr_bo"])
def test_edge_50_promoters_change_together_or_not_at_all(stores: Stores, names: Names, missing: str) -> None:
    ana, bo = (make.promoter(name, program_id=names.program) for name in ("pr_ana", "pr_bo"))
    there, nobody = (bo, ana) if missing == ana.id else (ana, bo)
    stores.catalog.add_promoter(there)
    alias, merged = (
        replace(ana, alias=Merge(T0, bo.id)),
        replace(bo, duplicates=(Merge(T0, ana.id),)),
    )
    with pytest.raises(NotFoundError, match=missing):
        stores.catalog.change_promoter(alias, 0, merged)
    assert stores.catalog.promoters(names.program, (ana.id, bo.id)) == {there.id: there}
    stores.catalog.add_promoter(nobody)
    with pytest.raises(NetworkMovedError):
        stores.catalog.change_promoter(alias, 1, merged)
    stores.catalog.change_promoter(alias, 0, merged)
    assert stores.catalog.promoters(names.program, (ana.id, bo.id)) == {ana.id: alias, bo.id: merged}
    assert stores.catalog.network_version(names.program) == 1


# --- versions of a plan --------------------------------------------------------------------------


def test_versions_of_a_plan_are_read_in_the_order_in_which_they_take_effect(
    stores: Stores, names: Names
) -> None:
    program, first = make.program(id=names.program), make.plan(1000)
    second = make.plan(
        500, 0, version=2, effective_at=T0 + days(60), vacancy=Vacancy.DEFAULT_SPONSOR, default_sponsor_id="x"
    )
    third = make.plan(700, version=3, effective_at=T0 + days(30), vacancy=Vacancy.COMPRESS)
    stores.catalog.add_program(program, first)
    stores.catalog.add_plan(names.program, second)
    stores.catalog.add_plan(names.program, third)
    assert stores.catalog.terms(names.program) == Terms(program, (first, third, second))


@pytest.mark.parametrize("later", [0, 7])
def test_a_version_number_is_taken_once_whenever_it_takes_effect(
    stores: Stores, names: Names, later: int
) -> None:
    program, first = make.program(id=names.program), make.plan(1000)
    second = make.plan(500, version=2, effective_at=T0 + days(1))
    stores.catalog.add_program(program, first)
    stores.catalog.add_plan(names.program, second)
    with pytest.raises(AlreadyExistsError, match="plan version '2'"):
        stores.catalog.add_plan(names.program, make.plan(700, version=2, effective_at=T0 + days(1 + later)))
    assert stores.catalog.terms(names.program) == Terms(program, (first, second))


def test_the_first_versions_number_is_taken_too(stores: Stores, names: Names) -> None:
    stores.catalog.add_program(make.program(id=names.program), make.plan(1000))
    with pytest.raises(AlreadyExistsError):
        stores.catalog.add_plan(names.program, make.plan(700, effective_at=T0))


# --- storefronts, lists, merchants ---------------------------------------------------------------


def test_a_storefront_is_read_as_it_was_added_once(stores: Stores, names: Names) -> None:
    storefront = make.storefront(id=names.storefront, program_id=names.program)
    stores.catalog.add_storefront(storefront)
    with pytest.raises(AlreadyExistsError):
        stores.catalog.add_storefront(make.storefront(id=names.storefront, domain="other.example"))
    assert stores.catalog.storefront(names.storefront) == storefront


def test_storefronts_are_listed_by_program_and_all_together(stores: Stores, names: Names) -> None:
    first, second = (
        make.storefront(id=f"{names.storefront}-{n}", program_id=names.program, platform="shopify")
        for n in (1, 2)
    )
    elsewhere = make.storefront(id=f"{names.storefront}-3", program_id=f"{names.program}-2")
    for storefront in (second, elsewhere, first):
        stores.catalog.add_storefront(storefront)
    assert list(stores.catalog.storefronts(names.program)) == [first, second]
    assert list(stores.catalog.storefronts(f"{names.program}-2")) == [elsewhere]
    everywhere = list(stores.catalog.storefronts())
    assert [one for one in everywhere if one in (first, second, elsewhere)] == [first, second, elsewhere]
    assert list(stores.catalog.storefronts("with#sign")) == []


@pytest.mark.parametrize("storefront_id", ["sf-nowhere", "with#sign", "x" * 3000])
def test_an_unknown_storefront_is_none(stores: Stores, storefront_id: str) -> None:
    assert stores.catalog.storefront(storefront_id) is None


def test_programs_are_listed_all_and_by_merchant(stores: Stores, names: Names) -> None:
    mine = [make.program(id=f"{names.program}.{n}", merchant_id=names.merchant) for n in (3, 1, 2)]
    # A merchant whose id begins as ours does is another merchant.
    other = make.program(id=f"{names.program}.4", merchant_id=f"{names.merchant}0")
    for program in (*mine, other):
        stores.catalog.add_program(program, make.plan())
    assert list(stores.catalog.programs(names.merchant)) == sorted(mine, key=lambda program: program.id)
    assert {*mine, other} <= set(stores.catalog.programs())
    assert list(stores.catalog.programs()) == list(stores.catalog.programs())


def test_a_merchant_without_programs_has_none(stores: Stores, names: Names) -> None:
    assert list(stores.catalog.programs(names.merchant)) == []


def test_promoters_of_a_program_are_listed_by_id(stores: Stores, names: Names) -> None:
    ids = ("pr_c", "pr_a", "pr_b")
    for promoter_id in ids:
        stores.catalog.add_promoter(make.promoter(promoter_id, program_id=names.program))
    stores.catalog.add_promoter(make.promoter("pr_d", program_id=f"{names.program}-2"))
    for after, found in (("", "abc"), ("pr_a", "bc"), ("pr_aa", "bc"), ("pr_c", ""), ("pr_z", "")):
        listed = [promoter.id for promoter in stores.catalog.promoters_of(names.program, after)]
        assert listed == [f"pr_{letter}" for letter in found]


def test_a_merchant_is_added_with_its_key(stores: Stores, names: Names) -> None:
    stores.catalog.add_merchant(names.merchant, "Shop", api_key(names))
    assert stores.catalog.api_key(api_key(names).id) == api_key(names)


def test_a_merchant_that_is_there_gets_no_second_key(stores: Stores, names: Names) -> None:
    stores.catalog.add_merchant(names.merchant, "Shop", api_key(names))
    second = api_key(names, f"second{names.number}")
    with pytest.raises(AlreadyExistsError):
        stores.catalog.add_merchant(names.merchant, "Other", second)
    assert stores.catalog.api_key(second.id) is None


@pytest.mark.parametrize("key_id", ["nokey", "with#sign", ""])
def test_an_unknown_key_is_none(stores: Stores, key_id: str) -> None:
    assert stores.catalog.api_key(key_id) is None
