"""The parts of a sentence about one commission; each says one thing or nothing.

Amounts are told so that a reader can follow them: what the headline and the flat pay name comes, what
refunds name goes, and where limits cut, what they leave of the rest is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from grapevine.domain.accrual import hold_end
from grapevine.domain.campaigns import Pays
from grapevine.domain.candidates import Candidate, Reason
from grapevine.domain.commissions import PER_ORDER, LevelCommission, LineShare
from grapevine.domain.decisions import Decision
from grapevine.domain.earnings import Extra, earns, levels
from grapevine.domain.explanation import Explained, left_of, without_uplift
from grapevine.domain.facts import Outcome
from grapevine.domain.money import POINTS
from grapevine.domain.plans import ITEMS_ONLY, Plan
from grapevine.domain.tiers import TierStanding
from grapevine.domain.wording import Phrase, Wording

_LINKED = (Phrase.OWN_LINK, Phrase.ONE_BELOW, Phrase.FURTHER_BELOW, Phrase.STANDS_IN)
_BOUND = (
    Phrase.OWN_PRODUCT,
    Phrase.PRODUCT_ONE_BELOW,
    Phrase.PRODUCT_FURTHER_BELOW,
    Phrase.PRODUCT_STANDS_IN,
)
"""How a sale came about at level 1, level 2, further up, and for who stands in: by a touch, by a product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One level's commission with all that a part of a sentence about it may need.

    `left_minor` is what stands of it after refunds, bans and limits; `uplift_minor` what its promoter's
    tier added before them. `is_bound` says that it is of products that are bound, whoever brought the
    order. `extra` is there where it is not a level's commission but what a campaign, or points, add.
    """

    found: Explained
    decision: Decision
    promoter_id: str
    level: int
    commission: LevelCommission
    left_minor: int
    uplift_minor: int
    is_bound: bool
    words: Wording
    extra: Extra | None = None

    @property
    def plan(self) -> Plan:
        """The terms that it was earned by."""
        return self.found.terms.plan_version(self.decision.plan_version)

    @property
    def lines(self) -> list[LineShare]:
        """What was earned by the lines, without the order's flat pay."""
        return [share for share in self.commission.shares if share.component != PER_ORDER]

    @property
    def flat_minor(self) -> int:
        """The order's flat pay, before refunds."""
        return sum(share.share_minor for share in self.commission.shares if share.component == PER_ORDER)

    @property
    def tier(self) -> TierStanding | None:
        """Where the promoter of the sale stood; nobody above them has more for it."""
        if self.level > 1 or self.is_bound:
            return None
        return next((tier for tier in self.decision.tiers if tier.promoter_id == self.promoter_id), None)

    @property
    def is_void(self) -> bool:
        """Whether nothing stands whatever was refunded: the order earns nothing, or they are banned."""
        return self.promoter_id in self.found.entry.voided or not earns(self.found.order, self.found.terms)

    def amount(self, minor: int) -> str:
        """Return an amount in what is paid: the program's currency, or points."""
        is_points = self.extra is not None and self.extra.pays is Pays.POINTS
        return self.words.amount(minor, POINTS if is_points else self.found.terms.program.currency)

    def paid(self, minor: int) -> str:
        """Return an amount in the currency that the customer paid in."""
        return self.words.amount(minor, self.found.order.currency or self.found.terms.program.currency)


def told(found: Explained, decision: Decision, words: Wording) -> Iterator[Told]:
    """Yield every commission on an order that came to something, in the order of the levels."""
    plan = found.terms.plan_version(decision.plan_version)
    # `levels` has those who brought the order first, then those who are bound to its products.
    touched = sum(min(len(claim), len(plan.rate_bps)) for claim in decision.claims)
    rows = levels(found.order, decision, found.terms)
    plain = levels(found.order, without_uplift(decision), found.terms) if decision.tiers else rows
    columns = zip(rows, plain, left_of(rows, found), strict=True)
    for number, ((level, earner, commission), (_, _, without), minor) in enumerate(columns):
        if commission.total_minor:
            yield Told(
                found=found,
                decision=decision,
                promoter_id=earner,
                level=level,
                commission=commission,
                left_minor=minor,
                uplift_minor=max(0, commission.total_minor - without.total_minor),
                is_bound=number >= touched,
                words=words,
            )


def clauses(row: Told) -> list[str]:
    """Return what is to be said about one commission, but for where it is."""
    return [part(row) for part in PARTS]


def _headline(row: Told) -> str:
    order = row.found.order
    date = day(order.placed_at or row.found.entry.recorded_at, row.found, row.words)
    earned = sum(share.share_minor for share in row.lines)
    if not earned and row.flat_minor:
        return row.words.say(
            Phrase.EARNED_BY_ORDER, amount=row.amount(row.flat_minor), how=_how(row), date=date
        )
    return row.words.say(
        Phrase.EARNED_BY_RULES if any(share.rule_id for share in row.lines) else Phrase.EARNED,
        amount=row.amount(earned - row.uplift_minor),
        rate=row.words.share(row.commission.rate_bps),
        base=row.paid(sum(share.base_minor for share in row.lines)),
        how=_how(row),
        date=date,
    )


def _how(row: Told) -> str:
    """Return how the customer came: through this promoter's link or coupon, or somebody's below."""
    own, next_below, further_below, stands_in = _BOUND if row.is_bound else _LINKED
    if row.level > 1 and row.promoter_id == row.plan.default_sponsor_id:
        return row.words.say(stands_in, level=row.level)
    if row.level > 1:
        return row.words.say(next_below if row.level == 2 else further_below, steps=row.level - 1)
    coupons = [touch for touch in row.decision.candidates if _won_by_coupon(touch, row)]
    if row.decision.reason is Reason.COUPON and coupons and not row.is_bound:
        return row.words.say(Phrase.OWN_COUPON, code=coupons[0].coupon_code)
    if row.decision.reason is Reason.BINDING and not row.is_bound:
        return row.words.say(Phrase.OWN_CUSTOMER)
    return row.words.say(own)


def _won_by_coupon(touch: Candidate, row: Told) -> bool:
    return touch.coupon_code is not None and touch.promoter_id == row.promoter_id


def _flat(row: Told) -> str:
    """Return the order's flat pay beside what its lines earn; alone it is the headline."""
    has_both = row.flat_minor and row.flat_minor != row.commission.total_minor
    return row.words.say(Phrase.FOR_THE_ORDER, amount=row.amount(row.flat_minor)) if has_both else ""


def _tier(row: Told) -> str:
    if not (row.tier and row.uplift_minor):
        return ""
    month = row.words.in_month(row.tier.month)
    amount = row.amount(row.uplift_minor)
    return row.words.say(Phrase.FOR_THE_TIER, amount=amount, tier=row.tier.tier_id, month=month)


def _so_far(row: Told) -> str:
    is_open = row.tier and row.decision.provisional_until and not row.is_void
    return so_far(row.tier.month, row.words) if row.tier and is_open else ""


def so_far(month: str, words: Wording) -> str:
    """Return that what a month's sales make of an amount is not final."""
    return words.say(Phrase.SO_FAR, month=words.in_month(month))


def _counted(row: Told) -> str:
    """Return what the plan counts, where that is not simply the items."""
    if row.plan.base == ITEMS_ONLY or not row.lines:
        return ""
    what = row.words.comma.join(row.words.components[component] for component in row.plan.base)
    return row.words.say(Phrase.COUNTED, what=what)


def _taken_out(row: Told) -> str:
    minor = sum(share.taken_out_minor for share in row.lines)
    return row.words.say(Phrase.TAKEN_OUT, amount=row.paid(minor)) if minor else ""


def _shared(row: Told) -> str:
    number = 1 if row.is_bound else len(row.decision.claims)
    return row.words.say(Phrase.SHARED, number=number) if number > 1 else ""


def _capped(row: Told) -> str:
    is_capped = any(share.is_capped for share in row.commission.shares)
    return row.words.say(Phrase.CAPPED) if is_capped else ""


def _converted(row: Told) -> str:
    rate = row.decision.rate
    return row.words.say(Phrase.CONVERTED, base=rate.base, rate=rate.text, quote=rate.quote) if rate else ""


def _went_back(row: Told) -> str:
    order, back = row.found.order, row.commission.reversed_minor
    if row.promoter_id in row.found.entry.voided:
        return row.words.say(Phrase.VOIDED_BACK)
    if order.test is not row.found.terms.program.sandbox:
        return row.words.say(Phrase.TEST_BACK)
    if order.cancelled_at:
        return row.words.say(Phrase.CANCELLED_BACK)
    if not order.payment.earns:
        return row.words.say(Phrase.UNPAID_BACK)
    if back and back == row.commission.total_minor:
        return row.words.say(Phrase.ALL_BACK)
    return row.words.say(Phrase.PART_BACK, amount=row.amount(back)) if back else ""


def _limited(row: Told) -> str:
    """Return what the plan's caps leave of what refunds left."""
    before = row.commission.earned_minor
    if row.is_void or row.left_minor == before:
        return ""
    return row.words.say(Phrase.LIMITED, left=row.amount(row.left_minor), before=row.amount(before))


Part = Callable[[Told], str]
PARTS: tuple[Part, ...] = (
    _headline,
    _tier,
    _so_far,
    _flat,
    _counted,
    _taken_out,
    _shared,
    _capped,
    _converted,
    _went_back,
    _limited,
)
"""What a sentence about one commission says, in this order; a part that has nothing to say is empty."""


BESIDE: tuple[Part, ...] = (_shared, _capped, _went_back, _limited)
"""What is said, in this order, about what a campaign or points add, after what they are."""


def state(row: Told) -> str:
    """Return where what stands is, or when it will be payable."""
    found, words = row.found, row.words
    if row.promoter_id in found.entry.waits:
        return words.say(Phrase.WAITS_FOR_YOU)
    if found.entry.released:
        return words.say(Phrase.IS_PAYABLE)
    outcome = found.order.verdict.outcome if found.order.verdict else None
    if outcome in (Outcome.BLOCK, Outcome.REVIEW):
        return words.say(Phrase.IS_BLOCKED if outcome is Outcome.BLOCK else Phrase.IS_REVIEWED)
    ends = hold_end(found.order, row.plan)
    if ends is None:
        return words.say(Phrase.IS_HELD)
    # After the hold an order may still wait for its screening: then the entry says until when.
    return words.say(Phrase.PAYABLE_ON, date=day(max(ends, found.entry.due_at or ends), found, words))


def stayed(row: Told) -> str:
    """Return what the program has of a level at which nobody could earn."""
    return row.words.say(Phrase.HOUSE, amount=row.amount(row.left_minor), level=row.level)


def day(instant: datetime, found: Explained, words: Wording) -> str:
    """Return an instant's day on the program's calendar."""
    zone = ZoneInfo(found.terms.program.time_zone)
    return words.on(instant.astimezone(zone).date(), found.entry.recorded_at.astimezone(zone).date())
