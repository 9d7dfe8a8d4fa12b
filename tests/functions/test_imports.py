"""What an app is before its first event: a listing that loads little, reads nothing and calls nobody."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

HANDLERS = {
    "track_click": {"redirect", "redirect_from", "read_snippet", "note_interest"},
    "place_order": {"receive_webhook", "receive_event", "serve_shops", "start_reconciling"},
    "accrue": {"on_facts", "on_entries", "redrive"},
    "settle": {
        "sweep_due",
        "start_settlements",
        "send_payouts",
        "start_points",
        "report_waiting",
        "verify_programs",
        "settle_promoters",
        "import_results",
        "receive_results",
    },
    "fraud": {"screen_facts"},
    "insight": {"count_clicks"},
    "notify": {
        "send_messages",
        "publish_entries",
        "publish_people",
        "publish_payouts",
        "deliver_webhooks",
        "sweep_webhooks",
    },
    "console": {
        "read_health",
        "read_openapi",
        "read_docs",
        "create_key",
        "list_keys",
        "read_key",
        "revoke_key",
        "list_plans",
        "read_plan",
        "list_storefronts",
        "read_storefront",
        "rotate_secret",
        "put_access",
        "read_promoter",
        "list_program_coupons",
        "list_links",
        "read_link",
        "list_commissions",
        "list_program_commissions",
        "read_order",
        "list_order_entries",
        "create_program",
        "list_products",
        "list_programs",
        "read_program",
        "read_tier",
        "publish_plan",
        "create_campaign",
        "list_campaigns",
        "read_campaign",
        "stop_campaign",
        "raise_budget",
        "create_bounty",
        "list_bounties",
        "stop_bounty",
        "publish_rate",
        "create_storefront",
        "register_customer",
        "join_customers",
        "create_promoter",
        "list_promoters",
        "put_products",
        "read_product",
        "create_coupon",
        "switch_coupon",
        "list_coupons",
        "read_coupon",
        "mark_coupon",
        "score_coupons",
        "put_payee",
        "read_payee",
        "read_contact",
        "put_promoter_contact",
        "request_payout",
        "list_payouts",
        "list_program_payouts",
        "read_payout",
        "approve_payout",
        "reject_payout",
        "list_rings",
        "change_sponsor",
        "change_status",
        "merge_promoters",
        "create_link",
        "read_balance",
        "read_points",
        "spend_points",
        "list_entries",
        "list_progress",
        "read_statement",
        "issue_statement",
        "verify_statement",
        "change_payouts",
        "list_settlements",
        "start_settlement",
        "read_settlement",
        "create_privacy_request",
        "list_privacy_requests",
        "read_privacy_document",
        "read_privacy_request",
        "list_waiting",
        "accept_order",
        "reject_order",
        "explain_bounty",
        "explain_entry",
        "list_events",
        "create_webhook",
        "list_webhooks",
        "read_webhook",
        "change_webhook",
        "remove_webhook",
        "rotate_webhook_secret",
        "ping_webhook",
        "replay_webhook",
        "list_dead_letters",
        "redeliver_events",
    },
}
"""Public names: a renamed handler is another function, and the one deployed is deleted."""
REST = ("track_click", "place_order", "settle", "console")

TOO_HEAVY = (
    "pydantic",
    "boto3",
    "aws_xray_sdk",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.parser",
    "aws_lambda_powertools.utilities.idempotency",
)
"""What the redirect must not load: each of these is half of a cold start or more."""
CLIENTS = ("boto3", "botocore.client", "botocore.session", "pynamodb", "urllib3", "requests")
"""Where a client would come from."""
OWN_WHEELS = ("PIL", "cryptography", "reportlab", "sepaxml", "stripe", "wechatpayv3", "xmlschema")
"""What the zips of settle and console bring: loaded when a rail or a PDF is asked for, never before."""

REPORT = """
import json, os, sys
read = []
class Watched(dict):
    def __getitem__(self, name):
        read.append(name)
        return super().__getitem__(name)
    def get(self, name, default=None):
        read.append(name)
        return super().get(name, default)
    def __contains__(self, name):
        read.append(name)
        return super().__contains__(name)
os.environ = Watched(os.environ)
connected = []
CONNECTING = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname")
sys.addaudithook(lambda event, _: connected.append(event) if event in CONNECTING else None)
{load}
print(json.dumps({"modules": sorted(sys.modules), "read": sorted(set(read)), "connected": connected}))
"""
WARM = """
from grapevine.runtime.parts import parts
parts().links, parts().clicks, parts().now()
"""

each_app = pytest.mark.parametrize("name", HANDLERS)


def fresh(load: str, **environment: str) -> dict[str, Any]:
    """Run statements in a fresh interpreter with that environment alone; say what it loaded and did."""
    code = REPORT.replace("{load}", load)
    # Where the code is, for a work tree that is not the one that was installed.
    found = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**found, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def test_the_redirect_loads_nothing_heavy() -> None:
    modules = set(fresh("import functions.track_click.app")["modules"])
    counts: dict[str, int] = {}
    for module in modules:
        top = module.split(".")[0]
        counts[top] = counts.get(top, 0) + 1
    third_parties = {top: n for top, n in counts.items() if top not in sys.stdlib_module_names}
    print(f"track_click loads {len(modules)} modules; beside the standard library: {third_parties}")
    assert not modules.intersection(TOO_HEAVY)
    assert not modules.intersection(CLIENTS)
    assert "grapevine.runtime.redirecting" in modules


def test_the_redirect_on_aws_loads_nothing_heavy_either() -> None:
    """Also when it has made its parts: one PynamoDB connection, and no boto3 beside it."""
    environment = {f"GRAPEVINE_TABLE_{name}": name.lower() for name in TABLES}
    environment |= {f"GRAPEVINE_{name}": "x" for name in SETTINGS}
    found = fresh(f"import functions.track_click.app\n{WARM}", AWS_REGION="eu-central-1", **environment)
    assert "pynamodb.connection.base" in found["modules"]
    assert not set(found["modules"]).intersection(TOO_HEAVY)
    assert found["connected"] == []


TABLES = ("CATALOG", "CLICKS", "ORDERS", "LEDGER", "STATE", "PRIVATE")
SETTINGS = (
    "STAGE",
    "BUCKET",
    "BUS",
    "FAILURES_QUEUE_URL",
    "SETTLE_QUEUE_URL",
    "SHOP_QUEUE_URL",
    "WEBHOOK_QUEUE_URL",
    "SECRETS_PREFIX",
)


@each_app
def test_importing_an_app_has_no_side_effects(name: str) -> None:
    """Chalice imports it to package it: with no environment, no account, no network."""
    found = fresh(f"import functions.{name}.app")
    assert [variable for variable in found["read"] if variable.startswith(("GRAPEVINE", "AWS_REGION"))] == []
    assert not set(found["modules"]).intersection((*CLIENTS, *OWN_WHEELS))
    assert found["connected"] == []


@each_app
def test_the_handlers_are_those_of_the_table(name: str) -> None:
    app: Any = import_module(f"functions.{name}.app").app
    views = {entry.view_name for methods in app.routes.values() for entry in methods.values()}
    assert views | set(app.handler_map) == HANDLERS[name]
    assert bool(views) == (name in REST)
    assert app.app_name == name


def test_the_routes_of_the_table() -> None:
    def routes(name: str) -> dict[str, set[str]]:
        app: Any = import_module(f"functions.{name}.app").app
        return {path: set(methods) for path, methods in app.routes.items()}

    assert routes("track_click") == {
        "/{link_code}": {"GET", "HEAD"},
        "/{link_code}/{channel}": {"GET", "HEAD"},
        "/snippet/{name}": {"GET"},
        "/events": {"POST"},
    }
    assert routes("place_order") == {"/storefronts/{storefront_id}/webhooks": {"GET", "POST"}}
    assert routes("settle") == {"/rails/{rail}/{program_id}/webhooks": {"POST"}}


def test_there_is_no_other_app() -> None:
    assert {path.parent.name for path in ROOT.glob("functions/*/app.py")} == set(HANDLERS)


@each_app
def test_an_app_is_a_listing(name: str) -> None:
    text = (ROOT / "functions" / name / "app.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < (200 if name == "console" else 100)
    for module in imported(text):
        assert module in ("typing", "chalice.app") or module.startswith("grapevine.runtime"), module


def imported(text: str) -> list[str]:
    modules: list[str] = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append(f"{'.' * node.level}{node.module or ''}")
    return modules


def test_this_test_would_see_it() -> None:
    """The watch itself works: a heavy import, a variable and a connection are all noticed."""
    load = (
        "import boto3, socket\nos.environ.get('GRAPEVINE_STAGE')\n"
        "socket.socket().connect_ex(('127.0.0.1', 9))"
    )
    found = fresh(load)
    assert "boto3" in found["modules"]
    assert "GRAPEVINE_STAGE" in found["read"]
    assert "socket.connect" in found["connected"]
