"""People in every state that settlement knows, with what they earned released and folded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from grapevine.adapters.dynamo.keys import account
from grapevine.domain.entries import AccountKey, Entry, EntryKey
from grapevine.domain.facts import FactKind, OrderKey, Outcome
from grapevine.domain.payout_terms import Withholding
from grapevine.domain.people import Merge, PromoterStatus
from grapevine.domain.settlements import Settled
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.post_order import PostOrder, post_order
from tests import builders as make
from tests.adapters.contracts.stores import Stores, fresh_click_id
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.paying import complete, reserve

DAY = datetime(2027, 1, 10, 4, tzinfo=UTC)
"""The settlement's day, at noon in Shanghai."""
BAD, BAN, DEBT, DEE, LEFT = "pr_bad", "pr_ban", "pr_debt", "pr_dee", "pr_left"
LOW, SUS, TWIN = "pr_low", "pr_sus", "pr_twin"
EARNED = {CY: 50_000, DEE: 12_345, BAN: 25_000, DEBT: 20_000, LEFT: 3_000, LOW: 5_000}
EARNED |= {SUS: 40_000, TWIN: 30_000, BAD: 15_000}
"""Who sold how much; a tenth is theirs, and of what Cy sold 3 % Bo's and 1 % Ana's."""
DUE = {CY: 5_000 - 300, BO: 1_500, ANA: 500 + 3_000 - 150, DEE: 1_234, LEFT: 300}
"""What the run pays: a tenth of what is over 20.00 is tax. Twin's account is Ana's."""


COUNTS = {Settled.PAID: 5, Settled.CARRIED: 2, Settled.VOIDED: 1, Settled.FAILED: 1}
COUNTS |= {Settled.SUSPENDED: 1, Settled.MERGED: 1}
"""What the run tells of everybody: carried are Low and Debt."""
UNREADABLE = account(AccountKey(PROGRAM_ID, BAD, "USD"))
"""Nobody can read Bad's account: they are not settled, and stop nobody else."""


def prepare(stores: Stores) -> None:
    """Put everything there, from the orders on."""
    terms = make.program(withholding=Withholding(rate_bps=1000, threshold_minor=2_000))
    stores.catalog.add_program(terms, make.plan(1000, 300, 100, ban_keeps_payable=False))
    _add_people(stores)
    entries: list[Entry] = []
    for number, (promoter_id, minor) in enumerate(EARNED.items(), start=1):
        entries += _sold(stores, promoter_id, OrderKey(make.STOREFRONT_ID, str(number)), minor)
    fold_entries(FoldEntries(tuple(entries)), stores.pages)
    _owe(stores, OrderKey(make.STOREFRONT_ID, str([*EARNED].index(DEBT) + 1)))


def _add_people(stores: Stores) -> None:
    gone = {BAN: PromoterStatus.BANNED, LEFT: PromoterStatus.LEFT, SUS: PromoterStatus.SUSPENDED}
    later = DAY - days(1)
    for name, sponsor in ((ANA, None), (BO, ANA), (CY, BO), *((n, None) for n in EARNED if n != CY)):
        promoter = make.promoter(name, sponsor)
        if name in gone:
            promoter = promoter.with_status(gone[name], "asked to", later)
        if name == ANA:
            promoter = replace(promoter, duplicates=(Merge(later, TWIN),))
        if name == TWIN:
            promoter = replace(promoter, alias=Merge(later, ANA))
        stores.catalog.add_promoter(promoter)


def _sold(stores: Stores, promoter_id: str, order: OrderKey, minor: int) -> list[Entry]:
    """Let an order through somebody's link go all the way to payable."""
    upline = (BO, ANA) if promoter_id == CY else ()
    click = make.click(id=fresh_click_id(), promoter_id=promoter_id, upline=upline)
    stores.clicks.record(click)
    cart = make.snapshot(lines=(make.line("a", minor),), click_id=click.id)
    stores.facts.append(make.fact(FactKind.PAID, minutes(1), order=order, snapshot=cart))
    verdict = make.verdict(Outcome.ALLOW).verdict
    stores.facts.append(make.fact(FactKind.VERDICT, order=order, verdict=verdict))
    return [_posted(stores, order, T0 + minutes(2)), _posted(stores, order, T0 + days(31))]


def _posted(stores: Stores, key: EntryKey, now: datetime) -> Entry:
    assert isinstance(key, OrderKey)
    entry = post_order(PostOrder(key), stores.orders, now)
    assert entry
    return entry


def _owe(stores: Stores, order: OrderKey) -> None:
    """Let somebody be paid, and the order they were paid for go back."""
    key, now = AccountKey(PROGRAM_ID, DEBT, "USD"), T0 + days(32)
    before = stores.treasury.account(key)[1]
    taken = reserve(before, 2_000, "earlier", now)
    stores.treasury.move(taken, before)
    stores.treasury.move(complete(taken.head, taken.payout, "", now), taken.head)
    back = make.refund("r", ("a", EARNED[DEBT]))
    stores.facts.append(make.fact(FactKind.REFUNDED, days(40), order=order, refunds=(back,)))
    fold_entries(FoldEntries((_posted(stores, order, T0 + days(41)),)), stores.pages)
