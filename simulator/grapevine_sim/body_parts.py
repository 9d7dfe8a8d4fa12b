"""The parts that Shopify's order and refund bodies share, in exactly their shape; the values are ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TypeAlias

from grapevine_sim.plans import LinePlan, OrderPlan

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"

SHOP_ZONE = timezone(timedelta(hours=-5))
API_VERSION = "2026-07"
TAX_TITLE = "Sales Tax"
TAX_RATE = 0.08
LOCATION_ID = 70_315_442


def decimal(minor: int) -> str:
    """Return minor units of a two-decimal currency as Shopify writes them."""
    sign, minor = ("-", -minor) if minor < 0 else ("", minor)
    return f"{sign}{minor // 100}.{minor % 100:02d}"


def number(minor: int) -> float:
    """Return an amount as the JSON number that Shopify uses in refunds: as text it has two decimals again."""
    return float(decimal(minor))


def instant(opened_at: datetime, seconds: int) -> str:
    """Return an instant as the shop's local time with its offset, in whole seconds."""
    return (opened_at + timedelta(seconds=seconds)).astimezone(SHOP_ZONE).isoformat(timespec="seconds")


def gid(kind: str, number_: int) -> str:
    """Return the GraphQL name of a thing."""
    return f"gid://shopify/{kind}/{number_}"


def money_set(
    minor: int, shop_currency: str, presentment: tuple[str, int], code: str = "currency_code"
) -> Json:
    """Return an amount in the shop's currency and in the customer's, which is a share in per mille of it."""
    currency, per_mille = presentment
    return {
        "shop_money": {"amount": decimal(minor), code: shop_currency},
        "presentment_money": {"amount": decimal(minor * per_mille // 1000), code: currency},
    }


class Parts:
    """Builds the parts of one order's bodies."""

    def __init__(self, order: OrderPlan, shop_currency: str, opened_at: datetime) -> None:
        self.order = order
        self.currency = shop_currency
        self._opened_at = opened_at

    def at(self, seconds: int) -> str:
        """Return an instant of the story."""
        return instant(self._opened_at, seconds)

    def money(self, minor: int) -> Json:
        """Return an amount in both currencies."""
        return money_set(minor, self.currency, self.order.presentment)

    def amount(self, name: str, minor: int) -> dict[str, Json]:
        """Return an amount as a string with its set beside it."""
        return {name: decimal(minor), f"{name}_set": self.money(minor)}

    def line(self, line: LinePlan, *, returned: int = 0) -> dict[str, Json]:
        """Return an order line as orders carry it."""
        left = line.quantity - returned
        return {
            "id": line.id,
            "admin_graphql_api_id": gid("LineItem", line.id),
            "attributed_staffs": [],
            "current_quantity": left,
            "fulfillable_quantity": left,
            "fulfillment_status": None,
            **self._goods(line),
        }

    def line_in_refund(self, line: LinePlan) -> dict[str, Json]:
        """Return an order line as a refund that comes alone carries it: two keys less."""
        whole = self.line(line)
        return {
            name: value
            for name, value in whole.items()
            if name not in ("attributed_staffs", "current_quantity")
        }

    def tax_line(self, minor: int) -> Json:
        """Return a tax line; a share of a cent stays with the tax office."""
        return {
            "title": TAX_TITLE,
            "rate": TAX_RATE,
            "channel_liable": False,
            **self.amount("price", minor),
        }

    def transaction(self, id_: int, minor: int, at: int) -> dict[str, Json]:
        """Return the refund transaction as an order carries it."""
        return {
            "id": id_,
            "admin_graphql_api_id": gid("OrderTransaction", id_),
            **self.amount_only(minor),
            "authorization": f"auth-{id_}",
            "created_at": self.at(at),
            "device_id": None,
            "error_code": None,
            "gateway": "simulated",
            "kind": "refund",
            "location_id": None,
            "message": "Simulated refund",
            "order_id": self.order.id,
            "parent_id": id_ - 1,
            "payment_id": f"#{self.order.number}.2",
            "processed_at": self.at(at),
            "receipt": {},
            "source_name": "web",
            "status": "success",
            "test": False,
            "user_id": None,
        }

    def amount_only(self, minor: int) -> dict[str, Json]:
        """Return a transaction's amount, which has no set but its currency beside it."""
        return {"amount": decimal(minor), "currency": self.currency}

    def _goods(self, line: LinePlan) -> dict[str, Json]:
        product = line.product
        return {
            "fulfillment_service": "gift_card" if product.is_gift_card else "manual",
            "gift_card": product.is_gift_card,
            "grams": product.grams,
            "name": f"{product.title} - {product.variant}",
            **self.amount("price", product.price_minor),
            "product_exists": True,
            "product_id": product.id,
            "properties": [{"name": "Gift wrap", "value": "none"}],
            "quantity": line.quantity,
            "requires_shipping": not product.is_gift_card,
            "sku": product.sku,
            "taxable": not product.is_gift_card,
            "title": product.title,
            # Always zero in bodies of today, whatever was discounted; the allocations say it.
            **self.amount("total_discount", 0),
            "variant_id": product.variant_id,
            "variant_inventory_management": "shopify",
            "variant_title": product.variant,
            "vendor": product.vendor,
            "tax_lines": [self.tax_line(line.tax_minor)] if line.tax_minor else [],
            "duties": [],
            "discount_allocations": self._allocations(line),
        }

    def _allocations(self, line: LinePlan) -> Json:
        if not line.discount_minor:
            return []
        return [{**self.amount("amount", line.discount_minor), "discount_application_index": 0}]
