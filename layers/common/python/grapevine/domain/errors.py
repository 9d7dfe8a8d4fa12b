"""The one exception tree.

GrapevineError
├── InvalidInputError          the caller's words are off: what and where
│   └── MalformedBodyError     a signed body that is not what its content type says
├── UnauthenticatedError       no or wrong proof of identity; says nothing more
├── ForbiddenError             proven, but not allowed
├── NotFoundError              no such thing
├── TooLargeError              the body is over the limit
├── MediaTypeError             the body is of a type that is not taken
├── AlreadyExistsError         put if absent found something
├── RefusedError               asked rightly, and not done as things stand, for a reason
├── OrderUnprocessableError    an order that waits for a person, with its reason
├── UnavailableError           a store did not answer in time; nothing is known of the effect
├── MoneyError                 an amount or currency that cannot be right
└── ConcurrencyError           somebody else was first; start over
    ├── EntryExistsError       the sequence number is taken
    ├── GrantMovedError        somebody else took of what is scarce since it was read
    ├── HeadMovedError         the account's head is not where it was read
    ├── LogMovedError          somebody appended to a log of events since it was read
    ├── NetworkMovedError      somebody changed the network since it was read
    ├── SubscriptionMovedError somebody changed a subscription since it was read
    └── StaleReadError         fewer facts read than the last entry covers
"""

from __future__ import annotations

from collections.abc import Sequence


class GrapevineError(Exception):
    """Anything Grapevine refuses or cannot do."""


def reason_of(error: Exception) -> str:
    """Return why something failed, for whoever reads the queue: what is not ours with its kind.

    >>> reason_of(UnavailableError("no answer")), reason_of(KeyError("body"))
    ('no answer', "KeyError: 'body'")
    """
    return str(error) if isinstance(error, GrapevineError) else f"{type(error).__name__}: {error}"


class InvalidInputError(GrapevineError):
    """Input that cannot be used; `where` is a path into it."""

    def __init__(self, what: str, where: str = "") -> None:
        super().__init__(f"{where}: {what}" if where else what)
        self.what = what
        self.where = where


class MalformedBodyError(InvalidInputError):
    """A body whose signature is good and whose text cannot be read."""


class UnauthenticatedError(GrapevineError):
    """Proof of identity is missing or wrong; never says which."""


class ForbiddenError(GrapevineError):
    """The caller is known and may not do this."""


class NotFoundError(GrapevineError):
    """There is no such thing."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"no {kind} {name!r}")
        self.kind = kind
        self.name = name


class TooLargeError(GrapevineError):
    """A body over the limit, in bytes."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"body of {size} bytes is over the limit of {limit}")


class MediaTypeError(GrapevineError):
    """A body that says it is of a type which is not taken here."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"{kind[:80]!r} is not application/json")


class AlreadyExistsError(GrapevineError):
    """A put if absent found something there."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name!r} exists already")


class RefusedError(GrapevineError):
    """Something that was asked rightly is not done as things stand; subclasses say why."""

    @property
    def told(self) -> dict[str, object]:
        """What a program that asked is told beside the sentence."""
        return {}


class OrderUnprocessableError(GrapevineError):
    """An order whose facts cannot be accrued until a person or a later part acts."""


class UnavailableError(GrapevineError):
    """A store or queue did not do what was asked, and asking again may help."""


class MoneyError(GrapevineError):
    """An amount, a currency or a split that cannot be right."""


class ConcurrencyError(GrapevineError):
    """Another writer was first; read again and start over."""


class EntryExistsError(ConcurrencyError):
    """The next sequence number under this key is taken."""


class GrantMovedError(ConcurrencyError):
    """Less is left of something scarce than when it was read."""


class HeadMovedError(ConcurrencyError):
    """The account's head moved since it was read."""


class NetworkMovedError(ConcurrencyError):
    """A program's network changed since it was read: a circle could have been closed."""


class LogMovedError(ConcurrencyError):
    """A log of events moved since it was read."""


class SubscriptionMovedError(ConcurrencyError):
    """A subscription, or how far it has come, changed since it was read, or somebody else works on it."""


class StaleReadError(ConcurrencyError):
    """Fewer facts were read than the last entry covers."""


def faults_of(checks: Sequence[tuple[bool, str, str]]) -> tuple[InvalidInputError, ...]:
    """Return what is wrong of (good, what, where)."""
    return tuple(InvalidInputError(what, where) for good, what, where in checks if not good)
