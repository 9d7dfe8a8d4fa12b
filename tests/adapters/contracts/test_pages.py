"""The pages' ports."""

from __future__ import annotations

from random import Random

from grapevine.domain.money import MAX_MINOR
from grapevine.domain.pages import Page, PageKey
from tests.adapters.contracts.stores import Names, Stores


def addition(names: Names, mark: object, *, day: str = "2026-11-11", slot: int = 0, **amounts: int) -> Page:
    key = PageKey(str(names.account()), day, slot)
    return Page(key, amounts or {"held": 100}, frozenset({f"{names.order(str(mark))}/1"}))


def test_an_addition_is_counted_once_however_often_it_comes(stores: Stores, names: Names) -> None:
    page = addition(names, 1, held=100, commission=-100)
    assert stores.pages.fold([page]) == 1
    assert stores.pages.fold([page]) == 0
    assert stores.pages.pages(page.key.subject) == (page,)


def test_a_repeat_within_one_fold_counts_once(stores: Stores, names: Names) -> None:
    page = addition(names, 1)
    assert stores.pages.fold([page, page]) == 1
    assert stores.pages.pages(page.key.subject) == (page,)


def test_additions_to_one_page_add_up_with_all_their_marks(stores: Stores, names: Names) -> None:
    additions = [addition(names, 1, held=100), addition(names, 2, held=-30), addition(names, 3, payable=30)]
    assert stores.pages.fold(additions) == 3
    (page,) = stores.pages.pages(additions[0].key.subject)
    assert page.amounts == {"held": 70, "payable": 30}
    assert page.marks == frozenset().union(*(one.marks for one in additions))


def test_one_that_is_there_never_stops_the_others(stores: Stores, names: Names) -> None:
    additions = [addition(names, mark, held=10**mark) for mark in range(4)]
    assert stores.pages.fold([additions[2]]) == 1
    assert stores.pages.fold(additions) == 3
    (page,) = stores.pages.pages(additions[0].key.subject)
    assert page.amounts == {"held": 1111}


def test_pages_are_apart_by_subject_day_and_slot_and_come_oldest_first(stores: Stores, names: Names) -> None:
    places = (("2026-11-12", 0), ("2026-11-11", 3), ("2026-11-11", 10), ("2025-12-31", 63))
    additions = [addition(names, 1, day=day, slot=slot) for day, slot in places]
    other = Page(PageKey(f"{names.program}/pr_bo/USD", "2026-11-11", 3), {"held": 1}, additions[0].marks)
    assert stores.pages.fold([*additions, other]) == 5
    pages = stores.pages.pages(additions[0].key.subject)
    assert pages == tuple(sorted(additions, key=lambda page: (page.key.day, page.key.slot)))
    assert stores.pages.pages(other.key.subject) == (other,)


def test_more_additions_than_one_write_takes_are_all_counted(stores: Stores, names: Names) -> None:
    additions = [addition(names, mark, held=mark) for mark in range(120)]
    assert stores.pages.fold(additions[60:62]) == 2
    assert stores.pages.fold(additions) == 118
    (page,) = stores.pages.pages(additions[0].key.subject)
    assert page.amounts == {"held": sum(range(120))}
    assert len(page.marks) == 120


def test_sums_stay_exact_at_the_largest_amounts(stores: Stores, names: Names) -> None:
    additions = [addition(names, mark, held=MAX_MINOR - mark, paid=mark - MAX_MINOR) for mark in range(9)]
    stores.pages.fold(additions)
    (page,) = stores.pages.pages(additions[0].key.subject)
    assert page.amounts == {"held": 9 * MAX_MINOR - 36, "paid": 36 - 9 * MAX_MINOR}


def test_an_addition_without_amounts_leaves_its_mark(stores: Stores, names: Names) -> None:
    page = Page(PageKey(str(names.account()), "2026-11-11", 0), {}, frozenset({f"{names.order()}/1"}))
    assert stores.pages.fold([page]) == 1
    assert stores.pages.fold([page]) == 0
    assert stores.pages.pages(page.key.subject) == (page,)


def test_a_statistic_has_pages_too(stores: Stores, names: Names) -> None:
    key = PageKey(f"clicks/code{names.number}", "2026-11-11", 7)
    page = Page(key, {"people": 1}, frozenset({"2" * 22 + "-" + "3" * 20}))
    assert stores.pages.fold([page]) == 1
    assert stores.pages.pages(key.subject) == (page,)


def test_folding_nothing_and_reading_an_unknown_subject(stores: Stores, names: Names) -> None:
    assert stores.pages.fold([]) == 0
    assert stores.pages.pages(str(names.account())) == ()


def test_any_batches_of_repeated_and_shuffled_additions_end_in_the_same_pages(
    stores: Stores, names: Names
) -> None:
    random = Random(7)
    additions = [
        addition(names, mark, slot=mark % 3, held=random.randint(-999, 999), payable=random.randint(1, 9))
        for mark in range(30)
    ]
    deliveries = random.choices(additions, k=60) + additions
    new = 0
    while deliveries:
        size = random.randint(1, 12)
        new += stores.pages.fold(deliveries[:size])
        del deliveries[:size]
    assert new == 30
    for page in stores.pages.pages(additions[0].key.subject):
        parts = [one for one in additions if one.key == page.key]
        assert page.amounts == {
            name: sum(part.amounts[name] for part in parts) for name in ("held", "payable")
        }
