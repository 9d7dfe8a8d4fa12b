"""Random entries, whole and balanced."""

from __future__ import annotations

from hypothesis import strategies as st

from grapevine.domain.accounts import PROGRAM, Account, Leaf, Posting
from grapevine.domain.bindings import CustomerNote
from grapevine.domain.candidates import Candidate, Reason
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.facts import OrderKey
from grapevine.domain.grants import Grant, GrantKey
from grapevine.domain.money import Money
from grapevine.domain.products import SoldProduct
from grapevine.domain.tiers import Sale, Shortfall, TierStanding, Volume
from tests.builders import PROGRAM_ID
from tests.strategies import currencies, instants

ids = st.text("abcXYZ019._-", max_size=12).map(lambda text: f"i{text}")
hashes = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
digests = st.integers(0, 2**64 - 1).map(lambda number: f"{number:016x}")
LEAVES = [leaf for leaf in Leaf if leaf is not Leaf.TRANSFER]
"""Every place of money; `transfer` only ever has something between the two entries of one step."""
accounts = st.builds(Account, st.just(PROGRAM_ID), st.one_of(st.just(PROGRAM), ids), st.sampled_from(LEAVES))


@st.composite
def postings(draw: st.DrawFn) -> Posting:
    source, destination = draw(st.lists(accounts, min_size=2, max_size=2, unique=True))
    return Posting(source, destination, Money(draw(st.integers(1, 10**15)), draw(currencies)))


candidates = st.builds(
    Candidate,
    click_id=st.integers(0, 10**20 - 1).map(lambda number: f"{number:022}-{number:020}"),
    promoter_id=ids,
    occurred_at=instants,
    recorded_at=instants,
    reason=st.sampled_from(Reason),
    coupon_code=st.one_of(st.none(), ids),
    binding=st.one_of(st.none(), ids),
    channel=st.sampled_from(("", "wechat")),
    is_public=st.booleans(),
    referrer=st.sampled_from(("", "slickdeals.net")),
)
sold_products = st.builds(
    SoldProduct,
    product_id=ids,
    category=st.one_of(st.none(), ids),
    collections=st.lists(ids, max_size=2).map(tuple),
    earners=st.one_of(st.none(), st.lists(ids, max_size=3).map(tuple)),
)
notes = st.builds(CustomerNote, ids, st.one_of(st.none(), ids), st.booleans())
months = st.sampled_from(("2026-10", "2027-01"))
volumes = st.builds(Volume, st.integers(-(10**15), 10**15), st.integers(-9, 10**6))
standings = st.builds(
    TierStanding,
    promoter_id=ids,
    month=months,
    volume=volumes,
    tier_id=ids,
    uplift=st.tuples(st.integers(0, 10**18), st.integers(1, 10**15)),
)
sales = st.builds(Sale, ids, months, volumes)
shortfalls = st.builds(Shortfall, ids, months, st.integers(-(10**15), 10**15))
decisions = st.builds(
    Decision,
    basis=digests.map(lambda digest: digest[:12]),
    reason=st.sampled_from(Reason),
    plan_version=st.integers(1, 99),
    promoter_ids=st.lists(ids, max_size=3, unique=True).map(tuple),
    candidates=st.lists(candidates, max_size=3).map(tuple),
    recruiters=st.one_of(
        st.just(()), st.lists(st.one_of(st.just(""), ids), min_size=2, max_size=3).map(tuple)
    ),
    products=st.lists(sold_products, max_size=2).map(tuple),
    customer=st.one_of(st.none(), notes),
    tiers=st.lists(standings, max_size=2).map(tuple),
    gated=st.lists(shortfalls, max_size=2).map(tuple),
    provisional_until=st.one_of(st.none(), instants),
    kept_bps=st.integers(0, 10_000),
    payees=st.lists(st.tuples(ids, ids), max_size=2).map(tuple),
)
grants = st.builds(
    lambda key, granted, refused: Grant(key, granted + refused, granted),
    st.builds(GrantKey, st.just(PROGRAM_ID), ids, ids, ids),
    st.integers(0, 10**15),
    st.integers(0, 10**15),
)


def order_entries() -> st.SearchStrategy[Entry]:
    """An order's entry with anything in it."""
    return st.builds(
        Entry,
        key=st.builds(OrderKey, ids, ids),
        sequence=st.integers(1, 999_999),
        program_id=st.just(PROGRAM_ID),
        reason=st.sampled_from(EntryReason),
        postings=st.lists(postings(), max_size=6).map(tuple),
        recorded_at=instants,
        covers=st.integers(0, 10_000),
        facts=st.lists(digests, max_size=4, unique=True).map(tuple),
        decision=st.one_of(st.none(), decisions),
        grants=st.lists(grants, max_size=3).map(tuple),
        sales=st.lists(sales, max_size=2, unique_by=lambda sale: sale.promoter_id).map(tuple),
        released=st.booleans(),
        due_at=st.one_of(st.none(), instants),
        previous_hash=st.one_of(st.just(""), hashes),
    )


def account_entries() -> st.SearchStrategy[Entry]:
    """An account's own entry."""
    return st.builds(
        Entry,
        key=st.builds(AccountKey, st.just(PROGRAM_ID), ids, currencies),
        sequence=st.integers(1, 999_999),
        program_id=st.just(PROGRAM_ID),
        reason=st.sampled_from((EntryReason.RESERVED, EntryReason.PAID, EntryReason.RETURNED)),
        postings=postings().map(lambda posting: (posting,)),
        recorded_at=instants,
        payout_id=ids,
        previous_hash=hashes,
    )
