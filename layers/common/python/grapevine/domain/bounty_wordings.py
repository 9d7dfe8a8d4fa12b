"""What we say to promoters of a bounty, per language; the reader has a phone and is no accountant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from grapevine.domain.accounts import Leaf
from grapevine.domain.bounties import Bounty, Period
from grapevine.domain.bounty_posting import currency_of, earned
from grapevine.domain.entries import Entry
from grapevine.domain.programs import Program
from grapevine.domain.tiers import TierMeasure, Volume
from grapevine.domain.wording import Language, Phrase, Wording
from grapevine.domain.wordings import WORDINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class BountyWording:
    """The templates of one language, filled by name with values that are written in it already."""

    stands: str
    missed: str
    takes: str
    again: str
    one_order: str
    orders: str
    net: str


BOUNTY_WORDINGS: Mapping[Language, BountyWording] = MappingProxyType(
    {
        Language.EN: BountyWording(
            stands="you earned {amount} for “{name}”: {takes}",
            missed="you earned nothing for “{name}”: {takes}",
            takes="it takes {target} from {first} to {last}, and {reached} counted",
            again="what is refunded, cancelled or stopped until then does not count, and can undo it",
            one_order="1 order",
            orders="{number} orders",
            net="{amount} of sales",
        ),
        Language.ZH: BountyWording(
            stands="你因“{name}”获得{amount}：{takes}",
            missed="你没有获得“{name}”的奖励：{takes}",
            takes="{first}至{last}需要达到{target}，已计入{reached}",
            again="在此之前退款、取消或被停止的订单不计入，可能使其失效",
            one_order="1笔订单",
            orders="{number}笔订单",
            net="{amount}的销售额",
        ),
    }
)


def bounty_sentence(
    entries: tuple[Entry, ...], bounty: Bounty, period: Period, program: Program, language: Language
) -> str:
    """Return what a promoter is told of a bounty as it stands after the last of these entries."""
    words, own = WORDINGS[language], BOUNTY_WORDINGS[language]
    zone, today = ZoneInfo(program.time_zone), entries[-1].recorded_at
    stands = earned(entries)
    takes = own.takes.format(
        target=_measured(_target(bounty), bounty, program, words, own),
        reached=_measured(entries[-1].reached or Volume(), bounty, program, words, own),
        first=_day(period.starts_at, today, zone, words),
        last=_day(period.ends_at - timedelta(milliseconds=1), today, zone, words),
    )
    amount = words.amount(sum(stands.values()), currency_of(bounty, program))
    told = (own.stands if stands else own.missed).format(name=bounty.name, amount=amount, takes=takes)
    state = _state(entries[-1], {account.leaf for account, _ in stands}, period, zone, words, own)
    return words.sentence(told, *state)


def _state(
    entry: Entry, leaves: set[Leaf], period: Period, zone: ZoneInfo, words: Wording, own: BountyWording
) -> Iterator[str]:
    if entry.waits:
        yield words.say(Phrase.WAITS_FOR_YOU)
    elif Leaf.PAYABLE in leaves:
        yield words.say(Phrase.IS_PAYABLE)
    elif leaves:
        date = _day(period.held_until, entry.recorded_at, zone, words)
        yield words.say(Phrase.PAYABLE_ON, date=date)
        yield own.again
    elif entry.voided:
        yield words.say(Phrase.VOIDED_BACK)


def _day(instant: datetime, today: datetime, zone: ZoneInfo, words: Wording) -> str:
    return words.on(instant.astimezone(zone).date(), today.astimezone(zone).date())


def _target(bounty: Bounty) -> Volume:
    return Volume(bounty.target, bounty.target)


def _measured(volume: Volume, bounty: Bounty, program: Program, words: Wording, own: BountyWording) -> str:
    if bounty.measure is TierMeasure.NET_SALES:
        return own.net.format(amount=words.amount(volume.net_minor, program.currency))
    return own.one_order if volume.orders == 1 else own.orders.format(number=volume.orders)
