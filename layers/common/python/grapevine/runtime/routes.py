"""Every route of the JSON API, in one table: method, path, what serves it, what a key must have for it.

The app walks this table and the description of the API is made from it, so a new route is one line
here, and what it takes and gives is said in `runtime.openapi`.
"""

from __future__ import annotations

from grapevine.domain.api_keys import Scope
from grapevine.runtime import (
    accounts,
    bounties,
    campaigns,
    console,
    console_coupons,
    console_events,
    console_keys,
    console_orders,
    console_payouts,
    console_people,
    console_privacy,
    console_products,
    console_storefronts,
    contacts,
    settlements,
    statements,
)
from grapevine.runtime.serving import Route, Service

_PROGRAM = "/programs/{program_id}"
_PROMOTER = f"{_PROGRAM}/promoters/{{promoter_id}}"


def _program(
    method: str, rest: str, service: Service, scope: Scope, status: int = 200, told_once: str = ""
) -> Route:
    return Route(method, _PROGRAM + rest, service, scope, status, told_once)


def _promoter(method: str, rest: str, service: Service, scope: Scope, status: int = 200) -> Route:
    return Route(method, _PROMOTER + rest, service, scope, status)


ROUTES: tuple[Route, ...] = (
    Route("POST", "/keys", console_keys.create_key, Scope.KEYS_WRITE, 201, told_once="key"),
    Route("GET", "/keys", console_keys.list_keys, Scope.KEYS_READ),
    Route("GET", "/keys/{key_id}", console_keys.read_key, Scope.KEYS_READ),
    Route("POST", "/keys/{key_id}/revoke", console_keys.revoke_key, Scope.KEYS_WRITE),
    Route("POST", "/programs", console.create_program, Scope.PROGRAMS_WRITE, 201),
    Route("GET", "/programs", console.list_programs, Scope.PROGRAMS_READ),
    _program("GET", "", console.read_program, Scope.PROGRAMS_READ),
    _program("POST", "/plans", console.publish_plan, Scope.PROGRAMS_WRITE, 201),
    _program("GET", "/plans", console_people.list_plans, Scope.PROGRAMS_READ),
    _program("GET", "/plans/{version}", console_people.read_plan, Scope.PROGRAMS_READ),
    _program("POST", "/campaigns", campaigns.create_campaign, Scope.CAMPAIGNS_WRITE, 201),
    _program("GET", "/campaigns", campaigns.list_campaigns, Scope.CAMPAIGNS_READ),
    _program("GET", "/campaigns/{campaign_id}", campaigns.read_campaign, Scope.CAMPAIGNS_READ),
    _program("POST", "/campaigns/{campaign_id}/stop", campaigns.stop_campaign, Scope.CAMPAIGNS_WRITE),
    _program("POST", "/campaigns/{campaign_id}/budget", campaigns.raise_budget, Scope.CAMPAIGNS_WRITE),
    _program("POST", "/bounties", campaigns.create_bounty, Scope.CAMPAIGNS_WRITE, 201),
    _program("GET", "/bounties", campaigns.list_bounties, Scope.CAMPAIGNS_READ),
    _program("POST", "/bounties/{bounty_id}/stop", campaigns.stop_bounty, Scope.CAMPAIGNS_WRITE),
    _program("POST", "/rates", console.publish_rate, Scope.PROGRAMS_WRITE, 201),
    _program("POST", "/storefronts", console.create_storefront, Scope.STOREFRONTS_WRITE, 201),
    _program("GET", "/storefronts", console_storefronts.list_storefronts, Scope.STOREFRONTS_READ),
    _program(
        "GET", "/storefronts/{storefront_id}", console_storefronts.read_storefront, Scope.STOREFRONTS_READ
    ),
    _program(
        "POST",
        "/storefronts/{storefront_id}/secret",
        console_storefronts.rotate_secret,
        Scope.STOREFRONTS_WRITE,
    ),
    _program(
        "PUT", "/storefronts/{storefront_id}/access", console_storefronts.put_access, Scope.STOREFRONTS_WRITE
    ),
    _program("POST", "/customers", console.register_customer, Scope.CUSTOMERS_WRITE, 201),
    _program("POST", "/customers/join", console.join_customers, Scope.CUSTOMERS_WRITE, 201),
    _program("POST", "/promoters", console.create_promoter, Scope.PROMOTERS_JOIN, 201),
    _program("GET", "/promoters", console.list_promoters, Scope.PROMOTERS_READ),
    _promoter("GET", "", console_people.read_promoter, Scope.PROMOTERS_READ),
    _program("POST", "/products", console.put_products, Scope.PRODUCTS_WRITE),
    _program("GET", "/products", console_products.list_products, Scope.PRODUCTS_READ),
    _program("GET", "/products/{product_id}", console.read_product, Scope.PRODUCTS_READ),
    _promoter("POST", "/coupons", console.create_coupon, Scope.COUPONS_WRITE, 201),
    _program("POST", "/coupons/{code}", console.switch_coupon, Scope.COUPONS_WRITE),
    _promoter("GET", "/coupons", console_coupons.list_coupons, Scope.COUPONS_READ),
    _program("GET", "/coupons", console_coupons.list_program_coupons, Scope.COUPONS_READ),
    _program("GET", "/coupons/{code}", console_coupons.read_coupon, Scope.COUPONS_READ),
    _program("POST", "/coupons/{code}/public", console_coupons.mark_coupon, Scope.COUPONS_WRITE),
    _program("POST", "/leaks", console_coupons.score_coupons, Scope.COUPONS_WRITE),
    _promoter("POST", "/payee", console_payouts.put_payee, Scope.PAYEES_WRITE),
    _promoter("GET", "/payee", console_payouts.read_payee, Scope.PAYEES_READ),
    _promoter("PUT", "/contact", contacts.put_promoter_contact, Scope.PROMOTERS_WRITE),
    _promoter("GET", "/contact", contacts.read_contact, Scope.PAYEES_READ),
    _promoter("POST", "/payouts", console_payouts.request_payout, Scope.PAYOUTS_REQUEST, 201),
    _promoter("GET", "/payouts", console_payouts.list_payouts, Scope.PAYOUTS_READ),
    _program("GET", "/payouts", console_payouts.list_program_payouts, Scope.PAYOUTS_READ),
    _program("GET", "/payouts/{payout_id}", console_payouts.read_payout, Scope.PAYOUTS_READ),
    _program("POST", "/payouts/{payout_id}/approve", console_payouts.approve_payout, Scope.PAYOUTS_WRITE),
    _program("POST", "/payouts/{payout_id}/reject", console_payouts.reject_payout, Scope.PAYOUTS_WRITE),
    _program("GET", "/rings", console_coupons.list_rings, Scope.PROMOTERS_READ),
    _promoter("POST", "/sponsor", console.change_sponsor, Scope.PROMOTERS_WRITE),
    _promoter("POST", "/status", console.change_status, Scope.PROMOTERS_WRITE),
    _promoter("POST", "/merge", console.merge_promoters, Scope.PROMOTERS_WRITE),
    _promoter("POST", "/links", console.create_link, Scope.LINKS_WRITE, 201),
    _promoter("GET", "/links", console_people.list_links, Scope.LINKS_READ),
    _program("GET", "/links/{code}", console_people.read_link, Scope.LINKS_READ),
    _promoter("GET", "/balance", accounts.read_balance, Scope.ACCOUNTS_READ),
    _promoter("GET", "/points", accounts.read_points, Scope.ACCOUNTS_READ),
    _promoter("POST", "/points/spend", accounts.spend_points, Scope.POINTS_WRITE, 201),
    _promoter("GET", "/tier", console.read_tier, Scope.ACCOUNTS_READ),
    _promoter("GET", "/bounties", bounties.list_progress, Scope.ACCOUNTS_READ),
    _promoter("GET", "/bounties/{name}/{sequence}/explain", bounties.explain_bounty, Scope.ACCOUNTS_READ),
    _promoter("GET", "/entries", accounts.list_entries, Scope.ACCOUNTS_READ),
    _promoter("GET", "/commissions", console_orders.list_commissions, Scope.ACCOUNTS_READ),
    _program("GET", "/commissions", console_orders.list_program_commissions, Scope.ORDERS_READ),
    _promoter("GET", "/statement", accounts.read_statement, Scope.ACCOUNTS_READ),
    _promoter("GET", "/statements", statements.issue_statement, Scope.ACCOUNTS_READ),
    _program("POST", "/statements/verify", statements.verify_statement, Scope.SETTLEMENTS_READ),
    _program("PUT", "/payouts", settlements.change_payouts, Scope.PROGRAMS_WRITE),
    _program("GET", "/settlements", settlements.list_settlements, Scope.SETTLEMENTS_READ),
    _program("POST", "/settlements", settlements.start_settlement, Scope.SETTLEMENTS_WRITE, 201),
    _program("GET", "/settlements/{settlement_id}", settlements.read_settlement, Scope.SETTLEMENTS_READ),
    _program("POST", "/privacy/requests", console_privacy.create_privacy_request, Scope.PRIVACY_WRITE, 201),
    _program("GET", "/privacy/requests", console_privacy.list_privacy_requests, Scope.PRIVACY_WRITE),
    _program(
        "GET", "/privacy/requests/{request_id}", console_privacy.read_privacy_request, Scope.PRIVACY_WRITE
    ),
    _program(
        "GET",
        "/privacy/requests/{request_id}/document",
        console_privacy.read_privacy_document,
        Scope.PRIVACY_WRITE,
    ),
    _program("GET", "/waiting", console.list_waiting, Scope.ORDERS_READ),
    _program("GET", "/orders/{storefront_id}/{order_id}", console_orders.read_order, Scope.ORDERS_READ),
    _program(
        "GET", "/entries/{storefront_id}/{order_id}", console_orders.list_order_entries, Scope.ORDERS_READ
    ),
    _program("POST", "/orders/{storefront_id}/{order_id}/accept", console.accept_order, Scope.ORDERS_WRITE),
    _program("POST", "/orders/{storefront_id}/{order_id}/reject", console.reject_order, Scope.ORDERS_WRITE),
    _program(
        "GET",
        "/entries/{storefront_id}/{order_id}/{sequence}/explain",
        console.explain_entry,
        Scope.ORDERS_READ,
    ),
    _program("GET", "/events", console_events.list_events, Scope.EVENTS_READ),
    _program("POST", "/webhooks", console_events.create_webhook, Scope.EVENTS_WRITE, 201, "secret"),
    _program("GET", "/webhooks", console_events.list_webhooks, Scope.EVENTS_READ),
    _program("GET", "/webhooks/{webhook_id}", console_events.read_webhook, Scope.EVENTS_READ),
    _program("PUT", "/webhooks/{webhook_id}", console_events.change_webhook, Scope.EVENTS_WRITE),
    _program("DELETE", "/webhooks/{webhook_id}", console_events.remove_webhook, Scope.EVENTS_WRITE),
    _program(
        "POST",
        "/webhooks/{webhook_id}/secret",
        console_events.rotate_webhook_secret,
        Scope.EVENTS_WRITE,
        told_once="secret",
    ),
    _program("POST", "/webhooks/{webhook_id}/ping", console_events.ping_webhook, Scope.EVENTS_WRITE),
    _program("POST", "/webhooks/{webhook_id}/replay", console_events.replay_webhook, Scope.EVENTS_WRITE),
    _program("GET", "/webhooks/{webhook_id}/dead", console_events.list_dead_letters, Scope.EVENTS_READ),
    _program("POST", "/webhooks/{webhook_id}/redeliver", console_events.redeliver_events, Scope.EVENTS_WRITE),
)
"""In the order in which they are described."""
