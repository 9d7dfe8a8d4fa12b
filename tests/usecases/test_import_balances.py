"""Balances from another system: entries with evidence, once, and nothing is earned twice."""

from __future__ import annotations

import pytest

from grapevine.domain.accounts import Leaf
from grapevine.domain.entries import AccountKey, Entry, EntryReason, canonical, entry_of_text
from grapevine.domain.errors import HeadMovedError, InvalidInputError, NotFoundError
from grapevine.domain.facts import FactKind
from grapevine.domain.sentences import entry_sentence
from grapevine.domain.statement_lines import LineKind, entry_lines
from grapevine.domain.wording import Language
from grapevine.domain.wordings import WORDINGS
from grapevine.usecases.import_balances import BalancePorts, BalanceReport, ImportBalances, import_balances
from tests import builders as make
from tests.builders import ANA, BO, CY, PROGRAM_ID, T0, days, minutes
from tests.worlds import World, chain_world

FILE = f"""promoter_id,amount,evidence
{ANA},120.50,"Oldshop statement 2026-10, line 3"
{BO},-8.10,owed after the refund of order 77
"""


@pytest.fixture
def world() -> World:
    return chain_world()


def take(world: World, body: str = FILE, import_id: str = "oldshop", **ports: object) -> BalanceReport:
    command = ImportBalances(program_id=PROGRAM_ID, import_id=import_id, body=body.encode())
    treasury = ports.get("treasury", world.treasury)
    return import_balances(command, BalancePorts(world.catalog, treasury, world.ledger), T0)  # type: ignore[arg-type]


def entries(world: World, promoter_id: str) -> tuple[Entry, ...]:
    return world.ledger.entries_of(AccountKey(PROGRAM_ID, promoter_id, "USD"))


def test_edge_92_a_balance_is_an_entry_from_opening_with_its_evidence(world: World) -> None:
    assert take(world) == BalanceReport(opened=(ANA, BO))
    (entry,) = entries(world, ANA)
    assert (entry.reason, entry.purpose) == (EntryReason.OPENED, "oldshop")
    assert entry.note == "Oldshop statement 2026-10, line 3"
    ((leg,),) = [entry.postings]
    assert (leg.source.leaf, leg.destination.leaf, leg.amount.minor) == (Leaf.OPENING, Leaf.PAYABLE, 12_050)
    assert world.balance(ANA).payable_minor == 12_050
    assert world.balance(BO).payable_minor == -810
    assert entry_of_text(canonical(entry), entry.key) == entry


def test_edge_92_importing_again_changes_nothing_and_takes_up_what_was_mended(world: World) -> None:
    broken = FILE + f"pr_nobody,5.00,unknown\n{CY},ten,{'x' * 501}\n"
    first = take(world, broken)
    assert first.opened == (ANA, BO)
    assert first.rejected == (
        "line 4: 'pr_nobody': promoter_id: no such promoter",
        f"line 5: '{CY}': amount: not a decimal amount: 'ten'; evidence: must have 1 to 500 characters",
    )
    assert take(world, FILE + f"{CY},10.00,mended\n") == BalanceReport(opened=(CY,), known=(ANA, BO))
    assert [len(entries(world, name)) for name in (ANA, BO, CY)] == [1, 1, 1]


def test_edge_92_the_proof_holds_and_no_order_is_earned_again(world: World) -> None:
    take(world)
    world.append(make.fact(FactKind.PAID, minutes(1)))
    world.post(T0 + minutes(2))
    world.fold()
    proof = world.proof()
    assert proof.faults == ()
    assert proof.totals["opening", "USD"] == -(12_050 - 810)
    earned = world.balance(ANA)
    assert (earned.payable_minor, earned.held_minor) == (12_050, 133)


def test_edge_92_another_import_is_another_balance(world: World) -> None:
    take(world)
    assert take(world, import_id="oldshop-2").opened == (ANA, BO)
    assert world.balance(ANA).payable_minor == 24_100


def test_edge_92_an_import_says_no_second_thing_of_a_promoter(world: World) -> None:
    take(world)
    for other in (f"{ANA},120.51,other amount", f"{ANA},120.50,other evidence"):
        report = take(world, f"promoter_id,amount,evidence\n{other}\n")
        assert report.rejected == (
            f"line 2: '{ANA}': this import has opened it with another amount or evidence",
        )
    twice = take(world, FILE + f"{ANA},120.50,again\n", "third")
    assert twice.rejected == (f"line 4: '{ANA}': promoter_id: is in the file twice",)
    assert world.balance(ANA).payable_minor == 24_100


def test_edge_92_a_promoter_reads_what_it_rests_on(world: World) -> None:
    take(world)
    (entry,) = entries(world, ANA)
    words = WORDINGS[Language.EN]
    said = entry_sentence(entry, frozenset((ANA,)), words)
    assert "taken over from another system" in said
    assert "120.50 USD" in said
    assert "Oldshop statement 2026-10, line 3" in said
    assert "Oldshop statement" in entry_sentence(entry, frozenset((ANA,)), WORDINGS[Language.ZH])
    (line,) = entry_lines(entry, AccountKey(PROGRAM_ID, ANA, "USD"))
    assert (line.kind, line.changes.total_minor) == (LineKind.TAKEN_OVER, 12_050)


def test_edge_92_a_settlement_pays_it_like_any_other_money(world: World) -> None:
    take(world)
    now = T0 + days(40)
    world.settle(now)
    world.fold()
    (payout,) = world.treasury.all_payouts(PROGRAM_ID)
    assert (payout.key.promoter_id, payout.amount_minor) == (ANA, 12_050)
    assert world.proof().faults == ()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (f"{CY},0,nothing", "amount: must be another than zero"),
        (f"{CY},1.001,too fine", "more than 2 decimals"),
        (f"{CY},99999999999999.99,too much", "over the limit"),
        (f"{CY},5.00,", "evidence: must have 1 to 500 characters"),
        (",5.00,whose", "no such promoter"),
    ],
)
def test_what_cannot_be_taken_over_is_said_with_its_line(world: World, row: str, why: str) -> None:
    report = take(world, f"promoter_id,amount,evidence\n{row}\n")
    assert report.opened == ()
    (said,) = report.rejected
    assert said.startswith("line 2: ")
    assert why in said


def test_another_currency_is_refused(world: World) -> None:
    report = take(world, f"promoter_id,amount,evidence,currency\n{ANA},5.00,x,EUR\n{BO},5.00,x,USD\n")
    assert report == BalanceReport(opened=(BO,), rejected=(f"line 2: '{ANA}': currency: must be USD",))


@pytest.mark.parametrize("body", ["", "promoter_id,amount\n", 'promoter_id,amount,evidence\n"'])
def test_a_file_without_our_columns_is_refused_or_empty(world: World, body: str) -> None:
    if body.endswith('"'):
        assert take(world, body).opened == ()
        return
    with pytest.raises(InvalidInputError, match="has no column"):
        take(world, body)


def test_a_name_that_is_none_and_a_program_that_is_not_there(world: World) -> None:
    with pytest.raises(InvalidInputError, match="import_id"):
        take(world, import_id="with#sign")
    command = ImportBalances(program_id="pg_nowhere", import_id="oldshop", body=FILE.encode())
    with pytest.raises(NotFoundError):
        import_balances(command, BalancePorts(world.catalog, world.treasury, world.ledger), T0)


def test_an_account_that_moves_meanwhile_is_opened_once(world: World) -> None:
    class Moving:
        """Somebody else steps in before the first step."""

        def __init__(self) -> None:
            self.left = 1

        def account(self, key: AccountKey) -> object:
            return world.treasury.account(key)

        def step(self, steps: object, heads: object) -> None:
            if self.left:
                self.left -= 1
                raise HeadMovedError("somebody was first")
            world.treasury.step(steps, heads)  # type: ignore[arg-type]

    assert take(world, treasury=Moving()) == BalanceReport(opened=(ANA, BO))
    assert len(entries(world, ANA)) == 1
