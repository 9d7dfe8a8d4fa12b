"""Settlement runs: one over all promoters of a program, spread over pages that are settled one by one.

A run's pages are a chain: each follows the last promoter of the one before, and the last one is
empty. Whoever adds a page says what it follows, so that of two who list at once one wins each
place, and every promoter is on one page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.wording import Language

PAGE_SIZE = 100
"""Promoters on a page: some seconds of work, well inside a function's time."""
AT_ONCE = 50
"""Pages that one message lists: a second or two of work."""
LONGEST_REASON = 300
"""Characters of a failure's reason that are kept."""
RUN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
"""What an operator may call a run on demand."""


@dataclass(frozen=True, slots=True)
class ListSizes:
    """How many promoters come on a page, and how many pages, two at least, one message lists."""

    promoters: int = PAGE_SIZE
    pages: int = AT_ONCE


USUAL_SIZES = ListSizes()
"""Some seconds of work for each message."""


class Settled(StrEnum):
    """What became of one promoter in a run."""

    PAID = "paid"
    """A payout was reserved, now or when the page came before."""
    CARRIED = "carried"
    """Something is payable, or owed, and stays; why is the outcome's reason."""
    EMPTY = "empty"
    """Nothing was payable."""
    SUSPENDED = "suspended"
    MERGED = "merged"
    VOIDED = "voided"
    WRITTEN_OFF = "written_off"
    FAILED = "failed"
    """Could not be settled in several tries: their money stays payable."""


UNTOLD = (Settled.PAID, Settled.EMPTY)
"""What a page only counts: the payout tells the one, and there is nothing to tell of the other."""


class CarryReason(StrEnum):
    """Why something stays for the next run."""

    NEGATIVE = "negative"
    """More was taken back than had been earned since."""
    BELOW_MINIMUM = "below_minimum"
    DETAILS_MISSING = "details_missing"
    """What the program wants to know of a promoter before it pays is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOutcome:
    """What became of one promoter; minor units.

    `amount_minor` is what was paid, or what stays; `missing_minor` what is missing to the minimum;
    `reason` a CarryReason or what failed, `detail` more of it.
    """

    promoter_id: str
    settled: Settled
    amount_minor: int = 0
    missing_minor: int = 0
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PageName:
    """A place in a run's chain of pages: after which promoter; empty: where the chain begins."""

    settlement_id: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementPage:
    """Some promoters of a run, in the order of their ids; one without promoters ends the chain.

    `number` counts pages from 1, `before` the promoters on the pages before. Once it is done, it
    has what became of them: how many of each outcome, what was paid, and each outcome that says
    more than its count.
    """

    settlement_id: str
    program_id: str
    after: str
    number: int
    before: int
    promoter_ids: tuple[str, ...]
    ignores_minimum: bool = False
    is_done: bool = False
    counts: Mapping[Settled, int] = field(default_factory=dict)
    paid_minor: int = 0
    outcomes: tuple[AccountOutcome, ...] = ()

    @property
    def name(self) -> PageName:
        """Its place in the chain."""
        return PageName(self.settlement_id, self.after)

    @property
    def last(self) -> str:
        """The promoter whom the next page follows."""
        return self.promoter_ids[-1] if self.promoter_ids else self.after

    @property
    def ends(self) -> bool:
        """Whether nobody comes after it."""
        return not self.promoter_ids

    def followed_by(self, promoter_ids: Sequence[str]) -> SettlementPage:
        """Return the next page of the chain."""
        return SettlementPage(
            settlement_id=self.settlement_id,
            program_id=self.program_id,
            after=self.last,
            number=self.number + 1,
            before=self.before + len(self.promoter_ids),
            promoter_ids=tuple(promoter_ids),
            ignores_minimum=self.ignores_minimum,
        )

    def done(self, outcomes: Iterable[AccountOutcome]) -> SettlementPage:
        """Return the page with what became of its promoters."""
        told = tuple(outcomes)
        return replace(
            self,
            is_done=True,
            counts={settled: n for settled in Settled if (n := sum(o.settled is settled for o in told))},
            paid_minor=sum(o.amount_minor for o in told if o.settled is Settled.PAID),
            outcomes=tuple(o for o in told if o.settled not in UNTOLD),
        )

    def outcome_of(self, promoter_id: str) -> AccountOutcome | None:
        """Return what is told of a promoter, None where the page has nothing beside the counts."""
        return next((o for o in self.outcomes if o.promoter_id == promoter_id), None)


class SettlementState(StrEnum):
    """How far a run has come."""

    LISTING = "listing"
    """Its promoters are being put on pages, and settled as that goes on."""
    SETTLING = "settling"
    CLOSED = "closed"


PROGRESS = {
    Language.EN: {state: state.value for state in SettlementState},
    Language.ZH: {
        SettlementState.LISTING: "正在列出推广者",
        SettlementState.SETTLING: "结算中",
        SettlementState.CLOSED: "已结算",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A run over one program; `promoters` and `pages` are known once it is `listed`.

    Promoters who joined after `started_at` are not in it. `counts` and `paid_minor` are of the
    pages that are done. One that ignores the minimum pays whatever is payable.
    """

    id: str
    program_id: str
    started_at: datetime
    ignores_minimum: bool = False
    listed: bool = False
    pages: int = 0
    promoters: int = 0
    pages_done: int = 0
    counts: Mapping[Settled, int] = field(default_factory=dict)
    paid_minor: int = 0
    closed_at: datetime | None = None

    @property
    def state(self) -> SettlementState:
        """How far it has come."""
        if self.closed_at:
            return SettlementState.CLOSED
        return SettlementState.SETTLING if self.listed else SettlementState.LISTING

    @property
    def settled(self) -> int:
        """How many promoters something has become of."""
        return sum(self.counts.values())

    @property
    def is_settled(self) -> bool:
        """Whether every page is done."""
        return self.listed and self.pages_done >= self.pages

    @property
    def progress(self) -> str:
        """How far it has come, for people: `settling 12 400 / 50 000`."""
        return self.progress_in(Language.EN)

    def progress_in(self, language: Language) -> str:
        """Say how far it has come; nobody knows of how many while they are listed."""
        total = _spaced(self.promoters) if self.listed else "…"
        return f"{PROGRESS[language][self.state]} {_spaced(self.settled)} / {total}"

    def with_page(self, page: SettlementPage) -> Settlement:
        """Return the run with one more page done."""
        counts = {s: n for s in Settled if (n := self.counts.get(s, 0) + page.counts.get(s, 0))}
        return replace(
            self,
            pages_done=self.pages_done + 1,
            counts=counts,
            paid_minor=self.paid_minor + page.paid_minor,
        )

    def page_of(self, promoter_ids: Sequence[str]) -> SettlementPage:
        """Return the run's first page."""
        return SettlementPage(
            settlement_id=self.id,
            program_id=self.program_id,
            after="",
            number=1,
            before=0,
            promoter_ids=tuple(promoter_ids),
            ignores_minimum=self.ignores_minimum,
        )


def scheduled_id(program_id: str, day: str) -> str:
    """Return the one name of a program's run of a day."""
    return f"{program_id}.{day}"


def demanded_id(program_id: str, name: str) -> str:
    """Return the one name of a run that an operator asked for by name; never a day's.

    >>> demanded_id("pg_tea", "closing-sale")
    'pg_tea.run-closing-sale'
    """
    if not RUN_NAME.fullmatch(name):
        raise InvalidInputError("must be 1 to 40 letters, digits, - or _", "name")
    return f"{program_id}.run-{name}"


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")
