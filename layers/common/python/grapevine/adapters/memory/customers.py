"""What is known of customers, in memory."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

from grapevine.domain.bindings import CustomerOrder, History, Registration, SamePerson
from grapevine.domain.errors import AlreadyExistsError


class MemoryCustomers:
    """Histories by program and customer."""

    def __init__(self) -> None:
        self._customers_lock = Lock()
        self._histories: dict[tuple[str, str], History] = {}

    def customer(self, program_id: str, customer_key: str) -> History:
        return self._histories.get((program_id, customer_key), History())

    def add_registration(self, registration: Registration) -> None:
        with self._customers_lock:
            key = registration.program_id, registration.customer_key
            known = self.customer(*key)
            if any(other.occurred_at == registration.occurred_at for other in known.registrations):
                raise AlreadyExistsError("registration", registration.customer_key)
            self._histories[key] = replace(known, registrations=(*known.registrations, registration))

    def add_same_person(self, same: SamePerson) -> None:
        with self._customers_lock:
            for name in (same.customer_key, same.other_key):
                known = self.customer(same.program_id, name)
                if same.seen_from(name) in {other.seen_from(name) for other in known.identities}:
                    raise AlreadyExistsError("identity", same.seen_from(name))
            for name in (same.customer_key, same.other_key):
                known = self.customer(same.program_id, name)
                seen = replace(same, customer_key=name, other_key=same.seen_from(name))
                changed = replace(known, identities=(*known.identities, seen))
                self._histories[same.program_id, name] = changed

    def put_order(self, told: CustomerOrder) -> None:
        """Put what an entry tells, as one step of its transaction; a repeat replaces it."""
        with self._customers_lock:
            key = told.program_id, told.note.customer_key
            known = self.customer(*key)
            others = (o for o in known.orders if (o.order, o.sequence) != (told.order, told.sequence))
            self._histories[key] = replace(known, orders=(*others, told))
