"""The demo's day and its night of Double 11 on the running stack, with another seed than the demo's own."""

from __future__ import annotations

import pytest

from grapevine_sim.demo import run
from infra.deploy import Deployment, move_clock
from infra.house import APPS

SEED = 7


def test_a_day_ends_in_exactly_the_expected_books(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once a stack: time does not go back, and the sweep remembers how far it came."""
    try:
        is_right = run(str(deployment.site.endpoint_url), SEED, exits=True)
    finally:
        move_clock(deployment.site, 0, APPS)
    said = capsys.readouterr().out
    assert is_right, said
    assert said.count("proven: no faults") == len(("the day", "the night of Double 11"))
    assert "every amount is the expected one, to the cent" in said
