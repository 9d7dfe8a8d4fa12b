"""What AWS answers where a message does not go, as what it means for the message."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from grapevine.ports import MessageRefusedError, MessengerUnavailableError


@contextmanager
def answered(service: str, refusals: Collection[str]) -> Iterator[None]:
    """Raise MessageRefusedError for codes of `refusals`, MessengerUnavailableError for everything else."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only where something is sent

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        kind = MessageRefusedError if code in refusals else MessengerUnavailableError
        raise kind(f"{service}: {code or type(error).__name__}") from error
