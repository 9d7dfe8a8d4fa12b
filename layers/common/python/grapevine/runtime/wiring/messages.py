"""The ways that a program's messages go, opened with its secrets when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from grapevine import ports
from grapevine.domain.messages import Channel

MOST_OPEN = 100


class ProgramMessengers:
    """A program's own sender, or account; on the local stack a line of the log is as far as it goes."""

    def __init__(
        self,
        secrets: ports.SecretStore,
        client: Callable[[str], Any],
        now: Callable[[], datetime],
        *,
        is_local: bool,
    ) -> None:
        self._secrets = secrets
        self._client = client
        self._now = now
        self._is_local = is_local
        self._opened = lru_cache(MOST_OPEN)(self._open)

    def messenger(self, program_id: str, channel: Channel) -> ports.Messenger | None:
        """Return a way out, None where the program has no secrets for it."""
        if self._is_local:
            return _log()
        found = self._secrets.channel_secrets(program_id, channel)
        return None if found is None else self._opened(program_id, channel, tuple(found.items()))

    def _open(
        self,
        program_id: str,  # noqa: ARG002 - each program has its own, also where two have the same secrets
        channel: Channel,
        pairs: tuple[tuple[str, str], ...],
    ) -> ports.Messenger:
        return _MAKERS[channel](dict(pairs), self._client, self._now)


def _log() -> ports.Messenger:
    from grapevine.adapters.channels.log import LogMessages

    return LogMessages("the local stack writes to nobody")


def _email(
    secrets: Mapping[str, str], client: Callable[[str], Any], _: Callable[[], datetime]
) -> ports.Messenger:
    from grapevine.adapters.channels.ses import SesEmail

    return SesEmail(client("sesv2"), secrets["sender"])


def _sms(_: Mapping[str, str], client: Callable[[str], Any], __: Callable[[], datetime]) -> ports.Messenger:
    from grapevine.adapters.channels.sns import SnsText

    return SnsText(client("sns"))


def _wechat(
    secrets: Mapping[str, str], _: Callable[[str], Any], now: Callable[[], datetime]
) -> ports.Messenger:
    from grapevine.adapters.channels.wechat import WechatTemplate

    return WechatTemplate(secrets, now)


_MAKERS = {Channel.EMAIL: _email, Channel.SMS: _sms, Channel.WECHAT: _wechat}
"""Adding a channel is a module and a line here."""
