"""Pay a promoter who asks for it: reserved as a settlement does, with its fee, once for a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import (
    AlreadyExistsError,
    HeadMovedError,
    InvalidInputError,
    NotFoundError,
)
from grapevine.domain.ids import checked_id
from grapevine.domain.pages import balance
from grapevine.domain.payee_details import missing_details
from grapevine.domain.payout_requests import (
    PayoutRefusedError,
    RefusedReason,
    asked_id,
    is_same_request,
    wanted_of,
)
from grapevine.domain.payouts import Payout, payout_id, reserve
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.programs import Terms
from grapevine.ports import DecisionCatalog, PayeeStore, Treasury
from grapevine.usecases.settle_account import ATTEMPTS, take_in


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPayout:
    """So much of what is payable to a promoter (None: all of it), in minor units, fee and tax included.

    The same request id is the same request, however often it comes.
    """

    program_id: str
    promoter_id: str
    amount_minor: int | None
    request_id: str


@dataclass(frozen=True, slots=True)
class RequestPorts:
    """Programs and their people, accounts, and where promoters are paid."""

    catalog: DecisionCatalog
    treasury: Treasury
    payees: PayeeStore


def request_payout(command: RequestPayout, ports: RequestPorts, now: datetime) -> Payout:
    """Reserve a payout and return it; over the program's limit it waits for a person.

    PayoutRefusedError says why there is none; of two requests at once one wins, and the other is
    refused. InvalidInputError where the request id was used for another amount, NotFoundError for
    nobody, HeadMovedError when the account never stood still.
    """
    checked_id(command.request_id, "Idempotency-Key")
    terms = ports.catalog.terms(command.program_id)
    key = AccountKey(terms.program.id, command.promoter_id, terms.program.currency)
    if known := _known(command, key, ports.treasury):
        return known
    promoter = ports.catalog.promoters(terms.program.id, (command.promoter_id,)).get(command.promoter_id)
    if promoter is None:
        raise NotFoundError("promoter", command.promoter_id)
    try:
        _refuse(promoter, terms, ports.payees, now)
        for duplicate in promoter.duplicates_at(now):
            take_in(AccountKey(key.program_id, duplicate, key.currency), key, ports.treasury, now)
        return _reserved(command, terms, key, ports.treasury, now)
    except PayoutRefusedError:
        # It may have been this very request, in another process, that took the money meanwhile.
        if known := _known(command, key, ports.treasury):
            return known
        raise


def _refuse(promoter: Promoter, terms: Terms, payees: PayeeStore, now: datetime) -> None:
    payouts = terms.program.payouts
    if payouts.on_demand is None:
        raise PayoutRefusedError(RefusedReason.NOT_OFFERED)
    if promoter.status_at(now) is not PromoterStatus.ACTIVE or promoter.alias_at(now):
        raise PayoutRefusedError(RefusedReason.NOT_ACTIVE)
    if payouts.required_details:
        payee = payees.payees(terms.program.id, (promoter.id,)).get(promoter.id)
        if missing := missing_details(payouts, payee):
            raise PayoutRefusedError(RefusedReason.DETAILS_MISSING, names=missing)


def _reserved(
    command: RequestPayout, terms: Terms, key: AccountKey, treasury: Treasury, now: datetime
) -> Payout:
    """Reserve, starting over where something else moved the account; another payout is the end of it."""
    last_payout_id: str | None = None
    for _ in range(ATTEMPTS):
        pages, head = treasury.account(key)
        if last_payout_id not in (None, head.last_payout_id):
            raise PayoutRefusedError(RefusedReason.ANOTHER_PAYOUT)
        last_payout_id = head.last_payout_id
        payable = balance(pages).get(Leaf.PAYABLE, 0)
        wanted = wanted_of(terms.program, head, payable, command.amount_minor, now)
        movement = reserve(head, wanted, _settlement(command), now)
        try:
            treasury.move(movement, head)
        except HeadMovedError:
            continue
        except AlreadyExistsError:
            raise PayoutRefusedError(RefusedReason.ANOTHER_PAYOUT) from None
        return movement.payout
    raise HeadMovedError(f"{key} moved {ATTEMPTS} times")


def _known(command: RequestPayout, key: AccountKey, treasury: Treasury) -> Payout | None:
    """Return what the same request led to; InvalidInputError where it is another one of that name."""
    settlement_id = _settlement(command)
    found = treasury.payout(settlement_id, payout_id(settlement_id, key))
    if found and not is_same_request(found, command.amount_minor):
        raise InvalidInputError("was used for another amount", "Idempotency-Key")
    return found


def _settlement(command: RequestPayout) -> str:
    return asked_id(command.program_id, command.promoter_id, command.request_id)
