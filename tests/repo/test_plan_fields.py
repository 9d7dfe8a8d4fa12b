"""The API's tables of plans, campaigns and bounties have every field that these have, with its default."""

from __future__ import annotations

import dataclasses
import json

import pytest

from grapevine.domain.bounties import Bounty
from grapevine.domain.campaigns import Audience, Campaign
from grapevine.domain.plain import to_plain
from grapevine.domain.plans import Plan
from grapevine.domain.rates import RateRule
from tests.repo.documents import coded, named, rows_of, section

PLANS = section(named("docs/api.md"), "Plans")
FIELDS = [row for row in rows_of(PLANS) if "field" in row]
RULES = [row for row in rows_of(PLANS) if "field of a rule" in row]
NOT_SENT = {"version", "effective_at"}
INSIDE = {"id", "first_budget"}
"""What nobody sends: the answer has the one, and shows nobody the other."""


def test_every_field_of_a_plan_is_in_the_table_with_its_default() -> None:
    said = {coded(row["field"])[0]: coded(row["default"]) for row in FIELDS}
    fields = {field.name: field for field in dataclasses.fields(Plan)}
    assert set(said) == set(fields)
    for name in set(fields) - NOT_SENT:
        assert json.loads(said[name][0]) == to_plain(fields[name].default), name


def test_every_field_of_a_rule_is_told() -> None:
    said = [name for row in RULES for name in coded(row["field of a rule"])]
    assert sorted(said) == sorted(field.name for field in dataclasses.fields(RateRule))


def test_every_row_says_what_it_is_about() -> None:
    assert [row for row in (*FIELDS, *RULES) if not row["what it says"]] == []


@pytest.mark.parametrize(
    ("kind", "heading", "name"),
    [
        (Campaign, "Campaigns", "field of a campaign"),
        (Audience, "Campaigns", "field of an audience"),
        (Bounty, "Bounties", "field of a bounty"),
    ],
)
def test_every_field_of_what_is_dated_is_in_its_table_with_its_default(
    kind: type, heading: str, name: str
) -> None:
    rows = [row for row in rows_of(section(named("docs/api.md"), heading)) if name in row]
    said = {field: coded(row["default"]) for row in rows for field in coded(row[name])}
    fields = {field.name: field for field in dataclasses.fields(kind) if field.name not in INSIDE}
    assert set(said) == set(fields)
    for field, default in said.items():
        if default:
            assert json.loads(default[0]) == to_plain(fields[field].default), field
    assert [row for row in rows if not row["what it says"]] == []
