"""Where a webhook may go: nowhere inside a network of ours, whatever its name says when it is looked up.

A subscriber names the address. It is taken apart here, its name is looked up once, every address found is
checked, and whoever connects does so to those very addresses: a name that says something else a moment
later is not asked again.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from grapevine.domain.errors import GrapevineError

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a name; OSError where it has none."""

PORTS = (443, 8443)
LONGEST_URL = 2000
CARRIERS = tuple(
    map(
        IPv6Network,
        (
            "::/96",  # IPv4 written as IPv6, also loopback and the unspecified address
            "64:ff9b::/96",  # NAT64: an IPv4 address behind a gateway
            "64:ff9b:1::/48",  # the same, in a network of one's own
            "2001::/32",  # Teredo
            "2002::/16",  # 6to4
            "fec0::/10",  # site-local, which nobody should have any more
        ),
    )
)
"""IPv6 that leads to an IPv4 address, or nowhere: what is behind it cannot be checked here."""


class ForbiddenTargetError(GrapevineError):
    """A webhook may not go there."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that was taken apart: what to connect to, and what to say there."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        """The name as a request says it."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return name if self.port == usual else f"{name}:{self.port}"


def target_of(url: str, *, is_local: bool = False) -> Target:
    """Take a URL apart; ForbiddenTargetError for one that nothing may ever be sent to.

    `is_local` is the stage of one's own machine, where plain HTTP may go to loopback and nowhere else.
    """
    try:
        parts, port = urlsplit(url), urlsplit(url).port
    except ValueError:
        raise ForbiddenTargetError("is no URL") from None
    host = (parts.hostname or "").rstrip(".")
    is_plain = is_local and parts.scheme == "http"
    usual = 80 if is_plain else 443
    checks = (
        (len(url) <= LONGEST_URL and url.isascii() and url.isprintable() and " " not in url, "is no URL"),
        (parts.scheme == "https" or is_plain, "must begin with https://"),
        (bool(host), "has no host"),
        ("@" not in parts.netloc, "must not have a user name or password"),
        (is_local or (port or usual) in PORTS, f"must have the port {' or '.join(map(str, PORTS))}"),
        (not parts.fragment, "must not have a fragment"),
    )
    for is_good, what in checks:
        if not is_good:
            raise ForbiddenTargetError(what)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or usual, path)


def addresses_of(target: Target, resolve: Resolver, *, is_local: bool = False) -> tuple[str, ...]:
    """Look a target's name up, once; ForbiddenTargetError where any of its addresses may not be reached."""
    found = tuple(dict.fromkeys(resolve(target.host, target.port)))
    if not found:
        raise ForbiddenTargetError(f"{target.host} has no address")
    for text in found:
        address = ip_address(text.partition("%")[0])
        if is_local and address.is_loopback:
            continue
        if target.scheme != "https":
            raise ForbiddenTargetError(f"{target.host} is not on this machine: plain HTTP goes nowhere else")
        if not is_public(address):
            raise ForbiddenTargetError(f"{target.host} leads to {address}, which is not public")
    return found


def is_public(address: Address) -> bool:
    """Say whether an address is on the public internet, and is what it looks like.

    >>> is_public(ip_address("93.184.216.34")), is_public(ip_address("169.254.169.254"))
    (True, False)
    """
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in CARRIERS):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def looked_up(host: str, port: int) -> tuple[str, ...]:
    """Return a name's addresses as the system finds them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return tuple(str(address[0]) for *_, address in found)
