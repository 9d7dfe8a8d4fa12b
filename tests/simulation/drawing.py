"""A world's script, drawn from its seed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from grapevine.domain.clicks import Click
from grapevine.domain.coupons import Coupon
from grapevine.domain.facts import OrderKey, Outcome
from grapevine.domain.links import Link
from grapevine.domain.plans import WHOLE_BPS
from tests.simulation.orders import Arriving, Setting, alone, told, verdict
from tests.simulation.scripts import (
    DAY,
    LAST_GAPS,
    MINUTE,
    OWN_EMAIL,
    RUSH,
    STOREFRONT_ID,
    Arrival,
    Phase,
    Script,
    Visit,
    bounties_of,
    campaigns_of,
    changes_of,
    click_of,
    coupons_of,
    endings,
    instants,
    is_scarce,
    links_of,
    plans_of,
    program_of,
    promoters_of,
    spends_of,
    switches_of,
    visit_of,
    visitor_named,
    with_coupon_terms,
    with_marks,
    with_points,
)

PLACED_IN = (0, 0, 0, 0, 1, 1, 2, 3)
"""The phase that an order is placed just before."""
PLACED_BEFORE = (1, 1, 1, 30, 30, 61, 300)
"""Minutes before its phase; the grace period ends long before that, just before it, or after it."""
FEW, MANY = (*(1,) * 8, 2, 2, 3), (1, 1, 2, 2, 3, 4)
"""Orders of a world; where streams lag, what one promoter has from several is folded at different times,
and where a campaign may run out, several want it."""
CLICKED_BEFORE = (*(5 * MINUTE, DAY) * 10, 31 * DAY, 92 * DAY)
"""How long before its order a click was; some are outside every window."""
RUSHES, CROWD = 0.04, 5
"""How many worlds have orders that want one small budget, and how many orders those have."""
HAVE_POINTS, EXPIRES_IN = 0.25, 32 * DAY + timedelta(hours=1)
"""How many worlds have points that are spent and expire, and how long after its last arrival some do."""


@dataclass
class _Drawn:
    """What has been drawn so far of a world's orders and clicks."""

    random: Random
    phases: tuple[datetime, ...]
    links: tuple[Link, ...]
    coupons: tuple[Coupon, ...]
    lags: bool
    screens: bool
    clicked: int = 0
    visits: list[Visit] = field(default_factory=list)
    arriving: list[tuple[int, Arrival]] = field(default_factory=list)
    late: list[tuple[int, Click]] = field(default_factory=list)
    late_stops: set[OrderKey] = field(default_factory=set)
    unusable: set[OrderKey] = field(default_factory=set)


def script_of(seed: int) -> Script:
    """Return the world of a seed."""
    return _with_points(seed, _with_coupons(seed, _script_of(seed)))


def _with_coupons(seed: int, script: Script) -> Script:
    """Return a script in which coupons may cost their promoters something; the rest of it is as it was."""
    random = Random(f"coupons of {seed}")
    plans, coupons = with_coupon_terms(random, script.plans), with_marks(random, script.coupons)
    return replace(script, plans=plans, coupons=coupons)


def _with_points(seed: int, script: Script) -> Script:
    """Return a script in which points are spent and expire, also in a phase of its own after the others."""
    random = Random(f"points of {seed}")
    if random.random() >= HAVE_POINTS:
        return script
    arriving, ends = script.phases[: -len(LAST_GAPS)], script.phases[-len(LAST_GAPS) :]
    quiet = Phase(at=arriving[-1].at + EXPIRES_IN, settles=False, arrivals=())
    phases = tuple(
        replace(phase, spends=spends_of(random, script.promoters, number) if number > 1 else ())
        for number, phase in enumerate((*arriving, quiet))
    )
    # Bounties' holds end between the two phases at the end, which are later now.
    bounties = tuple(
        replace(bounty, hold_days=bounty.hold_days + EXPIRES_IN.days) for bounty in script.bounties
    )
    later = (replace(phase, at=phase.at + EXPIRES_IN) for phase in ends)
    plans = with_points(random, script.plans)
    return replace(script, points=True, plans=plans, phases=(*phases, *later), bounties=bounties)


def _script_of(seed: int) -> Script:
    random = Random(seed)
    lags, screens = random.random() < 0.4, random.random() < 0.4
    program, plans = program_of(random), plans_of(random, screens=screens)
    promoters = promoters_of(random)
    coupons, campaigns = coupons_of(random, promoters), campaigns_of(random)
    drawn = _Drawn(random, instants(random), links_of(random, promoters), coupons, lags, screens)
    count = random.choice(MANY if lags or is_scarce(campaigns) else FEW)
    if Random(f"rush of {seed}").random() < RUSHES:
        campaigns, count = RUSH, CROWD
    orders = tuple(OrderKey(STOREFRONT_ID, str(1001 + n)) for n in range(count))
    for order in orders:
        _draw_order(drawn, order)
    changes = (*changes_of(random, promoters), *switches_of(random, coupons))
    drawn.arriving += [(random.choice((0, 0, 1, 2)), change) for change in changes]
    return Script(
        seed=seed,
        lags=lags,
        screens=screens,
        program=program,
        plans=plans,
        promoters=promoters,
        links=drawn.links,
        coupons=coupons,
        campaigns=campaigns,
        bounties=bounties_of(random, drawn.phases[-1]),
        visits=tuple(drawn.visits),
        orders=orders,
        late_stops=frozenset(drawn.late_stops),
        unusable=frozenset(drawn.unusable),
        phases=_phases(drawn),
        completes_bps=random.choice((WHOLE_BPS, WHOLE_BPS, 7000, 3000)),
    )


def _phases(drawn: _Drawn) -> tuple[Phase, ...]:
    found = [
        Phase(
            at=at,
            settles=drawn.random.random() < (0.8 if number > 1 else 0.15),
            arrivals=tuple(arriving for phase, arriving in drawn.arriving if phase == number),
            late=tuple(click for phase, click in drawn.late if phase == number),
        )
        for number, at in enumerate(drawn.phases)
    ]
    return (*found, *(Phase(at=at, settles=True, arrivals=()) for at in endings(drawn.phases[-1])))


def _draw_order(drawn: _Drawn, order: OrderKey) -> None:
    """Draw an order from the phase on in which it is placed."""
    random, first = drawn.random, min(drawn.random.choice(PLACED_IN), len(drawn.phases) - 1)
    phases = drawn.phases[first:]
    placed_at = phases[0] - random.choice(PLACED_BEFORE) * MINUTE
    setting = Setting(
        order=order,
        phases=phases,
        placed_at=placed_at,
        click_ids=_clicks(drawn, first, placed_at),
        codes=_codes(drawn),
        currency="EUR" if random.random() < 0.02 else "USD",
        email=random.choice((None, None, "somebody@shop.example", OWN_EMAIL)),
        test=random.random() < 0.03,
    )
    deliveries = told(random, setting)
    verdicts = _early_verdicts(random, setting, (0,) if first else (0, 1))
    may_stop_late = not (drawn.lags or drawn.screens or verdicts)
    extra, stops_late = alone(random, setting, deliveries, may_stop_late=may_stop_late)
    drawn.arriving += [(first + phase, arriving) for phase, arriving in (*deliveries, *verdicts, *extra)]
    drawn.late_stops |= {order} if stops_late else set()
    drawn.unusable |= {order} if setting.currency != "USD" else set()


def _early_verdicts(random: Random, setting: Setting, phases: tuple[int, ...]) -> list[Arriving]:
    """Return what a person decides before anything can be released."""
    count = random.choice((*(0,) * 7, 1, 1, 2))
    outcomes = (Outcome.ALLOW, *Outcome)
    return [verdict(random, setting, random.choice(phases), random.choice(outcomes)) for _ in range(count)]


def _clicks(drawn: _Drawn, first: int, placed_at: datetime) -> tuple[str | None, ...]:
    """Return the click ids that an order's bodies name, after arranging for the clicks."""
    random = drawn.random
    if random.random() < 0.05:
        return (None,)
    one = _visitor(drawn, first, placed_at)
    if drawn.screens or random.random() < 0.7:
        return (*(one,) * 7, None)
    return (one, one, _visitor(drawn, first, placed_at), None)


def _codes(drawn: _Drawn) -> tuple[tuple[str, ...] | None, ...]:
    """Return what an order's bodies tell of coupons; a screened world's agree."""
    random, known = drawn.random, [coupon.code for coupon in drawn.coupons]
    if not known or random.random() < 0.6:
        return (None,)
    one = tuple(random.sample(("SALE", *known), random.choice((1, 1, 2))))
    return (one,) if drawn.screens or random.random() < 0.7 else (one, one, (), None)


def _visitor(drawn: _Drawn, first: int, placed_at: datetime) -> str:
    """Arrange for the clicks of one visitor; return the one that is carried to the shop."""
    visitor_id = visitor_named(drawn.clicked)
    clicks = [
        _click(drawn, visitor_id, first, placed_at) for _ in range(drawn.random.choice((1, 1, 1, 2, 3)))
    ]
    return drawn.random.choice(clicks)


def _click(drawn: _Drawn, visitor_id: str, first: int, placed_at: datetime) -> str:
    """Arrange for a click: in time, recorded late, or never; a screened world has none that is late."""
    random, link = drawn.random, drawn.random.choice(drawn.links)
    drawn.clicked += 1
    ago = random.choice(CLICKED_BEFORE) + timedelta(seconds=drawn.clicked)
    visit = visit_of(visitor_id, link, placed_at - ago, robot=random.random() < 0.02)
    when = random.random()
    if when < 0.7:
        drawn.visits.append(visit)
    elif when < 0.97 and not drawn.screens:
        phase = min(first + random.choice((0, 0, 0, 1)), len(drawn.phases) - 1)
        click = click_of(visit, link, drawn.phases[phase] + timedelta(seconds=1))
        (drawn.late if random.random() < 0.5 else drawn.arriving).append((phase, click))
    return visit.click_id
