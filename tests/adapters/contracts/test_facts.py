"""The ports of orders' facts."""

from __future__ import annotations

from dataclasses import replace

from grapevine.domain.facts import Fact, FactKind, Outcome, Payment, Ruling, Snapshot
from tests import builders as make
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, minutes


def ruling(*, accepted: bool) -> Ruling:
    return Ruling(fact="f" * 16, accepted=accepted, by="Mei 漢字", why="I asked the shop")


def every_kind_of_fact(names: Names) -> list[Fact]:
    order = names.order()
    full = make.snapshot(
        referrer="slickdeals.net",
        lines=(
            make.line("1", 999, product_id="9", sku="S-1", quantity_milli=1500, discount_minor=9),
            make.line("2", 5, tax_minor=1, gift_card=True),
        ),
        payment=Payment.PARTIALLY_REFUNDED,
        cancelled_at=T0 + minutes(1),
        received_at=T0 + minutes(2),
        customer_key="c" * 24,
        test=True,
    )
    return [
        make.fact(FactKind.PLACED, order=order, snapshot=Snapshot()),
        make.fact(FactKind.PAID, minutes(1), order=order, snapshot=full),
        make.fact(FactKind.EDITED, minutes(2), order=order, snapshot=Snapshot(lines=())),
        make.fact(
            FactKind.REFUNDED,
            minutes(3),
            order=order,
            refunds=(make.refund("r1", ("1", 5), ("2", 0)), make.refund("r2")),
        ),
        make.fact(FactKind.CANCELLED, minutes(4), order=order, snapshot=None, problem="lines[0]: 漢字"),
        make.fact(FactKind.RECEIVED, minutes(5), order=order),
        make.fact(FactKind.ACCEPTED, order=order, snapshot=None, ruling=ruling(accepted=True)),
        make.fact(FactKind.REJECTED, order=order, snapshot=None, ruling=ruling(accepted=False)),
        make.fact(FactKind.EDITED, minutes(6), order=order, problem="lines[0]: negative"),
        make.fact(FactKind.VERDICT, order=order, verdict=make.verdict(Outcome.BLOCK).verdict, snapshot=None),
    ]


def test_every_field_of_every_kind_of_fact_is_kept(stores: Stores, names: Names) -> None:
    facts = every_kind_of_fact(names)
    assert [stores.facts.append(fact) for fact in facts] == [True] * len(facts)
    stored = stores.facts.facts_of(names.order())
    assert {fact.digest: fact for fact in stored} == {fact.digest: fact for fact in facts}


def test_appending_a_fact_again_says_it_is_not_new(stores: Stores, names: Names) -> None:
    fact = make.fact(order=names.order())
    assert stores.facts.append(fact) is True
    assert stores.facts.append(fact) is False
    assert stores.facts.facts_of(names.order()) == (fact,)


def test_an_unknown_order_has_no_facts(stores: Stores, names: Names) -> None:
    assert stores.facts.facts_of(names.order()) == ()


def test_the_same_id_in_two_storefronts_is_two_orders(stores: Stores, names: Names) -> None:
    fact = make.fact(order=names.order())
    stores.facts.append(fact)
    other = type(fact.order)(f"{names.storefront}-2", fact.order.order_id)
    assert stores.facts.facts_of(other) == ()


def test_two_facts_of_one_instant_are_both_kept(stores: Stores, names: Names) -> None:
    facts = {make.fact(order=names.order(), digest=digest) for digest in ("a" * 16, "b" * 16)}
    for fact in facts:
        stores.facts.append(fact)
    assert set(stores.facts.facts_of(names.order())) == facts


def test_a_scan_has_every_fact_of_a_program_and_no_other(stores: Stores, names: Names) -> None:
    ours = [make.fact(order=names.order(number), program_id=names.program) for number in ("1", "2", "2")]
    ours.append(make.refunded("r1", minutes(9), ("a", 1)))
    ours[-1] = replace(ours[-1], order=names.order("2"), program_id=names.program)
    theirs = make.fact(order=names.order("3"), program_id=f"{names.program}-2")
    for fact in (*ours, theirs):
        stores.facts.append(fact)
    assert set(stores.facts.scan(names.program)) == set(ours)
