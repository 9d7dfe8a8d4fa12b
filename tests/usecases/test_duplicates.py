"""Two accounts of one person: who earns, who is paid, and what stays as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grapevine.domain.entries import AccountKey, EntryReason
from grapevine.domain.errors import InvalidInputError, NetworkMovedError, NotFoundError
from grapevine.domain.facts import FactKind, OrderKey, Outcome
from grapevine.domain.people import Promoter, PromoterStatus
from grapevine.domain.plans import AttributionModel, SelfPurchase, Vacancy
from grapevine.usecases.change_promoter import ChangeSponsor, ChangeStatus, change_sponsor, change_status
from grapevine.usecases.create_coupon import CreateCoupon, create_coupon
from grapevine.usecases.merge_promoters import MOST_DUPLICATES, MergePromoters, merge_promoters
from grapevine.usecases.read_balance import list_of_person, read_person
from grapevine.usecases.read_statement import StatementPorts, read_statement
from grapevine.usecases.screen_order import ScreenOrder, ScreenOrderPorts, screen_order
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.amounts import earned
from tests.usecases.settling import DAY_ONE, DAY_TWO, RUN_TWO, paid_out, refund, released
from tests.worlds import World, chain_world

DEE, EVE = "pr_dee", "pr_eve"
"""Dee is in nobody's chain; Eve is on top of nobody either."""
PAID = make.fact(FactKind.PAID, minutes(1))


def merge(world: World, duplicate_id: str, promoter_id: str, at: float = -60) -> Promoter:
    """Make one account a duplicate of another, some minutes after the order."""
    command = MergePromoters(program_id=PROGRAM_ID, duplicate_id=duplicate_id, promoter_id=promoter_id)
    return merge_promoters(command, world.catalog, T0 + minutes(at))


def world_of_five(*rate_bps: int, **changes: object) -> World:
    """Return the chain Ana ← Bo ← Cy with Dee and Eve apart."""
    world = chain_world(make.plan(*(rate_bps or (1000, 300, 100)), **changes))
    world.catalog.add_promoter(make.promoter(DEE, customer_key="key-of-dee"))
    world.catalog.add_promoter(make.promoter(EVE))
    return world


def posted(world: World) -> dict[str, int]:
    """Return what an order of 133.33 through Cy's link comes to."""
    world.append(PAID)
    world.post(T0 + minutes(5))
    world.fold()
    assert world.proof().faults == ()
    return earned(world)


# --- who earns -----------------------------------------------------------------------------------


def test_edge_50_what_the_duplicates_link_earns_is_credited_to_whose_it_is() -> None:
    world = world_of_five()
    merge(world, CY, DEE)
    assert posted(world) == {DEE: 1333}
    (candidate,) = world.ledger.entries_of(make.ORDER)[0].decision.candidates  # type: ignore[union-attr]
    assert candidate.promoter_id == CY


def test_edge_50_orders_placed_before_the_merge_are_left_alone() -> None:
    world = world_of_five()
    merge(world, CY, DEE, at=2)
    assert posted(world) == {CY: 1333, BO: 400, ANA: 133}
    before = world.ledger.entries_of(make.ORDER)
    world.append(make.refunded("r1", minutes(60), ("a", 10_000), ("b", 3_333)))
    world.post(T0 + minutes(61))
    assert world.ledger.entries_of(make.ORDER)[:1] == before
    assert earned(world) == {}


def test_edge_50_a_duplicates_coupon_is_whose_it_is() -> None:
    world = world_of_five()
    command = CreateCoupon(program_id=PROGRAM_ID, promoter_id=CY, code="CY-10", priority=0)
    create_coupon(command, world.catalog, T0 - days(1))
    merge(world, CY, DEE)
    cart = make.snapshot(click_id=None, coupon_codes=("CY-10",))
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=cart))
    world.post(T0 + minutes(5))
    assert earned(world) == {DEE: 1333}


def test_edge_50_a_duplicates_downline_counts_as_whose_it_is() -> None:
    world = world_of_five()
    merge(world, BO, DEE)
    assert posted(world) == {CY: 1333, DEE: 400}


def test_edge_50_nobody_earns_at_two_levels_because_of_a_merge_the_next_above_moves_up() -> None:
    """Cy ← Bo ← Ana ← Eve, and Bo is Ana: level two is hers, level three Eve's."""
    world = world_of_five()
    command = ChangeSponsor(program_id=PROGRAM_ID, promoter_id=ANA, sponsor_id=EVE)
    change_sponsor(command, world.catalog, T0 - days(1))
    merge(world, BO, ANA)
    assert posted(world) == {CY: 1333, ANA: 400, EVE: 133}


def test_edge_50_who_is_merged_with_their_own_sponsor_gets_that_ones_sponsor() -> None:
    """Bo, who was introduced by Ana, stays; Ana is the duplicate, and Eve is above her."""
    world = world_of_five()
    command = ChangeSponsor(program_id=PROGRAM_ID, promoter_id=ANA, sponsor_id=EVE)
    change_sponsor(command, world.catalog, T0 - days(1))
    assert merge(world, ANA, BO).sponsor_at(T0) == EVE
    assert posted(world) == {CY: 1333, BO: 400, EVE: 133}


def test_edge_50_a_linear_split_counts_a_person_once() -> None:
    world = world_of_five(1000, attribution_model=AttributionModel.LINEAR)
    other = make.CLICK_ID[:22] + "-" + "4" * 20
    world.clicks.record(make.click(id=other, promoter_id=DEE, upline=()))
    merge(world, CY, DEE)
    assert posted(world) == {DEE: 1333}
    (entry,) = world.ledger.entries_of(make.ORDER)
    assert entry.decision is not None
    assert entry.decision.claims == ((DEE,),)


def test_edge_50_the_status_that_counts_is_that_of_whose_it_is() -> None:
    world = world_of_five(1000, 300, vacancy=Vacancy.COMPRESS)
    merge(world, BO, DEE)
    command = ChangeStatus(
        program_id=PROGRAM_ID, promoter_id=DEE, status=PromoterStatus.SUSPENDED, reason="x"
    )
    change_status(command, world.catalog, T0 - minutes(30))
    assert posted(world) == {CY: 1333}


def test_edge_50_a_default_sponsor_may_be_a_duplicate() -> None:
    world = world_of_five(1000, 300, vacancy=Vacancy.DEFAULT_SPONSOR, default_sponsor_id=EVE)
    merge(world, EVE, DEE)
    command = ChangeStatus(program_id=PROGRAM_ID, promoter_id=BO, status=PromoterStatus.SUSPENDED, reason="x")
    change_status(command, world.catalog, T0 - minutes(30))
    assert posted(world) == {CY: 1333, DEE: 400}


def test_edge_50_a_merge_of_a_merge_leads_to_the_end() -> None:
    world = world_of_five()
    merge(world, CY, EVE)
    merge(world, EVE, DEE, at=-50)
    assert posted(world) == {DEE: 1333}
    (dee,) = world.catalog.promoters(PROGRAM_ID, (DEE,)).values()
    assert dee.duplicates_at(T0) == (EVE, CY)


def test_edge_50_into_a_duplicate_is_into_whose_it_is() -> None:
    world = world_of_five()
    merge(world, EVE, DEE)
    assert merge(world, CY, EVE, at=-50).id == DEE
    assert posted(world) == {DEE: 1333}


@pytest.mark.parametrize(
    ("policy", "expected"), [(SelfPurchase.BLOCK, "block"), (SelfPurchase.REBATE, "allow")]
)
def test_edges_33_50_buying_through_the_other_account_is_ones_own_purchase(
    policy: SelfPurchase, expected: str
) -> None:
    world = world_of_five(1000, 300, self_purchase=policy)
    merge(world, DEE, CY)
    cart = make.snapshot(customer_key="key-of-dee")
    fact = make.fact(FactKind.PAID, minutes(1), snapshot=cart)
    ports = ScreenOrderPorts(world.clicks, world.catalog, world.facts)
    screened = screen_order(ScreenOrder(fact), ports, T0 + minutes(2))
    assert screened is not None
    assert screened.verdict is not None
    assert screened.verdict.outcome is Outcome(expected)
    world.append(fact)
    world.post(T0 + minutes(5))
    assert earned(world) == ({CY: 1333} if policy is SelfPurchase.REBATE else {CY: 1333, BO: 400})


def test_edges_33_50_so_is_buying_by_the_name_of_whose_the_duplicate_is() -> None:
    world = world_of_five()
    merge(world, CY, DEE)
    fact = make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(customer_key="key-of-dee"))
    ports = ScreenOrderPorts(world.clicks, world.catalog, world.facts)
    screened = screen_order(ScreenOrder(fact), ports, T0 + minutes(2))
    assert screened is not None
    assert screened.verdict is not None
    assert screened.verdict.outcome is Outcome.BLOCK


# --- who is paid -----------------------------------------------------------------------------------


def test_edge_50_settlement_moves_what_a_duplicate_has_and_pays_it_at_once() -> None:
    world = world_of_five(1000)
    released(world, 1, 50_000)
    merge(world, CY, DEE, at=40 * 24 * 60)
    world.settle(DAY_ONE)
    assert paid_out(world) == {DEE: 5_000}
    assert world.balance(CY).payable_minor == 0
    keys = [AccountKey(PROGRAM_ID, name, "USD") for name in (CY, DEE)]
    reasons = [[entry.reason for entry in world.ledger.entries_of(key)] for key in keys]
    assert reasons == [[EntryReason.MERGED], [EntryReason.MERGED, EntryReason.RESERVED]]
    world.fold()
    assert world.proof().faults == ()
    world.settle(DAY_ONE)
    world.settle(DAY_TWO)
    assert paid_out(world, RUN_TWO) == {}


def test_edge_50_what_a_duplicate_owes_is_netted_with_what_the_other_account_earned() -> None:
    world = world_of_five(1000)
    order = released(world, 1, 50_000)
    world.settle(DAY_ONE)
    merge(world, CY, DEE, at=90 * 24 * 60)
    refund(world, order, 20_000, DAY_ONE + days(5))
    released_for(world, DEE, 2, 50_000)
    world.settle(DAY_TWO)
    world.fold()
    assert paid_out(world, RUN_TWO) == {DEE: 3_000}
    assert world.balance(CY).payable_minor == 0
    assert world.proof().faults == ()


def released_for(world: World, promoter_id: str, number: int, base_minor: int) -> None:
    """Let an order through somebody else's link go all the way to payable."""
    click_id = "7" * 22 + "-" + "8" * 20
    world.clicks.record(make.click(id=click_id, promoter_id=promoter_id, upline=()))
    order = OrderKey(make.STOREFRONT_ID, str(number))
    cart = make.snapshot(lines=(make.line("a", base_minor),), click_id=click_id)
    world.append(make.fact(FactKind.PAID, minutes(1), order=order, snapshot=cart))
    world.append(make.fact(FactKind.VERDICT, order=order, verdict=make.verdict(Outcome.ALLOW).verdict))
    world.post(T0 + minutes(2), order)
    world.post(T0 + days(31), order)
    world.fold()


def test_edge_50_a_duplicates_old_order_waits_while_whose_it_is_is_suspended() -> None:
    world = world_of_five(1000)
    merge(world, CY, DEE, at=2)
    world.append(PAID, make.verdict(Outcome.ALLOW))
    world.post(T0 + minutes(5))
    command = ChangeStatus(
        program_id=PROGRAM_ID, promoter_id=DEE, status=PromoterStatus.SUSPENDED, reason="x"
    )
    change_status(command, world.catalog, T0 + days(10))
    world.sweep(T0 + days(31))
    world.fold()
    assert (world.balance(CY).held_minor, world.balance(CY).payable_minor) == (1333, 0)


def test_edge_50_a_ban_reaches_the_duplicates_orders() -> None:
    world = world_of_five(1000)
    merge(world, CY, DEE, at=2)
    world.append(PAID, make.verdict(Outcome.ALLOW))
    world.post(T0 + minutes(5))
    world.fold()
    command = ChangeStatus(program_id=PROGRAM_ID, promoter_id=DEE, status=PromoterStatus.BANNED, reason="x")
    change_status(command, world.catalog, T0 + days(10))
    (entry,) = world.void(DEE, T0 + days(10))
    assert (entry.reason, entry.voided) == (EntryReason.VOIDED, (CY,))


def test_edge_50_reading_a_balance_shows_both_accounts() -> None:
    world = world_of_five(1000)
    released(world, 1, 50_000)
    merge(world, CY, DEE, at=40 * 24 * 60)
    keys = [AccountKey(PROGRAM_ID, name, "USD") for name in (DEE, CY)]
    assert read_person(keys, world.treasury).payable_minor == 5_000
    assert [entry.reason.value for entry in list_of_person(keys, world.pages, world.ledger)] == [
        "released",
        "accrued",
    ]
    (dee,) = world.catalog.promoters(PROGRAM_ID, (DEE,)).values()
    ports = StatementPorts(world.treasury, world.pages, world.ledger)
    found = read_statement(dee, ("USD",), ports, DAY_ONE)
    assert [account["promoter_id"] for account in found["accounts"]] == [DEE, CY]
    assert found["re_adds"]


# --- what is refused -------------------------------------------------------------------------------


def test_edge_50_a_merge_that_closes_a_circle_is_refused_and_goes_the_other_way_round() -> None:
    """Ana is two above Cy: with Ana as Cy's duplicate, Bo would be above himself."""
    world = world_of_five()
    with pytest.raises(InvalidInputError, match=f"circle: {CY} < {BO} < {ANA}; merge the other way round"):
        merge(world, ANA, CY)
    merge(world, CY, ANA)
    assert posted(world) == {ANA: 1333}


def test_edges_45_50_a_sponsor_change_that_closes_a_circle_through_a_duplicate_is_refused() -> None:
    world = world_of_five()
    merge(world, BO, DEE)
    command = ChangeSponsor(program_id=PROGRAM_ID, promoter_id=DEE, sponsor_id=CY)
    with pytest.raises(InvalidInputError, match=f"circle: {CY} < {BO} < {DEE}"):
        change_sponsor(command, world.catalog, T0)


def test_edge_50_what_cannot_be_merged_is_refused() -> None:
    world = world_of_five()
    with pytest.raises(InvalidInputError, match="already"):
        merge(world, CY, CY)
    with pytest.raises(NotFoundError, match="pr_x"):
        merge(world, "pr_x", CY)
    with pytest.raises(InvalidInputError, match="no promoter 'pr_x' in this program"):
        merge(world, CY, "pr_x")
    world.catalog.add_promoter(make.promoter("pr_else", program_id="pg_other"))
    with pytest.raises(InvalidInputError, match="no promoter 'pr_else' in this program"):
        merge(world, CY, "pr_else")
    assert world.catalog.network_version(PROGRAM_ID) == 0


def test_edge_50_a_duplicate_stays_one_and_changes_no_more() -> None:
    world = world_of_five()
    merge(world, CY, DEE)
    merge(world, CY, DEE, at=-30)
    assert world.catalog.network_version(PROGRAM_ID) == 1
    with pytest.raises(InvalidInputError, match=f"{CY} is a duplicate of {DEE}"):
        merge(world, CY, EVE)
    with pytest.raises(InvalidInputError, match="already"):
        merge(world, DEE, CY)
    with pytest.raises(InvalidInputError, match=f"is a duplicate of {DEE}"):
        change_sponsor(
            ChangeSponsor(program_id=PROGRAM_ID, promoter_id=CY, sponsor_id=None), world.catalog, T0
        )


def test_edge_50_only_active_accounts_are_merged() -> None:
    world = world_of_five()
    command = ChangeStatus(program_id=PROGRAM_ID, promoter_id=CY, status=PromoterStatus.SUSPENDED, reason="x")
    change_status(command, world.catalog, T0 - days(1))
    for pair in ((CY, DEE), (DEE, CY)):
        with pytest.raises(InvalidInputError, match=f"{CY} is suspended"):
            merge(world, *pair)


def test_a_person_has_not_any_number_of_accounts() -> None:
    world = world_of_five()
    for number in range(MOST_DUPLICATES):
        world.catalog.add_promoter(make.promoter(f"pr_{number}"))
        merge(world, f"pr_{number}", DEE, at=number)
    with pytest.raises(InvalidInputError, match=f"more than {MOST_DUPLICATES} duplicates"):
        merge(world, CY, DEE, at=90)


def test_edge_50_of_two_merges_at_once_one_starts_over() -> None:
    world = world_of_five()
    (dee,) = world.catalog.promoters(PROGRAM_ID, (DEE,)).values()
    merge(world, CY, DEE)
    with pytest.raises(NetworkMovedError):
        world.catalog.change_promoter(dee, 0, replace(dee, id=EVE))
