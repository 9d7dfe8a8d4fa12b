"""Grapevine with one protection removed, many times over: the simulation must find every one.

A protection in a store is removed by a weaker store (`weak.py`), one in the code by an edit of its text
(`universe.py`). Where two protections guard the same thing and either is enough, both are removed.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulation.universe import Edit


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A protection that is missing: its name, what it protects from, and how it is removed.

    `front` are the stores over which the storms are in which it is hunted, where it takes luck to miss it
    in others: `make simulate` draws such storms too, but not for every world.
    """

    name: str
    lacks: str
    edits: tuple[Edit, ...] = ()
    kinds: str = "Kinds"
    front: frozenset[str] = frozenset()


ORDERS, DECISIONS, PLACEMENT = "domain/orders.py", "domain/decisions.py", "domain/accrual.py"
CANDIDATES = "domain/candidates.py"
POSTING, DECIDING = "usecases/post_order.py", "usecases/decide_order.py"
FINDING, SPENDING = "usecases/find_touches.py", "usecases/spend_points.py"
SWEEPING, REDRIVING = "usecases/sweep_due.py", "usecases/redrive_orders.py"
SETTLING, SCREENING = "usecases/settle_page.py", "usecases/screen_order.py"
PLACING, PEOPLE = "usecases/place_order.py", "domain/people.py"
RATES, PROGRAMS = "domain/rates.py", "domain/programs.py"
BOOKS, RUNS = frozenset({"ledger", "facts"}), frozenset({"treasury", "settlements", "files", "queue"})

READS = "    entries = ports.ledger.entries_of(key)\n    facts = ports.facts.facts_of(key)\n"
READS_REVERSED = "    facts = ports.facts.facts_of(key)\n    entries = ports.ledger.entries_of(key)\n"
SETTLE_DONE = "    done = None if page.is_done else page.done(_outcomes(page, command.tries, ports, now))\n"
SETTLED_AGAIN = "    done = page.done(_outcomes(page, command.tries, ports, now))\n"
SETTLED_TOO_EARLY = "    ports.settlements.finish_page(page.done(()))\n" + SETTLE_DONE
SWEPT = "    outcomes = [_post(key, ports, now) for key in found]\n    ports.mark.set_swept_until(now)\n"
SWEPT_TOO_EARLY = (
    "    ports.mark.set_swept_until(now)\n    outcomes = [_post(key, ports, now) for key in found]\n"
)
TAKEN_OUT = "    try:\n        redrive_order(item.order, ports, now)\n"
TAKEN_OUT_TOO_EARLY = "    ports.waiting.done(item)\n" + TAKEN_OUT
FOLD_TOO = "        fold_entries(FoldEntries(entries), ports.pages)\n"
STAYS = "    return now < ends or entries[-1].recorded_at >= ends\n"
EVERY_CLICK = "clicks = ports.clicks.clicks_of(visitor_id, MOST_CLICKS) if visitor_id else ()"
ONE_CLICK = "clicks = tuple(filter(None, [ports.clicks.click(order.click_id)])) if order.click_id else ()"
SORTED_CLICKS = (
    "    clicks = sorted([t for t in eligible if not t.coupon_code], "
    "key=lambda t: (t.occurred_at, t.click_id))\n"
)
ALREADY_EFFECTIVE = "changes = [change for change in self.status_changes if change.effective_at <= instant]\n"
PENDING = "    if is_open and is_late(order, found.touches):\n"

STORES = (
    Mutant(name="ledger overwrites", lacks="an entry's number must be free", kinds="Overwriting"),
    Mutant(name="ledger forgives", lacks="who lost a race is told", kinds="Forgiving"),
    Mutant(name="counters apart", lacks="an entry and its counters are one write", kinds="Apart"),
    Mutant(name="pages without marks", lacks="an entry is in a page once", kinds="Unmarked"),
    Mutant(name="pages with a high-water mark", lacks="every entry has its own mark", kinds="HighWater"),
    Mutant(name="heads without condition", lacks="a head is moved from where it was read", kinds="Headless"),
    Mutant(
        name="payouts without absence",
        lacks="a settlement pays an account once",
        kinds="Repeating",
        front=RUNS,
    ),
    Mutant(
        name="results without condition", lacks="a payout is completed or given back once", kinds="Careless"
    ),
    Mutant(name="movement in three writes", lacks="entry, head and payout are one write", kinds="Piecemeal"),
    Mutant(name="stale facts", lacks="facts are read strongly consistent", kinds="Stale"),
)

POSTS = (
    Mutant(
        name="grants are kept",
        lacks="what an order does not use of something scarce is given back to its counter",
        edits=(Edit("domain/asking.py", "        if change\n", "        if change > 0\n"),),
    ),
    Mutant(
        name="grants are asked for again",
        lacks="an entry takes of a counter only what it has not taken yet",
        edits=(Edit("domain/asking.py", "grant.granted - before.of(grant.key).granted", "grant.granted"),),
    ),
    Mutant(
        name="facts before entries",
        lacks="what another writer has posted is among the facts (order of reads, and the count covered)",
        front=BOOKS,
        edits=(
            Edit(POSTING, READS, READS_REVERSED),
            Edit(POSTING, "    _refuse_stale(entries, facts)\n", ""),
        ),
    ),
    Mutant(
        name="posting without retry",
        lacks="who lost a race starts over",
        edits=(Edit(POSTING, "\nATTEMPTS = 8\n", "\nATTEMPTS = 1\n"),),
    ),
    Mutant(
        name="lost races are forgotten",
        lacks="who lost a race starts over",
        edits=(Edit(POSTING, "            continue\n", "            return posted\n"),),
    ),
    Mutant(
        name="posts and looks no more",
        lacks="who has posted looks for facts that came meanwhile and had nothing to change yet",
        front=BOOKS,
        edits=(
            Edit(
                POSTING,
                "if entry is None or len(ports.facts.facts_of(command.order)) <= entry.covers:",
                "if True:",
            ),
        ),
    ),
    Mutant(
        name="click not waited for",
        lacks="an order waits for its click until the grace period ends",
        edits=(Edit(DECIDING, PENDING, "    if False:\n"),),
    ),
    Mutant(
        name="first decision stays",
        lacks="a decision is made again when what it rests on changes",
        edits=(Edit(DECIDING, "known.basis != basis or order.placed_at", "order.placed_at"),),
    ),
    Mutant(
        name="a provisional decision stays",
        lacks="a decision made in the grace period is made once more after it",
        edits=(Edit(DECIDING, STAYS, "    return True\n"),),
    ),
    Mutant(
        name="one click of the visitor",
        lacks="every click of the visitor counts, not only the one that the order names",
        edits=(Edit(FINDING, EVERY_CLICK, ONE_CLICK),),
    ),
    Mutant(
        name="clicks as they come",
        lacks="touches are sorted by when they happened",
        edits=(
            Edit(
                DECISIONS,
                SORTED_CLICKS,
                "    clicks = [t for t in reversed(eligible) if not t.coupon_code]\n",
            ),
        ),
    ),
    Mutant(
        name="coupons as they are now",
        lacks="a coupon counts as it was when the order was placed",
        edits=(
            Edit(
                CANDIDATES,
                "coupon.is_enabled_at(placed_at)",
                "not coupon.changes or coupon.changes[-1].enabled",
            ),
        ),
    ),
    Mutant(
        name="disabled coupons count",
        lacks="a coupon that was switched off gives nothing",
        edits=(Edit(CANDIDATES, "coupon.is_enabled_at(placed_at)", "True"),),
    ),
    Mutant(
        name="any coupon wins",
        lacks="a coupon decides only where its mode says so",
        edits=(Edit(DECISIONS, "    if coupon and wins:\n", "    if coupon:\n"),),
    ),
    Mutant(
        name="status as it is now",
        lacks="whether somebody earns is read as of the order's own instant",
        edits=(Edit(PEOPLE, ALREADY_EFFECTIVE, "changes = [change for change in self.status_changes]\n"),),
    ),
    Mutant(
        name="the newest plan",
        lacks="an order keeps the version of the plan that was in force when it was paid",
        edits=(
            Edit(
                PROGRAMS,
                "in_force = [plan for plan in self.plans if plan.effective_at <= instant]",
                "in_force = self.plans",
            ),
        ),
    ),
    Mutant(
        name="no cap on the pool",
        lacks="all levels together earn no more than the plan's pool",
        edits=(Edit(RATES, "sum(wanted) <= pool_cap", "True"),),
    ),
    Mutant(
        name="no cap on a line",
        lacks="no level earns more of a line than the plan's cap",
        edits=(Edit(RATES, "max(wanted) <= line_cap and", ""),),
    ),
    Mutant(
        name="any rule of the ladder",
        lacks="the most precise rule for a line decides",
        edits=(Edit(RATES, "key=lambda pay: (-pay[0].rung,", "key=lambda pay: (pay[0].rung,"),),
    ),
    Mutant(
        name="parts of the whole rounded up",
        lacks="what does not divide among those who share an order goes to the first of them only",
        edits=(
            Edit("domain/earnings.py", "split(whole, len(claims))[number]", "split(whole, len(claims))[0]"),
        ),
    ),
    Mutant(
        name="upline as hinted",
        lacks="a click's upline is a hint, never a truth",
        edits=(Edit(FINDING, "        for _ in range(SEARCH_DEPTH):\n", "        for _ in range(0):\n"),),
    ),
    Mutant(
        name="upline as it is now",
        lacks="an order is decided by the network of its own instant",
        edits=(
            Edit(
                PEOPLE,
                "alias or promoter.sponsor_at(instant)",
                "alias or promoter.sponsor_at(AFTER_ALL)",
            ),
        ),
    ),
    Mutant(
        name="late clicks count",
        lacks="a click recorded after the grace period never counts",
        edits=(Edit(CANDIDATES, "touch.recorded_at > grace_end(placed_at)", "False"),),
    ),
    Mutant(
        name="facts by arrival",
        lacks="facts are sorted by the source's own version",
        edits=(
            Edit(
                ORDERS, "    return fact.version, payment.rank", "    return fact.recorded_at, payment.rank"
            ),
        ),
    ),
    Mutant(
        name="refunds not united",
        lacks="a refund told twice is one refund",
        edits=(Edit(ORDERS, "by_id[refund.id] = refund", 'by_id[f"{refund.id} {len(by_id)}"] = refund'),),
    ),
    Mutant(
        name="looks once",
        lacks="what is not released at its first instant is looked at again",
        edits=(
            Edit(
                PLACEMENT,
                "    if place.due_at is None:\n        return False\n",
                "    if entries:\n        return False\n    if place.due_at is None:\n        return False\n",
            ),
        ),
    ),
    Mutant(
        name="release undone",
        lacks="what was released stays released",
        edits=(
            Edit(
                PLACEMENT,
                "    if released:\n        return Placement",
                "    if False:\n        return Placement",
            ),
        ),
    ),
)

CAMPAIGNS = (
    Mutant(
        name="budgets without condition",
        lacks="a budget is read before anything is taken of it, and taking is conditional",
        kinds="Boundless",
    ),
    Mutant(
        name="budgets as they were read",
        lacks="who took of a budget meanwhile is noticed: a rise leaves its counter at the limit at most",
        kinds="Unlimited",
        front=frozenset({"ledger"}),
    ),
    Mutant(
        name="every shard has it all",
        lacks="a shard has its part of a budget, not the whole",
        edits=(
            Edit(
                "domain/campaign_grants.py",
                "    return allocate(campaign.budget or 0, (1,) * number) if number else ()\n",
                "    return (campaign.budget or 0,) * number\n",
            ),
        ),
    ),
    Mutant(
        name="refunds keep the budget",
        lacks="what goes back of an order goes back to the campaign",
        edits=(
            Edit(
                "domain/grants.py",
                "    unused = {key: Use(0, 0) for key in holdings.held if key not in uses}\n",
                "    unused: dict[GrantKey, Use] = {}\n",
            ),
        ),
    ),
    Mutant(
        name="campaigns without accounts",
        lacks="what a campaign has paid is in its account",
        edits=(
            Edit(
                "domain/placing.py",
                "        wanted[budget_account(program_id, name), code] = -minor\n",
                "        wanted[budget_account(program_id, name), code] = -abs(minor) // 2\n",
            ),
        ),
    ),
    Mutant(
        name="campaigns by the clock on the wall",
        lacks="a campaign is for what was paid within it, however late we hear of it",
        edits=(
            Edit(
                "domain/campaign_reach.py",
                "    instants = {Clock.PAID: order.paid_at, Clock.PLACED: order.placed_at}\n",
                "    instants = {Clock.PAID: order.known_since, Clock.PLACED: order.placed_at}\n",
            ),
        ),
    ),
    Mutant(
        name="exclusive campaigns share",
        lacks="where one campaign is exclusive no other adds anything",
        edits=(Edit("domain/campaign_pay.py", "    if exclusive:\n", "    if False:\n"),),
    ),
    Mutant(
        name="campaigns beyond the pool",
        lacks="campaigns give way to the plan's caps",
        edits=(
            Edit(
                "domain/campaign_pay.py",
                "    if sum(parts) <= room:\n",
                "    if sum(parts) <= abs(room) + 10**30:\n",
            ),
        ),
    ),
    Mutant(
        name="promoters without a cap",
        lacks="a promoter has no more of a campaign than its cap",
        edits=(
            Edit(
                "domain/wants.py",
                "    if campaign is None or campaign.promoter_cap is None:\n",
                "    if True:\n",
            ),
        ),
    ),
    Mutant(
        name="points go where money goes",
        lacks="points are held as long as the order",
        edits=(
            Edit(
                "domain/placing.py",
                "(Account(program_id, name, leaf_of(name)), POINTS): minor",
                "(Account(program_id, name, Leaf.PAYABLE), POINTS): minor",
            ),
        ),
    ),
)

BOUNTIES = (
    Mutant(
        name="bounties stay",
        lacks="a refund that undoes the evidence undoes the bounty",
        edits=(
            Edit(
                "domain/bounty_posting.py",
                "    if not (postings or _must_rearm(due_at, entries, now)):\n",
                "    if (entries and not case.amount) or not postings:\n",
            ),
        ),
    ),
    Mutant(
        name="bounties without a hold",
        lacks="a bounty is held as long as its evidence is looked at",
        edits=(
            Edit(
                "domain/bounty_posting.py",
                "    leaf = Leaf.PAYABLE if was_released or is_over else Leaf.HELD\n",
                "    leaf = Leaf.PAYABLE\n",
            ),
            Edit(
                "domain/bounty_posting.py",
                "        released=was_released or is_over,\n",
                "        released=True,\n",
            ),
        ),
    ),
    Mutant(
        name="evidence without an end",
        lacks="an order counts for a bounty by when it was paid, not by when we heard of it",
        edits=(
            Edit(
                "domain/evidence.py",
                "for period in periods for name, volume in sold.items()}",
                "for period in periods for name, volume in sold.items() if now < period.ends_at}",
            ),
        ),
    ),
    Mutant(
        name="bounties look once",
        lacks="who has posted a bounty looks whether newer evidence was folded meanwhile",
        front=frozenset({"ledger", "pages"}),
        edits=(Edit("usecases/post_bounty.py", "        posted = entry\n", "        return entry\n"),),
    ),
    Mutant(
        name="blocked orders are evidence",
        lacks="what a verdict blocks counts for no bounty",
        edits=(Edit("domain/sales.py", "    if blocked or not winners", "    if not winners"),),
    ),
)

TAKEN = "changes = [payable_change(entry, _owner(entry)) for entry in account.entries]\n"
TAKEN_BUT = "changes = [payable_change(e, _owner(e)) for e in account.entries if e.reason is not {}]\n"
KEPT = "        decision = replace(decision, kept_bps=kept)\n"
POINTS_AND_COUPONS = (
    Mutant(
        name="points from any head",
        lacks="points are taken from the account as it was read",
        kinds="Unconditional",
    ),
    Mutant(
        name="points beyond what is there",
        lacks="nobody spends more points than they have",
        edits=(Edit(SPENDING, "    if has < command.points:\n", "    if False:\n"),),
    ),
    Mutant(
        name="a coupon for every asking",
        lacks="the same request buys one coupon",
        edits=(Edit(SPENDING, "    if known := _known(command, account):\n", "    if known := None:\n"),),
    ),
    Mutant(
        name="what was spent expires",
        lacks="what was spent is gone before anything expires",
        edits=(Edit("domain/points.py", TAKEN, TAKEN_BUT.format("EntryReason.SPENT")),),
    ),
    Mutant(
        name="expires twice",
        lacks="what has expired does not do so again",
        edits=(
            Edit(
                "domain/points.py",
                "            points = sum(lot.points for lot in lots)\n",
                "            points = 2 * sum(lot.points for lot in lots)\n",
            ),
        ),
    ),
    Mutant(
        name="coupons cost nothing",
        lacks="an order with a coupon keeps only a part of everybody's pay",
        edits=(Edit(DECIDING, KEPT, "        decision = replace(decision, payees=())\n"),),
    ),
    Mutant(
        name="public for ever",
        lacks="a coupon is public as of the order's own instant",
        edits=(
            Edit(
                CANDIDATES,
                "is_public=coupon.is_public_at(placed_at),",
                "is_public=any(mark.public for mark in coupon.marks),",
            ),
        ),
    ),
)

FLOWS = (
    Mutant(
        name="mark before posting",
        lacks="the sweep's mark moves when everything before it was posted or queued",
        edits=(Edit(SWEEPING, SWEPT, SWEPT_TOO_EARLY),),
    ),
    Mutant(
        name="sweep forgets",
        lacks="what a sweep cannot post is queued",
        edits=(Edit(SWEEPING, '        ports.failures.send(key, f"sweep: {reason_of(error)}")\n', ""),),
    ),
    Mutant(
        name="taken out before it is done",
        lacks="an order leaves the queue when it was posted and folded",
        edits=(Edit(REDRIVING, TAKEN_OUT, TAKEN_OUT_TOO_EARLY),),
    ),
    Mutant(
        name="redrive does not fold",
        lacks="a redrive folds what stands",
        edits=(Edit(REDRIVING, FOLD_TOO, "        pass\n"),),
    ),
    Mutant(
        name="verdicts by chance",
        lacks="screening a fact twice gives one verdict",
        edits=(
            Edit(
                SCREENING, "        digest=_digest(verdict),", "        digest=_digest(verdict) + str(now),"
            ),
        ),
    ),
    Mutant(
        name="redelivery is news",
        lacks="a webhook delivered twice is one fact",
        edits=(
            Edit(
                PLACING,
                "digest = digest_of(topic, said)",
                "digest = digest_of(topic + str(now), said)",
            ),
        ),
    ),
)

PAYOUTS = (
    Mutant(
        name="pages that are done settle again",
        lacks="a page that is done settles nobody again",
        edits=(Edit(SETTLING, SETTLE_DONE, SETTLED_AGAIN),),
    ),
    Mutant(
        name="done before it is settled",
        lacks="a page is done when all of its promoters are settled",
        edits=(Edit(SETTLING, SETTLE_DONE, SETTLED_TOO_EARLY),),
    ),
    Mutant(
        name="settlement forgets who failed",
        lacks="a page with somebody missing comes again",
        edits=(Edit(SETTLING, "    if failed and tries < TRIES:\n", "    if False:\n"),),
    ),
)

UNSEEN = frozenset({"bounties look once", "payouts without absence", "posts and looks no more"})
"""Mutants that no world has shown yet in ten thousand: they take two orders at once, or late folding; a head
remembers its last payout, so that only a payout on demand in between would show what absence is for; a fact
must come while an entry is written. Contracts and `test_post_order` test these.
"""

MUTANTS = tuple(
    mutant
    for mutant in (*STORES, *POSTS, *CAMPAIGNS, *BOUNTIES, *POINTS_AND_COUPONS, *FLOWS, *PAYOUTS)
    if mutant.name not in UNSEEN
)
"""Every mutant; names are unique."""
