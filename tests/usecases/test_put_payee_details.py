"""Where a promoter is paid, in detail: checked at once, kept apart, shown masked, forgotten when asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from grapevine.adapters.memory.rails import MemoryPayees
from grapevine.domain.errors import InvalidInputError, NotFoundError
from grapevine.domain.payees import payee_key
from grapevine.domain.programs import InvalidProgramError
from grapevine.domain.rings import LinkReason
from grapevine.domain.transfers import Payee, RailLimits, RailName, TransferBatch, TransferResult
from grapevine.usecases.put_payee import PutPayee, find_rings
from grapevine.usecases.put_payee_details import (
    PayeePorts,
    PutPayeeDetails,
    name_payee,
    put_payee_details,
    rail_faults,
    read_payee,
)
from tests.builders import BO, CY, PROGRAM_ID, T0, days
from tests.usecases.faults import How, Plug, Plugged, until_done
from tests.worlds import SUBJECT_KEY, World, chain_world

IBAN = "DE89370400440532013000"
DETAILS = {"name": "Cy Lima", "iban": IBAN}


@dataclass(frozen=True)
class StrictRail:
    """A rail that knows a name and an IBAN, a BIC of eight letters if there is one, and nothing else."""

    name: RailName = RailName.SEPA
    limits: RailLimits = field(default_factory=lambda: RailLimits(batch=1))

    def faults(self, details: Mapping[str, str], currency: str) -> tuple[InvalidInputError, ...]:
        known = ("name", "iban", "bic")
        found = [InvalidInputError("is missing", name) for name in known[:2] if not details.get(name)]
        found += [InvalidInputError("is not known", name) for name in details if name not in known]
        if len(details.get("bic", "8letters")) != 8:
            found.append(InvalidInputError("must be 8 letters", "bic"))
        if currency != "USD":
            found.append(InvalidInputError("is not paid", "currency"))
        return tuple(found)

    def send(self, batch: TransferBatch) -> Sequence[TransferResult]:
        raise NotImplementedError

    def query(self, batch: TransferBatch) -> Sequence[TransferResult]:
        raise NotImplementedError

    def received(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Sequence[TransferResult]:
        raise NotImplementedError


class OneRail:
    """A program that pays by SEPA alone."""

    def rail(self, program_id: str, name: RailName) -> StrictRail:
        if name is not RailName.SEPA:
            raise NotFoundError("rail", f"{program_id}/{name}")
        return StrictRail()


def ports(world: World, payees: Any = None, catalog: Any = None) -> PayeePorts:  # noqa: ANN401
    return PayeePorts(catalog or world.catalog, world.secrets, payees or MemoryPayees(), OneRail())


def put(
    where: PayeePorts, details: Mapping[str, str] = DETAILS, promoter_id: str = CY, now: datetime = T0
) -> Payee:
    command = PutPayeeDetails(
        program_id=PROGRAM_ID, promoter_id=promoter_id, rail=RailName.SEPA, details=details
    )
    return put_payee_details(command, where, now)[1]


def faults(where: PayeePorts, details: Mapping[str, str]) -> list[str]:
    with pytest.raises(InvalidProgramError) as refused:
        put(where, details)
    return [fault.where for fault in refused.value.faults]


def test_details_are_kept_apart_and_the_promoter_has_a_hash_of_the_account() -> None:
    world = chain_world()
    where = ports(world)
    assert put(where) == Payee(rail=RailName.SEPA, details=DETAILS, changed_at=T0)
    assert read_payee(PROGRAM_ID, CY, where.payees) == put(where)
    promoter = world.catalog.promoters(PROGRAM_ID, (CY,))[CY]
    assert promoter.payee_at(T0) == payee_key(SUBJECT_KEY, IBAN)
    assert IBAN not in repr(promoter)
    assert IBAN not in repr(put(where))


def test_edge_51_details_of_one_account_tie_promoters_however_they_are_written() -> None:
    world = chain_world()
    where = ports(world)
    put(where)
    put(where, {"name": "B. Lima", "iban": "de89 3704 0044 0532 0130 00"}, BO)
    (ring,) = find_rings(PROGRAM_ID, world.catalog)
    assert LinkReason.SHARED_PAYEE in {link.reason for link in ring.links}


def test_edge_83_the_same_details_again_start_no_new_wait_and_others_do() -> None:
    where = ports(chain_world())
    put(where)
    assert put(where, now=T0 + days(2)).changed_at == T0
    assert put(where, {**DETAILS, "name": "C. Lima"}, now=T0 + days(2)).changed_at == T0 + days(2)
    assert put(where, now=T0 + days(3)).changed_at == T0 + days(3)


def test_every_fault_is_named_at_once_and_nothing_is_kept() -> None:
    world = chain_world()
    where = ports(world)
    assert faults(where, {"iban": IBAN, "swift": "x", "bic": "short"}) == [
        "details.name",
        "details.swift",
        "details.bic",
    ]
    assert faults(where, {"iban": "a\nb", "name": " "}) == ["details.iban", "details.name"]
    assert faults(where, {}) == ["details"]
    assert read_payee(PROGRAM_ID, CY, where.payees) is None
    assert world.catalog.promoters(PROGRAM_ID, (CY,))[CY].payee_at(T0) is None


def test_a_rail_that_the_program_does_not_have_is_said() -> None:
    command = PutPayeeDetails(
        program_id=PROGRAM_ID, promoter_id=CY, rail=RailName.PAYPAL, details={"receiver": "cy@example.com"}
    )
    with pytest.raises(InvalidInputError, match="rail: this program does not pay by paypal"):
        put_payee_details(command, ports(chain_world()), T0)


def test_a_currency_that_the_rail_does_not_pay_is_said() -> None:
    where = ports(chain_world(currency="EUR"))
    assert faults(where, DETAILS) == ["currency"]


def test_what_the_program_asks_for_is_no_fault_of_the_rails() -> None:
    where = ports(chain_world(required_details=("tax_id", "name", "bic")))
    asked = {**DETAILS, "tax_id": "12 345", "bic": "8letters"}
    assert put(where, asked).details == asked
    assert faults(where, {"iban": IBAN, "tax_id": "1", "swift": "x"}) == ["details.name", "details.swift"]


def test_a_detail_that_the_rail_needs_keeps_its_fault_though_the_program_asks_for_it() -> None:
    found = rail_faults(StrictRail(), {"iban": IBAN, "tax_id": "1"}, "USD", ("tax_id", "name"))
    assert [fault.where for fault in found] == ["details.name"]


def test_nobody_has_no_details() -> None:
    where = ports(chain_world())
    with pytest.raises(NotFoundError):
        put(where, promoter_id="pr_gone")
    assert read_payee(PROGRAM_ID, "pr_gone", where.payees) is None


# --- a name alone, and nothing -------------------------------------------------------------------


def named(where: PayeePorts, payee: str | None, now: datetime = T0) -> str | None:
    command = PutPayee(program_id=PROGRAM_ID, promoter_id=CY, payee=payee)
    return name_payee(command, where, now).payee_at(now)


def test_a_name_alone_is_a_hash_and_null_forgets_everything() -> None:
    world = chain_world()
    where = ports(world)
    assert named(where, IBAN) == payee_key(SUBJECT_KEY, IBAN)
    put(where)
    with pytest.raises(InvalidInputError, match="details are known"):
        named(where, "another account")
    assert named(where, None, T0 + days(1)) is None
    assert read_payee(PROGRAM_ID, CY, where.payees) is None
    assert named(where, "another account", T0 + days(2)) is not None


def test_details_that_were_forgotten_and_said_again_wait_again() -> None:
    where = ports(chain_world())
    put(where)
    named(where, None, T0 + days(5))
    assert put(where, now=T0 + days(5)).changed_at == T0 + days(5)


@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("call", range(1, 7))
def test_what_breaks_off_anywhere_and_is_said_again_is_whole(call: int, how: How) -> None:
    world, plug, payees = chain_world(), Plug(fail_at=call, how=how), MemoryPayees()
    where = ports(world, Plugged(payees, plug), Plugged(world.catalog, plug))
    until_done(lambda: put(where))
    assert payees.stored == {(PROGRAM_ID, CY): Payee(rail=RailName.SEPA, details=DETAILS, changed_at=T0)}
    key = payee_key(SUBJECT_KEY, IBAN)
    assert world.catalog.promoters(PROGRAM_ID, (CY,))[CY].payee_at(T0) == key
    assert len(plug.calls) >= 6
