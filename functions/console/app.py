"""The JSON API: programs, terms, campaigns, people, customers, links, balances, entries and why."""

from chalice.app import Chalice, Response

from grapevine.runtime import (
    accounts,
    bounties,
    campaigns,
    console,
    console_coupons,
    console_payouts,
    settlements,
    statements,
)
from grapevine.runtime.caller import Caller
from grapevine.runtime.http import incoming, json_response, routes, services
from grapevine.runtime.parts import parts

app = Chalice(app_name="console", configure_logs=False)
route = routes(app)


def caller() -> Caller:
    return Caller.of(incoming(app), parts())


@route("GET", "/health")
def read_health() -> Response:
    return json_response({"status": "ok"})


serve = services(app, caller)
serve("POST", "/programs", console.create_program, 201)
serve("GET", "/programs", console.list_programs)
serve("GET", "/programs/{program_id}", console.read_program)
serve("POST", "/programs/{program_id}/plans", console.publish_plan, 201)
serve("POST", "/programs/{program_id}/campaigns", campaigns.create_campaign, 201)
serve("GET", "/programs/{program_id}/campaigns", campaigns.list_campaigns)
serve("GET", "/programs/{program_id}/campaigns/{campaign_id}", campaigns.read_campaign)
serve("POST", "/programs/{program_id}/campaigns/{campaign_id}/stop", campaigns.stop_campaign)
serve("POST", "/programs/{program_id}/campaigns/{campaign_id}/budget", campaigns.raise_budget)
serve("POST", "/programs/{program_id}/bounties", campaigns.create_bounty, 201)
serve("GET", "/programs/{program_id}/bounties", campaigns.list_bounties)
serve("POST", "/programs/{program_id}/bounties/{bounty_id}/stop", campaigns.stop_bounty)
serve("POST", "/programs/{program_id}/rates", console.publish_rate, 201)
serve("POST", "/programs/{program_id}/storefronts", console.create_storefront, 201)
serve("POST", "/programs/{program_id}/customers", console.register_customer, 201)
serve("POST", "/programs/{program_id}/customers/join", console.join_customers, 201)
serve("POST", "/programs/{program_id}/promoters", console.create_promoter, 201)
serve("GET", "/programs/{program_id}/promoters", console.list_promoters)
serve("POST", "/programs/{program_id}/products", console.put_products)
serve("GET", "/programs/{program_id}/products/{product_id}", console.read_product)
serve("POST", "/programs/{program_id}/promoters/{promoter_id}/coupons", console.create_coupon, 201)
serve("POST", "/programs/{program_id}/coupons/{code}", console.switch_coupon)
serve("GET", "/programs/{program_id}/promoters/{promoter_id}/coupons", console_coupons.list_coupons)
serve("GET", "/programs/{program_id}/coupons/{code}", console_coupons.read_coupon)
serve("POST", "/programs/{program_id}/coupons/{code}/public", console_coupons.mark_coupon)
serve("POST", "/programs/{program_id}/leaks", console_coupons.score_coupons)
serve("POST", "/programs/{program_id}/promoters/{promoter_id}/payee", console_payouts.put_payee)
serve("GET", "/programs/{program_id}/promoters/{promoter_id}/payee", console_payouts.read_payee)
serve("POST", "/programs/{program_id}/promoters/{promoter_id}/payouts", console_payouts.request_payout, 201)
serve("GET", "/programs/{program_id}/promoters/{promoter_id}/payouts", console_payouts.list_payouts)
serve("GET", "/programs/{program_id}/payouts", console_payouts.list_program_payouts)
serve("GET", "/programs/{program_id}/payouts/{payout_id}", console_payouts.read_payout)
serve("POST", "/programs/{program_id}/payouts/{payout_id}/approve", console_payouts.approve_payout)
serve("POST", "/programs/{program_id}/payouts/{payout_id}/reject", console_payouts.reject_payout)
serve("GET", "/programs/{program_id}/rings", console_coupons.list_rings)
serve("POST", "/programs/{program_id}/promoters/{promoter_id}/sponsor", console.change_sponsor)
serve("POST", "/programs/{program_id}/promoters/{promoter_id}/status", console.change_status)
serve("POST", "/programs/{program_id}/promoters/{promoter_id}/merge", console.merge_promoters)
serve("POST", "/programs/{program_id}/promoters/{promoter_id}/links", console.create_link, 201)
serve("GET", "/programs/{program_id}/promoters/{promoter_id}/balance", accounts.read_balance)
serve("GET", "/programs/{program_id}/promoters/{promoter_id}/points", accounts.read_points)
serve("POST", "/programs/{program_id}/promoters/{promoter_id}/points/spend", accounts.spend_points, 201)
serve("GET", "/programs/{program_id}/promoters/{promoter_id}/tier", console.read_tier)
serve("GET", "/programs/{program_id}/promoters/{promoter_id}/bounties", bounties.list_progress)
serve(
    "GET",
    "/programs/{program_id}/promoters/{promoter_id}/bounties/{name}/{sequence}/explain",
    bounties.explain_bounty,
)
serve("GET", "/programs/{program_id}/promoters/{promoter_id}/entries", accounts.list_entries)
serve("GET", "/programs/{program_id}/promoters/{promoter_id}/statement", accounts.read_statement)
serve("GET", "/programs/{program_id}/promoters/{promoter_id}/statements", statements.issue_statement)
serve("POST", "/programs/{program_id}/statements/verify", statements.verify_statement)
serve("PUT", "/programs/{program_id}/payouts", settlements.change_payouts)
serve("GET", "/programs/{program_id}/settlements", settlements.list_settlements)
serve("POST", "/programs/{program_id}/settlements", settlements.start_settlement, 201)
serve("GET", "/programs/{program_id}/settlements/{settlement_id}", settlements.read_settlement)
serve("GET", "/programs/{program_id}/waiting", console.list_waiting)
serve("POST", "/programs/{program_id}/orders/{storefront_id}/{order_id}/accept", console.accept_order)
serve("POST", "/programs/{program_id}/orders/{storefront_id}/{order_id}/reject", console.reject_order)
serve(
    "GET",
    "/programs/{program_id}/entries/{storefront_id}/{order_id}/{sequence}/explain",
    console.explain_entry,
)
