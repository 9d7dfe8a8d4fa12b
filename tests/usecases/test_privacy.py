"""Everything of everybody is found, shown and erased; the books do not notice."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.people import PromoterStatus, subject_key
from grapevine.domain.privacy import (
    ERASED,
    BatchOpenError,
    OwedError,
    PrivacyAct,
    PrivacyRecord,
    RecordState,
    Whose,
)
from grapevine.usecases.erase_customer import EraseCustomer, EraseShop, erase_customer, erase_shop
from grapevine.usecases.erase_promoter import ErasePromoter, erase_promoter
from grapevine.usecases.find_customer import AskedCustomer, CustomerPrivacyPorts, places_of
from grapevine.usecases.find_promoter import PromoterPrivacyPorts
from grapevine.usecases.merge_promoters import MergePromoters, merge_promoters
from grapevine.usecases.register_customer import CustomerPorts, JoinCustomers, join_customers
from tests.builders import PROGRAM_ID, STOREFRONT_ID, days
from tests.leftovers import found_in, texts_in
from tests.usecases.faults import How, Plug, Plugged, until_done
from tests.usecases.market import (
    MERCHANT,
    NOW,
    Market,
    Partner,
    Shopper,
    ask_to_see,
    books_of,
    deliver,
    market,
)
from tests.usecases.webhooks import order_body
from tests.worlds import SUBJECT_KEY

T = TypeVar("T", CustomerPrivacyPorts, PromoterPrivacyPorts)


def erasing(made: Market, shopper: Shopper) -> EraseCustomer:
    places = places_of(MERCHANT, made.world.catalog)
    return EraseCustomer(
        asked=made.asked(shopper), places=places, asked_by="shop", request_id=f"erase-{shopper.number}"
    )


def erasing_partner(partner: Partner) -> ErasePromoter:
    return ErasePromoter(
        program_id=PROGRAM_ID,
        promoter_id=partner.id,
        asked_by="shop",
        request_id=f"erase-{partner.id}",
        even_if_owed=True,
    )


def erase_shopper(made: Market, shopper: Shopper) -> PrivacyRecord:
    return erase_customer(erasing(made, shopper), made.customer_ports, NOW)


def erase_partner(made: Market, partner: Partner) -> PrivacyRecord:
    return erase_promoter(erasing_partner(partner), made.promoter_ports, NOW)


def left_of(made: Market, names: set[str]) -> set[str]:
    return found_in(texts_in(made.world), names)


def test_the_market_leaves_everybody_everywhere() -> None:
    """What is searched for below is there before: each name in each place that docs/privacy.md lists."""
    made, world = market(1), market(1).world
    shoppers = {name for one in made.shoppers for name in one.names}
    partners = {name for one in made.partners for name in one.names}
    machines = {one.machine for one in made.shoppers}
    assert left_of(made, made.names) == made.names
    assert found_in(texts_in(world.clicks), shoppers) == machines
    bodies = [body for body, _, _ in world.raw_bodies.kept.values()]
    assert found_in(bodies, shoppers) == shoppers - machines
    assert found_in(texts_in(world.personal_data), partners) == {one.email for one in made.partners}
    assert found_in(texts_in(world.payees), partners) == {
        text for one in made.partners for text in (one.account, one.name, one.words)
    }
    assert found_in(texts_in(world.batches), partners)
    for folder in ("payouts/", "results/", "privacy/"):
        files = [body for name, (body, _) in world.files.stored.items() if name.startswith(folder)]
        assert found_in(files, made.names), folder
    for place in (world.catalog, world.treasury):
        assert found_in(texts_in(place), partners)


@given(seed=st.integers(0, 10**9))
@settings(max_examples=15, deadline=None)
def test_edge_90_after_everybody_is_erased_nothing_is_left_of_them_and_the_books_stand(seed: int) -> None:
    made = market(seed)
    world, before = made.world, books_of(made)
    assert left_of(made, made.names) == made.names
    everybody: list[Shopper | Partner] = [*made.shoppers, *made.partners]
    made.random.shuffle(everybody)
    for one in everybody:
        record = erase_shopper(made, one) if isinstance(one, Shopper) else erase_partner(made, one)
        assert record.state is RecordState.DONE
        assert left_of(made, one.names) == set()
    assert left_of(made, made.names) == set()
    assert books_of(made) == before
    assert world.proof().faults == ()
    assert world.live_proof(NOW).faults == ()


# --- a crash between any two calls -----------------------------------------------------------------


def plugged(made: Market, plug: Plug) -> tuple[CustomerPrivacyPorts, PromoterPrivacyPorts]:
    """Everything that is asked, through a plug."""

    def through(ports: T) -> T:
        stores: Any = {part.name: Plugged(getattr(ports, part.name), plug) for part in fields(ports)}
        return type(ports)(**stores)

    return through(made.customer_ports), through(made.promoter_ports)


def both(made: Market, plug: Plug) -> None:
    """Erase one shopper and one partner, as often as it takes."""
    customers, promoters = plugged(made, plug)
    shopper, partner = made.shoppers[0], made.partners[0]
    until_done(lambda: erase_customer(erasing(made, shopper), customers, NOW))
    until_done(lambda: erase_promoter(erasing_partner(partner), promoters, NOW))


def test_edge_90_a_crash_between_any_two_calls_leaves_nothing_behind() -> None:
    counting = Plug()
    both(market(3, 2, 2, 2), counting)
    assert len(counting.calls) > 50
    for fail_at in range(1, len(counting.calls) + 1):
        how = (How.CRASH_BEFORE, How.CRASH_AFTER, How.NO_ANSWER_AFTER)[fail_at % 3]
        made = market(3, 2, 2, 2)
        before = books_of(made)
        both(made, Plug(fail_at, how))
        erased = {*made.shoppers[0].names, *made.partners[0].names}
        assert left_of(made, erased) == set(), (fail_at, counting.calls[fail_at - 1])
        assert books_of(made) == before
        records = list(made.world.privacy_records.records(PROGRAM_ID))
        assert {record.state for record in records} == {RecordState.DONE}
        assert len([record for record in records if record.act is PrivacyAct.ERASE]) == 2


def test_erasing_again_erases_nothing_and_the_same_request_is_one_request() -> None:
    made = market(4)
    shopper, partner = made.shoppers[0], made.partners[0]
    first = erase_shopper(made, shopper), erase_partner(made, partner)
    stored = sorted(texts_in(made.world))
    assert (erase_shopper(made, shopper), erase_partner(made, partner)) == first
    assert sorted(texts_in(made.world)) == stored
    again = erase_customer(
        replace(erasing(made, shopper), request_id="another"), made.customer_ports, NOW + days(1)
    )
    assert (again.id != first[0].id, dict(again.counts)) == (True, {})
    other = erase_promoter(
        replace(erasing_partner(partner), request_id="another"), made.promoter_ports, NOW + days(1)
    )
    assert dict(other.counts) == {"batches": len(made.world.batches.stored)}


def test_what_came_after_a_request_goes_when_it_is_asked_again_in_the_same_words() -> None:
    made = market(17)
    shopper = made.shoppers[0]
    first = erase_shopper(made, shopper)
    order = next(order for order, buyer in made.buyers.items() if buyer == shopper)
    late = order_body(order.order_id, email=shopper.email, note=shopper.name)
    deliver(made, json.dumps(late).encode(), "orders/updated")
    assert left_of(made, shopper.names) == {shopper.email, shopper.name}
    again = erase_shopper(made, shopper)
    assert (again.id, again.counts["raw_bodies"]) == (first.id, first.counts["raw_bodies"] + 1)
    assert left_of(made, shopper.names) == set()


# --- customers -------------------------------------------------------------------------------------


def test_the_evidence_says_who_asked_when_and_how_much_and_names_nobody() -> None:
    made = market(5)
    shopper = made.shoppers[0]
    orders = [order for order, buyer in made.buyers.items() if buyer == shopper]
    record = erase_shopper(made, shopper)
    assert (record.act, record.whose, record.asked_by) == (PrivacyAct.ERASE, Whose.CUSTOMER, "shop")
    assert (record.asked_at, record.done_at, record.state) == (NOW, NOW, RecordState.DONE)
    assert record.subject == subject_key(SUBJECT_KEY, shopper.email)
    assert record.counts["clicks"] == len(orders)
    assert record.counts["raw_bodies"] >= len(orders)
    assert record.counts["documents"] >= 1
    assert list(made.world.privacy_records.records(PROGRAM_ID)).count(record) == 1
    assert found_in(texts_in(record), made.names) == set()


def test_what_others_left_stays() -> None:
    made = market(6)
    others = {name for one in made.shoppers[1:] for name in one.names}
    erase_shopper(made, made.shoppers[0])
    bodies = [body for body, _, _ in made.world.raw_bodies.kept.values()]
    machines = {one.machine for one in made.shoppers[1:]}
    assert found_in(bodies, others) == others - machines
    assert found_in(texts_in(made.world.clicks), others) == machines


def test_a_guest_is_found_by_the_orders_that_the_shop_names() -> None:
    made = market(7)
    shopper = made.shoppers[0]
    orders = tuple(order.order_id for order, buyer in made.buyers.items() if buyer == shopper)
    command = replace(erasing(made, shopper), asked=AskedCustomer(order_ids=(*orders, "9999", "no id#")))
    record = erase_customer(command, made.customer_ports, NOW)
    assert record.subject.startswith("orders_")
    assert left_of(made, shopper.names) == set()


def test_who_is_one_person_with_another_address_is_erased_under_both() -> None:
    made = market(8)
    first, second = made.shoppers[:2]
    ports = CustomerPorts(made.world.catalog, made.world.clicks, made.world.secrets)
    joined = JoinCustomers(program_id=PROGRAM_ID, customer=first.email, other=second.email)
    join_customers(joined, ports, NOW)
    erase_shopper(made, first)
    assert left_of(made, {*first.names, *second.names}) == set()


def test_a_key_stands_for_its_address() -> None:
    made = market(9)
    shopper = made.shoppers[0]
    asked = AskedCustomer(customers=(subject_key(SUBJECT_KEY, shopper.email),))
    erase_customer(replace(erasing(made, shopper), asked=asked), made.customer_ports, NOW)
    # Documents name whom they are about by the same key.
    assert left_of(made, shopper.names) == set()


def test_who_shares_too_is_still_known_as_a_promoter() -> None:
    made = market(10)
    partner = made.partners[0]
    asked = AskedCustomer(customers=(partner.email,))
    erase_customer(replace(erasing(made, made.shoppers[0]), asked=asked), made.customer_ports, NOW)
    key = subject_key(SUBJECT_KEY, partner.email)
    assert made.world.personal_data.person(key) == {"email": partner.email, "promoter_id": partner.id}


@given(seed=st.integers(0, 10**9))
@settings(max_examples=5, deadline=None)
def test_edge_90_a_shop_that_left_takes_all_its_customers_with_it_some_at_a_time(seed: int) -> None:
    made = market(seed, 3, 2, 7)
    before = books_of(made)
    command = EraseShop(
        program_id=PROGRAM_ID, storefront_id=STOREFRONT_ID, asked_by="shop", request_id="left"
    )
    rounds = [erase_shop(command, made.customer_ports, NOW, most=3)]
    while rounds[-1].state is RecordState.OPEN and len(rounds) < 20:
        rounds.append(erase_shop(command, made.customer_ports, NOW, most=3))
    assert rounds[-1].state is RecordState.DONE
    assert len(rounds) > 2
    assert len({record.id for record in rounds}) == 1
    assert left_of(made, {name for one in made.shoppers for name in one.names}) == set()
    assert made.world.raw_bodies.kept == {}
    assert rounds[-1].counts["clicks"] == len(made.orders)
    assert books_of(made) == before
    assert erase_shop(command, made.customer_ports, NOW) == rounds[-1]


# --- promoters -------------------------------------------------------------------------------------


def test_an_erased_promoter_has_left_under_a_neutral_name() -> None:
    made = market(11)
    world = made.world
    for partner in made.partners:
        before = world.catalog.promoters(PROGRAM_ID, (partner.id,))[partner.id]
        erase_partner(made, partner)
        after = world.catalog.promoters(PROGRAM_ID, (partner.id,))[partner.id]
        was = before.status_at(NOW)
        assert after.name == ERASED
        assert after.status_at(NOW) is (PromoterStatus.LEFT if was is PromoterStatus.ACTIVE else was)
        assert {change.reason for change in after.status_changes} == {ERASED}
        assert (after.customer_key, after.payee_changes) == (before.customer_key, before.payee_changes)
        coupon = world.catalog.coupons(PROGRAM_ID, (f"SAVE-{partner.number}",))[f"SAVE-{partner.number}"]
        assert not coupon.is_enabled_at(NOW)
        link = world.catalog.link(made.links[partner.id])
        assert link
        assert link.destination == "https://shop.example/p"


def test_who_is_owed_money_is_not_erased_unless_they_want_it() -> None:
    made = market(12)
    owed = [one for one in made.partners if made.world.balance(one.id).payable_minor]
    assert owed
    for partner in owed:
        stored = sorted(texts_in(made.world))
        with pytest.raises(OwedError, match="not paid out yet") as refused:
            erase_promoter(replace(erasing_partner(partner), even_if_owed=False), made.promoter_ports, NOW)
        minor = made.world.balance(partner.id)
        total = minor.held_minor + minor.payable_minor + minor.blocked_minor
        assert refused.value.told == {"owed": {f"{partner.id}/USD": total}}
        assert sorted(texts_in(made.world)) == stored


def test_money_of_who_was_erased_is_paid_once_they_say_where_to() -> None:
    made = market(12)
    world = made.world
    partner = next(one for one in made.partners if world.balance(one.id).payable_minor > 0)
    erase_partner(made, partner)
    minor = world.balance(partner.id).payable_minor
    world.settle(NOW + days(31))
    key = world.balance(partner.id)
    assert (key.payable_minor, key.reserved_minor) in {(0, minor), (minor, 0)}
    assert world.proof().faults == ()


def test_who_has_a_payout_on_its_way_is_not_erased() -> None:
    made = market(12)
    world = made.world
    world.settle(NOW + days(31))
    partner = next(one for one in made.partners if world.balance(one.id).reserved_minor)
    with pytest.raises(OwedError, match="on its way"):
        erase_partner(made, partner)
    world.send(NOW + days(35))
    with pytest.raises(OwedError, match="on its way"):
        erase_partner(made, partner)
    assert left_of(made, partner.names) == partner.names


def test_a_batch_that_is_open_for_others_keeps_its_files() -> None:
    made = market(12)
    world = made.world
    partner = made.partners[0]
    batch = next(iter(world.batches.stored.values()))
    names = {one.promoter_id for one in batch.transfers}
    partner = next(one for one in made.partners if one.id in names)
    world.batches.opened.add((PROGRAM_ID, batch.id))
    with pytest.raises(BatchOpenError, match=batch.id):
        erase_partner(made, partner)


def test_all_accounts_of_one_person_go_together_and_by_the_one_that_stayed() -> None:
    made = market(13, 2, 3, 4)
    world, (first, second, _) = made.world, made.partners
    merged = MergePromoters(program_id=PROGRAM_ID, duplicate_id=second.id, promoter_id=first.id)
    merge_promoters(merged, world.catalog, NOW - days(1))
    with pytest.raises(InvalidInputError, match=f"duplicate of {first.id}"):
        erase_partner(made, second)
    record = erase_partner(made, first)
    assert record.counts["promoters"] == 2
    assert left_of(made, {*first.names, *second.names}) == set()


def test_nobody_cannot_be_erased() -> None:
    with pytest.raises(NotFoundError):
        erase_partner(market(1, 1, 1, 1), Partner(9, "pr_nobody"))


# --- documents -------------------------------------------------------------------------------------


def documents(made: Market, subject: str) -> list[dict[str, Any]]:
    found = [
        json.loads(body) for name, (body, _) in made.world.files.stored.items() if name.startswith("privacy/")
    ]
    return [document for document in found if subject in document["about"]]


def test_a_customers_document_has_everything_of_theirs_and_nothing_of_others() -> None:
    made = market(14)
    for shopper in made.shoppers:
        (document,) = documents(made, subject_key(SUBJECT_KEY, shopper.email))
        text = json.dumps(document, ensure_ascii=False)
        assert {name for name in shopper.names if name in text} == shopper.names
        others = {name for one in made.shoppers if one != shopper for name in one.names}
        assert {name for name in others if name in text} == set()
        orders = {str(order) for order, buyer in made.buyers.items() if buyer == shopper}
        (shop,) = document["programs"][0]["storefronts"]
        assert {one["order"] for one in shop["orders"]} == orders
        assert "hmac" not in text


def test_a_promoters_document_has_everything_of_theirs_and_nothing_of_others() -> None:
    made = market(15)
    for partner in made.partners:
        (document,) = documents(made, partner.id)
        text = json.dumps(document, ensure_ascii=False)
        assert {name for name in partner.names if name in text} == partner.names
        others = {name for one in made.partners if one != partner for name in one.names}
        assert {name for name in others if name in text} == set()
        (one,) = document["promoters"]
        assert one["person"] == {"email": partner.email, "promoter_id": partner.id}
        assert one["payee"]["details"]["account"] == partner.account
        assert one["links"][0]["destination"].endswith(f"#{partner.words}")
        assert {account for entry in one["entries"] for account in entry["postings"][0]}


def test_the_same_request_writes_one_document() -> None:
    made = market(16)
    files = dict(made.world.files.stored)
    ask_to_see(made)
    assert made.world.files.stored == files
