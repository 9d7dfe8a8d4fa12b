"""A sample of the permutation property on every engine: any order and repetition of facts, the same balances.

The property itself is tested on memory, where thousands of cases are cheap.
"""

from __future__ import annotations

from random import Random

import pytest

from grapevine.domain.entries import Entry, standing
from grapevine.domain.facts import Fact, FactKind, Outcome, Payment
from grapevine.usecases.fold_entries import FoldEntries, fold_entries
from grapevine.usecases.post_order import PostOrder, post_order
from grapevine.usecases.verify_program import verify_program
from tests import builders as make
from tests.adapters.contracts.shops import Shop, opened_shop
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days, minutes


def story(shop: Shop) -> list[Fact]:
    """Created, paid, edited, refunded twice, screened."""
    order = shop.names.order()
    edited = (make.line("a", 9_000), make.line("b", 3_333), make.line("c", 1_000))
    return [
        *shop.paid_order(order),
        shop.fact(FactKind.EDITED, minutes(2), order, Payment.PARTIALLY_REFUNDED, lines=edited),
        shop.refund("r1", minutes(3), order, ("a", 1_234)),
        shop.refund("r2", minutes(4), order, ("a", 1_000), ("c", 1_000)),
        make.fact(
            FactKind.VERDICT,
            order=order,
            program_id=shop.names.program,
            snapshot=None,
            verdict=make.verdict(Outcome.ALLOW).verdict,
        ),
    ]


# The edited lines make 13 333, of which 3 234 went back: 10 %, 3 % and 1 % of 10 099.
EXPECTED = {make.CY: 1010, make.BO: 303, make.ANA: 101}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled_and_repeated_facts_end_in_the_same_balances(
    stores: Stores, names: Names, seed: int
) -> None:
    random = Random(seed)
    shop = opened_shop(stores, names)
    deliveries = story(shop) + random.choices(story(shop), k=4)
    random.shuffle(deliveries)
    for number, fact in enumerate(deliveries):
        stores.facts.append(fact)
        post_order(PostOrder(names.order()), stores.orders, T0 + minutes(10 + number))
    post_order(PostOrder(names.order()), stores.orders, T0 + days(60))
    assert post_order(PostOrder(names.order()), stores.orders, T0 + days(61)) is None
    entries = stores.ledger.entries_of(names.order())
    assert earned(entries) == EXPECTED
    for entry in random.choices(entries, k=5) + list(entries):
        fold_entries(FoldEntries((entry,)), stores.pages)
    assert verify_program(names.program, stores.ledger, stores.treasury).faults == ()


def earned(entries: tuple[Entry, ...]) -> dict[str, int]:
    payable = {account.owner: minor for (account, _), minor in standing(entries).items()}
    return {owner: minor for owner, minor in payable.items() if minor > 0}
