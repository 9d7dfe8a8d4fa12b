"""Sentences about what comes beside a commission: what campaigns add, and points."""

from __future__ import annotations

from collections.abc import Iterator

from grapevine.domain.decisions import Decision
from grapevine.domain.explanation import Explained
from grapevine.domain.sentence_parts import BESIDE, Told
from grapevine.domain.wording import Phrase, Wording


def added(found: Explained, decision: Decision, words: Wording) -> Iterator[Told]:
    """Yield what campaigns and points add to an order's commissions, where it came to something."""
    for extra, use in found.capped.extras:
        if extra.commission.total_minor:
            yield Told(
                found=found,
                decision=decision,
                promoter_id=extra.promoter_id,
                level=1,
                commission=extra.commission,
                left_minor=0 if extra.promoter_id in found.entry.voided else use.granted,
                uplift_minor=0,
                is_bound=False,
                words=words,
                extra=extra,
            )


def extra_clauses(row: Told) -> list[str]:
    """Return what is to be said about what a campaign, or points, add."""
    campaign = row.extra.campaign if row.extra else None
    amount = row.amount(row.commission.total_minor)
    if campaign is None:
        said = row.words.say(Phrase.BY_POINTS, amount=amount)
    else:
        said = row.words.say(Phrase.BY_CAMPAIGN, name=campaign.name, amount=amount)
    return [said, *(part(row) for part in BESIDE)]
