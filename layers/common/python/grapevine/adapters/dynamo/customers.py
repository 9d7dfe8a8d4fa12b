"""What is known of customers, in the catalog table; their orders are written with the ledger's entries."""

from __future__ import annotations

from grapevine.adapters.dynamo import catalog_keys, keys
from grapevine.adapters.dynamo.failures import CONDITION_FAILED, CancelledError
from grapevine.adapters.dynamo.rows import rows
from grapevine.adapters.dynamo.rows_customers import (
    CustomerOrderRow,
    RegistrationRow,
    SamePersonRow,
    customer_order_of,
    registration_of,
    registration_row,
    same_person_of,
    same_person_rows,
)
from grapevine.adapters.dynamo.table import Database, Put
from grapevine.domain.bindings import History, Registration, SamePerson
from grapevine.domain.errors import AlreadyExistsError, UnavailableError


class DynamoCustomers:
    """Histories by program and customer."""

    _database: Database

    def customer(self, program_id: str, customer_key: str) -> History:
        """Return everything that is kept under a customer's key, in one request."""
        if not keys.is_usable(customer_key):
            return History()
        items = list(self._database.catalog.query(catalog_keys.customer(program_id, customer_key)))
        return History(
            orders=tuple(customer_order_of(stored) for stored in rows(CustomerOrderRow, items)),
            registrations=tuple(registration_of(stored) for stored in rows(RegistrationRow, items)),
            identities=tuple(same_person_of(stored) for stored in rows(SamePersonRow, items)),
        )

    def add_registration(self, registration: Registration) -> None:
        """Add a registration."""
        if not self._database.catalog.put_new(registration_row(registration)):
            raise AlreadyExistsError("registration", registration.customer_key)

    def add_same_person(self, same: SamePerson) -> None:
        """Add it under both keys, both or neither."""
        try:
            self._database.put_all(*(Put(self._database.catalog, row) for row in same_person_rows(same)))
        except CancelledError as error:
            if CONDITION_FAILED in error.reasons:
                raise AlreadyExistsError("identity", same.other_key) from error
            raise UnavailableError("the customers are being joined by somebody else") from error
