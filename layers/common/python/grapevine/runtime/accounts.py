"""A promoter's accounts through the JSON API: balance, points, entries, statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import NotFoundError
from grapevine.domain.money import POINTS
from grapevine.domain.payee_details import missing_details
from grapevine.domain.payout_outlook import outlook_of, outlook_sentences
from grapevine.domain.people import Promoter
from grapevine.domain.points import gives_points
from grapevine.domain.programs import Terms
from grapevine.domain.schedules import next_settlement
from grapevine.domain.sentences import entry_sentence
from grapevine.domain.wordings import WORDINGS
from grapevine.runtime import api, replies, replies_payouts, replies_points
from grapevine.runtime.caller import Caller
from grapevine.runtime.parts import Parts
from grapevine.usecases import read_balance as balances
from grapevine.usecases import read_points as points
from grapevine.usecases import read_statement as statements
from grapevine.usecases import spend_points as spending
from grapevine.usecases.put_payee_details import read_payee
from grapevine.usecases.tend_points import PointsPorts

Json = dict[str, Any]


def read_balance(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Return where a promoter's money is, in all of their accounts."""
    keys = _accounts(caller, program_id, promoter_id)
    cash = [key for key in keys if key.currency != POINTS]
    balance = balances.read_person(cash, caller.parts.treasury)
    found = {**replies.from_balance(balance), "payout": _outlook(caller, program_id, promoter_id, balance)}
    if len(keys) > len(cash):
        found["points"] = replies_points.from_points(_points(caller, program_id, keys))
    return found


def _outlook(caller: Caller, program_id: str, promoter_id: str, balance: balances.Balance) -> Json:
    """Return what becomes of what is payable; where a promoter is paid is read only where it matters."""
    program, now = caller.terms(program_id).program, caller.parts.now()
    terms = program.payouts
    payee = read_payee(program.id, promoter_id, caller.parts.payees) if terms.required_details else None
    outlook = outlook_of(
        program, balance.payable_minor, next_settlement(program, now), missing_details(terms, payee)
    )
    words = WORDINGS[caller.language()]
    return replies_payouts.from_outlook(
        outlook, outlook_sentences(outlook, ZoneInfo(program.time_zone), now, words)
    )


def read_points(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Return where a promoter's points are, and what of them expires when."""
    found = _points(caller, program_id, _accounts(caller, program_id, promoter_id))
    return {**replies_points.from_points(found), "expires": replies_points.from_lots(found)}


def spend_points(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Buy a coupon with points."""
    program, parts = caller.terms(program_id).program, caller.parts
    command = api.to_spend_points(caller.body(), program.id, promoter_id)
    ports = PointsPorts(parts.catalog, parts.treasury, parts.ledger)
    entry = spending.spend_points(command, ports, parts.random_bytes, parts.now())
    return replies_points.from_spent(entry, program.currency)


def list_entries(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Return a promoter's entries, newest first, each with what it means for them."""
    keys, words = _accounts(caller, program_id, promoter_id), WORDINGS[caller.language()]
    names = frozenset(key.promoter_id for key in keys)
    found = balances.list_of_person(
        keys, caller.parts.pages, caller.parts.ledger, caller.limit() + 1, caller.after()
    )
    return caller.page(
        "entries",
        found,
        lambda entry: {**replies.from_entry(entry), "sentence": entry_sentence(entry, names, words)},
        balances.place_of,
    )


def read_statement(caller: Caller, program_id: str, promoter_id: str) -> Json:
    """Return everything that ever moved a promoter's money and points, each with what it means for them."""
    terms, parts, words = caller.terms(program_id), caller.parts, WORDINGS[caller.language()]
    ports = statements.StatementPorts(parts.treasury, parts.pages, parts.ledger)
    promoter = _promoter(parts, program_id, promoter_id)
    return statements.read_statement(promoter, _currencies(terms), ports, parts.now(), words)


def _promoter(parts: Parts, program_id: str, promoter_id: str) -> Promoter:
    known = parts.catalog.promoters(program_id, (promoter_id,))
    if promoter_id not in known:
        raise NotFoundError("promoter", promoter_id)
    return known[promoter_id]


def _accounts(caller: Caller, program_id: str, promoter_id: str) -> tuple[AccountKey, ...]:
    """Return a promoter's accounts and those of their duplicates, of cash, and of points if there are any."""
    terms = caller.terms(program_id)
    promoter = _promoter(caller.parts, program_id, promoter_id)
    names = (promoter_id, *promoter.duplicates_at(caller.parts.now()))
    return tuple(AccountKey(program_id, name, currency) for currency in _currencies(terms) for name in names)


def _currencies(terms: Terms) -> tuple[str, ...]:
    return (terms.program.currency, POINTS) if gives_points(terms) else (terms.program.currency,)


def _points(caller: Caller, program_id: str, keys: Sequence[AccountKey]) -> points.Points:
    parts, own = caller.parts, [key for key in keys if key.currency == POINTS]
    return points.read_points(own, caller.terms(program_id), parts.treasury, parts.ledger)
