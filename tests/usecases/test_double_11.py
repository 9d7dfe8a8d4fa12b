"""A Double 11, played: pre-sale, midnight, a budget that two want, an evening of boosts, refunds, settlement.

Every amount that is expected here was worked out by hand from the shop's terms (`festival`), in fen, and is
written as the sum that it is: the plan's part, then what the campaigns add. Where a share ends in half a
fen, it goes to the even one. Points are beside the money: (fen, points).
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain

import pytest

from grapevine.domain.entries import EntryReason
from grapevine.domain.money import POINTS
from tests.builders import ANA, BO, CY
from tests.usecases.festival import CNY, Festival, Sale, local
from tests.usecases.turns import schedules

# --- the orders ----------------------------------------------------------------------------------

EARLY = Sale("early", CY, "1000.00", local(5, 20), local(5, 20))
DEPOSIT = Sale("deposit", BO, "800.00", local(8, 10), local(11, 0, 20))
"""Reserved in the pre-sale, paid on the day, as most of a pre-sale is."""

BURST = (
    Sale("m1", CY, "199.99", local(10, 23, 59, 0), local(10, 23, 59, 1)),
    Sale("m2", CY, "88.88", local(10, 23, 59, 30), local(10, 23, 59, 30)),
    Sale("m3", BO, "66.66", local(10, 23, 59, 59), local(10, 23, 59, 59)),
    Sale("m4", CY, "111.11", local(10, 23, 59, 58), local(11, 0, 0, 0)),
    Sale("m5", BO, "33.33", local(10, 23, 59, 59), local(11, 0, 0, 2)),
    Sale("m6", CY, "188.88", local(11, 0, 0, 0), local(11, 0, 0, 0)),
    Sale("m7", CY, "0.90", local(11, 0, 0, 10), local(11, 0, 0, 11)),
    Sale("m8", ANA, "520.00", local(11, 0, 0, 30), local(11, 0, 0, 31)),
    Sale("m9", BO, "99.99", local(11, 0, 0, 59), local(11, 0, 0, 59)),
    Sale("m10", CY, "61.80", local(11, 0, 0, 59), local(11, 0, 1, 0)),
)
"""The last minute of the tenth and the first of the eleventh, in Shanghai."""

FIRST = Sale("first", CY, "900.00", local(11, 0, 29), local(11, 0, 30))
SECOND = Sale("second", BO, "900.00", local(11, 0, 29), local(11, 0, 30))
DRY = Sale("dry", ANA, "100.00", local(11, 0, 45), local(11, 0, 45))
HOUR_OVER = Sale("hour-over", BO, "10.00", local(11, 0, 59, 59), local(11, 1, 0, 0))
PARCELS = tuple(Sale(f"parcel-{n}", BO, "10.00", local(11, 9, n), local(11, 9, n)) for n in range(4))
STRAY = Sale("stray", CY, "1200.00", local(11, 0, 5), local(11, 0, 6))
"""Paid in the first hour; its webhooks come a week late."""

TEA, SILK, JADE, PLUM = (
    Sale(product, CY, "888.88", local(11, 21), local(11, 21), product=product, coupon="cy-10")
    for product in ("tea", "silk", "jade", "plum")
)
TEA_WITHOUT = Sale("tea-without", CY, "888.88", local(11, 22), local(11, 22), product="tea")


# --- the acts ------------------------------------------------------------------------------------


def pre_sale(shop: Festival) -> None:
    """The pre-sale's 1 % is for who placed the order then; the day's boosts for who paid on the day."""
    shop.sell(EARLY)
    # Cy: 10 % 100.00 and silver's 2 % 20.00; the pre-sale's 1 % 10.00. Bo: 3 %. A point for each yuan.
    assert shop.of(EARLY) == {CY: (10_000 + 2_000 + 1_000, 1_000), BO: (3_000, 0)}
    assert shop.cost(EARLY) == {"cm_early": 1_000}
    placed, _ = shop.told(DEPOSIT)
    shop.arrive((placed,), local(8, 10, 1))
    assert shop.of(DEPOSIT) == {}  # nothing is earned before it is paid


def midnight(shop: Festival) -> None:
    """Two minutes' orders come within one, in any order, some webhooks twice."""
    shop.burst(BURST, local(11, 0, 2))
    m1, m2, m3, m4, m5, m6, m7, m8, m9, m10 = map(shop.of, BURST)
    # Placed and paid before midnight: 10 % (Cy: 12 %), the pre-sale's 1 %; 3 % above; one point a yuan.
    assert m1 == {CY: (2_400 + 200, 200), BO: (600, 0)}  # 23.9988, 1.9999, 5.9997; 199.99
    assert m2 == {CY: (1_067 + 89, 89), BO: (267, 0)}  # 10.6656, 0.8888, 2.6664; 88.88
    assert m3 == {BO: (667 + 67, 67), ANA: (200, 0)}  # 6.666, 0.6666, 1.9998; 66.66
    # Placed before, paid after: the pre-sale's 1 %, the first hour's 5 %, and two points more.
    assert m4 == {CY: (1_333 + 111 + 556, 111 + 222), BO: (333, 0)}  # 13.3332, 1.1111, 5.5555, 3.3333
    assert m5 == {BO: (333 + 33 + 167, 33 + 67), ANA: (100, 0)}  # 3.333, 0.3333, 1.6665, 0.9999; 66.66
    # Placed and paid after: the first hour's 5 %, which is half of the plan's 10 %, not of silver's 2 %.
    assert m6 == {CY: (2_267 + 944, 189 + 378), BO: (567, 0)}  # 22.6656, 9.444, 5.6664; 188.88, 377.76
    assert m7 == {CY: (11 + 4, 1 + 2), BO: (3, 0)}  # 0.108, 0.045 to the even one, 0.027; 0.9, 1.8
    assert m8 == {ANA: (5_200 + 2_600, 520 + 1_040)}  # nobody is above Ana
    assert m9 == {BO: (1_000 + 500, 100 + 200), ANA: (300, 0)}  # 9.999, 4.9995, 2.9997; 99.99, 199.98
    assert m10 == {CY: (742 + 309, 62 + 124), BO: (185, 0)}  # 7.416, 3.09, 1.854; 61.8, 123.6
    # The first hour's 150.80 less 5.56, 1.67, 9.44, 0.04, 26.00, 5.00 and 3.09, which are 50.80.
    assert shop.left("cm_hour") == 15_080 - 5_080
    assert (shop.cost(BURST[2]), shop.cost(BURST[6])) == ({"cm_early": 67}, {"cm_hour": 4, "cm_points": 2})


def deposit_is_paid(shop: Festival) -> None:
    """The pre-sale's order is paid at 0:20: 1 % for when it was placed, 5 % for when it was paid."""
    _, paid = shop.told(DEPOSIT)
    shop.arrive((paid,), local(11, 0, 21))
    assert shop.of(DEPOSIT) == {BO: (8_000 + 800 + 4_000, 800 + 1_600), ANA: (2_400, 0)}
    assert shop.cost(DEPOSIT) == {"cm_early": 800, "cm_hour": 4_000, "cm_points": 1_600}
    assert shop.left("cm_hour") == 10_000 - 4_000


def two_at_once(shop: Festival) -> None:
    """Both read that 60.00 are left and want 45.00; one is granted them, the other starts over: 15.00."""
    shop.race(FIRST, SECOND, local(11, 0, 31), schedule=(0, 1) * 3)
    assert shop.of(FIRST) == {CY: (10_800 + 4_500, 900 + 1_800), BO: (2_700, 0)}
    assert shop.of(SECOND) == {BO: (9_000 + 1_500, 900 + 1_800), ANA: (2_700, 0)}
    assert shop.left("cm_hour") == 0
    shop.sell(DRY, HOUR_OVER)
    assert shop.of(DRY) == {ANA: (1_000 + 0, 100 + 200)}
    assert shop.of(HOUR_OVER) == {BO: (100, 10 + 20), ANA: (30, 0)}


def evening(shop: Festival) -> None:
    """Boost × tier × coupon: 88.888 by the plan, 17.7776 for silver, 8.8888 for the night, and a boost."""
    shop.sell(*PARCELS, TEA, SILK, JADE, PLUM, TEA_WITHOUT)
    assert [shop.of(parcel) for parcel in PARCELS] == [{BO: (100, 10 + 20), ANA: (30, 0)}] * 4
    # The coupon leaves 80 % of each: 106.6656 is 85.33248, the night's 8.8888 is 7.11104, Bo's 26.6664
    # is 21.33312; of points it takes nothing: 888.88 and 1777.76.
    points, above = 889 + 1_778, {BO: (2_133, 0)}
    # add: half of 88.888, and 3 %, 26.6664: 71.1104; 80 % of it is 56.88832.
    assert shop.of(TEA) == {CY: (8_533 + 711 + 5_689, points), **above}
    # multiply: half of 115.5544, which is plan, silver and night, and 26.6664: 84.4436; 67.55488.
    assert shop.of(SILK) == {CY: (8_533 + 711 + 6_755, points), **above}
    # max: its own 71.1104 is 44.444 more than silver and night, 26.6664; 35.5552.
    assert shop.of(JADE) == {CY: (8_533 + 711 + 3_556, points), **above}
    # exclusive: its own 71.1104, of which silver's 17.7776 is a part: 53.3328 more, no night; 42.66624.
    assert shop.of(PLUM) == {CY: (8_533 + 4_267, points), **above}
    # Without the coupon: 106.6656, 8.8888 and 71.1104; 26.6664 above.
    assert shop.of(TEA_WITHOUT) == {CY: (10_667 + 889 + 7_111, points), BO: (2_667, 0)}
    assert shop.cost(SILK) == {"cm_night": 711, "cm_silk": 6_755, "cm_points": 1_778}
    assert shop.cost(PLUM) == {"cm_plum": 4_267, "cm_points": 1_778}


def ten_this_week(shop: Festival) -> None:
    """Cy's tenth order of the week came in the evening, Bo's with the last parcel; each has 50.00 held."""
    # Cy: six around midnight, the first of two at once, and of five in the evening the third.
    assert shop.bounty(CY) == [(EntryReason.BONUS, 10)]
    # Bo: m3, m5, m9, the deposit, the second of two at once, hour-over and four parcels.
    assert shop.bounty(BO) == [(EntryReason.BONUS, 10)]
    assert shop.bounty(ANA) == []  # m8 and dry


def refunds(shop: Festival) -> None:
    """A week later money goes back, and the budget with it; who may have it again is by the grants' rules."""
    shop.back(EARLY, "500.00", local(18, 10))
    assert shop.of(EARLY) == {CY: (6_000 + 500, 500), BO: (1_500, 0)}
    shop.back(FIRST, "900.00", local(18, 10))
    assert shop.of(FIRST) == {}
    # 120.00 of 520.00: 12.00 of 52.00, 6.00 of 26.00, 120 of 520 points and 240 of 1040.
    shop.back(BURST[7], "120.00", local(18, 10))
    assert shop.of(BURST[7]) == {ANA: (5_200 - 1_200 + 2_600 - 600, 520 - 120 + 1_040 - 240)}
    # A third of 900.00. Of the first hour it wanted 45.00, wants 30.00, and keeps the 15.00 it has.
    shop.back(SECOND, "300.00", local(18, 10))
    assert shop.of(SECOND) == {BO: (6_000 + 1_500, 600 + 1_200), ANA: (1_800, 0)}
    assert shop.bounty(BO) == [(EntryReason.BONUS, 10)]  # something is left of each of the ten
    shop.back(HOUR_OVER, "10.00", local(18, 10))
    assert shop.of(HOUR_OVER) == {}
    assert shop.bounty(BO) == [(EntryReason.BONUS, 10), (EntryReason.UNDONE, 9)]
    assert shop.bounty(CY) == [(EntryReason.BONUS, 10)]  # eleven are left
    assert shop.left("cm_hour") == 4_500 + 600


def budget_again(shop: Festival) -> None:
    """Who found nothing asks no more; an order that was never posted takes what went back."""
    for sale in (DRY, SECOND):
        assert shop.world.post(local(18, 11), sale.key) is None
    # 10 % and silver's 2 %; of the first hour's 60.00 the 51.00 that are there; 3 % above.
    shop.arrive(shop.told(STRAY), local(18, 12))
    assert shop.of(STRAY) == {CY: (14_400 + 5_100, 1_200 + 2_400), BO: (3_600, 0)}
    assert shop.left("cm_hour") == 0


ACTS = (pre_sale, midnight, deposit_is_paid, two_at_once, evening, ten_this_week, refunds, budget_again)


def played() -> Festival:
    shop = Festival()
    for act in ACTS:
        act(shop)
    return shop


# --- what is left of it --------------------------------------------------------------------------

# Every order as it stands after the refunds, in the sequence of the acts.
CY_FEN = (
    6_500
    + (2_600 + 1_156 + 2_000 + 3_211 + 15 + 1_051)  # m1, m2, m4, m6, m7, m10: 100.33
    + (14_933 + 15_999 + 12_800 + 12_800 + 18_667)  # the evening: 751.99
    + 19_500  # stray
    + 5_000  # the bounty
)
BO_FEN = (
    1_500
    + (600 + 267 + 333 + 567 + 3 + 185)  # below Bo at midnight: 19.55
    + (4 * 2_133 + 2_667)  # and in the evening: 111.99
    + 3_600  # stray
    + (734 + 533 + 1_500)  # Bo's own m3, m5, m9: 27.67
    + (12_800 + 7_500 + 4 * 100)  # deposit, second, parcels
)
ANA_FEN = (200 + 100 + 300) + (2_400 + 1_800 + 4 * 30) + (6_000 + 1_000)
POINTS_OF = {
    CY: 500 + (200 + 89 + 333 + 567 + 3 + 186) + 5 * 2_667 + 3_600,
    BO: (67 + 100 + 300) + 2_400 + 1_800 + 4 * 30,
    ANA: 1_200 + 300,
}
COST_FEN = {
    "cm_early": 500 + (200 + 89 + 67 + 111 + 33) + 800,
    "cm_hour": (556 + 167 + 944 + 4 + 2_000 + 500 + 309) + 4_000 + 1_500 + 5_100,
    "cm_night": 3 * 711 + 889,
    "cm_tea": 5_689 + 7_111,
    "cm_silk": 6_755,
    "cm_jade": 3_556,
    "cm_plum": 4_267,
}
COST_POINTS = (
    (222 + 67 + 378 + 2 + 800 + 200 + 124)  # the burst: 1793
    + (1_600 + 1_200 + 200 + 4 * 20)  # deposit, second, dry, parcels: 3080
    + 5 * 1_778  # the evening: 8890
    + 2_400  # stray
)


def test_the_hand_totals_are_what_the_words_say() -> None:
    """1162.32, 417.21 and 119.20 yuan; 18813, 4787 and 1500 points; 472.80 yuan and 16163 points extra."""
    assert (CY_FEN, BO_FEN, ANA_FEN) == (116_232, 41_721, 11_920)
    assert list(POINTS_OF.values()) == [18_813, 4_787, 1_500]
    assert (sum(COST_FEN.values()), COST_POINTS) == (47_280, 16_163)


def test_edges_59_60_61_62_63_a_double_11_from_the_pre_sale_to_the_payout() -> None:
    shop = played()
    held = {(CY, "held"): CY_FEN, (BO, "held"): BO_FEN, (ANA, "held"): ANA_FEN}
    budgets = {(name, "budget"): -minor for name, minor in COST_FEN.items()}
    # What campaigns did not pay came from the program: 1698.73 less 472.80.
    commission = {("program", "commission"): -(169_873 - 47_280)}
    assert shop.books(CNY) == held | budgets | commission
    shop.sweep(local(12, 1))
    shop.sweep(local(20, 1, month=12))
    assert (
        shop.books(CNY)
        == {(who, "payable"): minor for (who, _), minor in held.items()} | budgets | commission
    )
    shop.settle(datetime(2027, 1, 10, 4, tzinfo=UTC))
    assert (
        shop.books(CNY)
        == {(who, "reserved"): minor for (who, _), minor in held.items()} | budgets | commission
    )
    # Points are not paid out; 25100 less what the campaign paid are the plan's own.
    assert shop.books(POINTS) == {
        **{(who, "payable"): points for who, points in POINTS_OF.items()},
        ("cm_points", "budget"): -16_163,
        ("program", "commission"): -(25_100 - 16_163),
    }
    assert shop.left("cm_hour") == 0


def test_the_whole_double_11_told_again_changes_nothing() -> None:
    shop = played()
    before = shop.world.ledger.appended[:]
    for sale in chain(BURST, PARCELS, (EARLY, DEPOSIT, FIRST, SECOND, STRAY, TEA)):
        shop.arrive(shop.told(sale), local(19))
    assert shop.world.ledger.appended == before


@pytest.mark.parametrize("schedule", list(schedules(3)), ids=lambda turns: "".join(map(str, turns)))
def test_edge_60_whoever_wins_the_race_the_two_have_all_that_is_left(schedule: tuple[int, ...]) -> None:
    """One has the 45.00 it wants and the other the 15.00 that remain of the 60.00; never both, never less."""
    shop = Festival()
    shop.sell(Sale("before", ANA, "1816.00", local(11, 0, 1), local(11, 0, 1)))
    assert shop.left("cm_hour") == 15_080 - 9_080
    shop.race(FIRST, SECOND, local(11, 0, 31), schedule)
    granted = [shop.cost(sale)["cm_hour"] for sale in (FIRST, SECOND)]
    assert sorted(granted) == [1_500, 4_500]
    assert shop.left("cm_hour") == 0
