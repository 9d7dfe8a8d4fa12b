"""What each route takes and gives, by the name of what serves it.

A route that is not here takes and gives some object: truly, and without telling more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from grapevine.domain.api_keys import KeyKind, Scope
from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Campaign
from grapevine.domain.messages import Contact
from grapevine.domain.payout_terms import PayoutTerms
from grapevine.domain.payouts import PayoutState
from grapevine.domain.people import PromoterStatus
from grapevine.domain.plans import Plan
from grapevine.domain.profiles import Profile
from grapevine.domain.statement_signatures import FileFormat
from grapevine.domain.transfers import RailName
from grapevine.domain.wording import Language
from grapevine.runtime.openapi.schemas import (
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
    page_of,
    schema_of,
    sent,
)
from grapevine.runtime.openapi.things import ref
from grapevine.usecases.put_products import ProductTerms

OBJECT: Schema = {"type": "object"}
NOTHING = sent()
"""An empty object, or no body at all."""


@dataclass(frozen=True, slots=True)
class Described:
    """A route's answer, its body (None for none), what a query may say, and other types it may answer in."""

    answer: Schema = field(default_factory=lambda: OBJECT)
    body: Schema | None = None
    query: dict[str, Schema] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    is_list: bool = False


def _page(name: str, thing: str, **query: Schema) -> Described:
    return Described(page_of(name, ref(thing)), query=query, is_list=True)


def _given(schema: Schema, **query: Schema) -> Described:
    return Described(schema, query=query)


def _dated(kind: type, *left_out: str) -> Schema:
    schema = schema_of(kind, "id", "stopped_at", "first_budget", *left_out)
    wall = {"type": "string", "examples": ["2026-11-11T00:00"]}
    properties = {**schema["properties"], "starts_at": wall, "ends_at": wall}
    return {**schema, "properties": properties}


_PLAN = schema_of(Plan, "version", "effective_at")
_NEXT_PLAN = {
    **_PLAN,
    "properties": {**_PLAN["properties"], "effective_at": INSTANT},
    "required": ["effective_at"],
}
_LANGUAGE = {"language": one_of(Language)}
_BY = sent({"fact": TEXT, "by": TEXT, "why": TEXT})
_RULING = Described(OBJECT, _BY)
_PAYEE = {
    "oneOf": [
        sent({"payee": or_null(TEXT)}),
        sent({"rail": one_of(RailName)}, details=by_name(TEXT)),
    ]
}
_PROMOTER = ref("Promoter")

DESCRIBED: dict[str, Described] = {
    "create_key": Described(
        ref("NewKey"),
        sent(
            {"name": TEXT, "kind": one_of(KeyKind)},
            scopes=listed(one_of(Scope)),
            program_id=or_null(TEXT),
            storefront_id=or_null(TEXT),
            promoter_id=or_null(TEXT),
        ),
    ),
    "list_keys": _page("keys", "Key"),
    "read_key": _given(ref("Key")),
    "revoke_key": Described(ref("Key"), NOTHING),
    "create_program": Described(
        ref("Program"),
        sent(
            {"name": TEXT, "currency": TEXT, "time_zone": TEXT, "allowed_hosts": listed(TEXT)},
            payouts=schema_of(PayoutTerms),
            sandbox=FLAG,
            profile=or_null(one_of(Profile)),
            plan=_PLAN,
        ),
    ),
    "list_programs": _page("programs", "Program"),
    "read_program": _given(ref("Program")),
    "publish_plan": Described(ref("Plan"), _NEXT_PLAN),
    "list_plans": _page("plans", "Plan"),
    "read_plan": _given(ref("Plan")),
    "create_campaign": Described(ref("Campaign"), _dated(Campaign)),
    "list_campaigns": _page("campaigns", "Campaign"),
    "read_campaign": _given(ref("Campaign")),
    "stop_campaign": Described(ref("Campaign"), NOTHING),
    "raise_budget": Described(ref("Campaign"), sent({"budget": WHOLE})),
    "create_bounty": Described(ref("Bounty"), _dated(Bounty)),
    "list_bounties": _page("bounties", "Bounty"),
    "stop_bounty": Described(ref("Bounty"), NOTHING),
    "publish_rate": Described(
        ref("Rate"),
        sent({"base": TEXT, "quote": TEXT, "rate": TEXT, "source": TEXT, "effective_at": INSTANT}),
    ),
    "create_storefront": Described(
        ref("Storefront"),
        sent({"platform": TEXT, "domain": TEXT, "webhook_secret": TEXT}, previous_secret=or_null(TEXT)),
    ),
    "list_storefronts": _page("storefronts", "Storefront"),
    "read_storefront": _given(ref("SeenStorefront")),
    "rotate_secret": Described(ref("SeenStorefront"), sent({"webhook_secret": TEXT}, drop_previous=FLAG)),
    "put_access": Described(ref("SeenStorefront"), sent({"access": by_name(TEXT)})),
    "register_customer": Described(
        ref("Registration"),
        sent(
            {"customer": TEXT},
            click_id=or_null(TEXT),
            promoter_id=or_null(TEXT),
            occurred_at=or_null(INSTANT),
        ),
    ),
    "join_customers": Described(
        ref("SamePerson"), sent({"customer": TEXT, "other": TEXT}, occurred_at=or_null(INSTANT))
    ),
    "create_promoter": Described(_PROMOTER, sent({"name": TEXT, "email": TEXT}, sponsor_id=or_null(TEXT))),
    "list_promoters": _page("promoters", "Promoter"),
    "read_promoter": _given(_PROMOTER),
    "put_products": Described(
        answer(products=listed(ref("Product"))),
        sent({"products": {**listed(schema_of(ProductTerms)), "minItems": 1, "maxItems": 100}}),
    ),
    "list_products": _page("products", "Product"),
    "read_product": _given(ref("Product")),
    "create_coupon": Described(ref("Coupon"), sent({"code": TEXT}, priority=WHOLE)),
    "switch_coupon": Described(ref("Coupon"), sent({"enabled": FLAG}, effective_at=or_null(INSTANT))),
    "list_coupons": _page("coupons", "Coupon"),
    "list_program_coupons": _page("coupons", "Coupon"),
    "read_coupon": _given(ref("CouponWithScore")),
    "mark_coupon": Described(ref("CouponWithHistory"), sent({"public": FLAG, "by": TEXT, "reason": TEXT})),
    "score_coupons": Described(answer(marked=listed(ref("MarkedCoupon"))), NOTHING),
    "put_payee": Described(_PROMOTER, _PAYEE),
    "read_payee": _given(ref("Payee")),
    "put_promoter_contact": Described(schema_of(Contact), schema_of(Contact)),
    "read_contact": _given(schema_of(Contact)),
    "request_payout": Described(ref("Payout"), sent(amount_minor=or_null(WHOLE))),
    "list_payouts": _page("payouts", "Payout"),
    "list_program_payouts": _page("payouts", "SeenPayout", state=one_of(PayoutState)),
    "read_payout": _given(ref("SeenPayout")),
    "approve_payout": Described(ref("Payout"), sent({"by": TEXT})),
    "reject_payout": Described(ref("Payout"), sent({"by": TEXT, "reason": TEXT})),
    "list_rings": _page("rings", "Ring"),
    "change_sponsor": Described(_PROMOTER, sent({"sponsor_id": or_null(TEXT)})),
    "change_status": Described(_PROMOTER, sent({"status": one_of(PromoterStatus), "reason": TEXT})),
    "merge_promoters": Described(_PROMOTER, sent({"promoter_id": TEXT})),
    "create_link": Described(ref("Link"), sent({"destination": TEXT}, product_id=or_null(TEXT))),
    "list_links": _page("links", "Link"),
    "read_link": _given(ref("Link")),
    "read_balance": _given(ref("Balance"), **_LANGUAGE),
    "read_points": _given(ref("Points")),
    "spend_points": Described(ref("Spent"), sent({"points": WHOLE, "request_id": TEXT})),
    "list_progress": _page("bounties", "BountyProgress"),
    "explain_bounty": _given(OBJECT, **_LANGUAGE),
    "list_entries": _page("entries", "ToldEntry", **_LANGUAGE),
    "list_commissions": _page("commissions", "Commission"),
    "list_program_commissions": _page("commissions", "Commission"),
    "read_statement": _given(OBJECT, **_LANGUAGE),
    "issue_statement": Described(
        OBJECT,
        query={
            "month": {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}$"},
            "from": {"type": "string", "format": "date"},
            "to": {"type": "string", "format": "date"},
            "format": one_of(FileFormat),
            "currency": TEXT,
            **_LANGUAGE,
        },
        files=("text/csv", "application/pdf"),
    ),
    "verify_statement": Described(answer(format=one_of(FileFormat), valid=FLAG), sent({"file_base64": TEXT})),
    "change_payouts": Described(ref("PayoutTerms"), schema_of(PayoutTerms)),
    "list_settlements": Described(
        {
            "allOf": [page_of("settlements", ref("Settlement")), answer(next_at=or_null(INSTANT))],
        },
        query=_LANGUAGE,
        is_list=True,
    ),
    "start_settlement": Described(ref("Settlement"), sent({"name": TEXT}, ignore_minimum=FLAG)),
    "read_settlement": _given(ref("SettlementReport"), promoter_id=TEXT, **_LANGUAGE),
    "list_waiting": _page("waiting", "Waiting"),
    "read_order": _given(ref("Order")),
    "list_order_entries": _page("entries", "Entry"),
    "accept_order": _RULING,
    "reject_order": _RULING,
    "explain_entry": _given(OBJECT, promoter_id=TEXT, **_LANGUAGE),
}
