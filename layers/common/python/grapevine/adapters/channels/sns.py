"""Text messages by Amazon SNS."""

from __future__ import annotations

from typing import Any

from grapevine.adapters.channels.aws import answered
from grapevine.domain.messages import Message

LONGEST = 480
"""Characters: three parts of a Latin text, seven of a Chinese one; who wants more opens the page."""
REFUSALS = ("InvalidParameter", "InvalidParameterValue", "OptedOut", "AuthorizationError")


class SnsText:
    """The subject and the lines as one text, sent as what matters more than an advertisement."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._client = client

    def send(self, address: str, message: Message) -> str:
        """Hand a message to SNS; return its id there."""
        kind = {"DataType": "String", "StringValue": "Transactional"}
        with answered("SNS", REFUSALS):
            answer = self._client.publish(
                PhoneNumber=address,
                Message=short(message),
                MessageAttributes={"AWS.SNS.SMS.SMSType": kind},
            )
        return str(answer["MessageId"])


def short(message: Message) -> str:
    """Return what fits: the lines, and where they are too many the subject."""
    text = " ".join(message.lines)
    return text if len(text) <= LONGEST else message.subject[:LONGEST]
