"""The operator's command line against the running stack: its own connection, the functions' own work."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from grapevine_cli.main import main
from tests.e2e.conftest import House


def said_by(house: House, *words: str) -> tuple[int, list[str]]:
    """Run the command line as an operator does; return its exit code and standard output."""
    site = house.deployment.site
    done = CliRunner().invoke(main, ["--stage", site.stage, "--endpoint", str(site.endpoint_url), *words])
    return done.exit_code, done.stdout.splitlines()


def test_an_operator_settles_looks_and_writes_a_statement(house: House, tmp_path: Path) -> None:
    program = house.program()
    joined = {"name": "Ana", "email": "ana@cli.example"}
    promoter = str(house.console.post(f"/programs/{program}/promoters", joined)["id"])
    settled = [
        f"run {program}.run-now",
        "closed 1 / 1",
        f"{'empty':<12}{1:>10}",
        "to pay out        0.00 USD",
    ]
    assert said_by(house, "settle", program, "--name", "now") == (0, settled)
    here = said_by(house, "settle", program, "--name", "here", "--here")
    assert here == (0, [f"run {program}.run-here", *settled[1:]])
    code, runs = said_by(house, "settle", program, "--list")
    assert (code, {line.split()[1] for line in runs[1:]}) == (0, {"closed"})
    assert said_by(house, "payouts", "export", program) == (0, ["no batch is open"])
    assert said_by(house, "payouts", "list", program, "--json") == (0, ["[]"])
    file = str(tmp_path / "ana.csv")
    today = str(house.parts.now().date())
    shown = ("statement", "show", program, promoter, "--days", today, today, "--format", "csv", "-o", file)
    assert said_by(house, *shown)[0] == 0
    assert said_by(house, "statement", "verify", program, file) == (
        0,
        [f"valid: CSV, as {program} gave it out"],
    )
