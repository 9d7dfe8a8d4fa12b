"""A bounty's whole life in the stores of an engine: evidence, pages, entries, what is due, the proof."""

from __future__ import annotations

from datetime import datetime

from grapevine.domain.accounts import Leaf
from grapevine.domain.bounties import Bounty
from grapevine.domain.bounty_posting import earned
from grapevine.domain.entries import BonusKey, BonusKind, Entry, EntryReason
from grapevine.domain.evidence import bounties_touched
from grapevine.domain.facts import Fact
from grapevine.domain.pages import evidence_subject, sold
from grapevine.domain.tiers import Volume
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.post_bounty import post_bounty, post_key
from grapevine.usecases.post_order import PostOrder, post_order
from grapevine.usecases.verify_program import OrderProof, verify_program
from tests import builders as make
from tests.adapters.contracts.shops import opened_shop
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import CY, T0, days, minutes


def weekly(names: Names, **changes: object) -> Bounty:
    """Return a bounty of the week that T0 is in, of an id that no other test of the session has."""
    window = {"starts_at": T0 - days(20), "ends_at": T0 + days(20)}
    return make.bounty(f"bt_{names.program}", **{**window, **changes})


def bounty_key(names: Names) -> BonusKey:
    return BonusKey(names.program, CY, BonusKind.BOUNTY, f"bt_{names.program}:2026-W46")


def posted(stores: Stores, now: datetime, *facts: Fact) -> tuple[Entry, ...]:
    """Post the order of some facts, and its bounty, and fold both, as the streams do; return the bounty's."""
    for fact in facts:
        stores.facts.append(fact)
    entry = post_order(PostOrder(facts[0].order), stores.orders, now)
    assert entry
    fold_entries(FoldEntries((entry,)), stores.pages)
    found = [post_bounty(key, stores.orders, now) for key in bounties_touched((entry,))]
    new = tuple(one for one in found if one)
    fold_entries(FoldEntries(new), stores.pages)
    return new


def test_edge_63_a_bounty_is_held_undone_held_again_and_payable(stores: Stores, names: Names) -> None:
    shop, key, ends = opened_shop(stores, names), bounty_key(names), T0 + days(40)
    stores.catalog.add_bounty(names.program, weekly(names, target=2), 1)
    orders = [names.order(number) for number in "123"]
    assert posted(stores, T0 + minutes(2), *shop.paid_order(orders[0])) == ()
    (bonus,) = posted(stores, T0 + minutes(3), *shop.paid_order(orders[1]))
    assert (bonus.reason, bonus.reached) == (EntryReason.BONUS, Volume(26_666, 2))
    refund = shop.refund("r1", minutes(60), orders[1], ("a", 10_000), ("b", 3_333))
    (undone,) = posted(stores, T0 + minutes(61), refund)
    assert (undone.reason, undone.due_at) == (EntryReason.UNDONE, None)
    (again,) = posted(stores, T0 + minutes(90), *shop.paid_order(orders[2]))
    subject = evidence_subject(names.program, CY, key.name)
    assert sold(stores.pages.pages(subject)) == Volume(26_666, 2)
    assert again.due_at
    assert key in set(stores.ledger.due(again.due_at, again.due_at))
    proof = OrderProof(facts=stores.facts, orders=stores.orders, now=T0 + days(1))
    found = verify_program(names.program, stores.ledger, stores.treasury, proof)
    assert (found.faults, found.bonuses) == ((), 1)
    released = post_key(key, stores.orders, ends)
    assert released
    assert {account.leaf: minor for (account, _), minor in earned(stores.ledger.entries_of(key)).items()} == {
        Leaf.PAYABLE: 5_000
    }
    assert stores.ledger.entries_named([released.id]) == (released,)
