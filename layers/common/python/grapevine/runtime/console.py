"""The JSON API's Lambda side: who calls, what they may see, and one use case each."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import InvalidInputError, NotFoundError, UnauthenticatedError
from grapevine.domain.facts import OrderKey
from grapevine.domain.programs import Terms
from grapevine.runtime import api, replies
from grapevine.runtime.body import Body
from grapevine.runtime.http import Incoming
from grapevine.runtime.parts import Parts
from grapevine.usecases import change_promoter as network
from grapevine.usecases import create_coupon as coupons
from grapevine.usecases import create_program as programs
from grapevine.usecases import create_promoter as people
from grapevine.usecases import publish_plan as plans
from grapevine.usecases import publish_rate as rates
from grapevine.usecases.create_merchant import authenticate
from grapevine.usecases.explain_entry import ExplainEntry, ExplainPorts, explain_entry
from grapevine.usecases.read_balance import list_entries, read_balance

Json = dict[str, Any]
LONGEST_SEQUENCE = 9
"""Digits of an entry's number that are read."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A request: the Authorization header, the body, and the parts that serve it."""

    authorization: str
    raw_body: bytes
    parts: Parts

    @classmethod
    def of(cls, request: Incoming, parts: Parts) -> Caller:
        """Return who sends a request."""
        return cls(request.headers.get("authorization", ""), request.body, parts)

    def merchant_id(self) -> str:
        """Return who calls; UnauthenticatedError unless the header is `Bearer` and a good API key."""
        scheme, _, api_key = self.authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise UnauthenticatedError("no bearer token")
        return authenticate(api_key.strip(), self.parts.catalog)

    def terms(self, program_id: str) -> Terms:
        """Return a program of the caller; one of somebody else does not exist for them."""
        merchant_id = self.merchant_id()
        terms = self.parts.catalog.terms(program_id)
        if terms.program.merchant_id != merchant_id:
            raise NotFoundError("program", program_id)
        return terms

    def body(self) -> Body:
        """Return the JSON object that was sent."""
        try:
            return Body.of(json.loads(self.raw_body))
        except (ValueError, RecursionError):
            raise InvalidInputError("is not JSON", "body") from None


def create_program(caller: Caller) -> Json:
    """Create a program with its plan."""
    merchant_id, parts = caller.merchant_id(), caller.parts
    command = api.to_create_program(caller.body(), merchant_id, parts.now())
    program = programs.create_program(command, parts.catalog, parts.secrets, parts.random_bytes, parts.now())
    return replies.from_program(parts.catalog.terms(program.id))


def list_programs(caller: Caller) -> Json:
    """List the caller's programs."""
    found = caller.parts.catalog.programs(caller.merchant_id())
    return {"programs": [replies.from_program(caller.parts.catalog.terms(program.id)) for program in found]}


def read_program(caller: Caller, program_id: str) -> Json:
    """Return a program with its plans."""
    return replies.from_program(caller.terms(program_id))


def create_storefront(caller: Caller, program_id: str) -> Json:
    """Connect a shop."""
    program_id, parts = caller.terms(program_id).program.id, caller.parts
    command = api.to_create_storefront(caller.body(), program_id)
    storefront = programs.create_storefront(
        command, parts.catalog, parts.catalog, parts.secrets, parts.random_bytes
    )
    return replies.from_storefront(storefront)


def create_promoter(caller: Caller, program_id: str) -> Json:
    """Let somebody join."""
    program = caller.terms(program_id).program
    command = api.to_create_promoter(caller.body(), program.id)
    now = caller.parts.now()
    return replies.from_promoter(people.create_promoter(command, _people(caller.parts), now), now)


def list_promoters(caller: Caller, program_id: str) -> Json:
    """List a program's promoters."""
    caller.terms(program_id)
    now, found = caller.parts.now(), caller.parts.catalog.promoters_of(program_id)
    return {"promoters": [replies.from_promoter(promoter, now) for promoter in found]}


def publish_plan(caller: Caller, program_id: str) -> Json:
    """Publish the next version of the plan."""
    program, parts = caller.terms(program_id).program, caller.parts
    return replies.from_plan(
        plans.publish_plan(api.to_publish_plan(caller.body(), program.id), parts.catalog, parts.now())
    )


def publish_rate(caller: Caller, program_id: str) -> Json:
    """Publish an exchange rate into the program's currency."""
    program, parts = caller.terms(program_id).program, caller.parts
    return replies.from_rate(
        rates.publish_rate(api.to_publish_rate(caller.body(), program.id), parts.catalog)
    )


def create_coupon(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Give a promoter a personal discount code."""
    program, parts, now = caller.terms(program_id).program, caller.parts, caller.parts.now()
    command = api.to_create_coupon(caller.body(), program.id, promoter_id)
    return replies.from_coupon(coupons.create_coupon(command, parts.catalog, now), now)


def switch_coupon(caller: Caller, program_id: str, code: str) -> Json:
    """Let a code count, or not, from now on."""
    program, parts, now = caller.terms(program_id).program, caller.parts, caller.parts.now()
    command = api.to_switch_coupon(caller.body(), program.id, unquote(code))
    return replies.from_coupon(coupons.switch_coupon(command, parts.catalog, now), now)


def change_sponsor(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Give a promoter another sponsor from now on."""
    program, now = caller.terms(program_id).program, caller.parts.now()
    command = api.to_change_sponsor(caller.body(), program.id, promoter_id)
    return replies.from_promoter(network.change_sponsor(command, caller.parts.catalog, now), now)


def change_status(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Suspend a promoter, or let them earn again, from now on."""
    program, now = caller.terms(program_id).program, caller.parts.now()
    command = api.to_change_status(caller.body(), program.id, promoter_id)
    return replies.from_promoter(network.change_status(command, caller.parts.catalog, now), now)


def create_link(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Make a promoter's link."""
    program = caller.terms(program_id).program
    command = api.to_create_link(caller.body(), program.id, promoter_id)
    return replies.from_link(people.create_link(command, _people(caller.parts), caller.parts.now()))


def read_promoter_balance(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Return where a promoter's money is."""
    return replies.from_balance(
        read_balance(_account(caller, program_id, promoter_id), caller.parts.treasury)
    )


def list_promoter_entries(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Return a promoter's newest entries."""
    key = _account(caller, program_id, promoter_id)
    found = list_entries(key, caller.parts.pages, caller.parts.ledger)
    return {"entries": [replies.from_entry(entry) for entry in found]}


def explain(caller: Caller, program_id: str, name: tuple[str, str, str]) -> Json:
    """Explain one entry of an order."""
    caller.terms(program_id)
    storefront_id, order_id, sequence = name
    if not (sequence.isdecimal() and len(sequence) <= LONGEST_SEQUENCE):
        raise InvalidInputError("must be a whole number", "sequence")
    command = ExplainEntry(program_id, OrderKey.parse(f"{storefront_id}/{order_id}"), int(sequence))
    ports = ExplainPorts(caller.parts.ledger, caller.parts.facts, caller.parts.catalog)
    return explain_entry(command, ports)


def _people(parts: Parts) -> people.PeoplePorts:
    return people.PeoplePorts(parts.catalog, parts.secrets, parts.personal_data, parts.random_bytes)


def _account(caller: Caller, program_id: str, promoter_id: str) -> AccountKey:
    program = caller.terms(program_id).program
    if promoter_id not in caller.parts.catalog.promoters(program_id, (promoter_id,)):
        raise NotFoundError("promoter", promoter_id)
    return AccountKey(program_id, promoter_id, program.currency)
