"""One line per invocation, however it ends, and the metrics with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grapevine.runtime import observe
from tests.runtime.observed import Line, collected, counted, invocations

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def lines() -> Iterator[list[Line]]:
    with collected() as found:
        yield found


class BrokenError(Exception):
    """Whatever went wrong."""


def breaks() -> None:
    """Fail half way through an invocation that has noted and counted something."""
    with observe.invocation("sweep_due"):
        observe.note(order="o1")
        observe.count(observe.ORDER_QUEUED)
        raise BrokenError("half way")


def test_one_line_with_what_the_block_said(lines: list[Line]) -> None:
    with observe.invocation("redirect") as fields:
        fields["status"] = 302
        observe.note(click="c1", recorded=True)
    (line,) = lines
    assert (line["level"], line["message"], line["handler"]) == ("INFO", "invocation", "redirect")
    assert (line["outcome"], line["status"], line["click"], line["recorded"]) == ("ok", 302, "c1", True)
    assert line["milliseconds"] >= 0


def test_an_error_is_in_the_line_and_goes_on(lines: list[Line]) -> None:
    with pytest.raises(BrokenError, match="half way"):
        breaks()
    (line,) = lines
    assert (line["outcome"], line["error"], line["order"]) == ("error", "BrokenError: half way", "o1")


def test_what_a_batch_was_about_is_listed_once(lines: list[Line]) -> None:
    with observe.invocation("on_facts"):
        for order in ("o1", "o2", "o1"):
            observe.note_each(orders=order)
    assert lines[0]["orders"] == ["o1", "o2"]


def test_a_note_outside_is_lost_and_hurts_nobody(lines: list[Line]) -> None:
    observe.note(click="c1")
    observe.note_each(orders="o1")
    with observe.invocation("redirect"):
        pass
    observe.note(click="c2")
    assert not {"click", "orders"} & lines[0].keys()


def test_one_invocations_notes_are_not_the_nexts(lines: list[Line]) -> None:
    for order in ("o1", None):
        with observe.invocation("receive_webhook"):
            if order:
                observe.note(order=order)
    assert [line.get("order") for line in lines] == ["o1", None]


def test_an_invocation_inside_another_keeps_its_own_notes(lines: list[Line]) -> None:
    with observe.invocation("outer"):
        with observe.invocation("inner"):
            observe.note(order="of the inner")
        observe.note(click="of the outer")
    inner, outer = lines
    assert (inner["handler"], inner["order"]) == ("inner", "of the inner")
    assert (outer["click"], outer.get("order")) == ("of the outer", None)


def test_metrics_come_with_the_line_once(capsys: pytest.CaptureFixture[str]) -> None:
    with observe.invocation("on_facts"):
        observe.count(observe.ORDER_QUEUED)
        observe.count(observe.ORDER_QUEUED, 2)
    assert counted(capsys.readouterr().out) == {observe.ORDER_QUEUED: 3}
    with observe.invocation("on_facts"):
        pass
    assert counted(capsys.readouterr().out) == {}


def test_metrics_come_also_when_the_block_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BrokenError):
        breaks()
    assert counted(capsys.readouterr().out) == {observe.ORDER_QUEUED: 1}


def test_more_values_than_one_blob_holds(capsys: pytest.CaptureFixture[str]) -> None:
    with observe.invocation("on_entries"):
        for _ in range(250):
            observe.count(observe.LEDGER_MODIFIED)
    assert counted(capsys.readouterr().out) == {observe.LEDGER_MODIFIED: 250}


SCRIPT = """
from grapevine.runtime import observe
for name in ("first", "second"):
    with observe.invocation(name):
        observe.count(observe.ORDER_QUEUED)
        observe.logger().debug("not on this level")
"""


def test_a_process_writes_nothing_but_lines_of_json() -> None:
    """As Lambda sees it: what Powertools prints, and nothing twice."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={"POWERTOOLS_SERVICE_NAME": "accrue"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(text) for text in done.stdout.splitlines()]
    assert [line["handler"] for line in invocations([li for li in lines if "message" in li])] == [
        "first",
        "second",
    ]
    assert len(lines) == 4
    (directive,) = lines[1]["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Grapevine", [["service"]])
    assert {line["service"] for line in lines} == {"accrue"}
    assert done.stderr == ""
