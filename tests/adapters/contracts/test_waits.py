"""The port of the list of orders that wait."""

from __future__ import annotations

from dataclasses import replace

from grapevine.domain.waits import Wait, WaitReason
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days, minutes


def wait(names: Names, order_id: str = "1001", **changes: object) -> Wait:
    made = Wait(
        order=names.order(order_id),
        program_id=names.program,
        reason=WaitReason.QUARANTINED,
        what="line_items[0].price: 漢字",
        since=T0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def ours(stores: Stores, names: Names, late: float) -> list[Wait]:
    """Return what has waited since before an instant; other tests' programs are in the list too."""
    found = stores.waits.waiting_since(T0 + minutes(late))
    return [listed for listed in found if listed.program_id == names.program]


def test_a_programs_orders_are_listed_by_name(stores: Stores, names: Names) -> None:
    second, first = wait(names, "2"), wait(names, "1", reason=WaitReason.REFUND_FIRST)
    for listed in (second, first, wait(replace(names, program=f"{names.program}-2"), "3")):
        stores.waits.keep(listed)
    assert list(stores.waits.waiting(names.program)) == [first, second]


def test_a_program_without_any_has_none(stores: Stores, names: Names) -> None:
    assert list(stores.waits.waiting(names.program)) == []


def test_listing_again_replaces_what_was_said_and_since_when(stores: Stores, names: Names) -> None:
    stores.waits.keep(wait(names))
    later = wait(names, what="price: negative", since=T0 + minutes(5))
    stores.waits.keep(later)
    assert list(stores.waits.waiting(names.program)) == [later]
    assert ours(stores, names, 5) == []
    assert ours(stores, names, 6) == [later]


def test_forgetting_takes_off_that_order_alone_and_again_changes_nothing(
    stores: Stores, names: Names
) -> None:
    stores.waits.keep(wait(names, "1"))
    stores.waits.keep(wait(names, "2"))
    for _ in range(2):
        stores.waits.forget(names.program, names.order("1"))
    assert list(stores.waits.waiting(names.program)) == [wait(names, "2")]
    assert ours(stores, names, 1) == [wait(names, "2")]


def test_over_all_programs_the_longest_waiting_come_first(stores: Stores, names: Names) -> None:
    late, early = wait(names, "1", since=T0 + minutes(2)), wait(names, "2", since=T0 - days(2))
    stores.waits.keep(late)
    stores.waits.keep(early)
    assert ours(stores, names, 3) == [early, late]
    assert ours(stores, names, 2) == [early]
