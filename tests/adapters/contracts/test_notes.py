"""The ports of notes to promoters and of how promoters are reached."""

from __future__ import annotations

from dataclasses import replace

from grapevine.domain.messages import Channel, Contact, Note, NoteKind
from grapevine.domain.wording import Language
from grapevine.ports import DueNotes
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, days, minutes

MANY = 10_000
"""More than other tests leave in the index."""


def note(names: Names, name: str = "1", **changes: object) -> Note:
    made = Note(
        id=f"{names.program}/{name}",
        program_id=names.program,
        promoter_id="pr_ana",
        kind=NoteKind.EARNED,
        amount_minor=100,
        currency="USD",
        at=T0,
        detail="漢字",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def due(stores: Stores, names: Names, late: float) -> list[DueNotes]:
    """Return what is due by then of this test's program."""
    found = stores.notes.due(T0 + minutes(late), MANY)
    return [one for one in found if one.program_id == names.program]


def test_notes_wait_for_each_other_and_the_first_says_how_long(stores: Stores, names: Names) -> None:
    first, second = note(names), note(names, "2", at=T0 + minutes(30))
    stores.notes.add(second)
    stores.notes.add(first)
    assert due(stores, names, 59) == []
    (found,) = due(stores, names, 60)
    assert found == DueNotes(names.program, "pr_ana", T0 + minutes(60))
    claimed = stores.notes.claim(found, T0 + minutes(75))
    assert claimed
    assert stores.notes.notes(claimed, 10) == (first, second)
    assert stores.notes.notes(claimed, 1) == (first,)


def test_what_hurries_is_looked_at_earlier_and_what_does_not_changes_nothing(
    stores: Stores, names: Names
) -> None:
    stores.notes.add(note(names))
    stores.notes.add(note(names, "2", kind=NoteKind.PAID))
    assert [found.due_at for found in due(stores, names, 60)] == [T0 + minutes(10)]
    stores.notes.add(note(names, "3"))
    assert [found.due_at for found in due(stores, names, 60)] == [T0 + minutes(10)]


def test_of_two_who_claim_one_wins(stores: Stores, names: Names) -> None:
    stores.notes.add(note(names))
    (found,) = due(stores, names, 60)
    assert stores.notes.claim(found, T0 + minutes(75))
    assert stores.notes.claim(found, T0 + minutes(75)) is None
    assert due(stores, names, 74) == []
    assert [again.due_at for again in due(stores, names, 75)] == [T0 + minutes(75)]


def test_what_was_told_never_comes_again(stores: Stores, names: Names) -> None:
    stores.notes.add(note(names))
    (found,) = due(stores, names, 60)
    claimed = stores.notes.claim(found, T0 + minutes(75))
    assert claimed
    stores.notes.tell(stores.notes.notes(claimed, 10), T0 + minutes(60))
    stores.notes.release(claimed, None)
    assert due(stores, names, 6000) == []
    stores.notes.add(note(names))
    assert due(stores, names, 6000) == []


def test_a_note_that_comes_meanwhile_is_not_forgotten(stores: Stores, names: Names) -> None:
    stores.notes.add(note(names))
    (found,) = due(stores, names, 60)
    claimed = stores.notes.claim(found, T0 + minutes(75))
    assert claimed
    told = stores.notes.notes(claimed, 10)
    late = note(names, "2", at=T0 + minutes(61), kind=NoteKind.RETURNED)
    stores.notes.add(late)
    stores.notes.tell(told, T0 + minutes(60))
    stores.notes.release(claimed, None)
    (again,) = due(stores, names, 80)
    assert again.due_at == T0 + minutes(71)
    assert stores.notes.notes(again, 10) == (late,)


def test_who_is_put_off_is_looked_at_then(stores: Stores, names: Names) -> None:
    stores.notes.add(note(names))
    (found,) = due(stores, names, 60)
    claimed = stores.notes.claim(found, T0 + minutes(75))
    assert claimed
    stores.notes.release(claimed, T0 + days(1))
    assert due(stores, names, 1439) == []
    assert [again.due_at for again in due(stores, names, 1440)] == [T0 + days(1)]


def test_a_contact_is_kept_replaced_and_forgotten(stores: Stores, names: Names) -> None:
    assert stores.contacts.contact(names.program, "pr_ana") is None
    for kept in (
        Contact(address="ana@shop.example"),
        Contact(
            channel=Channel.SMS, address="+8613800138000", language=Language.ZH, muted=(NoteKind.EARNED,)
        ),
    ):
        stores.contacts.put_contact(names.program, "pr_ana", kept)
        assert stores.contacts.contact(names.program, "pr_ana") == kept
    assert stores.contacts.contact(names.program, "pr_bo") is None
    stores.contacts.put_contact(names.program, "pr_ana", None)
    assert stores.contacts.contact(names.program, "pr_ana") is None
