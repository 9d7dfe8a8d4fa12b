"""What a language needs so that we can speak it: templates, names, and how it writes values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from grapevine.domain.candidates import Reason
from grapevine.domain.entries import EntryReason
from grapevine.domain.facts import Component
from grapevine.domain.money import format_minor


class Language(StrEnum):
    """A language that we speak."""

    EN = "en"
    ZH = "zh"


class Phrase(StrEnum):
    """A piece of a sentence that no reason names."""

    EARNED = "earned"
    EARNED_BY_RULES = "earned_by_rules"
    EARNED_BY_ORDER = "earned_by_order"
    FOR_THE_ORDER = "for_the_order"
    FOR_THE_TIER = "for_the_tier"
    BY_CAMPAIGN = "by_campaign"
    BY_POINTS = "by_points"
    SO_FAR = "so_far"
    OWN_LINK = "own_link"
    OWN_COUPON = "own_coupon"
    OWN_CUSTOMER = "own_customer"
    ONE_BELOW = "one_below"
    FURTHER_BELOW = "further_below"
    STANDS_IN = "stands_in"
    OWN_PRODUCT = "own_product"
    PRODUCT_ONE_BELOW = "product_one_below"
    PRODUCT_FURTHER_BELOW = "product_further_below"
    PRODUCT_STANDS_IN = "product_stands_in"
    COUNTED = "counted"
    TAKEN_OUT = "taken_out"
    SHARED = "shared"
    CAPPED = "capped"
    LIMITED = "limited"
    CONVERTED = "converted"
    PART_BACK = "part_back"
    ALL_BACK = "all_back"
    CANCELLED_BACK = "cancelled_back"
    UNPAID_BACK = "unpaid_back"
    TEST_BACK = "test_back"
    VOIDED_BACK = "voided_back"
    PAYABLE_ON = "payable_on"
    IS_PAYABLE = "is_payable"
    IS_BLOCKED = "is_blocked"
    IS_REVIEWED = "is_reviewed"
    IS_HELD = "is_held"
    WAITS_FOR_YOU = "waits_for_you"
    RECRUIT_BONUS = "recruit_bonus"
    GATED = "gated"
    NOTHING = "nothing"
    NOTHING_BECAUSE = "nothing_because"
    NOBODY_BECAUSE = "nobody_because"
    UNDECIDED = "undecided"
    HOUSE = "house"
    NOTHING_STAYED = "nothing_stayed"
    RULED_ACCEPTED = "ruled_accepted"
    RULED_REJECTED = "ruled_rejected"
    MORE = "more"
    LESS = "less"
    MOVED_IN = "moved_in"
    MOVED_OUT = "moved_out"
    FORGIVEN = "forgiven"
    EVIDENCE = "evidence"
    NOW_HELD = "now_held"
    NOW_PAYABLE = "now_payable"
    NOW_BLOCKED = "now_blocked"
    NOW_RESERVED = "now_reserved"
    NOW_PAID = "now_paid"
    NOW_SPENDABLE = "now_spendable"
    FOR_COUPON = "for_coupon"
    SHARE_BONUS = "share_bonus"
    PART_OF_PAYOUT = "part_of_payout"
    CAME_BACK = "came_back"
    FEE_TAKEN = "fee_taken"
    FEE_BACK = "fee_back"
    TAX_TAKEN = "tax_taken"
    TAX_BACK = "tax_back"
    CARRIED = "carried"
    CARRIED_NEGATIVE = "carried_negative"
    CARRIED_BELOW = "carried_below"
    CARRIED_UNKNOWN = "carried_unknown"
    CARRIED_FOR_FEES = "carried_for_fees"
    ACCOUNT_JOINED = "account_joined"
    ACCOUNT_LEFT = "account_left"
    OWED = "owed"
    MISSING_TO_MINIMUM = "missing_to_minimum"
    NEXT_SETTLEMENT = "next_settlement"
    PAID_NEXT = "paid_next"
    PAID_SOME_DAY = "paid_some_day"
    CAN_ASK = "can_ask"
    DETAILS_NEEDED = "details_needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One language: what an entry was for, why a decision or a touch came out so, and all the rest.

    `joint` stands between the clauses of a sentence, `comma` between the things of a list, `stop` ends
    a sentence. `currencies` has the names of some; the others go by their codes.
    """

    entries: Mapping[EntryReason, str]
    decisions: Mapping[Reason, str]
    phrases: Mapping[Phrase, str]
    components: Mapping[Component, str]
    currencies: Mapping[str, str]
    day: str
    day_and_year: str
    month_and_year: str
    months: tuple[str, ...]
    percent: str
    joint: str
    comma: str
    stop: str

    def say(self, phrase: Phrase, **values: object) -> str:
        """Return a phrase, filled."""
        return self.phrases[phrase].format(**values)

    def sentence(self, *clauses: str) -> str:
        """Return clauses as one sentence that begins with a capital where the language has them."""
        text = self.joint.join(clause for clause in clauses if clause)
        return f"{text[:1].upper()}{text[1:]}{self.stop}"

    def amount(self, minor: int, currency: str) -> str:
        """Return an amount with thousands apart and the currency's name."""
        whole, point, decimals = format_minor(abs(minor), currency).partition(".")
        sign = "-" if minor < 0 else ""
        return f"{sign}{int(whole):,}{point}{decimals} {self.currencies.get(currency, currency)}"

    def on(self, day: date, today: date) -> str:
        """Return a day, with its year where that is another one than today's."""
        pattern = self.day if day.year == today.year else self.day_and_year
        return pattern.format(day=day.day, month=self.months[day.month - 1], year=day.year)

    def in_month(self, name: str) -> str:
        """Return a month that is named `YYYY-MM`."""
        year, month = name.split("-")
        return self.month_and_year.format(month=self.months[int(month) - 1], year=year)

    def share(self, bps: int) -> str:
        """Return a share in per cent."""
        number = f"{bps // 100}.{bps % 100:02d}".rstrip("0").rstrip(".")
        return self.percent.format(number=number)


def language_of(accepted: str) -> Language:
    """Return the language that an `Accept-Language` header wants most of those we speak, else English.

    >>> language_of("fr, zh-Hans-CN;q=0.9, en;q=0.8").value, language_of("").value
    ('zh', 'en')
    """
    wanted = [_weighed(part) for part in accepted.split(",")]
    spoken = [(weight, name) for weight, name in wanted if name in list(Language) and weight > 0]
    return Language(max(spoken, key=lambda pair: pair[0])[1]) if spoken else Language.EN


def _weighed(part: str) -> tuple[float, str]:
    tag, _, weight = part.strip().partition(";")
    name = tag.strip().partition("-")[0].lower()
    try:
        return float(weight.strip().removeprefix("q=") or 1), name
    except ValueError:
        return 0.0, name
