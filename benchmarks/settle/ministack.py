"""The same settlement through the DynamoDB adapters on MiniStack: what it asks, and how fast it is here."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.engine.report import Verdict
from benchmarks.settle.accounts import NOW, OPENED_AT, PROGRAM_ID, expected
from benchmarks.settle.ours import NoRails, commission_pages, program, promoter
from grapevine.adapters.cache import CachedCatalog
from grapevine.adapters.dynamo.catalog import DynamoCatalog
from grapevine.adapters.dynamo.pages import DynamoPages
from grapevine.adapters.dynamo.payees import DynamoPayees
from grapevine.adapters.dynamo.settlements import DynamoSettlements
from grapevine.adapters.dynamo.table import Access, Database
from grapevine.adapters.dynamo.treasury import DynamoTreasury
from grapevine.adapters.memory.outside import MemorySettlementQueue
from grapevine.domain.plans import Plan
from grapevine.usecases.close_settlement import ClosePorts
from grapevine.usecases.list_promoters import ListPorts, list_promoters
from grapevine.usecases.settle_page import SettlePage, SettlePorts, settle_page
from grapevine.usecases.start_settlements import StartSettlementsPorts, start_settlements
from tests.engines import ministack
from tests.engines.endpoint import ACCESS_KEY, MINISTACK, REGION, DynamoEndpoint
from tests.engines.requests import Job, RequestCounter
from tests.engines.tables import create_tables, table_definitions


def main() -> int:
    """Settle a small shop; 1 where a promoter costs more requests than they may."""
    parser = argparse.ArgumentParser(prog="make bench-settle", description=__doc__)
    parser.add_argument("--promoters", type=int, default=400)
    numbers = range(1, parser.parse_args().promoters + 1)
    with database() as db:
        treasury, job, seconds = settled(db, numbers)
        stored = treasury.all_payouts(PROGRAM_ID)
        is_right = {payout.key.promoter_id: payout.amount_minor for payout in stored} == expected(numbers)
    paid, carried = len(expected(numbers)), len(numbers) - len(expected(numbers))
    most, asked = 4 * paid + carried, len(job.requests)
    print(f"{len(numbers)} promoters with {4 * len(numbers)} commissions, on MiniStack:")
    print(f"  {len(numbers) / seconds:,.0f} promoters a second by the clock: it proves behaviour, not speed")
    print(f"  {asked / len(numbers):.2f} requests a promoter, {paid} paid and {carried} carried")
    print("\n".join(f"  {line}" for line in job.report().splitlines()))
    text = f"{asked} requests (at most {most}: 4 per paid, 1 per carried), everybody paid: {is_right}"
    verdict = Verdict(asked <= most and is_right, text)
    print(f"\n{verdict}")
    return 0 if verdict.is_reached else 1


@contextmanager
def database() -> Iterator[Database]:
    """Yield tables on a MiniStack of our own."""
    os.environ.update(AWS_ACCESS_KEY_ID=ACCESS_KEY, AWS_SECRET_ACCESS_KEY=ACCESS_KEY)
    with TemporaryDirectory(prefix="gv-settle-") as folder, ministack.running(Path(folder)) as url:
        empty = DynamoEndpoint(engine=MINISTACK, endpoint_url=url, tables={})
        tables = create_tables(empty.client(), "bench-", table_definitions())
        yield Database(tables, Access(region=REGION, endpoint_url=url, read_timeout_seconds=30))


def settled(db: Database, numbers: range) -> tuple[DynamoTreasury, Job, float]:
    """Fill the accounts, settle them, and return what that asked and how long it took."""
    stored, treasury, settlements = DynamoCatalog(db), DynamoTreasury(db), DynamoSettlements(db)
    stored.add_program(program(), Plan(version=1, effective_at=OPENED_AT, rate_bps=(1000,)))
    for number in numbers:
        stored.add_promoter(replace(promoter(number), joined_at=OPENED_AT))
    DynamoPages(db).fold(tuple(commission_pages(numbers)))
    catalog, queue = CachedCatalog(stored, perf_counter), MemorySettlementQueue()
    closing = ClosePorts(settlements, queue)
    listing = ListPorts(catalog, settlements, queue, closing)
    settling = SettlePorts(catalog, treasury, settlements, closing, DynamoPayees(db), NoRails())
    counter = RequestCounter()
    counter.attach(db.connection.client.meta.events)
    with counter.job("settling") as job:
        started = perf_counter()
        start_settlements(StartSettlementsPorts(catalog, settlements, queue), NOW)
        while queue.lists or queue.pages:
            work = [partial(list_promoters, name, listing, NOW) for name in queue.lists]
            work += [partial(settle_page, SettlePage(name), settling, NOW) for name in queue.pages]
            queue.lists.clear()
            queue.pages.clear()
            for handle in work:
                handle()
        seconds = perf_counter() - started
    return treasury, job, seconds


if __name__ == "__main__":
    sys.exit(main())
