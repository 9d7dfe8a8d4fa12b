"""What comes out of the API, thing by thing: the schemas that answers are made of."""

from __future__ import annotations

from grapevine.domain.api_keys import KeyKind, Scope
from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Campaign
from grapevine.domain.entries import EntryReason
from grapevine.domain.facts import FactKind, Payment
from grapevine.domain.leaks import LeakReason
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.payouts import PayoutState
from grapevine.domain.people import PromoterStatus
from grapevine.domain.plans import Plan
from grapevine.domain.profiles import Profile
from grapevine.domain.rings import Ring
from grapevine.domain.settlements import SettlementState
from grapevine.runtime.openapi.schemas import (
    AMOUNT,
    ANY,
    FLAG,
    INSTANT,
    TEXT,
    WHOLE,
    Schema,
    answer,
    by_name,
    listed,
    one_of,
    or_null,
    schema_of,
)
from grapevine.usecases.list_commissions import CommissionState
from grapevine.usecases.read_bounties import BountyState


def ref(name: str) -> Schema:
    """Return a reference to a named thing."""
    return {"$ref": f"#/components/schemas/{name}"}


_COUPON = {
    "code": TEXT,
    "program_id": TEXT,
    "promoter_id": TEXT,
    "priority": WHOLE,
    "enabled": FLAG,
    "public": FLAG,
    "created_at": INSTANT,
}
_LEAK = answer(
    score=WHOLE,
    threshold=WHOLE,
    reason=one_of(LeakReason),
    since=INSTANT,
    used=WHOLE,
    touched=WHOLE,
    untouched=WHOLE,
    surely_untouched_bps=WHOLE,
    honest_untouched_bps=WHOLE,
    surely_from_deal_sites_bps=WHOLE,
    referrers=by_name(WHOLE),
)
_STOREFRONT = {"id": TEXT, "program_id": TEXT, "platform": TEXT, "domain": TEXT, "webhook_path": TEXT}
_POSTING = answer(source=TEXT, destination=TEXT, amount=AMOUNT, currency=TEXT)
_ENTRY = {
    "id": TEXT,
    "reason": one_of(EntryReason),
    "recorded_at": INSTANT,
    "due_at": or_null(INSTANT),
    "payout_id": or_null(TEXT),
    "postings": listed(_POSTING),
}
_PAYOUT = {
    "id": TEXT,
    "promoter_id": TEXT,
    "settlement_id": TEXT,
    "on_demand": FLAG,
    "state": one_of(PayoutState),
    "currency": TEXT,
    "amount": AMOUNT,
    "fee": AMOUNT,
    "tax": AMOUNT,
    "tax_period": or_null(TEXT),
    "requested_at": INSTANT,
    "rail": or_null(TEXT),
    "waits_for_review": FLAG,
    "detail": or_null(TEXT),
    "legs": listed(
        answer(
            number=WHOLE,
            state=TEXT,
            amount=AMOUNT,
            due_at=INSTANT,
            reference=or_null(TEXT),
            detail=or_null(TEXT),
        )
    ),
}
_KEY = {
    "id": TEXT,
    "name": or_null(TEXT),
    "kind": one_of(KeyKind),
    "scopes": listed(one_of(Scope)),
    "program_id": or_null(TEXT),
    "storefront_id": or_null(TEXT),
    "promoter_id": or_null(TEXT),
    "created_at": INSTANT,
    "revoked_at": or_null(INSTANT),
}
_BALANCE = dict.fromkeys(("held", "payable", "blocked", "reserved", "paid", "earned"), AMOUNT)
_SETTLEMENT = {
    "id": TEXT,
    "state": one_of(SettlementState),
    "progress": TEXT,
    "started_at": INSTANT,
    "closed_at": or_null(INSTANT),
    "promoters": or_null(WHOLE),
    "settled": WHOLE,
    "outcomes": by_name(WHOLE),
    "paid": AMOUNT,
    "currency": TEXT,
    "ignore_minimum": FLAG,
}
_POINTS = dict.fromkeys(("held", "payable", "blocked", "spent", "expired", "charged"), WHOLE) | {
    "next_expiry": or_null(answer(day=or_null(TEXT), points=WHOLE))
}
_PROGRAM = {
    "id": TEXT,
    "name": TEXT,
    "currency": TEXT,
    "time_zone": TEXT,
    "allowed_hosts": listed(TEXT),
    "rounding": TEXT,
    "payouts": schema_of(PayoutTerms, is_sent=False),
    "sandbox": FLAG,
    "profile": one_of(Profile),
    "created_at": INSTANT,
    "plans": listed(ref("Plan")),
}
_STATE = {"state": {"type": "string", "enum": ["planned", "running", "over"]}}


def _dated(schema: Schema) -> Schema:
    return {
        **schema,
        "properties": {**schema["properties"], **_STATE},
        "required": [*schema["required"], "state"],
    }


THINGS: dict[str, Schema] = {
    "Program": answer(**_PROGRAM),
    "Plan": schema_of(Plan, is_sent=False),
    "PayoutTerms": schema_of(PayoutTerms, is_sent=False),
    "Campaign": _dated(schema_of(Campaign, "first_budget", is_sent=False)),
    "Bounty": _dated(schema_of(Bounty, "first_budget", is_sent=False)),
    "BountyProgress": answer(
        bounty=TEXT,
        name=TEXT,
        period=TEXT,
        starts_at=INSTANT,
        ends_at=INSTANT,
        tiers=listed(TEXT),
        measure=TEXT,
        target=ANY,
        reached=ANY,
        missing=ANY,
        amount=AMOUNT,
        currency=TEXT,
        state=one_of(BountyState),
        hold_ends_at=INSTANT,
    ),
    "Rate": answer(base=TEXT, quote=TEXT, rate=TEXT, source=TEXT, effective_at=INSTANT),
    "Storefront": answer(**_STOREFRONT),
    "SeenStorefront": answer(**_STOREFRONT, webhook_secrets=WHOLE, access=listed(TEXT)),
    "Promoter": answer(
        id=TEXT,
        program_id=TEXT,
        name=TEXT,
        sponsor_id=or_null(TEXT),
        status=one_of(PromoterStatus),
        joined_at=INSTANT,
    ),
    "Registration": answer(
        program_id=TEXT, customer=TEXT, promoter_id=TEXT, occurred_at=INSTANT, recorded_at=INSTANT
    ),
    "SamePerson": answer(
        program_id=TEXT, customer=TEXT, other=TEXT, occurred_at=INSTANT, recorded_at=INSTANT
    ),
    "Product": answer(
        id=TEXT,
        program_id=TEXT,
        category=or_null(TEXT),
        collections=listed(TEXT),
        promoter_id=or_null(TEXT),
        effective_at=INSTANT,
        listing=or_null({"type": "object"}),
    ),
    "Link": answer(
        code=TEXT, path=TEXT, program_id=TEXT, promoter_id=TEXT, destination=TEXT, product_id=or_null(TEXT)
    ),
    "Coupon": answer(**_COUPON),
    "CouponWithHistory": answer(
        **_COUPON, changes=listed({"type": "object"}), marks=listed({"type": "object"})
    ),
    "CouponWithScore": answer(
        **_COUPON, changes=listed({"type": "object"}), marks=listed({"type": "object"}), leak=_LEAK
    ),
    "MarkedCoupon": answer(code=TEXT, leak=_LEAK),
    "Ring": schema_of(Ring, is_sent=False),
    "Payee": answer(
        rail=or_null(TEXT),
        details=by_name(TEXT),
        changed_at=or_null(INSTANT),
        paid_from=or_null(INSTANT),
        missing_details=listed(TEXT),
    ),
    "Payout": answer(**_PAYOUT),
    "SeenPayout": answer(**_PAYOUT, waits=or_null({"type": "object"})),
    "Settlement": answer(**_SETTLEMENT),
    "SettlementReport": answer(**_SETTLEMENT, not_settled=listed({"type": "object"})),
    "Balance": answer(currency=TEXT, **_BALANCE, payout={"type": "object"}),
    "Points": answer(**_POINTS, expires=listed({"type": "object"})),
    "Spent": answer(
        entry=TEXT,
        coupon_code=or_null(TEXT),
        points=WHOLE,
        off=or_null(AMOUNT),
        currency=TEXT,
        request_id=or_null(TEXT),
        recorded_at=INSTANT,
    ),
    "Entry": answer(**_ENTRY),
    "ToldEntry": answer(**_ENTRY, sentence=TEXT),
    "Commission": answer(
        promoter_id=TEXT,
        order=TEXT,
        state=one_of(CommissionState),
        currency=TEXT,
        earned=AMOUNT,
        held=AMOUNT,
        payable=AMOUNT,
        blocked=AMOUNT,
        first_at=INSTANT,
        last_at=INSTANT,
        entries=listed(TEXT),
    ),
    "Order": answer(
        order=TEXT,
        currency=or_null(TEXT),
        payment=one_of(Payment),
        placed_at=or_null(INSTANT),
        paid_at=or_null(INSTANT),
        received_at=or_null(INSTANT),
        cancelled_at=or_null(INSTANT),
        base=or_null(AMOUNT),
        refunded=or_null(AMOUNT),
        coupon_codes=listed(TEXT),
        click_id=or_null(TEXT),
        test=FLAG,
        problems=listed(TEXT),
        missing=listed(TEXT),
        facts=listed(
            answer(
                fact=TEXT, kind=one_of(FactKind), version=INSTANT, recorded_at=INSTANT, problem=or_null(TEXT)
            )
        ),
        standings=listed(
            answer(promoter_id=TEXT, currency=TEXT, held=AMOUNT, payable=AMOUNT, blocked=AMOUNT)
        ),
        entries=listed(ref("Entry")),
    ),
    "Waiting": answer(order=TEXT, reason=TEXT, what=TEXT, since=INSTANT, facts=listed({"type": "object"})),
    "Key": answer(**_KEY),
    "NewKey": answer(**_KEY, key=or_null(TEXT)),
    "Fault": answer(where=TEXT, what=TEXT),
    "Problem": {
        "type": "object",
        "properties": {
            "type": TEXT,
            "title": TEXT,
            "status": WHOLE,
            "code": TEXT,
            "detail": TEXT,
            "instance": TEXT,
            "where": TEXT,
            "faults": listed(ref("Fault")),
            "reason": TEXT,
        },
        "required": ["type", "title", "status", "code", "instance"],
    },
}
"""Every named thing."""
