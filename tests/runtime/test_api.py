"""Bodies: every field by name and type, what is wrong with its path, nothing dropped in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.people import PromoterStatus
from grapevine.domain.plans import Vacancy
from grapevine.runtime.body import Body
from grapevine.runtime.replies import from_balance, from_entry, from_link, from_program, from_promoter
from grapevine.usecases.read_balance import Balance
from tests import builders as make
from tests.builders import T0, minutes
from tests.worlds import chain_world

Read = Callable[[Body, str], object]
TEXT: Read = Body.text
OPTIONAL: Read = Body.optional_text
FLAG: Read = Body.boolean
TEXTS: Read = Body.texts


def whole(body: Body, name: str) -> object:
    return body.integer(name, 7)


def vacancy(body: Body, name: str) -> object:
    return body.choice(name, Vacancy)


def section(body: Body, name: str) -> object:
    return body.section(name).values


@pytest.mark.parametrize(
    ("read", "value", "found"),
    [
        (TEXT, "", ""),
        (TEXT, "茶 🫖", "茶 🫖"),
        (OPTIONAL, "x", "x"),
        (OPTIONAL, None, None),
        (whole, 0, 0),
        (whole, -5, -5),
        (whole, 10**40, 10**40),
        (FLAG, True, True),
        (FLAG, False, False),
        (vacancy, "compress", Vacancy.COMPRESS),
        (TEXTS, [], ()),
        (TEXTS, ["a", "b"], ("a", "b")),
        (section, {"a": 1}, {"a": 1}),
    ],
)
def test_what_fits(read: Read, value: object, found: object) -> None:
    assert read(Body({"it": value}), "it") == found


@pytest.mark.parametrize(("read", "found"), [(OPTIONAL, None), (whole, 7), (FLAG, False), (section, {})])
def test_what_may_be_absent(read: Read, found: object) -> None:
    assert read(Body({}), "it") == found


@pytest.mark.parametrize("read", [TEXT, TEXTS, vacancy])
def test_what_must_be_there(read: Read) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(Body({}), "it")
    assert caught.value.where == "it"


EVERYTHING: tuple[Any, ...] = (
    None,
    True,
    1,
    1.5,
    "x",
    "\ud800",
    [],
    ["x"],
    ["\ud800"],
    [1],
    [True],
    {},
    {"a": 1},
)
FITTING: tuple[tuple[Read, tuple[Any, ...]], ...] = (
    (TEXT, ("x",)),
    (OPTIONAL, (None, "x")),
    (whole, (1,)),
    (FLAG, (True,)),
    (vacancy, ()),
    (TEXTS, ([], ["x"])),
    (section, ({}, {"a": 1})),
)


MISFITS = [
    (read, value)
    for read, fitting in FITTING
    for value in EVERYTHING
    if repr(value) not in [repr(fit) for fit in fitting]
]


@pytest.mark.parametrize(
    ("read", "value"), MISFITS, ids=lambda value: getattr(value, "__name__", repr(value))
)
def test_what_does_not_fit_is_named_with_its_path(read: Read, value: object) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(Body({"it": value}, "plan."), "it")
    assert caught.value.where in ("plan.it", "plan.it[0]")
    assert caught.value.what.startswith(("must be ", "has half"))


def test_a_word_that_is_none_of_those_known() -> None:
    with pytest.raises(InvalidInputError) as caught:
        Body({"it": ""}, "plan.").choice("it", Vacancy, Vacancy.HOUSE)
    assert str(caught.value) == "plan.it: must be one of house, compress, default_sponsor"
    for values in ({}, {"it": None}):
        assert Body(values).choice("it", Vacancy, Vacancy.HOUSE) is Vacancy.HOUSE


def test_a_path_inside_a_section() -> None:
    inner = Body({"plan": {"deep": {"n": "x"}}}).section("plan").section("deep")
    with pytest.raises(InvalidInputError, match=r"^plan\.deep\.n: must be a whole number$"):
        inner.integer("n", 0)


def test_a_name_that_means_nothing() -> None:
    body = Body({"rate_bsp": 1, "rate_bps": 2}, "plan.")
    with pytest.raises(InvalidInputError, match=r"^plan\.rate_bsp: is not a field"):
        body.refuse_unknown("rate_bps")
    assert body.refuse_unknown("rate_bps", "rate_bsp") is body


@pytest.mark.parametrize("value", [None, [], "x", 1, True])
def test_a_body_that_is_no_object(value: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^body: must be a JSON object"):
        Body.of(value)


# --- values out ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("currency", "texts"), [("USD", ("0.05", "-1.00")), ("JPY", ("5", "-100")), ("KWD", ("0.005", "-0.100"))]
)
def test_a_balance_has_the_decimals_of_its_currency(currency: str, texts: tuple[str, str]) -> None:
    balance = Balance(
        currency=currency, held_minor=5, payable_minor=-100, blocked_minor=0, reserved_minor=0, paid_minor=0
    )
    found = from_balance(balance)
    assert (found["held"], found["payable"], found["currency"]) == (*texts, currency)


def test_an_entry_without_payout_or_due_date() -> None:
    world = chain_world()
    world.append(make.fact())
    entry = world.post(T0 + minutes(5))
    assert entry
    found = from_entry(entry)
    assert (found["id"], found["reason"], found["payout_id"]) == (f"{make.ORDER}/1", "accrued", None)
    assert found["due_at"] == "2026-12-11T09:00:00.000Z"
    assert len(found["postings"]) == 3


def test_what_names_a_person_elsewhere_stays_inside() -> None:
    promoter = make.promoter("pr_dee", customer_key="k" * 24)
    assert "k" * 24 not in str(from_promoter(promoter, T0))
    assert from_promoter(promoter, T0)["status"] == "active"


def test_a_promoter_is_shown_as_at_an_instant() -> None:
    promoter = make.promoter("pr_dee", "pr_cy").with_sponsor("pr_bo", T0)
    promoter = promoter.with_status(PromoterStatus.SUSPENDED, "the reason stays inside", T0)
    before, after = from_promoter(promoter, T0 - minutes(1)), from_promoter(promoter, T0)
    assert (before["sponsor_id"], before["status"]) == ("pr_cy", "active")
    assert (after["sponsor_id"], after["status"]) == ("pr_bo", "suspended")
    assert "inside" not in str(after)


def test_a_link_and_a_program() -> None:
    assert from_link(make.link())["path"] == "/bcdfghjk"
    found = from_program(make.terms(make.plan(500, version=1), make.plan(600, version=2)))
    assert [plan["version"] for plan in found["plans"]] == [1, 2]
