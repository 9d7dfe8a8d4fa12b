"""`grapevine what-if`: what an operator sees, and how a replay goes over several processes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from multiprocessing import active_children
from os import getpid
from pathlib import Path

import pytest
from click import ClickException

from grapevine.domain.drafts import NOTHING_NEW, Draft
from grapevine.domain.facts import FactKind, OrderKey
from grapevine.domain.tiers import Tier, TierBasis
from grapevine.domain.what_if import Tally
from grapevine.usecases.replay_orders import Part, Readers
from grapevine.usecases.what_if import AskWhatIf, WhatIfPorts, read_records, replayed
from grapevine_cli.forked import Outcome, processes_for, replayed_in
from grapevine_cli.what_if import what_if
from tests import builders as make
from tests.builders import PROGRAM_ID, T0, days, minutes
from tests.cli.running import run
from tests.usecases.test_what_if import ask
from tests.usecases.test_what_if_apart import DRAFTS
from tests.usecases.towns import END, town
from tests.worlds import World, chain_world

PERIOD = ("--program", PROGRAM_ID, "--from", "2026-11-01", "--to", "2026-12-01")
CAMPAIGN = {
    "name": "Double 11",
    "starts_at": "2026-11-11T00:00",
    "ends_at": "2026-11-12T00:00",
    "add_bps": 100,
}
"""In wall time of the program's zone, as campaigns are made."""


@pytest.fixture
def world() -> World:
    """Return a world with five orders of a day, as they stand a day later."""
    world = chain_world()
    for number in range(5):
        order = OrderKey(make.STOREFRONT_ID, str(number))
        world.append(make.fact(FactKind.PAID, minutes(number), order=order))
        world.post(T0 + minutes(number), order)
    world.clock = T0 + days(1)
    return world


def written(path: Path, values: object) -> str:
    path.write_text(json.dumps(values), encoding="utf-8")
    return str(path)


def test_nothing_drafted_makes_no_difference(world: World) -> None:
    code, said = run(what_if, world, *PERIOD)
    assert code == 0
    assert said[:5] == [
        "entries: 5",
        "facts: 5",
        "replayed: 5",
        "Orders paid 2026-11-01 to 2026-11-30 (Asia/Shanghai), as they stand on 2026-11-12T09:00:00.000Z",
        "5 orders, 0 would stand otherwise",
    ]
    assert [line.split() for line in said if line.startswith("promoters")] == [
        ["promoters", "USD", "93.30", "93.30", "0.00"]
    ]


def test_a_draft_is_shown_in_aligned_columns(world: World, tmp_path: Path) -> None:
    plan = written(tmp_path / "draft.json", {"rate_bps": [2000, 100], "tiers": []})
    code, said = run(what_if, world, *PERIOD, "--plan", plan)
    assert code == 0
    assert "5 orders, 5 would stand otherwise" in said
    table = said[said.index("5 orders, 5 would stand otherwise") + 2 :]
    assert table == [
        "                                        posted          would be        difference",
        "promoters USD                            93.30            140.00            +46.70",
        "of it held USD                           93.30            140.00            +46.70",
        "",
        "1 would have more, 2 less:",
        "pr_cy USD                                66.65            133.35            +66.70",
        "pr_bo USD                                20.00              6.65            -13.35",
        "pr_ana USD                                6.65              0.00             -6.65",
        "",
        "By the day of payment:",
        "2026-11-11 USD                           93.30            140.00            +46.70",
    ]


def test_json_has_every_figure_in_minor_units(world: World, tmp_path: Path) -> None:
    plan = written(tmp_path / "draft.json", {"rate_bps": [2000, 100], "effective_at": "2026-12-01T00:00:00Z"})
    campaign = written(tmp_path / "c.json", CAMPAIGN)
    code, said = run(what_if, world, *PERIOD, "--plan", plan, "--campaign", campaign, "--json")
    assert code == 0
    told = json.loads("\n".join(said[said.index("{") : said.index("}") + 1]))
    # 20 and 1 % of 133.33 are 28.00, and the campaign adds 1 % for level 1.
    amounts = {"posted_minor": 9330, "drafted_minor": 14_000 + 5 * 133, "difference_minor": 4670 + 5 * 133}
    assert told["totals"] == [{"name": "", "currency": "USD", **amounts}]
    spent = {"posted_minor": 0, "drafted_minor": 5 * 133, "difference_minor": 5 * 133}
    assert told["budgets"] == [{"name": "cm_c", "currency": "USD", **spent}]
    assert (told["orders"], told["orders_changed"], told["winners"], told["losers"]) == (5, 5, 1, 2)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"rate_bps": [9000, 9000], "screening_days": 99}, "rate_bps: together over 3000"),
        ({"rate_bps": [9000, 9000], "screening_days": 99}, "screening_days: must be 0 to 30"),
        ({"rates": [1]}, "draft.json.rates: is not a field of this request"),
        ({"version": 3}, "draft.json.version: is given when the plan is published"),
        ([], "draft.json: must be an object"),
    ],
)
def test_a_bad_draft_exits_with_one_and_says_everything(
    world: World, tmp_path: Path, values: object, said: str
) -> None:
    code, lines = run(what_if, world, *PERIOD, "--plan", written(tmp_path / "draft.json", values))
    assert code == 1
    assert said in "\n".join(lines)


def test_what_is_no_json_is_named(world: World, tmp_path: Path) -> None:
    path = tmp_path / "draft.json"
    path.write_text("{", encoding="utf-8")
    code, lines = run(what_if, world, *PERIOD, "--plan", str(path))
    assert code == 1
    assert any("draft.json: is not JSON" in line for line in lines)


def test_two_processes_come_to_what_one_does(world: World) -> None:
    command = AskWhatIf(
        program_id=PROGRAM_ID,
        first_day=date(2026, 11, 1),
        end_day=date(2026, 12, 1),
        draft=Draft(plan=make.plan(2000, 100, tiers=())),
    )
    ports = WhatIfPorts(world.ledger, world.facts, world.clicks, world.catalog)
    records, terms = read_records(command, ports, world.clock)
    told: list[tuple[str, int, int | None]] = []
    outcome = replayed_in(2, records, terms, lambda: ports.readers, lambda *far: told.append(far))
    assert outcome.tally == replayed(records, Part(records.orders), terms, ports.readers).tally()
    assert told[-1][1:] == (5, 5)
    assert outcome.tally != Tally()
    assert len(outcome.seconds) == 2
    # So few are not worth it.
    assert processes_for(records, 2) == 1
    assert processes_for(replace(records, orders=records.orders * 1000), 2) == 2


@pytest.mark.parametrize("name", ["caps", "running tiers", "a budget", "history"])
def test_orders_that_rest_on_each_other_are_in_one_of_two_processes(name: str) -> None:
    world = town(5)
    ports = WhatIfPorts(world.ledger, world.facts, world.clicks, world.catalog)
    records, terms = read_records(ask(DRAFTS[name]), ports, END)
    outcome = replayed_in(2, records, terms, lambda: ports.readers, lambda *_: None)
    assert outcome.tally == replayed(records, Part(records.orders), terms, ports.readers).tally()


def test_orders_that_share_a_budget_are_in_two_and_come_to_what_one_does(world: World) -> None:
    draft = Draft(campaigns=(make.campaign(budget=50),))
    ports = WhatIfPorts(world.ledger, world.facts, world.clicks, world.catalog)
    records, terms = read_records(ask(draft), ports, world.clock)
    outcome = replayed_in(2, records, terms, lambda: ports.readers, lambda *_: None)
    assert len(outcome.seconds) == 2
    assert outcome.tally.changed == 1
    assert outcome.tally == replayed(records, Part(records.orders), terms, ports.readers).tally()


def test_orders_that_all_rest_on_what_is_sold_too_are_in_one(world: World) -> None:
    gold = (Tier(id="base", threshold=0, add_bps=0), Tier(id="gold", threshold=1, add_bps=100))
    plan = make.plan(1000, tiers=gold, tier_basis=TierBasis.RUNNING_MONTH)
    draft = Draft(plan=plan, campaigns=(make.campaign(budget=50),))
    ports = WhatIfPorts(world.ledger, world.facts, world.clicks, world.catalog)
    records, terms = read_records(ask(draft), ports, world.clock)
    outcome = replayed_in(2, records, terms, lambda: ports.readers, lambda *_: None)
    assert len(outcome.seconds) == 1
    assert outcome.tally.changed == 5


def test_a_process_that_fails_ends_all_and_says_why(world: World) -> None:
    ports = WhatIfPorts(world.ledger, world.facts, world.clicks, world.catalog)
    records, terms = read_records(ask(Draft(plan=make.plan(2000, tiers=()))), ports, world.clock)
    here = getpid()

    def connect() -> Readers:
        if getpid() != here:
            raise OSError("no network")
        return ports.readers

    with pytest.raises(ClickException, match="no network"):
        replayed_in(2, records, terms, connect, lambda *_: None)
    assert not active_children()


def test_nothing_comes_of_no_orders(world: World) -> None:
    ports = WhatIfPorts(world.ledger, world.facts, world.clicks, world.catalog)
    early = ask(NOTHING_NEW, date(2025, 1, 1), date(2025, 2, 1))
    records, terms = read_records(early, ports, world.clock)
    assert replayed_in(2, records, terms, lambda: ports.readers, lambda *_: None) == Outcome(Tally(), ())
