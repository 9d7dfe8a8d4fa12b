"""Create promoters and their links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from grapevine.domain.ids import RandomBytes, new_id, new_link_code
from grapevine.domain.links import Link, checked_destination
from grapevine.domain.people import EMAIL, Promoter, subject_key, upline_of
from grapevine.domain.plans import MAX_LEVELS
from grapevine.domain.programs import Terms
from grapevine.ports import DecisionCatalog, PeopleCatalog, PersonalData, SecretStore

CODE_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePromoter:
    """A person who joins a program, introduced by a sponsor or by nobody."""

    program_id: str
    name: str
    email: str
    sponsor_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateLink:
    """A promoter's link to a page of the shop, and the product that is sold there."""

    program_id: str
    promoter_id: str
    destination: str
    product_id: str | None = None


@dataclass(frozen=True, slots=True)
class PeoplePorts:
    """The catalog, the program's key, and the place for personal data."""

    catalog: PeopleCatalog
    secrets: SecretStore
    personal_data: PersonalData
    random_bytes: RandomBytes


def create_promoter(command: CreatePromoter, ports: PeoplePorts, now: datetime) -> Promoter:
    """Store a promoter; the e-mail address goes to the private store under its keyed hash only."""
    program_id = ports.catalog.terms(command.program_id).program.id
    if not command.name.strip() or len(command.name) > 100:
        raise InvalidInputError("must have 1 to 100 characters", "name")
    if EMAIL.fullmatch(command.email) is None:
        raise InvalidInputError("is not an e-mail address", "email")
    if command.sponsor_id is not None and not ports.catalog.promoters(program_id, (command.sponsor_id,)):
        raise InvalidInputError(f"no promoter {command.sponsor_id!r} in this program", "sponsor_id")
    key = subject_key(ports.secrets.subject_key(program_id), command.email)
    promoter = Promoter(
        id=new_id("pr", ports.random_bytes),
        program_id=program_id,
        name=command.name.strip(),
        sponsor_id=command.sponsor_id,
        joined_at=now,
        customer_key=key,
    )
    ports.personal_data.remember(key, {"email": command.email, "promoter_id": promoter.id})
    ports.catalog.add_promoter(promoter)
    return promoter


def create_link(command: CreateLink, ports: PeoplePorts, now: datetime) -> Link:
    """Store a link under a fresh code; the destination must be a page of the program's shop.

    NotFoundError for a product that nobody has put.
    """
    terms = ports.catalog.terms(command.program_id)
    destination = checked_destination(command.destination, terms.program.allowed_hosts)
    chain = _chain(command.promoter_id, terms, ports.catalog, now)
    product_id = command.product_id
    if product_id is not None and product_id not in ports.catalog.products(terms.program.id, (product_id,)):
        raise NotFoundError("product", product_id)
    for _ in range(CODE_ATTEMPTS):
        link = Link(
            code=new_link_code(ports.random_bytes),
            program_id=terms.program.id,
            promoter_id=command.promoter_id,
            destination=destination,
            upline=chain[1:],
            product_id=product_id,
        )
        try:
            ports.catalog.add_link(link)
        except AlreadyExistsError:
            continue
        return link
    raise AlreadyExistsError("link code", f"{CODE_ATTEMPTS} in a row")


def _chain(promoter_id: str, terms: Terms, catalog: DecisionCatalog, now: datetime) -> tuple[str, ...]:
    known = catalog.promoters(terms.program.id, (promoter_id,))
    if promoter_id not in known:
        raise NotFoundError("promoter", promoter_id)
    for _ in range(MAX_LEVELS - 1):
        sponsor_id = known[upline_of(promoter_id, MAX_LEVELS, known, now)[-1]].sponsor_at(now)
        if sponsor_id and sponsor_id not in known:
            known.update(catalog.promoters(terms.program.id, (sponsor_id,)))
    return upline_of(promoter_id, MAX_LEVELS, known, now)
