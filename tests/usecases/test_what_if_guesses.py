"""What-if where processes share a budget: each guesses, who was misled is made again, and all is exact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings

from grapevine.domain.campaign_grants import shards_of
from grapevine.domain.campaigns import Campaign, Pays
from grapevine.domain.caps import Cap, CapPer, CapPeriod
from grapevine.domain.drafts import NOTHING_NEW, Draft, drafted
from grapevine.domain.entries import Entry
from grapevine.domain.facts import OrderKey
from grapevine.domain.grants import GrantKey
from grapevine.domain.plans import BindingPolicy
from grapevine.domain.programs import Terms
from grapevine.domain.ties import Trace
from grapevine.usecases.replay_counters import Counters, Others
from grapevine.usecases.replay_groups import Grouping, grouped, replayed_apart
from grapevine.usecases.replay_guesses import Ask, GuessedCounters, TrueCounters, left_of
from grapevine.usecases.replay_kinds import DraftReplay
from grapevine.usecases.replay_moment import ARRIVAL, Moment, Rank
from grapevine.usecases.replay_orders import Part, Readers, Records
from grapevine.usecases.what_if import PutRight, Replayed, put_right, read_records, replayed
from tests import builders as make
from tests.builders import PROGRAM_ID, T0, days
from tests.reference import Story
from tests.strategies import PATIENT, stories
from tests.usecases.test_what_if import END, ask, plain, played, ports_of
from tests.usecases.towns import END as TOWNS_END
from tests.usecases.towns import town
from tests.worlds import World

RUNS_OUT = make.campaign(
    "cm_out", starts_at=T0, ends_at=T0 + days(30), add_bps=1000, budget=12_000, first_budget=12_000
)
"""Its eight shards run out after a fifth of a town's orders; refunds give back for weeks."""
ORDERS = 50
MONTHLY = Cap(id="monthly", per=CapPer.PROMOTER, period=CapPeriod.MONTH, amount_minor=9_000)
LOYAL = Cap(id="loyal", per=CapPer.CUSTOMER, period=CapPeriod.LIFETIME, amount_minor=20_000)


def planned(**changes: object) -> Draft:
    plan = make.plan(1000, 300, 100, **{"tiers": (), **changes})
    return Draft(plan=plan, campaigns=(RUNS_OUT,))


POINTS = replace(RUNS_OUT, id="cm_points", pays=Pays.POINTS, add_bps=0, add_points_per_unit=10, budget=9_000)
DRAFTS = {
    "a budget": Draft(campaigns=(RUNS_OUT,)),
    "one shard": Draft(campaigns=(replace(RUNS_OUT, budget=1_500, first_budget=1_500),)),
    "a cap before the budget": Draft(campaigns=(replace(RUNS_OUT, promoter_cap=2_500, order_cap=900),)),
    "two budgets, one of points": Draft(campaigns=(RUNS_OUT, POINTS)),
    "caps before the budget": planned(caps=(MONTHLY, LOYAL)),
    "recruits": planned(recruit_bonus_minor=700),
    "pasts and caps": planned(binding=BindingPolicy.ALWAYS, caps=(MONTHLY,)),
    "customers' pasts": planned(binding=BindingPolicy.ALWAYS),
    "raised": Draft(campaigns=(replace(RUNS_OUT, budget=24_000),)),
}


IN_LARGE_UNITS = {"pasts and caps", "customers' pasts", "caps before the budget"}
"""Here hardly anybody can be told the truth: a town has few customers, and its caps are small."""


class Tried:
    """Replays orders in parts, and keeps what came of it."""

    def __init__(self, records: Records, terms: Terms, readers: Readers) -> None:
        self.records, self.terms, self.readers = records, terms, readers
        self.right: PutRight | None = None
        self.rounds = 0

    def replay(self, parts: list[Part]) -> list[Replayed]:
        self.rounds += 1
        return [replayed(self.records, part, self.terms, self.readers) for part in parts]

    def correct(self, units: Sequence[int], done: list[Replayed]) -> PutRight:
        return put_right(self.records, self.terms, self.readers, units, [one.asks for one in done])

    def entries(self, grouping: Grouping, parts: int) -> dict[OrderKey, list[Entry]]:
        """Return what was posted for each order, wherever it was in the end."""
        done, self.right = replayed_apart(self.records.orders, grouping, parts, self.replay, self.correct)
        found = {}
        for one in done:
            for number, order in enumerate(one.part.orders):
                stays = not self.right or one.part.group_of(number) not in self.right.again
                replay = one.replay if stays or not self.right else self.right.replayed.replay
                found[order.key] = plain(replay.entries_of(order))
        return found


def in_one(records: Records, terms: Terms, readers: Readers) -> dict[OrderKey, list[Entry]]:
    replay = replayed(records, Part(records.orders), terms, readers).replay
    return {order.key: plain(replay.entries_of(order)) for order in records.orders}


def towns(seed: int, known: dict[int, World] = {}) -> World:  # noqa: B006 - made once: nobody changes one
    if seed not in known:
        known[seed] = town(seed, orders=ORDERS)
    return known[seed]


@pytest.mark.parametrize("name", DRAFTS)
def test_every_entry_of_guessing_parts_is_what_a_fresh_town_posts(name: str) -> None:
    seed = len(name) % 2
    ports = ports_of(towns(seed))
    records, terms = read_records(ask(DRAFTS[name]), ports, TOWNS_END)
    fresh = town(seed, terms.plan_at(T0), orders=ORDERS, campaigns=terms.campaigns)
    expected = {order.key: plain(fresh.ledger.entries_of(order.key)) for order in records.orders}
    assert in_one(records, terms, ports.readers) == expected
    units = grouped(records, terms, ports.readers).units
    tried = Tried(records, terms, ports.readers)
    # Dealt out by units, so that caps' counters are guessed as badly as the budget's.
    assert tried.entries(Grouping(units, units), 2) == expected
    assert tried.right
    assert tried.right.again
    if name not in IN_LARGE_UNITS:
        # Some were told what was so, and some were not: both ways are gone.
        assert 0 < tried.right.tally.orders < len(records.orders)


@pytest.mark.parametrize("name", ["a budget", "a cap before the budget", "recruits"])
def test_a_town_whose_orders_share_a_budget_is_replayed_in_parts(name: str) -> None:
    ports = ports_of(towns(1))
    records, terms = read_records(ask(DRAFTS[name]), ports, TOWNS_END)
    tried = Tried(records, terms, ports.readers)
    grouping = grouped(records, terms, ports.readers)
    assert tried.entries(grouping, 3) == in_one(records, terms, ports.readers)
    assert tried.right
    assert tried.rounds == 1


@given(stories())
@settings(PATIENT, max_examples=20)
def test_parts_that_guess_come_to_what_a_fresh_run_posts(story: Story) -> None:
    """Campaigns of every kind are drafted on a history that had none, and the orders go one by one."""
    world = played(replace(story, campaigns=()), voids=False)
    ports = ports_of(world)
    draft = Draft(campaigns=tuple(replace(one, first_budget=one.budget) for one in story.campaigns))
    records, _ = read_records(ask(), ports, END)
    terms = drafted(records.terms, draft, records.span)
    if not records.orders:
        return
    fresh = played(replace(story, campaigns=draft.campaigns), voids=False)
    expected = {order.key: plain(fresh.ledger.entries_of(order.key)) for order in records.orders}
    tried = partial(Tried(records, terms, ports.readers).entries, parts=3)
    assert tried(grouped(records, terms, ports.readers)) == expected
    apart = range(len(records.orders))
    assert tried(Grouping(apart, apart)) == expected


def test_what_was_posted_under_a_budget_is_the_same_again() -> None:
    """Nothing is drafted: what was granted is worked out anew, in parts, and comes to what was."""
    world = town(3, orders=ORDERS, campaigns=(RUNS_OUT,))
    ports = ports_of(world)
    records, terms = read_records(ask(NOTHING_NEW), ports, TOWNS_END)
    assert terms == records.terms
    grants = [grant for order in records.orders for entry in order.entries for grant in entry.grants]
    assert any(grant.granted < grant.wanted for grant in grants)
    posted = {order.key: plain(order.entries) for order in records.orders}
    tried = Tried(records, terms, ports.readers)
    assert tried.entries(grouped(records, terms, ports.readers), 3) == posted
    assert tried.right
    assert tried.right.again


def test_orders_that_wait_are_counted_once() -> None:
    ports = ports_of(towns(1))
    records, terms = read_records(ask(DRAFTS["a budget"]), ports, TOWNS_END)
    tried = Tried(records, terms, ports.readers)
    tried.entries(grouped(records, terms, ports.readers), 3)
    whole = replayed(records, Part(records.orders), terms, ports.readers).tally()
    assert tried.right
    assert tried.right.tally.waiting <= whole.waiting


def test_units_that_share_more_than_was_known_are_made_one() -> None:
    """Customers' pasts tie orders that are said to be apart: that is found out, and all is tried again."""
    ports = ports_of(towns(1))
    records, terms = read_records(ask(DRAFTS["customers' pasts"]), ports, TOWNS_END)
    expected = in_one(records, terms, ports.readers)
    tried, apart = Tried(records, terms, ports.readers), range(len(records.orders))
    assert tried.entries(Grouping(apart, apart), 2) == expected
    assert tried.rounds > 1


def test_one_who_is_made_again_and_shares_with_one_who_is_not_is_found() -> None:
    class Part1:
        trace, asks = Trace(read={"x": {0, 3}}, wrote={"x": {0}}), ()

    class Part2:
        trace, asks = Trace(read={"y": {1}}, wrote={"y": {1}}), ()

    class Again:
        def __init__(self, again: frozenset[int]) -> None:
            self.trace, self.again = Trace(), again

    orders = read_records(ask(), ports_of(towns(1)), TOWNS_END)[0].orders[:4]
    seen: list[list[Sequence[int]]] = []

    def replay(parts: list[Part]) -> list[Part1 | Part2]:
        seen.append([part.groups for part in parts])
        return [Part1(), Part2()] if len(parts) > 1 else [Part1()]

    grouping = Grouping((0, 1, 0, 0), (0, 1, 2, 3))
    stays = replayed_apart(orders, grouping, 2, replay, lambda *_: Again(frozenset({1, 2})))
    assert (len(stays[0]), len(seen)) == (2, 1)
    alone = replayed_apart(orders, grouping, 2, replay, lambda *_: Again(frozenset({3})))
    # The second time they are one unit; then nobody guesses any more.
    assert seen[1:] == [[[0, 2, 3], [1]], [[0, 2, 0], [1]], [[0, 1, 2, 0]]]
    assert (len(alone[0]), alone[1]) == (1, None)


KEY = GrantKey(PROGRAM_ID, "budget.cm_out", "0", "ever")
CAPPED = GrantKey(PROGRAM_ID, "cap.monthly", "pr_x", "2026-11")


def a_moment(records: Records) -> Moment:
    return Moment(records.orders[0], now=T0)


def an_ask(left: int) -> Ask:
    """Return what a look asked that could take 10 of 100, was told of so much, and took it."""
    return Ask(Rank(T0, ARRIVAL, (), ((), 0, 1)), 0, ((KEY, 100, 10, left),), ((KEY, left),))


def the_records() -> Records:
    return read_records(ask(), ports_of(towns(1)), TOWNS_END)[0]


def test_a_part_takes_the_others_to_be_like_itself_but_for_what_only_it_has() -> None:
    counters = GuessedCounters(a_moment(the_records()), Others(()), 3)
    counters.take(KEY, 10)
    counters.take(CAPPED, 10)
    assert counters.taken([KEY, CAPPED]) == {KEY: 30, CAPPED: 10}


@pytest.mark.parametrize(
    ("taken", "is_true"),
    [(0, True), (90, True), (91, False), (100, False), (101, False)],
)
def test_plenty_is_plenty(taken: int, is_true: bool) -> None:
    counters = TrueCounters(a_moment(the_records()), Others(()))
    counters.take(KEY, taken)
    assert counters.confirms(an_ask(10)) is is_true


@pytest.mark.parametrize(("taken", "is_true"), [(94, False), (95, True), (96, False), (100, False)])
def test_less_than_what_is_wanted_must_be_just_so_much(taken: int, is_true: bool) -> None:
    counters = TrueCounters(a_moment(the_records()), Others(()))
    counters.take(KEY, taken)
    assert counters.confirms(an_ask(5)) is is_true


def test_who_asked_more_than_once_is_made_again_and_who_asked_nothing_is_not() -> None:
    counters = TrueCounters(a_moment(the_records()), Others(()))
    assert not counters.confirms(an_ask(5)._replace(told=None))
    assert counters.confirms(an_ask(5)._replace(told=()))


def test_who_is_made_again_hears_what_it_heard_and_takes_nothing_twice() -> None:
    moment = a_moment(the_records())
    counters = TrueCounters(moment, Others(()))
    counters.follow(an_ask(10))
    moment.rank = an_ask(10).rank
    counters.heard = {moment.rank: an_ask(10)}
    assert left_of(100, counters.taken([KEY])[KEY], 10) == 10
    assert left_of(10**12, counters.taken([CAPPED])[CAPPED], 10) == 0
    counters.take(KEY, 10)
    counters.heard = None
    assert counters.taken([KEY]) == {KEY: 10}


def test_what_others_took_counts_from_when_it_was_recorded() -> None:
    world = town(3, orders=ORDERS, campaigns=(RUNS_OUT,))
    entries = [entry for entry in world.ledger.appended if entry.grants]
    others, last = Others(entries), entries[-1].recorded_at
    keys = {grant.key for entry in entries for grant in entry.grants}
    taken = world.ledger.taken(sorted(keys))
    assert {key: others.taken(key, last) for key in keys} == taken
    assert all(others.taken(key, T0 - days(1)) == others.moves(key, T0 - days(1)) == 0 for key in keys)
    assert sum(others.moves(key, last) for key in keys) > len(keys)
    moment = Moment(the_records().orders[0], now=last)
    assert Counters(moment, others).taken(sorted(keys)) == taken


def campaigns() -> Iterator[Campaign]:
    yield from (one for draft in DRAFTS.values() for one in draft.campaigns)


def test_the_drafts_have_one_shard_and_several() -> None:
    assert {shards_of(campaign) for campaign in campaigns()} >= {1, 8}


def test_a_replay_of_all_looks_is_in_the_sequence_of_their_ranks() -> None:
    """Ranks say the same in one process and in several: the numbers of parts fit between each other."""
    ports = ports_of(towns(2))
    records, terms = read_records(ask(DRAFTS["a budget"]), ports, TOWNS_END)

    def looks(part: Part) -> list[tuple[int, Rank]]:
        replay = DraftReplay(records, part, terms, ports.readers, partial(GuessedCounters, parts=1))
        replay.run()
        return [(one.place, one.rank) for one in replay.counters.asks]

    places = range(len(records.orders))
    whole = looks(Part(records.orders, places, places))
    halves = [looks(Part(records.orders[half::2], places[half::2], places[half::2])) for half in (0, 1)]
    assert [rank for _, rank in whole] == sorted(rank for _, rank in whole)
    firsts = dict(reversed(whole))
    assert {place: rank for half in halves for place, rank in reversed(half)} == firsts
