"""Sales as beancount's text: one transaction per order, its amounts already worked out."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.engine.sales import CURRENCY, Sale, Sponsors, shares


def text_of(some: tuple[Sale, ...], sponsors: Sponsors) -> Iterator[str]:
    """Yield the lines of a file: the accounts that occur, then the sales."""
    legs = [tuple(_legs(sale, sponsors)) for sale in some]
    for account in sorted({account for each in legs for account, _ in each}):
        yield f"2026-01-01 open {account} {CURRENCY}"
    for sale, each in zip(some, legs, strict=True):
        yield f'2026-11-11 * "accrued" ^{sale.order_id}'
        yield from (f"  {account}  {_decimal(minor)} {CURRENCY}" for account, minor in each)


def _legs(sale: Sale, sponsors: Sponsors) -> Iterator[tuple[str, int]]:
    program, earned = _camel(sale.program_id), list(shares(sale, sponsors))
    yield f"Expenses:{program}:Commission", sum(minor for _, minor in earned)
    for promoter_id, minor in earned:
        yield f"Liabilities:{program}:{_camel(promoter_id)}:Held", -minor


def _camel(name: str) -> str:
    return name.title().replace("_", "")


def _decimal(minor: int) -> str:
    sign, (whole, cents) = "-" if minor < 0 else "", divmod(abs(minor), 100)
    return f"{sign}{whole}.{cents:02}"
