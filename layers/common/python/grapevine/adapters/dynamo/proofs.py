"""The last proof of each program's books."""

from __future__ import annotations

from grapevine.adapters.dynamo import keys
from grapevine.adapters.dynamo.rows import Json, Row, row
from grapevine.adapters.dynamo.table import Database
from grapevine.domain.plain import from_plain, to_plain
from grapevine.domain.verification import ProofMark


class ProofRow(Row, discriminator="proof"):
    """`PROOF#program` / `META`."""

    body = Json()


class DynamoProofs:
    """Proofs by program."""

    def __init__(self, database: Database) -> None:
        self._state = database.state

    def last_proof(self, program_id: str) -> ProofMark | None:
        """Return a program's last proof, or None."""
        item = self._state.get(keys.proof(program_id))
        return from_plain(ProofMark, row(ProofRow, item).body) if item else None

    def keep_proof(self, mark: ProofMark) -> None:
        """Keep a proof in place of the one before."""
        self._state.put(ProofRow(*keys.proof(mark.program_id), body=to_plain(mark)))
