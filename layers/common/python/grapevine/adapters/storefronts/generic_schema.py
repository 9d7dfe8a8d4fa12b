"""What our own webhook bodies may hold, as JSON Schema (draft 2020-12); it is published as a file too.

`docs/schemas/shop-body.schema.json` is this, to the letter. Amounts are whole minor units (cents, fen, yen),
bounded so that no sum of an order's lines can leave what we count with.
"""

from __future__ import annotations

from typing import Any

from grapevine.domain.facts import Payment, TenderKind
from grapevine.domain.money import EXPONENTS

Schema = dict[str, Any]

MOST_LINES = 500
LARGEST_MINOR = 10**12
"""Five hundred lines of these stay under `MAX_MINOR`."""
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def text(longest: int, about: str = "") -> Schema:
    """Return a text that is not empty."""
    said = {"description": about} if about else {}
    return {"type": "string", "minLength": 1, "maxLength": longest, **said}


def minor(about: str) -> Schema:
    """Return an amount in minor units."""
    return {"type": "integer", "minimum": 0, "maximum": LARGEST_MINOR, "description": about}


def items(of: Schema, most: int, about: str) -> Schema:
    """Return a list."""
    return {"type": "array", "items": of, "maxItems": most, "description": about}


def body(about: str, required: tuple[str, ...], **properties: Schema) -> Schema:
    """Return an object that has nothing else in it: a name that is mistyped is refused, and not lost."""
    return {
        "type": "object",
        "description": about,
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


IDENTIFIER: Schema = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"}
# A year less at each end than we can count: an offset may take an instant into the next one.
_DAY = "^(197[1-9]|19[89][0-9]|20[0-8][0-9]|209[0-8])-[0-9]{2}-[0-9]{2}"
INSTANT: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": _DAY + "T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$",
    "description": "RFC 3339, with its offset, from 1971 to 2098.",
}
QUANTITY: Schema = {
    "type": "string",
    "pattern": "^[0-9]{1,6}(\\.[0-9]{1,3})?$",
    "description": "Units, in at most three decimals: 2, or 1.5 metres of cloth.",
}
PRICE: Schema = {"type": "string", "pattern": "^[0-9]{1,12}(\\.[0-9]{1,3})?$"}
CURRENCY: Schema = {"type": "string", "enum": sorted(EXPONENTS)}
TEST: Schema = {"type": "boolean", "description": "A test: counted in a sandbox program alone."}

LINE = body(
    "One line; it earns gross_minor less discount_minor less tax_minor.",
    ("id", "quantity", "gross_minor"),
    id=IDENTIFIER,
    product_id=IDENTIFIER,
    sku=text(100),
    quantity=QUANTITY,
    gross_minor=minor("Price times quantity, before discounts."),
    discount_minor=minor("This line's part of every discount."),
    tax_minor=minor("The tax inside the price."),
    added_tax_minor=minor("The tax on top of the price."),
    gift_card={"type": "boolean", "description": "A gift card that is sold: money, not a sale."},
)
REFUND_LINE = body(
    "How much of one line went back.",
    ("line_id", "amount_minor"),
    line_id={**IDENTIFIER, "description": "A line's id, or `shipping`, or `tip`."},
    quantity=QUANTITY,
    amount_minor=minor("What went back of it, without tax on top."),
    tax_minor=minor("The tax beside it."),
)
REFUND_LINES = {**items(REFUND_LINE, MOST_LINES, "What went back, line by line."), "minItems": 1}
REFUND = body(
    "Money that went back.",
    ("id", "created_at", "lines"),
    id=IDENTIFIER,
    created_at=INSTANT,
    lines=REFUND_LINES,
)
CUSTOMER = body(
    "Kept as a keyed hash alone; with neither the customer is a guest.",
    (),
    email={**text(320), "pattern": "^[^@\\s]{1,64}@[^@\\s]{1,255}$"},
    id=text(200, "What your shop knows the customer by, where there is no address."),
)
TENDER = body(
    "A part of the price that was not paid with plain money.",
    ("kind", "amount_minor"),
    kind={"type": "string", "enum": [kind.value for kind in TenderKind]},
    amount_minor=minor("How much of the price."),
)


def kind(name: str) -> Schema:
    """Return the member that says which body it is."""
    return {"const": name}


BODIES: dict[str, Schema] = {
    "order": body(
        "An order as it is now: send it whole, whenever it changes.",
        ("type", "id", "created_at", "updated_at", "currency", "lines"),
        type=kind("order"),
        id=IDENTIFIER,
        created_at=INSTANT,
        updated_at={**INSTANT, "description": "The later overrides the earlier, whatever arrives first."},
        currency=CURRENCY,
        payment={
            "type": "string",
            "enum": [state.value for state in Payment],
            "description": "Left out where WeChat Pay confirms the payment to us itself.",
        },
        lines=items(LINE, MOST_LINES, "Every line, also those that went back."),
        shipping_minor=minor("What is paid for shipping."),
        tip_minor=minor("What is given on top."),
        coupon_codes=items(text(100), 50, "The codes as they were typed, in the order they were applied."),
        click_id=text(
            200, "The value of gv_click, which came with the customer; anything else is passed over."
        ),
        customer=CUSTOMER,
        tenders=items(TENDER, 10, "Gift cards, wallets and points that were paid with."),
        refunds=items(REFUND, MOST_LINES, "Every refund so far; each counts once, by its id."),
        cancelled_at=INSTANT,
        received_at={**INSTANT, "description": "When the customer had it."},
        test=TEST,
    ),
    "refund": body(
        "A refund by itself.",
        ("type", "id", "order_id", "created_at", "lines"),
        type=kind("refund"),
        id=IDENTIFIER,
        order_id=IDENTIFIER,
        created_at=INSTANT,
        lines=REFUND_LINES,
    ),
    "cancel": body(
        "An order that is called off.",
        ("type", "order_id", "cancelled_at"),
        type=kind("cancel"),
        order_id=IDENTIFIER,
        cancelled_at=INSTANT,
    ),
    "receipt": body(
        "An order that the customer has in hand.",
        ("type", "order_id", "received_at"),
        type=kind("receipt"),
        order_id=IDENTIFIER,
        received_at=INSTANT,
    ),
    "product": body(
        "A product as your shop shows it; send it whole, whenever it changes.",
        ("type", "id", "updated_at", "title"),
        type=kind("product"),
        id=IDENTIFIER,
        updated_at=INSTANT,
        title=text(300),
        price={**PRICE, "description": "In units of its currency, such as 19.90."},
        compare_at={**PRICE, "description": "The price before, crossed out."},
        currency={**CURRENCY, "description": "Left out, the program's."},
        picture_url=text(2000),
        page=text(2000, "The page's address, or its path in your shop."),
        stock={"type": "integer", "minimum": 0, "maximum": 10**9},
        gone={"type": "boolean", "description": "It was deleted, or is not on sale."},
        category=text(100),
        collections=items(text(100), 100, "The collections it is in."),
    ),
}

SCHEMA: Schema = {
    "$schema": DRAFT,
    "title": "Grapevine: what a shop without an adapter sends",
    "type": "object",
    "required": ["type"],
    "oneOf": list(BODIES.values()),
}
