"""The operations page knows every alarm, metric and setting."""

from __future__ import annotations

import re

from grapevine.runtime import observe
from grapevine.runtime.settings import TABLES
from infra.house import INFRA, ROOT
from tests.repo.documents import coded, named, rows_of, section

OPERATIONS = named("docs/operations.md")
SETTING = re.compile(r"GRAPEVINE_[A-Z_]+[A-Z]")


def test_every_alarm_says_what_to_do() -> None:
    alarms = re.findall(r"^  (\w+):\n    Type: AWS::CloudWatch::Alarm$", platform(), re.MULTILINE)
    rows = rows_of(section(OPERATIONS, "Alarms"))
    assert alarms
    assert {name for row in rows for name in coded(row["alarm"])} == {*alarms, "…Lags"}
    assert all(row["means"] and row["do"] for row in rows)


def test_every_metric_is_there() -> None:
    metrics = {
        value
        for name, value in vars(observe).items()
        if name.isupper() and isinstance(value, str) and name != "NAMESPACE"
    }
    rows = rows_of(section(OPERATIONS, "What it says"))
    assert {name for row in rows for name in coded(row["metric"])} == metrics


def test_every_metric_with_an_alarm_exists() -> None:
    ours = re.findall(r"Namespace: Grapevine\n +MetricName: (\w+)", platform())
    assert set(ours) == {
        observe.LEDGER_MODIFIED,
        observe.CLICK_NOT_RECORDED,
        observe.PROOF_FAULT,
        observe.PROOF_MISSED,
        observe.ORDER_OVERDUE,
        observe.RESULT_REJECTED,
        observe.RAIL_UNAVAILABLE,
        observe.EVENT_DEAD,
        observe.WEBHOOK_DISABLED,
        observe.PROMOTER_NOT_SETTLED,
        observe.SHOP_REFUSED,
        observe.SHOP_NOT_RECONCILED,
    }


def test_every_setting_is_there() -> None:
    merged = (INFRA / "merge" / "common.json").read_text() + (INFRA / "templates.py").read_text()
    named_there = {
        name for row in rows_of(section(OPERATIONS, "Settings")) for name in coded(row["variable"])
    }
    ours = {name for name in named_there if name.startswith("GRAPEVINE_")}
    assert ours == set(SETTING.findall(merged))
    assert {f"GRAPEVINE_TABLE_{table.upper()}" for table in TABLES} <= ours


def test_every_command_of_the_makefile_is_mentioned_somewhere() -> None:
    targets = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    text = "".join(path.read_text() for path in (OPERATIONS, named("README.md"), named("CONTRIBUTING.md")))
    assert targets
    assert [name for name in targets.group(1).split() if name != ".venv" and f"make {name}" not in text] == []


def platform() -> str:
    return (INFRA / "platform.yaml").read_text()
