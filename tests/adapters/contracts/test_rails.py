"""The ports of payees and batches."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from grapevine.domain.money import Money
from grapevine.domain.transfers import Payee, RailName, Transfer, TransferBatch
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days, minutes

PAYEE = Payee(
    rail=RailName.SEPA, details={"iban": "DE02 1203 0000 0000 2020 51", "name": "安娜"}, changed_at=T0
)


def batch(names: Names, number: int = 1) -> TransferBatch:
    transfers = tuple(
        Transfer(
            id=f"po{number}x{leg}",
            payout_id=f"po_{number}",
            settlement_id=f"{names.program}.2026-12-10",
            promoter_id=f"pr_{leg}",
            amount=Money(leg * 100, "EUR"),
            details={"iban": "x", "name": "漢字"} if leg > 1 else {},
        )
        for leg in (1, 2)
    )
    return TransferBatch(
        id=f"pb{number}",
        program_id=names.program,
        rail=RailName.SEPA,
        currency="EUR",
        created_at=T0 + days(number),
        execution_day=date(2026, 12, 11),
        transfers=transfers,
    )


def test_nobody_knows_where_a_stranger_is_paid(stores: Stores, names: Names) -> None:
    assert stores.payees.payees(names.program, ["pr_ana"]) == {}
    assert stores.payees.payees(names.program, []) == {}


def test_a_payee_is_read_as_it_was_put_last_and_forgotten_when_asked(stores: Stores, names: Names) -> None:
    later = replace(PAYEE, rail=RailName.PAYPAL, details={"email": "a@x.example"}, changed_at=T0 + minutes(1))
    for payee in (PAYEE, later):
        stores.payees.put_payee(names.program, "pr_ana", payee)
        assert stores.payees.payees(names.program, ["pr_ana", "pr_bo"]) == {"pr_ana": payee}
    for _ in range(2):
        stores.payees.put_payee(names.program, "pr_ana", None)
        assert stores.payees.payees(names.program, ["pr_ana"]) == {}


def test_payees_of_another_program_are_others(stores: Stores, names: Names) -> None:
    stores.payees.put_payee(names.program, "pr_ana", PAYEE)
    assert stores.payees.payees(f"{names.program}-2", ["pr_ana"]) == {}


def test_a_hundred_payees_are_read_at_once(stores: Stores, names: Names) -> None:
    wanted = [f"pr_{number}" for number in range(100)]
    for name in wanted:
        stores.payees.put_payee(names.program, name, PAYEE)
    assert stores.payees.payees(names.program, wanted) == dict.fromkeys(wanted, PAYEE)


def test_a_batch_is_kept_whole_and_for_good(stores: Stores, names: Names) -> None:
    kept = batch(names)
    assert stores.batches.batch(names.program, kept.id) is None
    assert stores.batches.keep(kept)
    assert stores.batches.batch(names.program, kept.id) == kept
    other = replace(kept, transfers=kept.transfers[:1], created_at=T0)
    for again in (kept, other):
        assert not stores.batches.keep(again)
        assert stores.batches.batch(names.program, kept.id) == kept
        assert stores.batches.open_batches(names.program) == [kept]


def test_a_batch_without_transfers_is_one(stores: Stores, names: Names) -> None:
    empty = replace(batch(names), transfers=())
    assert stores.batches.keep(empty)
    assert stores.batches.batch(names.program, empty.id) == empty


def test_open_batches_are_listed_oldest_first_until_closed(stores: Stores, names: Names) -> None:
    kept = [batch(names, number) for number in (3, 1, 2)]
    for one in kept:
        stores.batches.keep(one)
    assert [one.id for one in stores.batches.open_batches(names.program)] == ["pb1", "pb2", "pb3"]
    for _ in range(2):
        stores.batches.close(names.program, "pb2")
        assert [one.id for one in stores.batches.open_batches(names.program)] == ["pb1", "pb3"]
    assert not stores.batches.keep(kept[2])
    assert [one.id for one in stores.batches.open_batches(names.program)] == ["pb1", "pb3"]
    assert stores.batches.batch(names.program, "pb2") == kept[2]


def test_a_rails_batches_are_found_by_when_they_were_made(stores: Stores, names: Names) -> None:
    for number in (3, 1, 2):
        stores.batches.keep(batch(names, number))
    stores.batches.keep(replace(batch(names, 4), rail=RailName.CSV))
    stores.batches.close(names.program, "pb3")
    since = stores.batches.batches_since
    assert [one.id for one in since(names.program, RailName.SEPA, T0 + days(2))] == ["pb2", "pb3"]
    assert list(since(names.program, RailName.SEPA, T0 + days(4))) == []
    assert list(since(f"{names.program}-2", RailName.SEPA, T0)) == []


def test_batches_of_another_program_are_others(stores: Stores, names: Names) -> None:
    stores.batches.keep(batch(names))
    assert stores.batches.batch(f"{names.program}-2", "pb1") is None
    assert stores.batches.open_batches(f"{names.program}-2") == []
    assert stores.batches.batch(names.program, "a#b") is None


def test_edge_90_where_somebody_was_paid_is_erased_from_the_batches_they_are_in(
    stores: Stores, names: Names
) -> None:
    first, second, third = (batch(names, number) for number in (1, 2, 3))
    for one in (first, second, third):
        stores.batches.keep(one)
    wanted = ["pb1", "pb2", "pb9"]
    for _ in range(2):
        found = stores.batches.forget_details(names.program, ["pr_2", "pr_7"], wanted)
        assert [one.id for one in sorted(found, key=lambda one: one.id)] == ["pb1", "pb2"]
    for before in (first, second):
        after = stores.batches.batch(names.program, before.id)
        assert after
        assert [dict(one.details) for one in after.transfers] == [{}, {}]
        assert [one.amount for one in after.transfers] == [one.amount for one in before.transfers]
    assert stores.batches.batch(names.program, "pb3") == third
    assert list(stores.batches.forget_details(names.program, ["pr_7"], wanted)) == []
    assert list(stores.batches.forget_details(f"{names.program}-2", ["pr_2"], wanted)) == []
