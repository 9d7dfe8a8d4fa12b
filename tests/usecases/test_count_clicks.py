"""Counting clicks: each once, people apart from robots, by link and day."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.clicks import Click
from grapevine.usecases.count_clicks import BOTS, PEOPLE, CountClicks, clicks_subject, count_clicks
from tests import builders as make
from tests.builders import T0, days
from tests.worlds import World

clicks = st.lists(
    st.tuples(
        st.integers(0, 50),
        st.sampled_from(("one", "two")),
        st.integers(0, 2),
        st.sampled_from(("preview", None)),
    ),
    max_size=12,
    unique_by=lambda found: found[0],
).map(lambda found: [visit(*values) for values in found])


def visit(number: int, code: str, day: int, reason: str | None) -> Click:
    return make.click(
        id=f"{number:022}-{'3' * 20}",
        link_code=code,
        occurred_at=T0 + days(day),
        bot_reason=reason,
    )


def counted(world: World, code: str) -> dict[tuple[str, str], int]:
    totals: dict[tuple[str, str], int] = {}
    for page in world.pages.pages(clicks_subject(code)):
        for name, number in page.amounts.items():
            totals[page.key.day, name] = totals.get((page.key.day, name), 0) + number
    return totals


@given(clicks, st.data())
def test_each_click_counts_once_however_often_and_in_whatever_order_it_comes(
    found: list[Click], data: st.DataObject
) -> None:
    world = World()
    again = data.draw(st.permutations([*found, *found]))
    new = sum(count_clicks(CountClicks([click]), world.pages) for click in again)
    assert new == len(found)
    assert count_clicks(CountClicks(found), world.pages) == 0
    for code in ("one", "two"):
        mine = [click for click in found if click.link_code == code]
        expected: dict[tuple[str, str], int] = {}
        for click in mine:
            name = click.occurred_at.date().isoformat(), BOTS if click.bot_reason else PEOPLE
            expected[name] = expected.get(name, 0) + 1
        assert counted(world, code) == expected


def test_counts_are_no_money() -> None:
    world = World()
    count_clicks(CountClicks([make.click()]), world.pages)
    assert world.proof().faults == ()
    assert world.proof().pages == 0
