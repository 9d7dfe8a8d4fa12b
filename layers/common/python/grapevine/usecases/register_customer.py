"""Tie a customer to a promoter where they signed up, and tell that two customers are one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.bindings import Registration, SamePerson
from grapevine.domain.clicks import Click
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.ids import visitor_of
from grapevine.domain.people import CUSTOMER_KEY, EMAIL, subject_key
from grapevine.domain.plans import CLOCK_SKEW, DAY, Plan
from grapevine.ports import ClickReader, PeopleCatalog, SecretStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterCustomer:
    """A customer signed up, through a click or a promoter whom the shop names.

    `customer` is an e-mail address, or the key that stands for one.
    """

    program_id: str
    customer: str
    click_id: str | None = None
    promoter_id: str | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinCustomers:
    """A guest turned out to be somebody with an account, or two accounts to be one person's."""

    program_id: str
    customer: str
    other: str
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CustomerPorts:
    """The catalog, clicks, and the program's key that hides its people."""

    catalog: PeopleCatalog
    clicks: ClickReader
    secrets: SecretStore


def register_customer(command: RegisterCustomer, ports: CustomerPorts, now: datetime) -> Registration:
    """Store a registration; what it ties is for the plan of each later order to say.

    AlreadyExistsError when the customer has one of that instant.
    """
    if command.click_id is None and command.promoter_id is None:
        raise InvalidInputError("one of click_id and promoter_id is needed", "promoter_id")
    if command.click_id is not None and command.promoter_id is not None:
        raise InvalidInputError("names a promoter already: one of click_id and promoter_id", "click_id")
    occurred_at = _happened(command.occurred_at, now)
    registration = Registration(
        program_id=command.program_id,
        customer_key=_key(command.customer, "customer", command.program_id, ports.secrets),
        promoter_id=_promoter(command, occurred_at, ports),
        occurred_at=occurred_at,
        recorded_at=now,
    )
    ports.catalog.add_registration(registration)
    return registration


def join_customers(command: JoinCustomers, ports: CustomerPorts, now: datetime) -> SamePerson:
    """Store that two customers are one person from an instant on; orders decided before it stay."""
    same = SamePerson(
        program_id=command.program_id,
        customer_key=_key(command.customer, "customer", command.program_id, ports.secrets),
        other_key=_key(command.other, "other", command.program_id, ports.secrets),
        occurred_at=_happened(command.occurred_at, now),
        recorded_at=now,
    )
    if same.customer_key == same.other_key:
        raise InvalidInputError("is the same customer", "other")
    ports.catalog.add_same_person(same)
    return same


def _happened(told: datetime | None, now: datetime) -> datetime:
    if told is not None and told - now > CLOCK_SKEW:
        raise InvalidInputError("is in the future", "occurred_at")
    return told or now


def _key(customer: str, where: str, program_id: str, secrets: SecretStore) -> str:
    if EMAIL.fullmatch(customer):
        return subject_key(secrets.subject_key(program_id), customer)
    if CUSTOMER_KEY.fullmatch(customer):
        return customer
    raise InvalidInputError("is neither an e-mail address nor a customer's key", where)


def _promoter(command: RegisterCustomer, occurred_at: datetime, ports: CustomerPorts) -> str:
    plan = ports.catalog.terms(command.program_id).plan_at(occurred_at)
    promoter_id = command.promoter_id or _clicked(command, occurred_at, plan, ports.clicks).promoter_id
    if promoter_id not in ports.catalog.promoters(command.program_id, (promoter_id,)):
        raise NotFoundError("promoter", promoter_id)
    return promoter_id


def _clicked(command: RegisterCustomer, occurred_at: datetime, plan: Plan, clicks: ClickReader) -> Click:
    """Return the click that led to the sign-up; it counts as it would for an order of that instant."""
    click_id = command.click_id or ""
    click = clicks.click(click_id) if visitor_of(click_id) else None
    if click is None or click.program_id != command.program_id:
        raise NotFoundError("click", click_id)
    age = occurred_at - click.occurred_at
    if click.bot_reason or not -CLOCK_SKEW <= age < plan.click_window_days * DAY:
        raise InvalidInputError("is a robot's, after the registration, or outside the window", "click_id")
    return click
