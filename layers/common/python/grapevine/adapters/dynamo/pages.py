"""Pages: one item per subject, day and slot; amounts are its number attributes, marks a string set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import and_

from pynamodb.attributes import UnicodeSetAttribute
from pynamodb.constants import NUMBER
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.failures import ConditionFailedError
from grapevine.adapters.dynamo.keys import Key
from grapevine.adapters.dynamo.rows import Item, Row, row
from grapevine.adapters.dynamo.table import Database
from grapevine.domain.pages import Page, PageKey, merged

GROUP = 50
"""Additions to one page written together: keeps expressions well under DynamoDB's 4 KB and 300 operators."""


class PageRow(Row, discriminator="page"):
    """`A#program#owner#currency` or `ST#subject` / `D#day#slot`, and an attribute for each amount."""

    marks = UnicodeSetAttribute()


class DynamoPages:
    """Pages by key."""

    def __init__(self, database: Database) -> None:
        self._state = database.state

    def fold(self, additions: Sequence[Page]) -> int:
        """Add each addition to its page unless its mark is there; return how many were new."""
        return sum(self._fold_group(group) for group in groups(additions))

    def pages(self, subject: str) -> tuple[Page, ...]:
        """Return every page of a subject, oldest first."""
        items = self._state.query(keys.subject(subject), PageRow.sk.startswith(keys.DAY))
        return tuple(page_of(item) for item in items)

    def _fold_group(self, group: Sequence[Page]) -> int:
        """Write a group in one update; where a mark of it is there already, one by one."""
        if self._add(merged(group)[0]):
            return len(group)
        return sum(self._add(page) for page in group) if len(group) > 1 else 0

    def _add(self, page: Page) -> bool:
        try:
            self._state.update(keys.page(page.key), _additions(page), _without(page.marks))
        except ConditionFailedError:
            return False
        return True


def groups(additions: Sequence[Page]) -> Iterator[Sequence[Page]]:
    """Yield additions by page, each mark once, in groups that one update can take."""
    by_page: dict[PageKey, dict[frozenset[str], Page]] = {}
    for page in additions:
        by_page.setdefault(page.key, {}).setdefault(page.marks, page)
    for pages in by_page.values():
        distinct = tuple(pages.values())
        yield from (distinct[start : start + GROUP] for start in range(0, len(distinct), GROUP))


def _additions(page: Page) -> list[Action]:
    amounts = [Path([name]).add(minor) for name, minor in page.amounts.items()]
    return [PageRow.kind.set(PageRow), PageRow.marks.add(set(page.marks)), *amounts]


def _without(marks: frozenset[str]) -> Condition:
    """Return the condition that none of the marks is there, true also where there is no page yet."""
    absent: list[Condition] = [~PageRow.marks.contains(mark) for mark in sorted(marks)]
    return reduce(and_, absent)


def page_of(item: Item) -> Page:
    """Return the page in an item: every number in it is an amount."""
    stored = row(PageRow, item)
    amounts = {name: int(value[NUMBER]) for name, value in item.items() if NUMBER in value}
    return Page(keys.page_of(Key(stored.pk, stored.sk)), amounts, frozenset(stored.marks))
