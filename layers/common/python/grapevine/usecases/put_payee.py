"""Say where a promoter is paid, as a keyed hash: accounts paid to one place are one person to the caps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from grapevine.domain.errors import NotFoundError
from grapevine.domain.payees import payee_key
from grapevine.domain.people import AFTER_ALL, Promoter
from grapevine.domain.rings import Ring, rings
from grapevine.ports import CatalogLists, NetworkCatalog, SecretStore
from grapevine.usecases.change_promoter import retried


@dataclass(frozen=True, slots=True, kw_only=True)
class PutPayee:
    """Where a promoter is paid: whatever names it, in any spelling; None where nobody knows any more."""

    program_id: str
    promoter_id: str
    payee: str | None


def put_payee(command: PutPayee, catalog: NetworkCatalog, secrets: SecretStore, now: datetime) -> Promoter:
    """Store the hash from now on and nothing else; orders placed before count as they did."""
    key = command.payee and payee_key(secrets.subject_key(command.program_id), command.payee)
    return retried(lambda: _put_once(command, key, catalog, now))


def find_rings(program_id: str, catalog: CatalogLists) -> tuple[Ring, ...]:
    """Return the rings among a program's promoters as they are listed."""
    return rings(catalog.promoters_of(program_id))


def _put_once(command: PutPayee, key: str | None, catalog: NetworkCatalog, now: datetime) -> Promoter:
    version = catalog.network_version(command.program_id)
    promoter = catalog.promoters(command.program_id, (command.promoter_id,)).get(command.promoter_id)
    if promoter is None:
        raise NotFoundError("promoter", command.promoter_id)
    if promoter.payee_at(AFTER_ALL) == key:
        return promoter
    changed = promoter.with_payee(key, now)
    catalog.change_promoter(changed, version)
    return changed
