"""Who visits a shared link: phones, in-app browsers, desktops, and the robots that draw previews."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Visitor(StrEnum):
    """What a user agent belongs to."""

    PHONE = "phone"
    DESKTOP = "desktop"
    WECHAT = "wechat"
    WEIBO = "weibo"
    DOUYIN = "douyin"
    WHATSAPP = "whatsapp"
    INSTAGRAM = "instagram"
    BOT = "bot"


@dataclass(frozen=True, slots=True)
class Agent:
    """A user agent header and what it belongs to."""

    visitor: Visitor
    user_agent: str

    @property
    def is_person(self) -> bool:
        """Whether a person is behind it."""
        return self.visitor is not Visitor.BOT


_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_{} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_ANDROID = (
    "Mozilla/5.0 (Linux; Android {}; {}) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/{}.0.0.0 Mobile Safari/537.36"
)
_CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"

PEOPLE = (
    Agent(Visitor.PHONE, f"{_IPHONE.format(6)} Version/18.6 Mobile/15E148 Safari/604.1"),
    Agent(Visitor.PHONE, _ANDROID.format(15, "K", 141).replace("Version/4.0 ", "")),
    Agent(Visitor.DESKTOP, _CHROME.format("Windows NT 10.0; Win64; x64", 142)),
    Agent(Visitor.DESKTOP, _CHROME.format("Macintosh; Intel Mac OS X 10_15_7", 141)),
    Agent(Visitor.DESKTOP, "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    Agent(
        Visitor.WECHAT,
        f"{_IPHONE.format(5)} Mobile/15E148 MicroMessenger/8.0.63(0x18003f2d) NetType/WIFI Language/zh_CN",
    ),
    Agent(
        Visitor.WECHAT,
        f"{_ANDROID.format(14, 'PJD110 Build/UKQ1; wv', 138)} XWEB/1380215 MMWEBSDK/20250802 "
        "MMWEBID/4711 MicroMessenger/8.0.62.2900(0x28003E59) WeChat/arm64 Weixin NetType/5G "
        "Language/zh_CN ABI/arm64",
    ),
    Agent(
        Visitor.WEIBO, f"{_IPHONE.format(4)} Mobile/15E148 Weibo (iPhone16,1__weibo__15.9.2__iphone__os18.4)"
    ),
    Agent(
        Visitor.DOUYIN,
        f"{_ANDROID.format(13, 'V2309A Build/TP1A; wv', 136)} aweme_360400 JsSdk/1.0 NetType/WIFI "
        "AppName/aweme app_version/36.4.0 ByteLocale/zh-CN",
    ),
    Agent(Visitor.WHATSAPP, f"{_ANDROID.format(15, 'SM-S938B Build/AP3A; wv', 140)} WhatsApp/2.25.31.76"),
    Agent(
        Visitor.INSTAGRAM,
        f"{_IPHONE.format(6)} Mobile/15E148 Instagram 402.0.0.28.110 (iPhone15,4; iOS 18_6; de_DE; de)",
    ),
)

BOTS = (
    Agent(Visitor.BOT, "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
    Agent(Visitor.BOT, "WhatsApp/2.25.31.76 A"),
    Agent(Visitor.BOT, "TelegramBot (like TwitterBot)"),
    Agent(Visitor.BOT, "Twitterbot/1.0"),
    Agent(Visitor.BOT, "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
    Agent(Visitor.BOT, "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"),
    Agent(Visitor.BOT, "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"),
)


def people_of(*visitors: Visitor) -> tuple[Agent, ...]:
    """Return the people's agents of these kinds."""
    return tuple(agent for agent in PEOPLE if agent.visitor in visitors)
