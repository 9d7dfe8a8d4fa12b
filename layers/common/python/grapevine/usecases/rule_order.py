"""Let a person accept or reject what cannot be right about an order; their ruling is a fact of the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from grapevine.domain.errors import AlreadyExistsError, InvalidInputError, NotFoundError
from grapevine.domain.facts import Fact, FactKind, OrderKey, Ruling
from grapevine.domain.orders import fold
from grapevine.domain.quarantine import rulings_of
from grapevine.ports import FactStore

LONGEST_WHY = 500
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOrder:
    """Who rules what about which fact, named by its digest, and why."""

    program_id: str
    order: OrderKey
    fact: str
    accepted: bool
    by: str
    why: str


def rule_order(command: RuleOrder, facts: FactStore, now: datetime) -> Ruling:
    """Append the ruling and return it; the same again returns the one that stands.

    Raises NotFoundError for an order or fact that does not wait for a person, InvalidInputError
    for what cannot be accepted, AlreadyExistsError where the opposite was ruled. Of two opposite
    rulings at one moment the rejection counts.
    """
    _check_text(command)
    told = facts.facts_of(command.order)
    if not told or told[0].program_id != command.program_id:
        raise NotFoundError("quarantined order", str(command.order))
    standing = _standing(command, told)
    if standing:
        return standing
    fact = _subject(command, told)
    if command.accepted and not fact.can_be_accepted:
        raise InvalidInputError("could not be read, so it can only be rejected", "fact")
    ruling = Ruling(fact=fact.digest, accepted=command.accepted, by=command.by, why=command.why)
    facts.append(_told(ruling, fact, now))
    return ruling


def _check_text(command: RuleOrder) -> None:
    for name, text, longest in (("by", command.by, LONGEST_NAME), ("why", command.why, LONGEST_WHY)):
        if not 0 < len(text.strip()) <= len(text) <= longest:
            raise InvalidInputError(f"must be 1 to {longest} characters", name)


def _standing(command: RuleOrder, told: Sequence[Fact]) -> Ruling | None:
    """Return the ruling that says the same already; AlreadyExistsError for one that says the opposite."""
    for ruling in rulings_of(told):
        if ruling.fact == command.fact and ruling.accepted is command.accepted:
            return ruling
        if ruling.fact == command.fact:
            raise AlreadyExistsError("ruling on fact", ruling.fact)
    return None


def _subject(command: RuleOrder, told: Sequence[Fact]) -> Fact:
    """Return the fact that is ruled on, of an order that is quarantined.

    Usually it has a problem of its own. Bodies that contradict each other have none: any of them
    may be rejected.
    """
    if fold(told).problems:
        for fact in told:
            if fact.digest == command.fact and (fact.problem or (fact.snapshot and not command.accepted)):
                return fact
    raise NotFoundError("quarantined fact", f"{command.order}/{command.fact}")


def _told(ruling: Ruling, fact: Fact, now: datetime) -> Fact:
    """Return a ruling as a fact; named by what it says, so that ruling the same again is the same fact."""
    kind = FactKind.ACCEPTED if ruling.accepted else FactKind.REJECTED
    name = blake2b(f"{kind}|{fact.digest}".encode(), digest_size=8).hexdigest()
    return Fact(
        order=fact.order,
        program_id=fact.program_id,
        kind=kind,
        version=fact.version,
        digest=name,
        recorded_at=now,
        ruling=ruling,
    )
