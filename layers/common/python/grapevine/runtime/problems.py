"""What can be wrong with a request, as RFC 9457 has it: one kind of problem for each thing to do about it.

A kind is told by its `code`, and by its `type`, which is where the rendered API says what it means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grapevine.domain import errors, requests
from grapevine.domain.programs import InvalidProgramError

CONTENT_TYPE = "application/problem+json"
DOCS_PATH = "/docs"
"""Where the console renders the API, and with it what each problem means."""

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem: its status, the word that programs look at, a title, and when it is answered."""

    status: int
    code: str
    title: str
    when: str

    @property
    def type(self) -> str:
        """Where it is described, under the console's URL; it never changes."""
        return f"{DOCS_PATH}#problem-{self.code}"


INVALID_INPUT = ProblemKind(
    400,
    "invalid_input",
    "Something in the request is wrong",
    "`where` is its path, `faults` lists all of them",
)
UNAUTHENTICATED = ProblemKind(
    401, "unauthenticated", "No good API key", "there is no key or not a good one; nothing more is said"
)
FORBIDDEN = ProblemKind(
    403, "forbidden", "Not with this API key", "the key is good and may not do this, or not here"
)
NOT_FOUND = ProblemKind(404, "not_found", "Not there", "there is no such thing, or it is not yours")
ALREADY_EXISTS = ProblemKind(409, "already_exists", "There already", "the thing is there")
REFUSED = ProblemKind(
    409,
    "refused",
    "Not as things stand",
    "asked rightly, and not done as things stand; `reason` says why, where it has a name",
)
TRY_AGAIN = ProblemKind(409, "try_again", "Somebody else was first", "nothing was changed; send it again")
IN_PROGRESS = ProblemKind(
    409,
    "in_progress",
    "Being answered",
    "a request with the same `Idempotency-Key` is being answered; send it again after `Retry-After` seconds",
)
OTHER_REQUEST = ProblemKind(
    422, "other_request", "Another request", "another request was sent with the same `Idempotency-Key`"
)
TOO_MANY = ProblemKind(
    429,
    "too_many_requests",
    "Too many requests",
    "the key's minute is used up; `Retry-After` says when it ends",
)
TOO_LARGE = ProblemKind(413, "too_large", "The body is too large", "a webhook is over 1 000 000 bytes")
MEDIA_TYPE = ProblemKind(
    415, "unsupported_media_type", "Not a type that is taken", "the body's type is not `application/json`"
)
INTERNAL = ProblemKind(500, "internal", "Our fault", "the log has the trace under the `instance`")
UNAVAILABLE = ProblemKind(
    503, "unavailable", "Not just now", "a table or queue did not answer; send it again"
)

_KINDS: tuple[tuple[type[errors.GrapevineError], ProblemKind], ...] = (
    (InvalidProgramError, INVALID_INPUT),
    (errors.InvalidInputError, INVALID_INPUT),
    (errors.UnauthenticatedError, UNAUTHENTICATED),
    (errors.ForbiddenError, FORBIDDEN),
    (errors.NotFoundError, NOT_FOUND),
    (errors.AlreadyExistsError, ALREADY_EXISTS),
    (errors.RefusedError, REFUSED),
    (errors.ConcurrencyError, TRY_AGAIN),
    (errors.TooLargeError, TOO_LARGE),
    (requests.RequestInProgressError, IN_PROGRESS),
    (requests.RequestDiffersError, OTHER_REQUEST),
    (requests.TooManyRequestsError, TOO_MANY),
    (errors.MediaTypeError, MEDIA_TYPE),
    (errors.UnavailableError, UNAVAILABLE),
)
PROBLEMS = tuple(dict.fromkeys([*(kind for _, kind in _KINDS), INTERNAL]))
"""Every kind there is."""


def kind_of(error: errors.GrapevineError) -> ProblemKind:
    """Return what kind of problem an error of ours is; one that no caller can cause is our own fault."""
    return next((kind for raised, kind in _KINDS if isinstance(error, raised)), INTERNAL)


def head_of(kind: ProblemKind) -> Fields:
    """Return what all problems of a kind say."""
    return {"type": kind.type, "title": kind.title, "status": kind.status, "code": kind.code}


def said_of(error: errors.GrapevineError) -> Fields:
    """Return what this one says beside that.

    Who fails to prove who they are learns nothing; nor does anybody about what is behind a fault of ours.
    """
    kind = kind_of(error)
    if kind is UNAUTHENTICATED or kind.status >= 500:
        return {}
    return {"detail": str(error), **_details(error)}


def _details(error: errors.GrapevineError) -> Fields:
    if isinstance(error, InvalidProgramError):
        return {"faults": [{"where": fault.where, "what": fault.what} for fault in error.faults]}
    if isinstance(error, errors.InvalidInputError):
        return {"where": error.where}
    return error.told if isinstance(error, errors.RefusedError) else {}
