"""An entry with something in every field reads back as it was; every field has its short name for good."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from grapevine.domain.accounts import Leaf, Posting, commission_account, promoter_account
from grapevine.domain.bindings import CustomerNote
from grapevine.domain.candidates import Candidate, Reason
from grapevine.domain.decision_texts import decision_from_dict, decision_to_dict
from grapevine.domain.decisions import Decision
from grapevine.domain.entries import (
    Entry,
    EntryReason,
    PointsCoupon,
    canonical,
    entry_from_dict,
    entry_of_text,
    entry_to_dict,
)
from grapevine.domain.fx import Rate
from grapevine.domain.grants import Grant, GrantKey
from grapevine.domain.money import Money
from grapevine.domain.products import SoldProduct
from grapevine.domain.tiers import Sale, Shortfall, TierStanding, Volume
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes

CLICK = Candidate(
    click_id=make.CLICK_ID,
    promoter_id=CY,
    occurred_at=T0,
    recorded_at=T0 + minutes(1),
    reason=Reason.ELIGIBLE,
    coupon_code="CY-10",
    binding="sf/1/1",
    channel="wechat",
    is_public=True,
    referrer="deals.example",
)
DECISION = Decision(
    basis="0123456789ab",
    reason=Reason.LINEAR,
    plan_version=3,
    promoter_ids=(CY, BO, ANA),
    candidates=(CLICK,),
    further=((BO, ANA), (ANA,)),
    rate=Rate(base="EUR", quote="USD", text="1.10", source="a bank", effective_at=T0),
    recruiters=("", BO, ANA),
    products=(
        SoldProduct(product_id="77", category="tea", collections=("new", "gifts"), earners=(CY, BO)),
        SoldProduct(product_id="78", earners=()),
    ),
    customer=CustomerNote("b" * 24, CY, True),  # noqa: FBT003 - as it is stored
    tiers=(
        TierStanding(
            promoter_id=CY, month="2026-10", volume=Volume(20_000, 2), tier_id="silver", uplift=(400, 3)
        ),
    ),
    gated=(Shortfall(BO, "2026-10", 500),),
    provisional_until=T0 + days(30),
    kept_bps=8_000,
    campaigns=(("cm_1", "cm_2"), (), ("cm_1",)),
    payees=((CY, "p" * 24), (BO, "q" * 24)),
)
ENTRY = Entry(
    key=make.ORDER,
    sequence=2,
    program_id=PROGRAM_ID,
    reason=EntryReason.REATTRIBUTED,
    postings=(
        Posting(
            commission_account(PROGRAM_ID), promoter_account(PROGRAM_ID, CY, Leaf.HELD), Money(1333, "USD")
        ),
    ),
    recorded_at=T0,
    covers=3,
    facts=("00", "01"),
    decision=DECISION,
    grants=(
        Grant(GrantKey(PROGRAM_ID, "cap", CY, "2026-11"), 500, 400),
        Grant(GrantKey(PROGRAM_ID, "budget:cm_1", "3", "all"), 500, 400, 450),
    ),
    sales=(Sale(CY, "2026-11", Volume(100, 1)),),
    evidence=(Sale(CY, "bt_1:2026-W46", Volume(-100, -1)),),
    reached=Volume(700, 7),
    released=True,
    waits=(CY, BO),
    voided=(ANA, BO),
    due_at=T0 + days(7),
    payout_id="po_1",
    purpose="a leg",
    note="line 3 of their last statement",
    coupon=PointsCoupon("PTS-1", 500),
    tax_period="2026",
    previous_hash="a" * 64,
)


def unset(value: Any, but: tuple[str, ...] = ()) -> list[str]:  # noqa: ANN401 - any record
    """Return the fields of a record that have their default, and so would not be missed."""
    return [
        one.name
        for one in fields(value)
        if one.default is not MISSING and getattr(value, one.name) == one.default and one.name not in but
    ]


def test_the_example_has_something_in_every_field() -> None:
    """A new field fails here until it is in the example, and so in all that follows."""
    assert unset(ENTRY, but=("text",)) == []
    assert unset(DECISION) == []
    assert unset(CLICK) == []
    assert unset(DECISION.products[0]) == []
    assert unset(ENTRY.grants[1]) == []


def test_every_field_reads_back() -> None:
    assert entry_from_dict(entry_to_dict(ENTRY), make.ORDER) == ENTRY
    assert decision_from_dict(decision_to_dict(DECISION)) == DECISION


def test_an_entry_that_was_stored_keeps_its_text() -> None:
    """A newer writer's entry says more than we read, and its hash is of what is stored."""
    text = canonical(ENTRY)
    newer = text.replace('{"at"', '{"a_new_name":1,"at"', 1)
    read = entry_of_text(newer, make.ORDER)
    assert (read, read.text) == (ENTRY, newer)
    assert read.hash != ENTRY.hash
    assert entry_of_text(text, make.ORDER).hash == ENTRY.hash


def test_the_short_names_are_for_good() -> None:
    """What is in a ledger must be readable by every later version."""
    names = "v k n p r l at c f d g s ev rv rel wt vd due pay for nt cp tp prev"
    assert sorted(entry_to_dict(ENTRY)) == sorted(names.split(" "))
    found = entry_to_dict(ENTRY)
    assert (found["rel"], found["f"], found["rv"], found["cp"]) == (1, "00,01", [700, 7], ["PTS-1", 500])
    assert found["g"] == [
        [str(ENTRY.grants[0].key), 500, 400],
        [str(ENTRY.grants[1].key), 500, 400, 450],
    ]


def test_what_is_not_there_has_its_default() -> None:
    bare = Entry(
        key=make.ORDER,
        sequence=1,
        program_id=PROGRAM_ID,
        reason=EntryReason.RECORDED,
        postings=(),
        recorded_at=T0,
    )
    assert sorted(entry_to_dict(bare)) == ["at", "k", "n", "p", "r", "v"]
    assert entry_from_dict(entry_to_dict(bare), make.ORDER) == bare
    plain = Decision(basis="0" * 12, reason=Reason.NO_TOUCH, plan_version=1, promoter_ids=(), candidates=())
    assert decision_from_dict(decision_to_dict(plain)) == plain
