"""Pay a promoter who asks for it: reserved as a settlement does, with its fee, once for a request."""

from __future__ import annotations

from collections.abc import Sequence
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
from grapevine.domain.heads import Head
from grapevine.domain.ids import checked_id
from grapevine.domain.pages import Page, balance
from grapevine.domain.payee_details import missing_details
from grapevine.domain.payout_requests import (
    PayoutRefusedError,
    RefusedReason,
    asked_id,
    is_same_request,
    wanted_of,
)
from grapevine.domain.payouts import Movement, Payout, payout_id, reserve
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.programs import Program, Terms
from grapevine.domain.transfers import Payee, RailLimits
from grapevine.ports import DecisionCatalog, PayeeStore, Rails, Treasury
from grapevine.usecases.rail_limits import LimitsOfRails
from grapevine.usecases.settle_account import take_in
from grapevine.usecases.starting_over import ATTEMPTS


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
    """Programs and their people, accounts, and how promoters are paid."""

    catalog: DecisionCatalog
    treasury: Treasury
    payees: PayeeStore
    rails: Rails


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
    payee = ports.payees.payees(key.program_id, (promoter.id,)).get(promoter.id)
    try:
        _refuse(promoter, payee, terms, now)
        for duplicate in promoter.duplicates_at(now):
            take_in(AccountKey(key.program_id, duplicate, key.currency), key, ports.treasury, now)
        limits = LimitsOfRails(key.program_id, ports.rails).of(payee)
        return _reserved(_Wanted(command, terms.program, key, limits), ports.treasury, now)
    except PayoutRefusedError:
        # It may have been this very request, in another process, that took the money meanwhile.
        if known := _known(command, key, ports.treasury):
            return known
        raise


def _refuse(promoter: Promoter, payee: Payee | None, terms: Terms, now: datetime) -> None:
    payouts = terms.program.payouts
    if payouts.on_demand is None:
        raise PayoutRefusedError(RefusedReason.NOT_OFFERED)
    if promoter.status_at(now) is not PromoterStatus.ACTIVE or promoter.alias_at(now):
        raise PayoutRefusedError(RefusedReason.NOT_ACTIVE)
    if missing := missing_details(payouts, payee):
        raise PayoutRefusedError(RefusedReason.DETAILS_MISSING, names=missing)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A request that may be paid, under which terms, from which account, and what its rail takes."""

    command: RequestPayout
    program: Program
    key: AccountKey
    limits: RailLimits | None

    def of(self, pages: Sequence[Page], head: Head, now: datetime) -> Movement:
        """Return the step that reserves it; PayoutRefusedError where it cannot be."""
        payable, amount = balance(pages).get(Leaf.PAYABLE, 0), self.command.amount_minor
        wanted = wanted_of(self.program, head, payable, amount, now, self.limits)
        return reserve(head, wanted, _settlement(self.command), now)


def _reserved(wanted: _Wanted, treasury: Treasury, now: datetime) -> Payout:
    """Reserve, starting over where something else moved the account; another payout is the end of it."""
    last_payout_id: str | None = None
    for _ in range(ATTEMPTS):
        pages, head = treasury.account(wanted.key)
        if last_payout_id not in (None, head.last_payout_id):
            raise PayoutRefusedError(RefusedReason.ANOTHER_PAYOUT)
        last_payout_id = head.last_payout_id
        movement = wanted.of(pages, head, now)
        try:
            treasury.move(movement, head)
        except HeadMovedError:
            continue
        except AlreadyExistsError:
            raise PayoutRefusedError(RefusedReason.ANOTHER_PAYOUT) from None
        return movement.payout
    raise HeadMovedError(f"{wanted.key} moved {ATTEMPTS} times")


def _known(command: RequestPayout, key: AccountKey, treasury: Treasury) -> Payout | None:
    """Return what the same request led to; InvalidInputError where it is another one of that name."""
    settlement_id = _settlement(command)
    found = treasury.payout(settlement_id, payout_id(settlement_id, key))
    if found and not is_same_request(found, command.amount_minor):
        raise InvalidInputError("was used for another amount", "Idempotency-Key")
    return found


def _settlement(command: RequestPayout) -> str:
    return asked_id(command.program_id, command.promoter_id, command.request_id)
