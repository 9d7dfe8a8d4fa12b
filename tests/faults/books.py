"""What every play must come to: everything that is there, less what depends on how it came to be there.

Which transfers go in one batch depends on where a process ended: what was claimed for a batch that
was never written down goes in another one, the first is written down empty, and the payout counts
more versions. So versions and batches' names are left out. In their place stand the transfers of all
batches and the lines of all payout files, each with how often it is there, and of each leg whether
the batch and the file that it names have it.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tests.faults.cloud import Contents

Books = dict[str, dict[str, Any]]


def books(contents: Contents) -> Books:
    """Return what must be equal however the play went, by row and attribute."""
    batches = {row["sk"]["S"]: body_of(row, contents) for row in of_kind("batch", contents)}
    transfers = Counter(json.dumps(one) for body in batches.values() for one in body["transfers"])
    lines = Counter(",".join(row.values()) for name in contents for row in lines_of(name, contents))
    rows = {f"{row['pk']} {row['sk']}": plain(row, batches, contents) for row in other_rows(contents)}
    results = {name: text for name, text in contents.items() if name.startswith("file results/")}
    dead = {"messages": contents["dead"]}
    return {**rows, "transfers": transfers, "lines": lines, "results": results, "dead": dead}


def of_kind(kind: str, contents: Contents) -> Iterator[dict[str, Any]]:
    """Yield the rows of a kind."""
    rows = (row for row in contents.values() if isinstance(row, dict))
    return (row for row in rows if row["kind"]["S"] == kind)


def other_rows(contents: Contents) -> Iterator[dict[str, Any]]:
    """Yield all rows but batches'."""
    rows = (row for row in contents.values() if isinstance(row, dict))
    return (row for row in rows if row["kind"]["S"] != "batch")


def body_of(row: Mapping[str, Any], contents: Contents) -> dict[str, Any]:
    """Return the batch that a row stands for."""
    program_id = row["pk"]["S"].partition("#")[2]
    name = f"file batches/{program_id}/{row['sk']['S']}.{row['digest']['S']}.json"
    body: dict[str, Any] = json.loads(contents[name])
    return body


def lines_of(name: str, contents: Contents) -> list[dict[str, str]]:
    """Return the lines of a payout file; any other thing has none."""
    if not name.startswith("file payouts/"):
        return []
    return list(csv.DictReader(io.StringIO(contents[name])))


def plain(row: Mapping[str, Any], batches: Mapping[str, Any], contents: Contents) -> dict[str, Any]:
    """Return a row as it must be; of a payout less than there is."""
    if row["kind"]["S"] != "payout":
        return dict(row)
    legs = [leg_of(leg, row["sk"]["S"], batches, contents) for leg in json.loads(row["legs"]["S"])]
    return {**row, "version": "any", "legs": legs}


def leg_of(
    leg: Mapping[str, Any], payout: str, batches: Mapping[str, Any], contents: Contents
) -> dict[str, Any]:
    """Return a leg with whether its batch and its file have it in place of their names."""
    if not leg["batch_id"]:
        return dict(leg)
    name = f"{payout.partition('#')[2].replace('_', '')}x{leg['number']}"
    batch = batches.get(leg["batch_id"], {"transfers": ()})
    in_batch = name in [one["id"] for one in batch["transfers"]]
    in_file = name in [row["transfer_id"] for row in lines_of(f"file {leg['reference']}", contents)]
    return {**leg, "batch_id": in_batch, "reference": in_file}
