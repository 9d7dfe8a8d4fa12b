"""What a newcomer reads first is complete and true."""

from __future__ import annotations

import re
import tomllib
from xml.etree import ElementTree as ET

from grapevine_sim.expected import expected
from grapevine_sim.market import SEED, world
from infra.house import ROOT
from tests.repo.documents import blocks_of, links_of, named

README = named("README.md")
SVG = "{http://www.w3.org/2000/svg}"


def test_the_readme_begins_with_one_sentence() -> None:
    first = README.read_text().split("\n\n")[1]
    assert len(re.findall(r"[.!?](?:\s|$)", first)) == 1


def test_the_two_commands_are_the_first_block() -> None:
    assert blocks_of(README)[0].text.split("\n") == ["make demo", "make test", ""]


def test_the_session_has_five_lines() -> None:
    (session,) = (block for block in blocks_of(README) if block.words == ("runnable",))
    assert len(session.text.splitlines()) == 5


def test_the_picture_is_there_and_says_what_it_shows() -> None:
    (picture,) = (link for link in links_of(README) if link.endswith(".svg"))
    root = ET.parse(ROOT / picture).getroot()  # noqa: S314 - our own file
    assert root.findtext(f"{SVG}title")
    assert root.findtext(f"{SVG}desc")


def test_the_table_is_what_the_demo_must_come_to() -> None:
    day = expected(world(SEED))
    shown = {
        cells[0].lower(): tuple(cells[1:])
        for cells in (line.split() for line in README.read_text().splitlines())
        if len(cells) == 9 and cells[0].lower() in day.earnings
    }
    assert shown.keys() == day.earnings.keys()
    for name, (visits, robots, _, *amounts) in shown.items():
        truth = day.earnings[name]
        assert (int(visits), int(robots)) == (day.people_clicks[name], day.bot_clicks[name])
        assert [round(float(amount) * 100) for amount in amounts] == [
            truth.earned_minor,
            truth.refunded_minor,
            truth.blocked_minor,
            truth.paid_minor,
            truth.carried_minor,
        ]


def test_the_numbers_in_the_text_are_the_demos() -> None:
    day = world(SEED)
    assert (len(day.clicks), len(day.orders)) == (40, 18)
    assert "forty visits, eighteen orders" in README.read_text()


def test_the_changelog_has_something_unreleased() -> None:
    text = named("CHANGELOG.md").read_text()
    unreleased = re.search(r"^## \[Unreleased\]\n(.+?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert unreleased
    assert re.search(r"^- \S", unreleased.group(1), re.MULTILINE)


def test_the_licence_is_the_one_that_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    licence = (ROOT / "LICENSE").read_text()
    assert project["license"] == "Apache-2.0"
    assert "Apache License\n                           Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence
