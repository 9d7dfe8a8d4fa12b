"""What must hold after any storm."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from grapevine.domain.accounts import Leaf, net
from grapevine.domain.campaign_grants import BUDGET, PROMOTER
from grapevine.domain.candidates import grace_end
from grapevine.domain.entries import (
    AccountKey,
    BonusKey,
    Entry,
    EntryReason,
    decision_in_force,
    holdings_of,
    standing,
)
from grapevine.domain.errors import OrderUnprocessableError
from grapevine.domain.evidence import bounties_touched
from grapevine.domain.facts import OrderKey, Outcome
from grapevine.domain.heads import Head, available
from grapevine.domain.money import POINTS, parse_minor
from grapevine.domain.orders import fold
from grapevine.domain.pages import Page, balance
from grapevine.domain.payouts import PayoutState
from grapevine.domain.people import PromoterStatus
from grapevine.domain.plans import WHOLE_BPS
from grapevine.domain.points import NEVER
from grapevine.usecases.post_bounty import post_bounty
from grapevine.usecases.post_order import PostOrder, PostOrderPorts, post_order
from grapevine.usecases.read_balance import Balance, read_balance
from grapevine.usecases.verify_program import verify_program
from tests.granting import badly_granted
from tests.reference import Stand, Story, View, bounties_due, look
from tests.simulation.scripts import PROGRAM_ID, Delivery
from tests.simulation.town import Town

Amounts = dict[tuple[str, str], int]
"""What stands, by who has it (the house under the program's name) and where it is."""
OF_POINTS = (EntryReason.SPENT, EntryReason.EXPIRED, EntryReason.RESTORED, EntryReason.CHARGED)
STOPPED = {Outcome.BLOCK: Leaf.BLOCKED, Outcome.REVIEW: Leaf.HELD}


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold."""

    invariant: str
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


def violations(town: Town, undisturbed: Town) -> list[Violation]:
    """Return everything that is wrong with a town after its storm, compared with one that had none."""
    found = [*_proof(town), *_queue(town), *_orders(town, undisturbed), *_balances(town, undisturbed)]
    found += [*_budgets(town), *_unfair(undisturbed), *_bounties(town), *_early(town)]
    found += [*_points_taken(town), *_points_bought(town)]
    return [*found, *_payouts(town), *_nothing_left(town), *_again(town)]


def _proof(town: Town) -> Iterator[Violation]:
    """`verify` proves the books."""
    for fault in verify_program(PROGRAM_ID, town.stores.ledger, town.stores.treasury).faults:
        yield Violation("the books are proven", str(fault))


def _queue(town: Town) -> Iterator[Violation]:
    """Only what no one can post waits; nothing broke; nobody gave up after fewer races than they may lose."""
    for order in town.stores.failures.orders - town.script.unusable:
        yield Violation("what can be posted does not wait", str(order))
    for reason in town.stores.failures.foreign:
        yield Violation("nothing breaks", reason)
    for reason in town.gave_up:
        yield Violation("a lost race is run again", reason)
    for name in town.untrue:
        yield Violation("what is said to be posted is in the ledger", name)


def _orders(town: Town, undisturbed: Town) -> Iterator[Violation]:
    """Each order stands as without the storm, and as a second calculator says.

    Where campaigns run out a storm changes who comes first, and what was granted is the calculator's input.
    """
    story = _story(town)
    for order in town.script.orders:
        view = _view(town, order, story)
        for currency, amounts in (("USD", view.amounts), (POINTS, view.points)):
            stands, expected = _stands(town, order, currency), _stands(undisturbed, order, currency)
            if not town.script.scarce and _freed(stands, town) != _freed(expected, town):
                yield Violation("an order stands as undisturbed", f"{order} at {stands}, not {expected}")
            if _by_promoter(stands) != amounts:
                yield Violation(
                    "every fact with money is posted", f"{order} at {stands}, facts say {amounts}"
                )
            elif order not in town.script.late_stops and _misplaced(stands, view, town):
                yield Violation(
                    "time and verdicts move money", f"{order} at {stands}, verdict {view.outcome}"
                )
        if (paid := _paid_by_campaigns(town, order)) != view.paid:
            yield Violation("campaigns pay what they add", f"{order}: {paid}, facts say {view.paid}")
        for entry in town.stores.ledger.entries_of(order):
            if _undoes_release(entry):
                yield Violation("what was released stays payable", entry.id)


def _paid_by_campaigns(town: Town, order: OrderKey) -> dict[str, int]:
    amounts = standing(town.stores.ledger.entries_of(order)).items()
    return {account.owner: -minor for (account, _), minor in amounts if account.leaf is Leaf.BUDGET}


def _bounties(town: Town) -> Iterator[Violation]:
    """A bounty stands exactly where an obvious recount of all orders says so."""
    story, script = _story(town), town.script
    views = [_view(town, order, story) for order in script.orders] if script.bounties else []
    # Everything arrives before any hold ends, so when it was known does not matter.
    known = [replace(view.sold, since=script.phases[0].at) for view in views if view.sold]
    stands = [Stand({}, None, {}, sales=(sold,)) for sold in known]
    suspended = _suspended(town)
    for promoter in script.promoters if script.bounties else ():
        due = bounties_due(story, stands, promoter.id, town.clock)
        for currency, expected in due.items():
            found = _bonuses(town, promoter.id, currency)
            wrong = sum(found.values()) != sum(expected.values())
            if wrong or (promoter.id not in suspended and found != expected):
                yield Violation(
                    "a bounty stands when its evidence does", f"{promoter.id} has {found}, not {expected}"
                )


def _early(town: Town) -> Iterator[Violation]:
    """No bounty is payable before its hold has ended."""
    for entry in town.stores.ledger.appended:
        if isinstance(entry.key, BonusKey) and entry.reason in (EntryReason.BONUS, EntryReason.RELEASED):
            _, period = town.stores.catalog.terms(PROGRAM_ID).bounty_period(entry.key.name)
            leaves = {posting.destination.leaf for posting in entry.postings}
            if entry.recorded_at < period.held_until and Leaf.PAYABLE in leaves:
                yield Violation("a bounty is held", f"{entry.id} is payable before {period.held_until}")


def _bonuses(town: Town, promoter_id: str, currency: str) -> dict[str, int]:
    """Return what stands of somebody's bounties, by account."""
    found: dict[str, int] = {}
    for entry in town.stores.ledger.appended:
        if isinstance(entry.key, BonusKey) and entry.key.promoter_id == promoter_id:
            for (account, code), minor in net(entry.postings).items():
                if code == currency and account.is_promoters:
                    found[account.leaf.value] = found.get(account.leaf.value, 0) + minor
    return {leaf: minor for leaf, minor in found.items() if minor}


def _unfair(undisturbed: Town) -> Iterator[Violation]:
    """Where nobody is in the way a campaign gives all that is asked of it while it has it."""
    for what in badly_granted(undisturbed.stores.ledger.appended, undisturbed.script.campaigns):
        yield Violation("campaigns give what they have", what)


def _budgets(town: Town) -> Iterator[Violation]:
    """What counters have taken is what campaigns' accounts say, and never more than there was."""
    taken: dict[str, int] = {}
    for key, minor in town.stores.ledger.counters.items():
        name = f"{key.scarce}/{key.subject}" if key.scarce.startswith(PROMOTER) else key.scarce
        taken[name] = taken.get(name, 0) + minor
    paid: dict[str, int] = {}
    for entry in town.stores.ledger.appended:
        for (account, _), minor in net(entry.postings).items():
            if account.leaf is Leaf.BUDGET:
                paid[account.owner] = paid.get(account.owner, 0) - minor
    for campaign in town.script.campaigns:
        used, cost = taken.get(BUDGET + campaign.id, 0), paid.get(campaign.id, 0)
        if campaign.budget is not None and not 0 <= used == cost <= campaign.budget:
            yield Violation(
                "a budget is kept", f"{campaign.id}: {used} taken, {cost} paid, {campaign.budget}"
            )
        for name, used in taken.items():
            most = campaign.promoter_cap or 0
            if name.startswith(f"{PROMOTER}{campaign.id}/") and not 0 <= used <= most:
                yield Violation("a promoter's cap is kept", f"{name}: {used} of {most}")


def _undoes_release(entry: Entry) -> bool:
    """Say whether an entry moves money of a promoter's to where it cannot be paid from."""
    moves = ((posting.source.leaf, posting.destination.leaf) for posting in entry.postings)
    return any(
        source is Leaf.PAYABLE and destination in (Leaf.HELD, Leaf.BLOCKED) for source, destination in moves
    )


def _story(town: Town) -> Story:
    script, stores = town.script, town.stores
    clicks = tuple(stores.clicks.stored.values())
    promoters = tuple(stores.catalog.promoters_of(PROGRAM_ID))
    facts, coupons = tuple(stores.facts.appended), stores.catalog.coupons_known()
    plans, campaigns = script.plans, script.campaigns
    if not script.scarce:
        # Nobody reaches a limit: there is none, whatever was granted.
        plans = tuple(replace(plan, caps=()) for plan in plans)
        campaigns = tuple(replace(one, budget=None, promoter_cap=None) for one in campaigns)
    return Story(
        script.program,
        plans,
        promoters,
        clicks,
        facts,
        coupons=coupons,
        campaigns=campaigns,
        bounties=script.bounties,
    )


def _view(town: Town, order: OrderKey, story: Story) -> View:
    facts = town.stores.facts.facts_of(order)
    is_test = any(fact.snapshot and fact.snapshot.test for fact in facts)
    if is_test or order in town.script.unusable:
        return View({}, None, None)
    has = holdings_of(town.stores.ledger.entries_of(order)).held
    return look(story, facts, None, town.clock, {str(key): one.granted for key, one in has.items()})


def _stands(town: Town, order: OrderKey, currency: str) -> Amounts:
    amounts = standing(town.stores.ledger.entries_of(order)).items()
    return {
        (account.owner, account.leaf): minor
        for (account, code), minor in amounts
        if code == currency and account.leaf not in (Leaf.COMMISSION, Leaf.BUDGET)
    }


def _by_promoter(amounts: Amounts) -> dict[str, int]:
    sums: dict[str, int] = {}
    for (promoter_id, _), minor in amounts.items():
        sums[promoter_id] = sums.get(promoter_id, 0) + minor
    return {promoter_id: minor for promoter_id, minor in sums.items() if minor}


def _misplaced(amounts: Amounts, view: View, town: Town) -> bool:
    """Say whether anything is where it should not be; a suspended promoter's part may wait."""
    expected = _expected_leaf(view)
    waiting = {(name, Leaf.HELD) for name in _suspended(town)} if expected is Leaf.PAYABLE else set()
    return any(leaf not in (expected, Leaf.HOUSE) for name, leaf in amounts.keys() - waiting)


def _suspended(town: Town) -> set[str]:
    return {
        promoter.id
        for promoter in town.stores.catalog.promoters_of(PROGRAM_ID)
        if promoter.status_at(town.clock) is PromoterStatus.SUSPENDED
    }


def _freed(amounts: Amounts, town: Town) -> Amounts:
    """Return amounts as if nobody waited: whether a release came before a suspension is the storm's doing."""
    suspended, found = _suspended(town), dict[tuple[str, str], int]()
    for (name, leaf), minor in amounts.items():
        place = (name, Leaf.PAYABLE if leaf is Leaf.HELD and name in suspended else leaf)
        found[place] = found.get(place, 0) + minor
    return found


def _expected_leaf(view: View) -> Leaf:
    return Leaf.PAYABLE if view.outcome is None else STOPPED.get(view.outcome, Leaf.PAYABLE)


def _balances(town: Town, undisturbed: Town) -> Iterator[Violation]:
    """Every promoter's balance is as without the storm; where streams lagged, payouts may differ in time."""
    names = [promoter.id for promoter in town.script.promoters]
    for name, currency in ((name, code) for name in names for code in ("USD", POINTS)):
        apart = _is_paid_apart(town)
        balance, expected = (_comparable(each, name, currency, apart) for each in (town, undisturbed))
        if balance != expected and not town.script.scarce:
            yield Violation("balances are as undisturbed", f"{name} has {balance}, not {expected}")


def _points_taken(town: Town) -> Iterator[Violation]:
    """Who took points saw that they were there, in the very state of the account in which they were taken.

    What expires was there when its day began; a refund since then takes it once more, and gives it back.
    """
    for entry in town.stores.ledger.appended:
        if isinstance(entry.key, AccountKey) and entry.reason in (EntryReason.SPENT, EntryReason.EXPIRED):
            points = sum(posting.amount.minor for posting in entry.postings)
            due = (entry.purpose or "").split("/")[2] if entry.reason is EntryReason.EXPIRED else NEVER
            read = town.watched.seen.get((entry.key, entry.sequence - 1), ())
            seen = max((_available_before(due, pages, head) for pages, head in read), default=0)
            if not 0 < points <= seen:
                yield Violation("only what is there is taken", f"{entry.id} takes {points} of {seen}")


def _available_before(day: str, pages: Sequence[Page], head: Head) -> int:
    return available(balance(page for page in pages if page.key.day < day).get(Leaf.PAYABLE, 0), head)


def _points_bought(town: Town) -> Iterator[Violation]:
    """Who has a coupon paid for it what was asked, once; and nobody paid for one that they do not have."""
    for name, (command, entry) in town.bought.items():
        key = AccountKey(PROGRAM_ID, command.promoter_id, POINTS)
        spent = [one for one in town.stores.ledger.entries_of(key) if one.purpose == name]
        points = sum(posting.amount.minor for posting in entry.postings)
        if spent != [entry] or points != command.points:
            yield Violation("a coupon is bought once", f"{name}: {len(spent)} entries, {points} points")
    reasons = [e for e in town.stores.ledger.appended if e.reason is EntryReason.SPENT]
    for entry in reasons:
        if entry.purpose not in town.bought:
            yield Violation("a coupon is bought once", f"{entry.id} was paid for nothing")


def _taken_apart(town: Town, promoter_id: str, currency: str) -> int:
    """Return what accounts of points did by themselves to a payable balance.

    Where streams lag, what is there when somebody spends, or when it expires, is the storm's doing.
    """
    entries = town.stores.ledger.entries_of(AccountKey(PROGRAM_ID, promoter_id, currency))
    return sum(
        minor
        for entry in entries
        if entry.reason in OF_POINTS
        for (account, _), minor in net(entry.postings).items()
        if account.leaf is Leaf.PAYABLE
    )


SETTLING = (" settlements.", " queue.")
"""What a strike is at that stops a settlement, which goes on when it is started again."""


def _is_paid_apart(town: Town) -> bool:
    """Say whether a run may pay something else than without the storm, so that only the sum is the same.

    What the rail gave back is paid by a later run, and which one that is depends on when it answered. A
    settlement that was stopped goes on when what was told in the same hour is posted: a refund is netted
    then, and not owed.
    """
    may_come_back = town.script.completes_bps < WHOLE_BPS
    is_late = any(store in strike for strike in town.storm.notes for store in SETTLING)
    return town.script.lags or may_come_back or is_late


def _comparable(
    town: Town, promoter_id: str, currency: str, is_apart: bool
) -> Balance | tuple[int, int, int]:
    balance = read_balance(AccountKey(PROGRAM_ID, promoter_id, currency), town.stores.treasury)
    if town.script.lags or promoter_id in _suspended(town):
        taken = _taken_apart(town, promoter_id, currency)
        balance = replace(balance, payable_minor=balance.payable_minor - taken)
    released = balance.payable_minor + balance.reserved_minor + balance.paid_minor
    if promoter_id in _suspended(town):
        return (0, balance.blocked_minor, balance.held_minor + released)
    return (balance.held_minor, balance.blocked_minor, released) if is_apart else balance


def _payouts(town: Town) -> Iterator[Violation]:
    """Nothing is paid twice: files never change once the rail has them, and what it paid is in the books."""
    for name in town.stores.files.changed:
        yield Violation("a payout file never changes", name)
    asked: set[str] = set()
    for row in _rows(town):
        if row["payout_id"] in asked:
            yield Violation("nothing is paid twice", f"{row['payout_id']} is asked for twice")
        asked.add(row["payout_id"])
    for promoter in town.script.promoters:
        paid, booked = _paid_by_rail(town, promoter.id), _booked(town, promoter.id)
        if paid != booked:
            yield Violation("nothing is paid twice", f"{promoter.id} got {paid}, the books say {booked}")


def _rows(town: Town) -> Iterator[dict[str, str]]:
    for body, _ in town.stores.files.stored.values():
        yield from csv.DictReader(io.StringIO(body.decode()))


def _paid_by_rail(town: Town, promoter_id: str) -> int:
    """Return what the rail's files ask for that was completed, or is still under way."""
    failed = {
        payout_id
        for payout_id, payout in town.stores.treasury.stored.items()
        if payout.state is PayoutState.FAILED
    }
    return sum(
        parse_minor(row["amount"], row["currency"])
        for row in _rows(town)
        if row["promoter_id"] == promoter_id and row["payout_id"] not in failed
    )


def _booked(town: Town, promoter_id: str) -> int:
    """Return what the account's entries took and did not get back."""
    signs = {EntryReason.RESERVED: 1, EntryReason.RETURNED: -1}
    entries = town.stores.ledger.entries_of(AccountKey(PROGRAM_ID, promoter_id, "USD"))
    return sum(
        signs.get(entry.reason, 0) * posting.amount.minor for entry in entries for posting in entry.postings
    )


def _nothing_left(town: Town) -> Iterator[Violation]:
    """Posting any order again moves no money, and nobody need look again.

    That a click recorded too late was looked at may be on record now where it was not before.
    """
    stores = town.stores
    ports = PostOrderPorts(stores.ledger, stores.facts, stores.clicks, stores.catalog, stores.pages)
    for order in town.script.orders:
        if _waits_for_click(town, order):
            continue
        is_decided_again = _is_decided_once_more(town, order)
        try:
            entry = post_order(PostOrder(order), ports, town.clock)
        except OrderUnprocessableError:
            continue
        if entry and (entry.postings or entry.due_at) and not (is_decided_again and entry.decision):
            yield Violation("nothing is left to post", f"{entry.id} {entry.reason}")
    for bounty in bounties_touched(tuple(stores.ledger.appended)):
        if (posted := post_bounty(bounty, ports, town.clock)) is not None:
            yield Violation("nothing is left to post", f"{posted.id} {posted.reason}")


def _waits_for_click(town: Town, order: OrderKey) -> bool:
    decision = decision_in_force(town.stores.ledger.entries_of(order))
    return decision is not None and decision.is_pending


def _is_decided_once_more(town: Town, order: OrderKey) -> bool:
    """Say whether an order was decided in its grace period and somebody will look at it when it is due."""
    entries, placed_at = (
        town.stores.ledger.entries_of(order),
        fold(town.stores.facts.facts_of(order)).placed_at,
    )
    if not entries or placed_at is None or entries[-1].due_at is None:
        return False
    return entries[-1].recorded_at < grace_end(placed_at) and town.clock < entries[-1].due_at


def audit(town: Town) -> list[Violation]:
    """Return what is wrong in the middle of a storm after everything that arrived was worked off."""
    return list(_nothing_left(town))


def _again(town: Town) -> Iterator[Violation]:
    """Doing everything again changes nothing."""
    before = _everything(town)
    for step in _all_steps(town):
        step()
    after = _everything(town)
    for name, value in before.items():
        if after[name] != value:
            yield Violation("doing it all again changes nothing", f"{name}: {after[name]}, not {value}")


def _all_steps(town: Town) -> Iterator[Callable[[], object]]:
    arrivals = [arrival for phase in town.script.phases for arrival in phase.arrivals]
    for arrival in arrivals[::3]:
        if isinstance(arrival, Delivery):
            yield lambda arrival=arrival: town.arrive(arrival)  # type: ignore[misc]
    yield town.facts.replay
    yield from [town.screened.replay] if town.script.screens else []
    yield town.entries.replay
    yield from (
        town.sweep,
        town.redrive,
        town.start,
        town.lists.replay,
        town.settlement_pages.replay,
        town.payouts.replay,
    )
    for command, _ in town.bought.values():
        yield lambda command=command: town.spend(command)  # type: ignore[misc]
    yield from [town.tend] if town.script.points else []
    for name in tuple(town.stores.files.stored):
        yield lambda name=name: town.bring_results(name)  # type: ignore[misc]


def _everything(town: Town) -> dict[str, Any]:
    stores = town.stores
    return {
        "facts": len(stores.facts.appended),
        "entries": len(stores.ledger.appended),
        "pages": dict(stores.pages.stored),
        "heads": dict(stores.treasury.heads),
        "payouts": dict(stores.treasury.stored),
        "files": dict(stores.files.stored),
        "changed files": tuple(stores.files.changed),
    }
