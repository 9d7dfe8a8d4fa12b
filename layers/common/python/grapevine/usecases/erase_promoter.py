"""Erase what names a promoter; the account stays under a neutral name, with every amount that it had.

Where they are paid is erased before their account says that they are, so that whoever finds the account
erased finds nothing else of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.entries import AccountKey
from grapevine.domain.errors import NetworkMovedError
from grapevine.domain.payouts import Payout, transfer_id
from grapevine.domain.people import Promoter
from grapevine.domain.privacy import (
    ERASED,
    BatchOpenError,
    OwedError,
    PrivacyAct,
    PrivacyRecord,
    RecordState,
    Whose,
    silenced,
)
from grapevine.usecases.change_promoter import ATTEMPTS, retried
from grapevine.usecases.documents import erase_documents
from grapevine.usecases.find_promoter import (
    Accounts,
    PromoterPrivacyPorts,
    find_accounts,
    own_person,
    payouts_of,
)
from grapevine.usecases.keep_record import begin_record, end_record, wanted_record
from grapevine.usecases.read_balance import Balance, read_balance
from grapevine.usecases.starting_over import moved, starting_over

RESULTS = "results/"
"""Where files that came back from a bank, or a person, are in the bucket."""
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")
"""How such a file may be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasePromoter:
    """Erase a promoter; `even_if_owed` where they want it although there is money for them.

    That money stays theirs: it is paid once somebody says anew where to.
    """

    program_id: str
    promoter_id: str
    asked_by: str
    request_id: str
    even_if_owed: bool = False


def erase_promoter(command: ErasePromoter, ports: PromoterPrivacyPorts, now: datetime) -> PrivacyRecord:
    """Erase a promoter in all of their accounts and return the evidence of it, which names nobody.

    OwedError as long as a payout is on its way, or, unless they insist, anything is owed either way;
    BatchOpenError as long as a batch that they were paid with is not concluded.
    """
    accounts = find_accounts(command.program_id, command.promoter_id, ports)
    wanted = wanted_record(
        command.program_id,
        PrivacyAct.ERASE,
        Whose.PROMOTER,
        command.promoter_id,
        command.asked_by,
        command.request_id,
        now,
    )
    _refuse_owed(accounts, ports, even_if_owed=command.even_if_owed)
    record = begin_record(wanted, ports.records)
    if record.state is RecordState.DONE:
        return record
    payouts = payouts_of(accounts, ports)
    counts = Counter(_forgotten(accounts, payouts, ports))
    counts["payouts"] += sum(_silenced_payout(payout, ports) for payout in payouts)
    for promoter in accounts.promoters:
        counts["coupons"] += _silenced_coupons(promoter, ports, now)
        counts["links"] += _silenced_links(promoter, ports)
    counts["documents"] += erase_documents(command.program_id, set(accounts.ids), ports.files)
    for promoter in accounts.promoters:
        counts["promoters"] += _silenced(promoter, ports, now)
    return end_record(record, counts, ports.records, now)


def _refuse_owed(accounts: Accounts, ports: PromoterPrivacyPorts, *, even_if_owed: bool) -> None:
    found = {key: read_balance(key, ports.treasury) for key in accounts.keys}
    if reserved := _sums({key: one.reserved_minor for key, one in found.items()}):
        raise OwedError("a payout is on its way, and needs where it goes", reserved)
    for batch in ports.batches.open_batches(accounts.program_id):
        if any(one.promoter_id in accounts.ids for one in batch.transfers):
            # Where its file is gone, its rail would take it for one that was never sent, and send it again.
            raise BatchOpenError(batch.id)
    if (owed := _sums({key: _open(one) for key, one in found.items()})) and not even_if_owed:
        raise OwedError("there is money that is not paid out yet, or is to come back", owed)


def _open(balance: Balance) -> int:
    """Return what is neither paid nor on its way: what is owed to them, or by them."""
    return balance.held_minor + balance.payable_minor + balance.blocked_minor


def _sums(amounts: dict[AccountKey, int]) -> dict[str, int]:
    return {f"{key.promoter_id}/{key.currency}": minor for key, minor in amounts.items() if minor}


def _forgotten(accounts: Accounts, payouts: Sequence[Payout], ports: PromoterPrivacyPorts) -> dict[str, int]:
    """Erase where they are paid, were paid and are reached."""
    program_id, ids = accounts.program_id, accounts.ids
    payees = ports.payees.payees(program_id, ids)
    sent_in = {leg.batch_id for payout in payouts for leg in payout.legs if leg.batch_id}
    batches = ports.batches.forget_details(program_id, ids, sent_in)
    transfers = {transfer_id(payout, leg.number) for payout in payouts for leg in payout.legs}
    named = {*transfers, *ids, *(payout.id for payout in payouts)}
    files = [*_rail_files(program_id, {*transfers, *(one.id for one in batches)}, ports)]
    files += _result_files(named, ports)
    for name in files:
        ports.files.erase(name)
    for name in ids:
        ports.payees.put_payee(program_id, name, None)
        ports.contacts.put_contact(program_id, name, None)
    persons = [one.customer_key for one in accounts.promoters if own_person(one, ports)]
    for key in persons:
        ports.personal_data.forget(key or "")
    return {"payees": len(payees), "batches": len(batches), "files": len(files), "persons": len(persons)}


def _rail_files(program_id: str, names: set[str], ports: PromoterPrivacyPorts) -> list[str]:
    """Return the files that rails wrote of batches or transfers: they are called by their ids."""
    listed = ports.files.names(f"payouts/{program_id}/")
    return [file for file in listed if file.rpartition("/")[2].partition(".")[0] in names]


def _result_files(names: set[str], ports: PromoterPrivacyPorts) -> list[str]:
    """Return the result files that name any of these, whatever else is in them and however it is written."""
    wanted = [name.encode(encoding) for name in names for encoding in ENCODINGS]
    return [file for file in ports.files.names(RESULTS) if _has_any(ports.files.get(file), wanted)]


def _has_any(body: bytes, names: list[bytes]) -> bool:
    return any(name in body for name in names)


def _silenced_payout(payout: Payout, ports: PromoterPrivacyPorts) -> bool:
    def silence() -> bool:
        current = ports.treasury.payout(payout.settlement_id, payout.id) or payout
        after = silenced(current)
        if after != current:
            ports.treasury.change(after)
        return after != current

    return moved(silence)


def _silenced_coupons(promoter: Promoter, ports: PromoterPrivacyPorts, now: datetime) -> int:
    codes = [one.code for one in ports.catalog.coupons_of(promoter.program_id, promoter.id)]
    return sum(_silenced_coupon(promoter.program_id, code, ports, now) for code in codes)


def _silenced_coupon(program_id: str, code: str, ports: PromoterPrivacyPorts, now: datetime) -> bool:
    def silence() -> bool:
        current = ports.catalog.coupons(program_id, (code,))[code]
        after = current.without_words(ERASED, now)
        if after != current:
            ports.catalog.change_coupon(after)
        return after != current

    return starting_over(silence, NetworkMovedError, ATTEMPTS)


def _silenced_links(promoter: Promoter, ports: PromoterPrivacyPorts) -> int:
    found = [
        link
        for link in tuple(ports.catalog.links_of(promoter.program_id, promoter.id))
        if link.without_words() != link
    ]
    for link in found:
        ports.catalog.change_link(link.without_words())
    return len(found)


def _silenced(promoter: Promoter, ports: PromoterPrivacyPorts, now: datetime) -> bool:
    def silence() -> bool:
        version = ports.catalog.network_version(promoter.program_id)
        current = ports.catalog.promoters(promoter.program_id, (promoter.id,))[promoter.id]
        after = current.without_words(ERASED, now)
        if after != current:
            ports.catalog.change_promoter(after, version)
        return after != current

    return retried(silence)
