"""Rings of accounts: what ties them, how sure that is, and what is no ring."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.people import Merge, Promoter
from grapevine.domain.rings import LONGEST_CIRCLE, LinkReason, rings
from tests import builders as make
from tests.builders import T0, days

HOME, MAIL = "p" * 24, "m" * 24


def paid_to(promoter: Promoter, key: str | None = HOME) -> Promoter:
    return promoter.with_payee(key, T0)


def told(*promoters: Promoter) -> list[tuple[int, tuple[str, ...], list[str]]]:
    return [
        (ring.score, ring.promoter_ids, [link.reason.value for link in ring.links])
        for ring in rings(promoters)
    ]


def test_edge_51_an_honest_network_has_no_ring() -> None:
    tree = [make.promoter(f"p{n}", f"p{n // 2}" if n else None, customer_key=f"c{n}") for n in range(40)]
    tree += [paid_to(make.promoter("x", "p3"), "x" * 24), paid_to(make.promoter("y", "x"), "y" * 24)]
    assert rings(tree) == ()
    assert rings(()) == ()


def test_edge_51_accounts_paid_to_one_place_are_one_persons() -> None:
    ann, ben = paid_to(make.promoter("ann")), paid_to(make.promoter("ben"))
    assert told(ann, ben, make.promoter("eve")) == [(85, ("ann", "ben"), ["shared_payee"])]


def test_edge_51_one_who_invited_themselves_is_surer_and_names_the_invitation() -> None:
    ann, two = (
        paid_to(make.promoter("ann", customer_key=MAIL)),
        make.promoter("two", "ann", customer_key=MAIL),
    )
    assert told(ann, two) == [(99, ("ann", "two"), ["invited_themselves", "shared_customer"])]
    (ring,) = rings((ann, two))
    assert ring.links[0].promoter_ids == ("ann", "two")


def test_edge_51_two_persons_each_above_the_other_close_a_circle() -> None:
    """Ann invites Ben, and Ben an account that is paid where Ann is."""
    ann, ben, second = (
        paid_to(make.promoter("ann")),
        make.promoter("ben", "ann"),
        paid_to(make.promoter("second", "ben")),
    )
    ((score, names, reasons),) = told(second, ben, ann)
    assert (score, names) == (95, ("ann", "ben", "second"))
    assert reasons == ["invite_circle", "shared_payee"]


def test_a_circle_in_time_is_one_and_one_that_is_long_is_none() -> None:
    def circle(size: int) -> list[Promoter]:
        people = [make.promoter(f"p{n}", f"p{n - 1}" if n else None) for n in range(size)]
        return [people[0].with_sponsor(f"p{size - 1}", T0), *people[1:]]

    for size in range(2, LONGEST_CIRCLE + 1):
        assert told(*circle(size)) == [(70, tuple(f"p{n}" for n in range(size)), ["invite_circle"])]
    assert told(*circle(LONGEST_CIRCLE + 1)) == []


def test_more_accounts_are_more_coincidences_and_the_surest_ring_comes_first() -> None:
    three = [paid_to(make.promoter(name)) for name in ("c", "d", "e")]
    two = [paid_to(make.promoter(name), "q" * 24) for name in ("a", "b")]
    assert [(score, names) for score, names, _ in told(*two, *three)] == [
        (97, ("c", "d", "e")),
        (85, ("a", "b")),
    ]


def test_accounts_that_were_merged_said_so_themselves() -> None:
    ann = replace(make.promoter("ann", customer_key=MAIL), duplicates=(Merge(T0, "two", MAIL),))
    two = replace(make.promoter("two", "ann", customer_key=MAIL), alias=Merge(T0, "ann"))
    assert rings((ann, two)) == ()
    third = paid_to(make.promoter("third", "two"))
    assert told(paid_to(ann), two, third) == [
        (92, ("ann", "third"), ["invited_themselves", "shared_payee"]),
    ]


def test_where_somebody_was_paid_once_counts_for_good() -> None:
    moved = paid_to(make.promoter("ann")).with_payee("q" * 24, T0 + days(1)).with_payee(None, T0 + days(2))
    assert [names for _, names, _ in told(moved, paid_to(make.promoter("ben")))] == [("ann", "ben")]


@given(
    st.lists(
        st.tuples(st.integers(0, 8), st.sampled_from(("", "a", "b")), st.sampled_from(("", "c"))),
        min_size=1,
        max_size=9,
    ),
    st.randoms(use_true_random=False),
)
def test_rings_are_the_same_in_any_order_and_name_only_whom_they_rest_on(
    drawn: list[tuple[int, str, str]], random: object
) -> None:
    people = [
        paid_to(make.promoter(f"p{n}", f"p{sponsor}", customer_key=mail or None), payee or None)
        for n, (sponsor, payee, mail) in enumerate(drawn)
    ]
    shuffled = list(people)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    found = rings(people)
    assert rings(shuffled) == found
    for ring in found:
        assert 0 <= ring.score <= 100
        assert set(ring.promoter_ids) == {name for link in ring.links for name in link.promoter_ids}
    names = [name for ring in found for name in ring.promoter_ids]
    assert len(names) == len(set(names))
    assert all(link.reason in LinkReason for ring in found for link in ring.links)
