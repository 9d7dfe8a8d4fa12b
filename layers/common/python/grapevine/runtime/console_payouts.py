"""The JSON API's routes of payouts: where promoters are paid, payouts on demand, and their review."""

from __future__ import annotations

from typing import Any

from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.payouts import PayoutState
from grapevine.domain.people import Promoter
from grapevine.domain.plain import choice_of, text_of, whole_of
from grapevine.domain.programs import Terms
from grapevine.domain.transfers import RailName
from grapevine.runtime import replies, replies_payouts
from grapevine.runtime.body import Body
from grapevine.runtime.caller import Caller
from grapevine.usecases import list_payouts as lists
from grapevine.usecases import put_payee_details as payees
from grapevine.usecases import request_payout as requests
from grapevine.usecases import review_payout as reviews
from grapevine.usecases.put_payee import PutPayee
from grapevine.usecases.read_payouts import read_payouts

Json = dict[str, Any]


# --- where a promoter is paid --------------------------------------------------------------------


def put_payee(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Say where a promoter is paid, in detail or by one name, or forget it."""
    terms, parts, body = caller.terms(program_id), caller.parts, caller.body()
    ports = payees.PayeePorts(parts.catalog, parts.secrets, parts.payees, parts.rails)
    now, key = parts.now(), (terms.program.id, promoter_id)
    if "payee" in body.values:
        promoter = payees.name_payee(_to_put_payee(body, *key), ports, now)
        return replies.from_promoter(promoter, now)
    if "rail" not in body.values:
        raise InvalidInputError("must be a string or null, or give rail and details", "payee")
    promoter, payee = payees.put_payee_details(_to_put_details(body, *key), ports, now)
    return {
        **replies.from_promoter(promoter, now),
        "payee": replies_payouts.from_payee(payee, terms.program.payouts),
    }


def read_payee(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Return where a promoter is paid, masked, and what is missing."""
    terms = caller.terms(program_id)
    _promoter(caller, terms, promoter_id)
    payee = payees.read_payee(terms.program.id, promoter_id, caller.parts.payees)
    return replies_payouts.from_payee(payee, terms.program.payouts)


def _to_put_payee(body: Body, program_id: str, promoter_id: str) -> PutPayee:
    payee = body.refuse_unknown("payee").optional_text("payee")
    if payee == "":
        raise InvalidInputError("must not be empty", "payee")
    return PutPayee(program_id=program_id, promoter_id=promoter_id, payee=payee)


def _to_put_details(body: Body, program_id: str, promoter_id: str) -> payees.PutPayeeDetails:
    body.refuse_unknown("rail", "details")
    rail, inside = body.choice("rail", RailName), body.section("details")
    details = {name: text_of(value, inside.path + name) for name, value in inside.values.items()}
    return payees.PutPayeeDetails(program_id=program_id, promoter_id=promoter_id, rail=rail, details=details)


# --- payouts on demand ---------------------------------------------------------------------------


def request_payout(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Pay a promoter who asks for it."""
    program, parts = caller.terms(program_id).program, caller.parts
    body = caller.body().refuse_unknown("amount_minor")
    given = body.values.get("amount_minor")
    command = requests.RequestPayout(
        program_id=program.id,
        promoter_id=promoter_id,
        amount_minor=None if given is None else whole_of(given, "amount_minor"),
        request_id=caller.idempotency_key,
    )
    ports = requests.RequestPorts(parts.catalog, parts.treasury, parts.payees, parts.rails)
    return replies_payouts.from_payout(requests.request_payout(command, ports, parts.now()))


def list_payouts(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """List a promoter's payouts, in all of their accounts, with what became of each."""
    terms, parts, now = caller.terms(program_id), caller.parts, caller.parts.now()
    names = (promoter_id, *_promoter(caller, terms, promoter_id).duplicates_at(now))
    keys = [AccountKey(terms.program.id, name, terms.program.currency) for name in names]
    found = read_payouts(keys, parts.ledger, parts.treasury)
    return caller.page_following("payouts", found, replies_payouts.from_payout, lambda payout: payout.id)


def list_program_payouts(caller: Caller, program_id: str) -> Json:
    """List a program's payouts of a state, and what each that is not sent waits for."""
    program, query = caller.terms(program_id).program, caller.query
    state = choice_of(PayoutState, query.get("state", PayoutState.REQUESTED), "state")
    command = lists.ListPayouts(state=state, after=caller.after(), limit=caller.limit())
    found, following = lists.list_payouts(command, program, _listing(caller), caller.parts.now())
    return {
        "payouts": [replies_payouts.from_seen(seen) for seen in found],
        "next": caller.cursor(following) if following else None,
    }


def read_payout(caller: Caller, program_id: str, payout_id: str) -> Json:
    """Return a payout with its legs, and what the next one waits for."""
    program = caller.terms(program_id).program
    seen = lists.read_payout(payout_id, program, _listing(caller), caller.parts.now())
    return replies_payouts.from_seen(seen)


def _listing(caller: Caller) -> lists.PayoutListPorts:
    return lists.PayoutListPorts(caller.parts.treasury, caller.parts.payees, caller.parts.rails)


def approve_payout(caller: Caller, program_id: str, payout_id: str) -> Json:
    """Let a payout be sent that waits for a person."""
    program, body = caller.terms(program_id).program, caller.body().refuse_unknown("by")
    command = reviews.ReviewPayout(program_id=program.id, payout_id=payout_id, by=body.text("by"))
    return replies_payouts.from_payout(reviews.approve_payout(command, caller.parts.treasury))


def reject_payout(caller: Caller, program_id: str, payout_id: str) -> Json:
    """Give back the money of a payout that waits for a person, and say why."""
    program, parts = caller.terms(program_id).program, caller.parts
    body = caller.body().refuse_unknown("by", "reason")
    command = reviews.ReviewPayout(
        program_id=program.id, payout_id=payout_id, by=body.text("by"), reason=body.text("reason")
    )
    return replies_payouts.from_payout(
        reviews.reject_payout(command, parts.catalog, parts.treasury, parts.now())
    )


def _promoter(caller: Caller, terms: Terms, promoter_id: str) -> Promoter:
    known = caller.parts.catalog.promoters(terms.program.id, (promoter_id,))
    if promoter_id not in known:
        raise NotFoundError("promoter", promoter_id)
    return known[promoter_id]
