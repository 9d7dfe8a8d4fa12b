"""Find everything that is kept of a promoter, in all accounts that are theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.money import POINTS
from grapevine.domain.payouts import Payout
from grapevine.domain.people import AFTER_ALL, Promoter
from grapevine.ports import (
    BatchStore,
    CatalogLists,
    ContactStore,
    CouponWriter,
    EntryLists,
    Files,
    LinkStore,
    NetworkCatalog,
    PageReader,
    PayeeStore,
    PersonalData,
    PrivacyRecords,
    Treasury,
)
from grapevine.usecases.read_payouts import read_payouts

ALL = 1_000_000
"""Of one promoter's things: everything."""


class PromoterCatalog(CatalogLists, NetworkCatalog, CouponWriter, LinkStore, Protocol):
    """Promoters, their coupons and their links, where they are changed."""


@dataclass(frozen=True, slots=True)
class PromoterPrivacyPorts:
    """Everywhere that something of a promoter may be."""

    catalog: PromoterCatalog
    treasury: Treasury
    ledger: EntryLists
    pages: PageReader
    payees: PayeeStore
    contacts: ContactStore
    batches: BatchStore
    personal_data: PersonalData
    records: PrivacyRecords
    files: Files


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """A promoter with all accounts that are theirs, and where their money is counted."""

    program_id: str
    promoters: tuple[Promoter, ...]
    keys: tuple[AccountKey, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The accounts' names."""
        return tuple(promoter.id for promoter in self.promoters)


def find_accounts(program_id: str, promoter_id: str, ports: PromoterPrivacyPorts) -> Accounts:
    """Return a promoter with the accounts that are duplicates of theirs.

    NotFoundError for nobody, InvalidInputError for a duplicate: a person is asked for by the account that
    stayed.
    """
    currency = ports.catalog.terms(program_id).program.currency
    promoter = ports.catalog.promoters(program_id, (promoter_id,)).get(promoter_id)
    if promoter is None:
        raise NotFoundError("promoter", promoter_id)
    if promoter.alias is not None:
        raise InvalidInputError(f"is a duplicate of {promoter.alias.promoter_id}", "promoter_id")
    others = promoter.duplicates_at(AFTER_ALL)
    known = ports.catalog.promoters(program_id, others) if others else {}
    promoters = (promoter, *(known[name] for name in others if name in known))
    keys = [AccountKey(program_id, one.id, unit) for one in promoters for unit in (currency, POINTS)]
    return Accounts(program_id=program_id, promoters=promoters, keys=tuple(keys))


def payouts_of(accounts: Accounts, ports: PromoterPrivacyPorts) -> tuple[Payout, ...]:
    """Return every payout of somebody's accounts, the newest first."""
    return tuple(read_payouts(accounts.keys, ports.ledger, ports.treasury))


def own_person(promoter: Promoter, ports: PromoterPrivacyPorts) -> dict[str, str] | None:
    """Return what is remembered of a promoter; what another account of the same address has is not theirs."""
    data = ports.personal_data.person(promoter.customer_key) if promoter.customer_key else None
    return data if data and data.get("promoter_id") == promoter.id else None
