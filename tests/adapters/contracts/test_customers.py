"""What is known of customers: registrations, keys of one person, and orders beside their entries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.bindings import CustomerNote, CustomerOrder, History, Registration, SamePerson
from grapevine.domain.errors import AlreadyExistsError, EntryExistsError
from grapevine.domain.plans import BindingPolicy
from grapevine.usecases.post_order import PostOrder, post_order
from tests import builders as make
from tests.adapters.contracts.chains import first
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days, minutes

KEY, OTHER = "a" * 24, "b" * 24


def told(names: Names, order_id: str = "1001", **changes: object) -> CustomerOrder:
    values: dict[str, object] = {
        "program_id": names.program,
        "order": names.order(order_id),
        "sequence": 1,
        "recorded_at": T0 + minutes(2),
        "placed_at": T0,
        "note": CustomerNote(KEY, "pr_ana", earned=True),
    }
    return CustomerOrder(**{**values, **changes})  # type: ignore[arg-type]


def registration(names: Names) -> Registration:
    return Registration(
        program_id=names.program,
        customer_key=KEY,
        promoter_id="pr_ana",
        occurred_at=T0 - days(1),
        recorded_at=T0,
    )


def same_person(names: Names, customer_key: str = KEY, other_key: str = OTHER) -> SamePerson:
    return SamePerson(
        program_id=names.program,
        customer_key=customer_key,
        other_key=other_key,
        occurred_at=T0,
        recorded_at=T0 + minutes(1),
    )


def test_nothing_is_known_of_a_customer_who_never_came(stores: Stores, names: Names) -> None:
    assert stores.catalog.customer(names.program, KEY) == History()
    assert stores.catalog.customer(names.program, "with#sign") == History()


def test_everything_of_a_customer_is_read_at_once(stores: Stores, names: Names) -> None:
    stores.catalog.add_registration(registration(names))
    stores.catalog.add_same_person(same_person(names))
    stores.ledger.append(first(names), (told(names),))
    assert stores.catalog.customer(names.program, KEY) == History(
        (told(names),), (registration(names),), (same_person(names),)
    )
    assert stores.catalog.customer(names.program, OTHER) == History(
        identities=(same_person(names, OTHER, KEY),)
    )
    assert stores.catalog.customer("pg-other", KEY) == History()


def test_a_registration_of_an_instant_is_there_once(stores: Stores, names: Names) -> None:
    stores.catalog.add_registration(registration(names))
    with pytest.raises(AlreadyExistsError):
        stores.catalog.add_registration(replace(registration(names), promoter_id="pr_bo"))
    later = replace(registration(names), occurred_at=T0)
    stores.catalog.add_registration(later)
    known = stores.catalog.customer(names.program, KEY).registrations
    assert set(known) == {registration(names), later}


def test_two_keys_are_joined_once_from_either_side(stores: Stores, names: Names) -> None:
    stores.catalog.add_same_person(same_person(names))
    for again in (same_person(names), same_person(names, OTHER, KEY)):
        with pytest.raises(AlreadyExistsError):
            stores.catalog.add_same_person(again)
    third = same_person(names, "c" * 24, KEY)
    stores.catalog.add_same_person(third)
    assert len(stores.catalog.customer(names.program, KEY).identities) == 2


def test_what_stands_beside_an_entry_is_written_with_it_or_not_at_all(stores: Stores, names: Names) -> None:
    stores.ledger.append(first(names))
    with pytest.raises(EntryExistsError):
        stores.ledger.append(first(names), (told(names),))
    assert stores.catalog.customer(names.program, KEY) == History()


def test_each_entry_tells_anew_and_two_customers_may_be_told(stores: Stores, names: Names) -> None:
    entry = first(names)
    stores.ledger.append(entry, (told(names),))
    left = told(names, sequence=2, placed_at=None, note=CustomerNote(KEY))
    came = told(names, sequence=2, note=CustomerNote(OTHER, None, earned=False))
    stores.ledger.append(replace(entry, sequence=2), (left, came))
    assert set(stores.catalog.customer(names.program, KEY).orders) == {told(names), left}
    assert stores.catalog.customer(names.program, OTHER).orders == (came,)


def test_an_order_of_a_bound_customer_is_posted_to_its_promoter(stores: Stores, names: Names) -> None:
    """From the sign-up over the entry to the history that later orders read."""
    plan = make.plan(1000, binding=BindingPolicy.FIRST_EVER)
    stores.catalog.add_program(make.program(id=names.program), plan)
    stores.catalog.add_promoter(make.promoter("pr_ana", program_id=names.program))
    stores.catalog.add_registration(registration(names))
    body = make.snapshot(click_id=None, customer_key=KEY)
    stores.facts.append(make.fact(order=names.order(), program_id=names.program, snapshot=body))
    entry = post_order(PostOrder(names.order()), stores.orders, T0 + minutes(2))
    assert entry is not None
    assert [posting.amount.minor for posting in entry.postings] == [1333]
    assert stores.ledger.entries_of(names.order()) == (entry,)
    assert stores.catalog.customer(names.program, KEY).orders == (
        told(names, note=CustomerNote(KEY, None, earned=True)),
    )
