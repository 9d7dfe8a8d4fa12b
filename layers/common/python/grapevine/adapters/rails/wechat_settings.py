"""What a program's WeChat Pay needs, as it is kept among the secrets, and what the merchant may transfer."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grapevine.domain.errors import InvalidInputError, faults_of
from grapevine.domain.money import MAX_MINOR
from grapevine.domain.transfers import RailLimits, RailSecrets

LIVE = "https://api.mch.weixin.qq.com"
CHINA = "Asia/Shanghai"
BATCH = 50
"""Bills are asked for one at a time: so many fit into one invocation with time to spare."""
NEEDED = (
    "mchid",
    "appid",
    "private_key",
    "cert_serial_no",
    "apiv3_key",
    "public_key",
    "public_key_id",
    "transfer_scene_id",
    "notify_url",
)
KEY_BYTES = 32
LONGEST_REMARK = 32
USUAL_REMARK = "佣金 Commission"
USUAL = {
    "transfer_minor": 20_000,
    "person_day_minor": 200_000,
    "person_day_transfers": 0,
    "minimum_minor": 10,
}
"""What a merchant has who asked WeChat Pay for no more, in fen; as to transfers in a day, 0 is no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeChatSettings:
    """A merchant's keys, its transfer scene, and what payees read."""

    mchid: str
    appid: str
    private_key: str = field(repr=False)
    cert_serial_no: str
    apiv3_key: str = field(repr=False)
    public_key: str = field(repr=False)
    public_key_id: str
    transfer_scene_id: str
    notify_url: str
    report_infos: Sequence[Mapping[str, str]]
    remark: str
    perception: str
    base_url: str
    limits: RailLimits


def wechat_settings(secrets: RailSecrets) -> WeChatSettings:
    """Read the secrets; InvalidInputError with everything that is wrong with them.

    Beside those that must be there: `transfer_scene_report_infos` (the JSON list that the scene asks
    for), `transfer_remark`, `user_recv_perception`, `base_url`, and the merchant's own limits in fen.
    """
    values = {name: value.strip() for name, value in secrets.values.items()}
    infos = _report_infos(values.get("transfer_scene_report_infos", "[]"))
    numbers = {name: _number(values.get(name) or str(usual)) for name, usual in USUAL.items()}
    found = _faults(values, infos, numbers)
    if found or infos is None:
        raise InvalidInputError("; ".join(str(fault) for fault in found), "rail/wechat")
    return WeChatSettings(
        **{name: values[name] for name in NEEDED},
        report_infos=infos,
        remark=values.get("transfer_remark") or USUAL_REMARK,
        perception=values.get("user_recv_perception", ""),
        base_url=(values.get("base_url") or LIVE).rstrip("/"),
        limits=_limits({name: number or 0 for name, number in numbers.items()}),
    )


def _faults(
    values: Mapping[str, str],
    infos: Sequence[Mapping[str, str]] | None,
    numbers: Mapping[str, int | None],
) -> tuple[InvalidInputError, ...]:
    url, remark = values.get("notify_url", ""), values.get("transfer_remark", "")
    texts = "must be a JSON list of objects of info_type and info_content"
    return faults_of(
        (
            *((bool(values.get(name)), "is missing", name) for name in NEEDED),
            (len(values.get("apiv3_key", "").encode()) in (0, KEY_BYTES), "must have 32 bytes", "apiv3_key"),
            (not url or _is_webhook(url), "must be https, without a query", "notify_url"),
            (len(remark) <= LONGEST_REMARK, f"over {LONGEST_REMARK} characters", "transfer_remark"),
            (infos is not None, texts, "transfer_scene_report_infos"),
            *(
                (number is not None, "must be a whole number of fen", name)
                for name, number in numbers.items()
            ),
        )
    )


def _limits(numbers: Mapping[str, int]) -> RailLimits:
    return RailLimits(
        batch=BATCH,
        transfer_minor=numbers["transfer_minor"],
        person_day_minor=numbers["person_day_minor"],
        person_day_transfers=numbers["person_day_transfers"] or None,
        minimum_minor=numbers["minimum_minor"],
        zone=CHINA,
    )


def _is_webhook(url: str) -> bool:
    return url.startswith("https://") and "?" not in url


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_MINOR))
    return int(text) if is_number else None


def _report_infos(text: str) -> Sequence[Mapping[str, str]] | None:
    try:
        infos = json.loads(text)
    except ValueError:
        return None
    is_good = isinstance(infos, list) and all(
        isinstance(info, dict)
        and info.keys() == {"info_type", "info_content"}
        and all(isinstance(value, str) for value in info.values())
        for info in infos
    )
    return infos if is_good else None
