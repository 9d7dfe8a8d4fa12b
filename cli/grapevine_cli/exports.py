"""Orders out of a shop's export file: JSON bodies (a list, or one to a line), or Shopify's CSV of orders."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from itertools import groupby

from grapevine.domain.errors import InvalidInputError
from grapevine.ports.shop_clients import Fetched
from grapevine.usecases.import_orders import Exported
from grapevine_cli.shopify_csv import COLUMNS, Rows, body_of, order_id_of

TOPICS = {
    "shopify": "orders/updated",
    "woocommerce": "order.updated",
    "youzan": "import",
    "wechat_shop": "import",
}
"""What a platform's adapter reads an order as it is now under."""
WRAPPERS = ("orders", "order")
_DECODER = json.JSONDecoder()


def read_export(body: bytes, platform: str) -> Iterator[Exported]:
    """Yield a file's orders with the lines they begin at; InvalidInputError where it is neither."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInputError("is not UTF-8 text", "file") from None
    if text.lstrip()[:1] in ("[", "{"):
        return _of_json(text, TOPICS.get(platform, ""))
    if platform != "shopify":
        raise InvalidInputError(f"is not JSON; of {platform} no other export is read", "file")
    return _of_csv(text)


def lines_of(body: bytes) -> int:
    """Return how many lines a file has, for who shows how far it is read."""
    return body.count(b"\n") + 1


def _of_json(text: str, topic: str) -> Iterator[Exported]:
    """Yield every object: of a list, of a list under `orders`, or one after the other."""
    at, line = _next(text, 0, 1)
    is_list = text[at : at + 1] == "["
    if is_list:
        at, line = _next(text, at + 1, line)
    while at < len(text) and text[at] != "]":
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            yield Exported(line=line, fault=f"is not JSON: {error}")
            if is_list:
                return  # Where the next one begins nobody can say.
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
        else:
            yield from _unwrapped(value, text[at:end], topic, line)
        at, line = _next(text, end, line + text.count("\n", at, end))


def _unwrapped(value: object, text: str, topic: str, line: int) -> Iterator[Exported]:
    if not isinstance(value, dict):
        yield Exported(line=line, fault="is not an order")
    elif len(value) == 1 and isinstance(value.get("orders"), list):
        inner = text[text.index("[") : text.rindex("]") + 1]
        yield from _of_json("\n" * (line - 1) + inner, topic)
    else:
        yield Exported(line=line, fetched=Fetched(text.encode(), topic))


def _next(text: str, at: int, line: int) -> tuple[int, int]:
    """Return the place of the next value and its line: after blanks and a comma."""
    while at < len(text) and text[at] in " \t\r\n,":
        line += text[at] == "\n"
        at += 1
    return at, line


def _of_csv(text: str) -> Iterator[Exported]:
    """Yield an order for each run of rows of one name: its further lines are rows without anything else."""
    reader = csv.DictReader(io.StringIO(text, newline=None), strict=True)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise InvalidInputError(f"has no column {', '.join(missing)}", "file")
    for _, run in groupby(_numbered(reader), key=lambda found: found[1].get("Name") or f"#{found[0]}"):
        found = list(run)
        yield _order(found[0][0], [row for _, row in found])


def _numbered(reader: csv.DictReader[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield rows with the line each begins at; a text in quotes may have lines of its own."""
    line = reader.line_num
    try:
        for row in reader:
            yield (
                line + 1,
                {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)},
            )
            line = reader.line_num
    except csv.Error as error:
        raise InvalidInputError(f"line {reader.line_num}: is not CSV: {error}", "file") from None


def _order(line: int, rows: Rows) -> Exported:
    try:
        order_id = order_id_of(rows)
        raw = json.dumps(body_of(rows), ensure_ascii=False).encode()
    except InvalidInputError as error:
        return Exported(line=line, fault=str(error))
    return Exported(line=line, fetched=Fetched(raw, TOPICS["shopify"]), order_id=order_id)
