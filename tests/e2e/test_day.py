"""The demo's day on the running stack, with another seed than the demo's own."""

from __future__ import annotations

import pytest

from grapevine_sim.demo import run
from infra.deploy import Deployment, move_clock

SEED = 7


def test_a_day_ends_in_exactly_the_expected_books(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once a stack: time does not go back, and the sweep remembers how far it came."""
    try:
        is_right = run(str(deployment.site.endpoint_url), SEED, exits=True)
    finally:
        move_clock(deployment.site, 0, ("accrue", "settle"))
    said = capsys.readouterr().out
    assert is_right, said
    assert "proven: no faults" in said
    assert "every amount is the expected one, to the cent" in said
