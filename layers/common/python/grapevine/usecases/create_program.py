"""Create a program with the first version of its plan, and its storefronts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.ids import RandomBytes, new_id
from grapevine.domain.links import checked_host
from grapevine.domain.payout_terms import USUAL, PayoutTerms
from grapevine.domain.plan_faults import plan_faults, with_default_tiers
from grapevine.domain.plans import Plan
from grapevine.domain.profiles import Profile, plan_rule_faults
from grapevine.domain.programs import InvalidProgramError, Program, Storefront, program_faults
from grapevine.ports import CatalogWriter, SecretStore, StorefrontSecrets, TermsReader

MIN_SECRET = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateProgram:
    """A merchant's new offer; `plan` takes effect at once, whatever instant it names."""

    merchant_id: str
    name: str
    currency: str
    time_zone: str
    allowed_hosts: tuple[str, ...]
    plan: Plan
    sandbox: bool = False
    profile: Profile = Profile.GLOBAL
    payouts: PayoutTerms = USUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateStorefront:
    """A shop to connect; the secret signs its webhooks, `previous_secret` did until lately."""

    program_id: str
    platform: str
    domain: str
    webhook_secret: str
    previous_secret: str | None = None


def create_program(
    command: CreateProgram,
    catalog: CatalogWriter,
    secrets: SecretStore,
    random_bytes: RandomBytes,
    now: datetime,
) -> Program:
    """Store a program, its plan and the key that hides its people; InvalidProgramError names every fault."""
    hosts, host_faults = _checked_hosts(command.allowed_hosts)
    program = Program(
        id=new_id("pg", random_bytes),
        merchant_id=command.merchant_id,
        name=command.name,
        currency=command.currency,
        time_zone=command.time_zone,
        allowed_hosts=hosts,
        created_at=now,
        payouts=command.payouts,
        sandbox=command.sandbox,
        profile=command.profile,
    )
    plan = with_default_tiers(replace(command.plan, version=1, effective_at=now), program.currency)
    faults = (
        *host_faults,
        *program_faults(program),
        *_first_plan_faults(plan),
        *plan_rule_faults(program.profile, plan),
    )
    if faults:
        raise InvalidProgramError(faults)
    # The key first: a program without one could take orders whose customers it cannot hide.
    secrets.put_subject_key(program.id, random_bytes(32))
    catalog.add_program(program, plan)
    return program


def _first_plan_faults(plan: Plan) -> tuple[InvalidInputError, ...]:
    """Return everything wrong with a first plan: nobody has joined yet who could be its default sponsor."""
    sponsor_id = plan.default_sponsor_id
    unknown = InvalidInputError(f"no promoter {sponsor_id!r} in this program", "default_sponsor_id")
    return (*plan_faults(plan), *((unknown,) if sponsor_id is not None else ()))


def _checked_hosts(hosts: Sequence[str]) -> tuple[tuple[str, ...], tuple[InvalidInputError, ...]]:
    good: list[str] = []
    faults: list[InvalidInputError] = []
    for host in hosts:
        try:
            good.append(checked_host(host, "allowed_hosts"))
        except InvalidInputError as fault:
            faults.append(fault)
    return tuple(good), tuple(faults)


def create_storefront(
    command: CreateStorefront,
    catalog: CatalogWriter,
    terms: TermsReader,
    secrets: SecretStore,
    platforms: Collection[str],
    random_bytes: RandomBytes,
) -> Storefront:
    """Store a storefront, its secrets in the secret store only; NotFoundError without its program."""
    program_id = terms.terms(command.program_id).program.id
    if command.platform not in platforms:
        raise InvalidInputError(f"must be one of {', '.join(platforms)}", "platform")
    refuse_short(command.webhook_secret, "webhook_secret")
    refuse_short(command.previous_secret, "previous_secret")
    storefront = Storefront(
        id=new_id("sf", random_bytes),
        program_id=program_id,
        platform=command.platform,
        domain=checked_host(command.domain, "domain"),
    )
    given = (command.webhook_secret, command.previous_secret)
    kept = StorefrontSecrets(
        webhook_secrets=tuple(secret for secret in given if secret),
        subject_key=secrets.subject_key(program_id),
    )
    secrets.put_storefront_secrets(storefront.id, kept)
    catalog.add_storefront(storefront)
    return storefront


def refuse_short(secret: str | None, where: str) -> None:
    """Refuse a secret that could be guessed: either one lets orders in."""
    if secret is not None and len(secret) < MIN_SECRET:
        raise InvalidInputError(f"must have at least {MIN_SECRET} characters", where)
