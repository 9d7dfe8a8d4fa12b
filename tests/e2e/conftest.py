"""A merchant with a program on the running stack, and a storefront for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from grapevine.domain.entries import Postable
from grapevine.runtime.wiring import AwsParts
from grapevine.usecases.create_merchant import CreateMerchant, create_merchant
from grapevine_cli.stage import parts_of
from grapevine_sim.deliveries import sign
from grapevine_sim.web import Answer, Console, request
from infra.deploy import Deployment

DOMAIN = "e2e.myshopify.com"
SECRET = "e2e-secret-of-the-shop"
HOST = "e2e.example"


@dataclass(frozen=True)
class House:
    """The deployed house as its users meet it."""

    deployment: Deployment
    parts: AwsParts
    console: Console

    def url(self, app: str) -> str:
        url = self.deployment.apps[app].url
        assert url is not None
        return url

    def program(self, currency: str = "USD") -> str:
        body = {"name": "E2E", "currency": currency, "time_zone": "UTC", "allowed_hosts": [HOST]}
        return str(self.console.post("/programs", body)["id"])

    def storefront(self, program_id: str) -> str:
        body = {"platform": "shopify", "domain": DOMAIN, "webhook_secret": SECRET}
        return str(self.console.post(f"/programs/{program_id}/storefronts", body)["id"])

    def deliver(self, storefront_id: str, raw: bytes, topic: str, **headers: str) -> Answer:
        signed = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": DOMAIN,
            "X-Shopify-Hmac-Sha256": sign(raw, SECRET),
        }
        url = f"{self.url('place_order')}/storefronts/{storefront_id}/webhooks"
        return request("POST", url, raw, signed | headers)

    def waiting(self) -> dict[Postable, str]:
        """Return what waits in the failure queue; it stays there."""
        found: dict[Postable, str] = {}
        while fresh := [item for item in self.parts.failures.receive(10) if item.order not in found]:
            found |= {item.order: item.reason for item in fresh}
        return found


@pytest.fixture(scope="session")
def house(deployment: Deployment) -> House:
    parts = parts_of(deployment)
    made = create_merchant(CreateMerchant("E2E"), parts.catalog, parts.random_bytes, parts.now())
    console_url = deployment.apps["console"].url
    assert console_url is not None
    return House(deployment, parts, Console(console_url, made.api_key))
