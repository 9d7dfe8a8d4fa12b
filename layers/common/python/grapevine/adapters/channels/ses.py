"""E-mail by Amazon SES."""

from __future__ import annotations

from typing import Any

from grapevine.adapters.channels.aws import answered
from grapevine.domain.messages import Message

REFUSALS = ("BadRequestException", "MessageRejected", "NotFoundException")
"""What SES answers where this message, to this address, will never go."""


class SesEmail:
    """Plain text in UTF-8 from one sender, who must be verified in SES."""

    def __init__(self, client: Any, sender: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._client = client
        self._sender = sender

    def send(self, address: str, message: Message) -> str:
        """Hand a message to SES; return its id there."""
        body = {"Text": {"Data": message.text, "Charset": "UTF-8"}}
        simple = {"Subject": {"Data": message.subject, "Charset": "UTF-8"}, "Body": body}
        with answered("SES", REFUSALS):
            answer = self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [address]},
                Content={"Simple": simple},
            )
        return str(answer["MessageId"])
