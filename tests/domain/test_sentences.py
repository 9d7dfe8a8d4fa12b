"""What promoters are told: in every language, for every reason, amounts and days as written there."""

from __future__ import annotations

import re
from datetime import date
from string import Formatter

import pytest
from hypothesis import given, settings

from grapevine.domain.accounts import Leaf, Posting, commission_account, promoter_account
from grapevine.domain.candidates import Reason
from grapevine.domain.chains import HOUSE
from grapevine.domain.coupons import Coupon
from grapevine.domain.entries import AccountKey, Entry, EntryReason
from grapevine.domain.explanation import explained
from grapevine.domain.facts import Component, FactKind, Outcome, Payment
from grapevine.domain.fx import Rate
from grapevine.domain.money import Money
from grapevine.domain.people import PromoterStatus
from grapevine.domain.plans import AttributionModel, Vacancy
from grapevine.domain.rates import RateRule
from grapevine.domain.sentences import entry_sentence, sentences
from grapevine.domain.wording import Language, Phrase, language_of
from grapevine.domain.wordings import EN, WORDINGS
from grapevine.domain.wordings_zh import ZH
from tests import builders as make
from tests.builders import ANA, BO, CY, ORDER, PROGRAM_ID, T0, days, minutes
from tests.domain.said import believed
from tests.reference import Story
from tests.strategies import PATIENT, play, stories, sweeps_of, world_of
from tests.worlds import World, chain_world

PAID = make.fact(FactKind.PAID, minutes(1))
each_language = pytest.mark.parametrize("language", list(Language))
ALL = {"entries": EntryReason, "decisions": Reason, "phrases": Phrase, "components": Component}


def said(world: World, to: str | None = CY, language: Language = Language.EN) -> dict[str, list[str]]:
    """Return the sentences about the order as its last entry left it."""
    entries, facts = world.ledger.entries_of(ORDER), world.facts.facts_of(ORDER)
    return sentences(explained(entries, facts, world.catalog.terms(PROGRAM_ID)), WORDINGS[language], to)


def only(world: World, to: str = CY, language: Language = Language.EN) -> str:
    (sentence,) = said(world, to, language)[to]
    return sentence


def sold(world: World | None = None, **told: object) -> World:
    world = world or chain_world()
    world.append(make.fact(FactKind.PAID, minutes(1), snapshot=make.snapshot(**told)))
    world.post(T0 + minutes(2))
    return world


# --- every reason has its words ------------------------------------------------------------------


@each_language
@pytest.mark.parametrize("kind", ALL)
def test_every_reason_and_phrase_is_said_in_every_language(language: Language, kind: str) -> None:
    told = getattr(WORDINGS[language], kind)
    assert [member.value for member in ALL[kind] if not told.get(member, "").strip()] == []


def test_every_language_fills_a_phrase_with_the_same_values() -> None:
    def names(template: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(template) if name}

    for phrase in Phrase:
        assert names(EN.phrases[phrase]) == names(ZH.phrases[phrase]), phrase


@each_language
def test_no_two_reasons_are_told_alike(language: Language) -> None:
    words = WORDINGS[language]
    for told in (words.entries, words.decisions, words.phrases, words.components):
        assert len(set(told.values())) == len(told)


@each_language
@pytest.mark.parametrize("reason", EntryReason)
def test_every_entry_can_be_told(language: Language, reason: EntryReason) -> None:
    posting = Posting(
        commission_account(PROGRAM_ID), promoter_account(PROGRAM_ID, CY, Leaf.HELD), Money(1333, "USD")
    )
    entry = Entry(
        key=ORDER, sequence=1, program_id=PROGRAM_ID, reason=reason, postings=(posting,), recorded_at=T0
    )
    words = WORDINGS[language]
    told = entry_sentence(entry, frozenset((CY,)), words)
    assert words.entries[reason][1:] in told
    assert words.amount(1333, "USD") in told
    assert told.endswith(words.stop)


# --- one entry -----------------------------------------------------------------------------------


def entry(reason: EntryReason, *legs: tuple[Leaf | None, Leaf | None, int]) -> Entry:
    """Return an entry that moves amounts of Cy's from place to place; None is the program's own account."""

    def account(leaf: Leaf | None) -> object:
        return promoter_account(PROGRAM_ID, CY, leaf) if leaf else commission_account(PROGRAM_ID)

    postings = tuple(
        Posting(account(source), account(to), Money(minor, "USD"))  # type: ignore[arg-type]
        for source, to, minor in legs
    )
    key = AccountKey(PROGRAM_ID, CY, "USD") if reason in (EntryReason.RESERVED, EntryReason.PAID) else ORDER
    return Entry(key=key, sequence=1, program_id=PROGRAM_ID, reason=reason, postings=postings, recorded_at=T0)


@pytest.mark.parametrize(
    ("told", "english", "chinese"),
    [
        (
            entry(EntryReason.ACCRUED, (None, Leaf.HELD, 1333)),
            "An order of yours was paid; you have 13.33 USD more; 13.33 USD waits to become payable.",
            "你的一笔订单已付款；你增加了 13.33 美元；13.33 美元 等待可提现。",
        ),
        (
            entry(EntryReason.REFUNDED, (Leaf.PAYABLE, None, 235)),
            "Something of the order was refunded; 2.35 USD went back.",
            "订单有退款；扣回 2.35 美元。",
        ),
        (
            entry(EntryReason.RELEASED, (Leaf.HELD, Leaf.PAYABLE, 1098)),
            "The waiting time is over; 10.98 USD is payable now.",
            "等待期已结束；10.98 美元 现在可以提现。",
        ),
        (
            entry(EntryReason.PAID, (Leaf.RESERVED, Leaf.PAID, 123456)),
            "A payout reached you; 1,234.56 USD was paid to you.",
            "款项已到账；1,234.56 美元 已付给你。",
        ),
    ],
    ids=lambda value: value.reason if isinstance(value, Entry) else "",
)
def test_an_entry_says_why_and_where_the_money_is(told: Entry, english: str, chinese: str) -> None:
    assert (entry_sentence(told, frozenset((CY,)), EN), entry_sentence(told, frozenset((CY,)), ZH)) == (
        english,
        chinese,
    )


def test_an_entry_that_moved_somebody_elses_money_moves_none_of_yours() -> None:
    told = entry(EntryReason.ACCRUED, (None, Leaf.HELD, 1333))
    assert entry_sentence(told, frozenset((BO,)), EN) == "An order of yours was paid."


# --- the whole story -----------------------------------------------------------------------------


def test_a_commission_is_told_with_what_went_back_and_when_it_is_payable() -> None:
    world = sold()
    world.append(make.refunded("r1", minutes(60), ("a", 2_345)))
    world.post(T0 + minutes(61))
    assert only(world) == (
        "You earned 13.33 USD: 10 % of 133.33 USD that somebody bought through your link on 11 November; "
        "2.34 USD went back when part was refunded; payable on 11 December."
    )
    assert only(world, language=Language.ZH) == (
        "你获得佣金 13.33 美元：11月11日有人通过你的链接购买了 133.33 美元，按 10% 计算；"
        "部分退款后扣回 2.34 美元；12月11日起可以提现。"
    )


def test_the_upline_is_told_how_far_below_them_it_was() -> None:
    told = only(sold(), ANA)
    assert told.startswith("You earned 1.33 USD: 1 % of 133.33 USD")
    assert "through a promoter 2 levels below you on 11 November" in told
    assert "through a promoter one level below you on" in only(sold(), BO)


def test_who_stands_in_at_a_vacant_level_is_told_so() -> None:
    plan = make.plan(1000, 300, vacancy=Vacancy.DEFAULT_SPONSOR, default_sponsor_id="pr_dee")
    world = chain_world(plan)
    world.catalog.add_promoter(make.promoter("pr_dee"))
    bo = make.promoter(BO, ANA).with_status(PromoterStatus.SUSPENDED, "asked to", T0 - days(1))
    world.catalog.change_promoter(bo, 0)
    assert "where you stand in at level 2, on 11 November" in only(sold(world), "pr_dee")


def test_a_day_is_the_programs_own() -> None:
    world = chain_world(time_zone="Pacific/Auckland")
    assert "on 12 November" in only(sold(world, placed_at=T0 + minutes(120)))


def test_a_coupon_is_named() -> None:
    world = sold(_with_coupon(CY), coupon_codes=("ana-10",), click_id=None)
    assert "with your coupon ANA-10 on 11 November" in only(world)


def test_a_linear_split_says_among_how_many() -> None:
    world = chain_world(make.plan(1000, attribution_model=AttributionModel.LINEAR))
    world.clicks.record(make.click(id=f"{'2' * 22}-{'7' * 20}", promoter_id=ANA, upline=()))
    told = said(sold(world), None)
    assert all("your equal part of what 2 promoters share" in told[name][0] for name in (ANA, CY))


def test_special_rates_and_caps_are_told() -> None:
    rule = RateRule(id="gold", sku="G", per_unit_minor=(9_000,))
    world = sold(chain_world(make.plan(1000, rules=(rule,))), lines=(make.line("a", 1_000, sku="G"),))
    told = only(world)
    assert "You earned 3.00 USD from 10.00 USD" in told
    assert "at the special rates of what was bought" in told
    assert "a limit of the program made it less" in told


def test_another_currency_is_told_with_its_rate() -> None:
    world = chain_world()
    rate = Rate(base="EUR", quote="USD", text="1.1", source="ECB", effective_at=T0 - days(1))
    world.catalog.add_rate(PROGRAM_ID, rate)
    told = only(sold(world, currency="EUR"))
    assert "You earned 14.67 USD: 10 % of 133.33 EUR" in told
    assert "1 EUR counted as 1.1 USD" in told


@pytest.mark.parametrize(
    ("changes", "phrase"),
    [
        ({"cancelled_at": T0 + minutes(9)}, Phrase.CANCELLED_BACK),
        ({"payment": Payment.VOIDED}, Phrase.UNPAID_BACK),
        ({"test": True}, Phrase.TEST_BACK),
    ],
)
def test_why_all_went_back_is_told_and_no_day_is_promised(changes: dict[str, object], phrase: Phrase) -> None:
    world = sold()
    world.append(make.fact(FactKind.EDITED, minutes(9), snapshot=make.snapshot(**changes)))
    world.post(T0 + minutes(10))
    assert only(world).endswith(f"; {EN.phrases[phrase]}.")


def test_a_full_refund_is_told() -> None:
    world = sold()
    world.append(make.refunded("r1", minutes(60), ("a", 10_000), ("b", 3_333)))
    world.post(T0 + minutes(61))
    assert only(world).endswith("; all of it went back when everything was refunded.")


@pytest.mark.parametrize(
    ("outcome", "phrase"), [(Outcome.BLOCK, Phrase.IS_BLOCKED), (Outcome.REVIEW, Phrase.IS_REVIEWED)]
)
def test_a_verdict_is_told(outcome: Outcome, phrase: Phrase) -> None:
    world = chain_world()
    world.append(make.verdict(outcome))
    assert only(sold(world)).endswith(f"; {EN.phrases[phrase]}.")


def test_what_is_released_is_payable() -> None:
    world = sold()
    world.post(T0 + days(31))
    assert only(world).endswith("; payable on 14 December.")  # Nobody screened it: three days more.
    world.post(T0 + days(34))
    assert only(world).endswith("; it is yours and payable now.")


def test_who_earned_nothing_is_told_why() -> None:
    world = sold(_with_coupon(ANA), coupon_codes=("ANA-10",))
    assert only(world, CY) == "You earned nothing from this order: the coupon on the order counts."
    assert only(world, "pr_somebody") == "You earned nothing from this order."


def test_what_was_too_old_is_told() -> None:
    world = sold(placed_at=T0 + days(40))
    assert only(world) == "You earned nothing from this order: the link was opened too long before the order."


def test_what_is_not_decided_says_what_it_waits_for() -> None:
    assert only(sold(currency="EUR")) == "Nothing is decided yet: we are waiting for the exchange rate."


def test_the_program_is_told_what_stayed_with_it() -> None:
    world = chain_world()
    bo = make.promoter(BO, ANA).with_status(PromoterStatus.SUSPENDED, "asked to", T0 - days(1))
    world.catalog.change_promoter(bo, 0)
    assert only(sold(world), HOUSE) == "4.00 USD stayed with the program: nobody could earn at level 2."


def _with_coupon(promoter_id: str) -> World:
    world = chain_world()
    coupon = Coupon(program_id=PROGRAM_ID, code="ANA-10", promoter_id=promoter_id, created_at=T0 - days(9))
    world.catalog.add_coupon(coupon)
    return world


@given(stories())
@settings(PATIENT, max_examples=20)
def test_everybody_is_told_of_any_order_what_they_have_to_the_unit_and_every_template_is_filled(
    story: Story,
) -> None:
    world = world_of(story)
    play(story, world, sweeps_of(story, T0 + days(3)))
    for order in story.orders:
        entries, facts = world.ledger.entries_of(order), world.facts.facts_of(order)
        for number in range(1, len(entries) + 1):
            found = explained(entries[:number], facts, world.catalog.terms(PROGRAM_ID))
            for words in WORDINGS.values():
                told = sentences(found, words)
                assert set(found.standing_minor) <= set(told)
                assert all(texts and not re.search(r"[{}]", "".join(texts)) for texts in told.values())
                assert {name: believed(texts, words) for name, texts in told.items()} == {
                    name: found.standing_minor.get(name, 0) for name in told
                }


# --- how values are written ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minor", "currency", "english", "chinese"),
    [
        (123_456_789, "USD", "1,234,567.89 USD", "1,234,567.89 美元"),
        (5, "CNY", "0.05 CNY", "0.05 元"),
        (1_000, "JPY", "1,000 JPY", "1,000 日元"),
        (1_500, "KWD", "1.500 KWD", "1.500 KWD"),
        (120, "PTS", "120 points", "120 积分"),
        (-5, "USD", "-0.05 USD", "-0.05 美元"),
    ],
)
def test_amounts(minor: int, currency: str, english: str, chinese: str) -> None:
    assert (EN.amount(minor, currency), ZH.amount(minor, currency)) == (english, chinese)


@pytest.mark.parametrize(
    ("bps", "text"), [(1000, "10 %"), (1025, "10.25 %"), (250, "2.5 %"), (1, "0.01 %"), (0, "0 %")]
)
def test_shares(bps: int, text: str) -> None:
    assert EN.share(bps) == text
    assert ZH.share(bps) == text.replace(" ", "")


def test_a_day_of_another_year_has_its_year() -> None:
    today, next_year = date(2026, 12, 1), date(2027, 1, 2)
    assert (EN.on(today, today), ZH.on(today, today)) == ("1 December", "12月1日")
    assert (EN.on(next_year, today), ZH.on(next_year, today)) == ("2 January 2027", "2027年1月2日")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", Language.EN),
        ("zh-CN,zh;q=0.9,en;q=0.8", Language.ZH),
        ("en;q=0.5, zh-Hans;q=0.9", Language.ZH),
        ("fr, de;q=0.9", Language.EN),
        ("zh;q=0", Language.EN),
        ("zh;q=nonsense, en;q=0.1", Language.EN),
        ("*", Language.EN),
    ],
)
def test_the_language_that_is_wanted_most_of_those_we_speak(header: str, language: Language) -> None:
    assert language_of(header) is language
