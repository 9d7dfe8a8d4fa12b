"""Who sends a request to the JSON API, what they may see, and in which language they are answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import dropwhile, islice
from typing import Any, TypeVar

from grapevine.domain.api_keys import ApiKey
from grapevine.domain.errors import InvalidInputError, NotFoundError, UnauthenticatedError
from grapevine.domain.plain import choice_of
from grapevine.domain.programs import Terms
from grapevine.domain.wording import Language, language_of
from grapevine.runtime.body import Body
from grapevine.runtime.http import Incoming
from grapevine.runtime.paging import cursor_of, page_asked, paged
from grapevine.runtime.parts import Parts
from grapevine.usecases.create_merchant import authenticate

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Caller:
    """A request: the key that it came with, the body, the parts that serve it, and how to answer.

    `idempotency_key` is the caller's own name for the request, where it has one; `path` what it is about.
    """

    key: ApiKey
    raw_body: bytes
    parts: Parts
    accepted_language: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""
    path: str = ""

    @classmethod
    def of(cls, request: Incoming, parts: Parts, path: str = "") -> Caller:
        """Return who sends a request; UnauthenticatedError unless it has `Bearer` and a good API key."""
        headers = request.headers
        language = headers.get("accept-language", "")
        key = headers.get("idempotency-key", "")
        known = _key_of(headers.get("authorization", ""), parts)
        return cls(known, request.body, parts, language, request.query, key, path)

    def language(self) -> Language:
        """Return the language to answer in: the one that the query names, else the best of the header's."""
        named = self.query.get("language")
        chosen: Language = (
            choice_of(Language, named, "language") if named else language_of(self.accepted_language)
        )
        return chosen

    def merchant_id(self) -> str:
        """Return who calls."""
        return self.key.merchant_id

    def terms(self, program_id: str) -> Terms:
        """Return a program of the caller; one of somebody else does not exist for them."""
        merchant_id = self.merchant_id()
        terms = self.parts.catalog.terms(program_id)
        if terms.program.merchant_id != merchant_id:
            raise NotFoundError("program", program_id)
        return terms

    def after(self) -> str:
        """Return the place that the page which is asked for begins after; empty for the first page."""
        return page_asked(self.path, self.query).after

    def limit(self) -> int:
        """Return how many things of a list are asked for at most."""
        return page_asked(self.path, self.query).limit

    def cursor(self, place: str) -> str:
        """Return the cursor to what comes after a place in the list that is asked for."""
        return cursor_of(page_asked(self.path, self.query).listing, place)

    def page(
        self, name: str, found: Iterable[T], shown: Callable[[T], object], place: Callable[[T], str]
    ) -> dict[str, Any]:
        """Return the page that is asked for of what comes after its place."""
        return paged(name, found, page_asked(self.path, self.query), shown, place)

    def page_of_all(
        self, name: str, found: Iterable[T], shown: Callable[[T], object], place: Callable[[T], str]
    ) -> dict[str, Any]:
        """Return the page that is asked for of a whole list, which is in the order of its places."""
        page = page_asked(self.path, self.query)
        left = (item for item in found if place(item) > page.after) if page.after else found
        return paged(name, left, page, shown, place)

    def page_by_number(self, name: str, found: Iterable[T], shown: Callable[[T], object]) -> dict[str, Any]:
        """Return the page that is asked for of a list that has no places: by where each stands in it."""
        numbered = ((f"{number:09d}", item) for number, item in enumerate(found))
        return self.page_of_all(name, numbered, lambda one: shown(one[1]), lambda one: one[0])

    def page_following(
        self, name: str, found: Iterable[T], shown: Callable[[T], object], place: Callable[[T], str]
    ) -> dict[str, Any]:
        """Return the page that is asked for of a whole list in another order than that of its places."""
        page = page_asked(self.path, self.query)
        left = iter(found)
        if page.after:
            left = islice(dropwhile(lambda item: place(item) != page.after, left), 1, None)
        return paged(name, left, page, shown, place)

    def refuse_words(self) -> None:
        """Refuse any body but none, or an empty object."""
        if self.raw_body.strip():
            self.body().refuse_unknown()

    def body(self) -> Body:
        """Return the JSON object that was sent."""
        try:
            return Body.of(json.loads(self.raw_body))
        except (ValueError, RecursionError):
            raise InvalidInputError("is not JSON", "body") from None


def _key_of(authorization: str, parts: Parts) -> ApiKey:
    scheme, _, api_key = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise UnauthenticatedError("no bearer token")
    return authenticate(api_key.strip(), parts.catalog)
