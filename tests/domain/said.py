"""Sentences read back: what somebody who believes every word of them thinks they have."""

from __future__ import annotations

import re
from collections.abc import Iterable

from grapevine.domain.money import POINTS
from grapevine.domain.wording import Phrase, Wording

COMES = (
    Phrase.EARNED,
    Phrase.EARNED_BY_RULES,
    Phrase.EARNED_BY_ORDER,
    Phrase.FOR_THE_ORDER,
    Phrase.FOR_THE_TIER,
    Phrase.BY_CAMPAIGN,
    Phrase.BY_POINTS,
    Phrase.RECRUIT_BONUS,
    Phrase.HOUSE,
)
GOES = (Phrase.PART_BACK,)
ALL_GOES = (
    Phrase.ALL_BACK,
    Phrase.CANCELLED_BACK,
    Phrase.UNPAID_BACK,
    Phrase.TEST_BACK,
    Phrase.VOIDED_BACK,
)
SILENT = (
    Phrase.COUNTED,
    Phrase.SO_FAR,
    Phrase.GATED,
    Phrase.TAKEN_OUT,
    Phrase.SHARED,
    Phrase.CAPPED,
    Phrase.CONVERTED,
    Phrase.PAYABLE_ON,
    Phrase.IS_PAYABLE,
    Phrase.IS_BLOCKED,
    Phrase.IS_REVIEWED,
    Phrase.IS_HELD,
    Phrase.WAITS_FOR_YOU,
    Phrase.NOTHING,
    Phrase.NOTHING_BECAUSE,
    Phrase.NOTHING_STAYED,
    Phrase.NOBODY_BECAUSE,
    Phrase.UNDECIDED,
    Phrase.RULED_ACCEPTED,
    Phrase.RULED_REJECTED,
)
"""What says nothing about how much."""


def believed(texts: Iterable[str], words: Wording) -> int:
    """Return the minor units of money that sentences about an order say somebody has."""
    return sum(_of_sentence(text, words) for text in texts if words.currencies[POINTS] not in text)


def believed_points(texts: Iterable[str], words: Wording) -> int:
    """Return the points that they say somebody has."""
    return sum(_of_sentence(text, words) for text in texts if words.currencies[POINTS] in text)


def _of_sentence(text: str, words: Wording) -> int:
    has = 0
    for clause in text.removesuffix(words.stop).split(words.joint):
        phrase, values = _read(clause, words)
        if phrase in COMES:
            has += _minor(values["amount"])
        elif phrase in GOES:
            has -= _minor(values["amount"])
        elif phrase in ALL_GOES:
            has = 0
        elif phrase is Phrase.LIMITED:
            assert _minor(values["before"]) == has, text
            has = _minor(values["left"])
    return has


def _read(clause: str, words: Wording) -> tuple[Phrase, dict[str, str]]:
    for phrase in (*ALL_GOES, *COMES, *GOES, Phrase.LIMITED, *SILENT):
        found = re.fullmatch(_pattern(words.phrases[phrase]), clause, re.IGNORECASE)
        if found:
            return phrase, found.groupdict()
    raise AssertionError(f"no phrase reads {clause!r}")


def _pattern(template: str) -> str:
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(template))


def _minor(amount: str) -> int:
    assert not amount.startswith("-")
    return int(re.sub(r"\D", "", amount))
