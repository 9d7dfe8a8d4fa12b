"""The port of programs' last proofs."""

from __future__ import annotations

from dataclasses import replace

from grapevine.domain.verification import ProofMark
from tests.adapters.contracts.stores import Names, Stores
from tests.builders import T0, minutes


def test_a_program_that_was_never_proven_has_no_proof(stores: Stores, names: Names) -> None:
    assert stores.proofs.last_proof(names.program) is None


def test_the_last_proof_is_kept_whole_and_takes_the_place_of_the_one_before(
    stores: Stores, names: Names
) -> None:
    begun = ProofMark(program_id=names.program, started_at=T0)
    stores.proofs.keep_proof(begun)
    assert stores.proofs.last_proof(names.program) == begun
    ended = replace(begun, finished_at=T0 + minutes(2), faults=21, said=("balance: 漢字", "head: x"))
    stores.proofs.keep_proof(ended)
    assert stores.proofs.last_proof(names.program) == ended
