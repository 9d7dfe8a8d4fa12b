"""How sure we are that a promoter's coupon is public: on a deal site, in a browser's coupon finder.

People who come from a promoter mostly open their link as well, or have it told: an honest coupon has a
stated share of redemptions without a click of its promoter. A leaked one has nothing but those, or has
them from deal sites. The score is how far the share surely is from that base towards all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from grapevine.domain.pages import FROM, TOUCHED, USED, Page
from grapevine.domain.plans import WHOLE_BPS

Z = 1.96
"""Both ends of the 95 % Wilson interval; the lower end is what a share surely is at least."""


DEAL_SITES = (
    "capitaloneshopping.com",
    "couponbirds.com",
    "couponfollow.com",
    "coupons.com",
    "dealabs.com",
    "dealspotr.com",
    "groupon.com",
    "hotukdeals.com",
    "joinhoney.com",
    "knoji.com",
    "mydealz.de",
    "ozbargain.com.au",
    "retailmenot.com",
    "simplycodes.com",
    "slickdeals.net",
    "smzdm.com",
    "vouchercodes.co.uk",
    "wethrift.com",
)
"""Where codes are listed for everybody, with whatever is under these names."""
HONEST_DEALS_BPS = 500
"""How many of an honest coupon's orders come from there by chance: people look for more off."""


class LeakReason(StrEnum):
    """Why a coupon has its score."""

    NEVER_USED = "never_used"
    LIKE_OTHERS = "like_others"
    """No more redemptions without a touch than an honest coupon may have, or too few to be sure."""
    UNTOUCHED = "untouched"
    """Surely more of them than an honest coupon has."""
    DEAL_SITES = "deal_sites"
    """Surely more of those whose origin is known come from deal sites than by chance, and that is worse."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A coupon's orders, those of them with an eligible click of its promoter too, and from where they came.

    `referrers` has the hosts that are known, with how many orders; most orders name none.
    """

    used: int = 0
    touched: int = 0
    referrers: tuple[tuple[str, int], ...] = ()

    @property
    def untouched(self) -> int:
        """Orders that came with the coupon alone."""
        return self.used - self.touched

    @property
    def known(self) -> int:
        """Orders of which it is known from where they came."""
        return sum(orders for _, orders in self.referrers)

    @property
    def from_deals(self) -> int:
        """Those of them that came from a deal site."""
        return sum(orders for host, orders in self.referrers if is_deal_site(host))


@dataclass(frozen=True, slots=True)
class LeakScore:
    """0 to 100 with what it rests on, in basis points.

    `surely_bps` is the lower end of the interval of the share without a touch, `base_bps` that share of
    an honest coupon; `surely_deals_bps` is the same of deal sites among the known origins.
    """

    score: int
    reason: LeakReason
    evidence: Evidence
    surely_bps: int
    base_bps: int
    surely_deals_bps: int = 0


def is_deal_site(host: str) -> bool:
    """Say whether a host is one of the deal sites, or under one.

    >>> is_deal_site("m.slickdeals.net"), is_deal_site("notslickdeals.net")
    (True, False)
    """
    return any(host == site or host.endswith(f".{site}") for site in DEAL_SITES)


def evidence_of(pages: Iterable[Page], since_day: str = "") -> Evidence:
    """Return what a coupon's pages add up to, from a day on (that of the orders)."""
    total: dict[str, int] = {}
    for page in pages:
        if page.key.day >= since_day:
            for name, orders in page.amounts.items():
                total[name] = total.get(name, 0) + orders
    hosts = [(name.removeprefix(FROM), orders) for name, orders in total.items() if name.startswith(FROM)]
    by_orders = sorted(hosts, key=lambda each: (-each[1], each[0]))
    return Evidence(total.get(USED, 0), total.get(TOUCHED, 0), tuple(by_orders))


def leak_score(evidence: Evidence, base_bps: int) -> LeakScore:
    """Return the score of a coupon: 0 at the base or below, 100 where all surely come without a touch.

    Where deal sites say more than missing touches do, the score is theirs.

    >>> leak_score(Evidence(used=200, touched=4), 5000).score
    89
    >>> leak_score(Evidence(used=3, touched=0), 5000).score
    0
    """
    surely = _surely(evidence.untouched, evidence.used)
    deals = _surely(evidence.from_deals, evidence.known)
    by_touch, by_deals = _way(surely, base_bps), _way(deals, HONEST_DEALS_BPS)
    score = max(by_touch, by_deals)
    reason = LeakReason.UNTOUCHED if by_touch >= by_deals else LeakReason.DEAL_SITES
    if not score:
        reason = LeakReason.LIKE_OTHERS if evidence.used else LeakReason.NEVER_USED
    return LeakScore(score, reason, evidence, surely, base_bps, deals)


def _way(surely_bps: int, base_bps: int) -> int:
    """Return how far a share is from its base towards all, 0 to 100."""
    return max(0, (surely_bps - base_bps) * 100 // (WHOLE_BPS - base_bps))


def _surely(counted: int, of: int) -> int:
    return int(lower_bound(counted, of) * WHOLE_BPS)


def lower_bound(counted: int, of: int) -> float:
    """Return the lower end of the 95 % Wilson interval of a share; 0 where nothing was counted."""
    if not of:
        return 0.0
    share, z2 = counted / of, Z * Z
    middle = share + z2 / (2 * of)
    spread = Z * sqrt((share * (1 - share) + z2 / (4 * of)) / of)
    return min(share, max(0.0, (middle - spread) / (1 + z2 / of)))
