"""Messages into the log: how the local stack writes to people, and a stage that has no sender yet."""

from __future__ import annotations

import logging

from grapevine.domain.messages import Message

_LOG = logging.getLogger("grapevine.messages")


class LogMessages:
    """Says what would have been sent, and to nobody: an address is nothing for a log."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def send(self, address: str, message: Message) -> str:  # noqa: ARG002 - nobody is named in a log
        """Write a message into the log."""
        words = {"promoter": message.promoter_id, "subject": message.subject, "text": message.text}
        _LOG.warning("message not sent: %s", self._reason, extra={"message_to_promoter": words})
        return "log"
