"""Who sends a request to the JSON API, what they may see, and in which language they are answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from grapevine.domain.api_keys import ApiKey
from grapevine.domain.errors import InvalidInputError, NotFoundError, UnauthenticatedError
from grapevine.domain.plain import choice_of
from grapevine.domain.programs import Terms
from grapevine.domain.wording import Language, language_of
from grapevine.runtime.body import Body
from grapevine.runtime.http import Incoming
from grapevine.runtime.parts import Parts
from grapevine.usecases.create_merchant import authenticate


@dataclass(frozen=True, slots=True)
class Caller:
    """A request: the key that it came with, the body, the parts that serve it, and how to answer.

    `idempotency_key` is the caller's own name for the request, where it has one.
    """

    key: ApiKey
    raw_body: bytes
    parts: Parts
    accepted_language: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    idempotency_key: str = ""

    @classmethod
    def of(cls, request: Incoming, parts: Parts) -> Caller:
        """Return who sends a request; UnauthenticatedError unless it has `Bearer` and a good API key."""
        headers = request.headers
        language = headers.get("accept-language", "")
        key = headers.get("idempotency-key", "")
        known = _key_of(headers.get("authorization", ""), parts)
        return cls(known, request.body, parts, language, request.query, key)

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
