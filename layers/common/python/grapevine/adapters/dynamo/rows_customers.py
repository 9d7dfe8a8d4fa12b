"""How what is known of customers looks in the catalog table."""

from __future__ import annotations

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from grapevine.adapters.dynamo import catalog_keys, keys
from grapevine.adapters.dynamo.rows import Instant, Row
from grapevine.domain.bindings import CustomerNote, CustomerOrder, Registration, SamePerson
from grapevine.domain.instants import from_text


class CustomerOrderRow(Row, discriminator="customer_order"):
    """`BD#program#customer` / `O#storefront#order#000001`: what one entry of an order told."""

    recorded_at = Instant()
    placed_at = Instant(null=True)
    through_id = UnicodeAttribute(null=True)
    earned = BooleanAttribute()


class RegistrationRow(Row, discriminator="registration"):
    """`BD#program#customer` / `R#occurred`."""

    promoter_id = UnicodeAttribute()
    recorded_at = Instant()


class SamePersonRow(Row, discriminator="same_person"):
    """`BD#program#customer` / `I#other`, and the same with the two changed over."""

    occurred_at = Instant()
    recorded_at = Instant()


def customer_order_row(told: CustomerOrder) -> CustomerOrderRow:
    """Return what an entry tells of its order's customer as it is stored."""
    return CustomerOrderRow(
        *catalog_keys.customer_order(told),
        recorded_at=told.recorded_at,
        placed_at=told.placed_at,
        through_id=told.note.through_id,
        earned=told.note.earned,
    )


def customer_order_of(stored: CustomerOrderRow) -> CustomerOrder:
    """Read it back."""
    order, sequence = catalog_keys.customer_order_of(stored.key)
    return CustomerOrder(
        program_id=catalog_keys.program_in(stored.pk),
        order=order,
        sequence=sequence,
        recorded_at=stored.recorded_at,
        placed_at=stored.placed_at,
        note=CustomerNote(keys.last_part(stored.pk), stored.through_id, stored.earned),
    )


def registration_row(registration: Registration) -> RegistrationRow:
    """Return a registration as it is stored."""
    return RegistrationRow(
        *catalog_keys.registration(
            registration.program_id, registration.customer_key, registration.occurred_at
        ),
        promoter_id=registration.promoter_id,
        recorded_at=registration.recorded_at,
    )


def registration_of(stored: RegistrationRow) -> Registration:
    """Read a registration back."""
    return Registration(
        program_id=catalog_keys.program_in(stored.pk),
        customer_key=keys.last_part(stored.pk),
        promoter_id=stored.promoter_id,
        occurred_at=from_text(keys.last_part(stored.sk)),
        recorded_at=stored.recorded_at,
    )


def same_person_rows(same: SamePerson) -> tuple[SamePersonRow, SamePersonRow]:
    """Return it as it is stored, under both keys."""
    first, second = (
        SamePersonRow(
            *catalog_keys.same_person(same.program_id, name, same.seen_from(name)),
            occurred_at=same.occurred_at,
            recorded_at=same.recorded_at,
        )
        for name in (same.customer_key, same.other_key)
    )
    return first, second


def same_person_of(stored: SamePersonRow) -> SamePerson:
    """Read it back, seen from the key it is stored under."""
    return SamePerson(
        program_id=catalog_keys.program_in(stored.pk),
        customer_key=keys.last_part(stored.pk),
        other_key=keys.last_part(stored.sk),
        occurred_at=stored.occurred_at,
        recorded_at=stored.recorded_at,
    )
