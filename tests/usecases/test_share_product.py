"""Points for a product's first share that brings a visitor: once for good, not for robots, capped a day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from grapevine.adapters.memory.ledger import MemoryLedger
from grapevine.domain.clicks import Click
from grapevine.domain.entries import BonusKey, BonusKind, Entry, EntryReason
from grapevine.domain.errors import EntryExistsError, GrantMovedError
from grapevine.domain.people import PromoterStatus
from grapevine.domain.products import Product, ProductChange
from grapevine.domain.sentences import entry_sentence
from grapevine.domain.wordings import EN
from grapevine.domain.wordings_zh import ZH
from grapevine.ports import Beside
from grapevine.usecases.merge_promoters import MergePromoters, merge_promoters
from grapevine.usecases.share_product import SharePorts, share_product
from tests import builders as make
from tests.builders import ANA, CY, PROGRAM_ID, T0, days, minutes
from tests.usecases.pointing import payable, points_of, points_world
from tests.worlds import World

TEA, COFFEE = "8001", "gid/8002"


def shop(**settings: Any) -> World:  # noqa: ANN401 - whatever a plan may say
    """Return a world in which Cy has a link to each of two products."""
    world = points_world(**settings)
    for code, product_id in (("teateate", TEA), ("coffeeco", COFFEE)):
        change = ProductChange(effective_at=T0 - days(9))
        world.catalog.put_product(Product(program_id=PROGRAM_ID, id=product_id, changes=(change,)))
        world.catalog.add_link(make.link(code=code, product_id=product_id))
    return world


def visit(world: World, code: str = "teateate", in_days: float = 0, **changes: Any) -> Entry | None:  # noqa: ANN401
    at = T0 + days(in_days)
    click = make.click(link_code=code, occurred_at=at, recorded_at=at, **changes)
    entry = shared(world, click)
    world.fold()
    return entry


def shared(world: World, click: Click) -> Entry | None:
    return share_product(click, SharePorts(world.catalog, world.ledger), click.recorded_at + minutes(1))


def test_edge_62_a_products_first_share_that_brings_a_visitor_gives_points_once_for_good() -> None:
    world = shop()
    entry = visit(world)
    assert entry
    assert entry.key == BonusKey(PROGRAM_ID, CY, BonusKind.SHARE, TEA)
    assert (entry.reason, payable(world)) == (EntryReason.BONUS, 5)
    assert visit(world) is None
    assert visit(world, in_days=30) is None
    assert visit(world, "coffeeco") is not None
    assert payable(world) == 10
    assert (world.proof().faults, world.proof().bonuses) == ((), 2)


def test_edge_62_a_robot_an_unknown_product_and_a_link_without_one_give_nothing() -> None:
    world = shop()
    world.catalog.add_link(make.link(code="unknowns", product_id="8009"))
    for code, reason in (("teateate", "preview"), ("unknowns", None), ("bcdfghjk", None), ("nolinkno", None)):
        assert visit(world, code, bot_reason=reason) is None
    assert world.ledger.appended == []
    assert visit(world) is not None


def test_a_plan_that_gives_no_points_for_shares_reads_no_link() -> None:
    world = shop(share_points=0)
    assert visit(world) is None
    assert visit(shop(), promoter_id="pr_none") is None


def test_a_plan_counts_from_its_own_instant() -> None:
    world = shop(share_points=0)
    later = make.plan(1000, version=2, effective_at=T0 + days(1), share_points=7)
    world.catalog.add_plan(PROGRAM_ID, later)
    assert visit(world, in_days=0.9) is None
    assert visit(world, in_days=1) is not None
    assert payable(world) == 7


def test_who_is_suspended_earns_nothing_by_sharing() -> None:
    world = shop()
    cy = world.catalog.promoters(PROGRAM_ID, (CY,))[CY]
    suspended = cy.with_status(PromoterStatus.SUSPENDED, "asked to", T0 - days(1))
    world.catalog.change_promoter(suspended, world.catalog.network_version(PROGRAM_ID))
    assert visit(world) is None


def test_a_duplicates_share_is_the_persons() -> None:
    world = shop()
    assert visit(world, "coffeeco", in_days=-2) is not None
    merge = MergePromoters(program_id=PROGRAM_ID, duplicate_id=CY, promoter_id=ANA)
    merge_promoters(merge, world.catalog, T0 - days(1))
    assert visit(world) is not None
    assert visit(world) is None
    assert (payable(world), points_of(world, ANA).payable) == (5, 5)


def test_edge_62_a_day_of_the_programs_calendar_gives_no_more_than_the_plan_says() -> None:
    """T0 is 17:00 in Shanghai; seven hours later is another day there and the same one in UTC."""
    world = shop(share_points_per_day=9)
    assert visit(world) is not None
    assert visit(world, "coffeeco", in_days=6.9 / 24) is None
    assert visit(world, "coffeeco", in_days=7 / 24) is not None
    assert payable(world) == 10
    assert world.proof().faults == ()


def test_a_day_may_be_used_up_to_the_last_point() -> None:
    world = shop(share_points_per_day=10)
    assert visit(world) is not None
    assert visit(world, "coffeeco") is not None
    assert list(world.ledger.counters.values()) == [10]


class Taken(MemoryLedger):
    """A ledger in which somebody else comes first between the reading and the writing."""

    error: Exception = GrantMovedError("the day")

    def append(self, entry: Entry, beside: Sequence[Beside] = ()) -> None:
        raise self.error


@pytest.mark.parametrize("error", [GrantMovedError("the day"), EntryExistsError("the entry")])
def test_edge_62_of_two_first_visits_at_once_one_counts(error: Exception) -> None:
    world = shop(share_points_per_day=9)
    world.ledger = Taken()
    world.ledger.error = error
    assert shared(world, make.click(link_code="teateate")) is None


def test_a_share_is_told_in_both_languages() -> None:
    entry = visit(shop())
    assert entry
    own = frozenset((CY,))
    assert entry_sentence(entry, own, EN) == (
        "The first visitor came to 8001, which you had shared; you have 5 points more; "
        "5 points can be spent now."
    )
    assert entry_sentence(entry, own, ZH) == (
        "你分享的商品 8001 带来了第一位访客；你增加了 5 积分；5 积分 现在可以使用。"
    )
