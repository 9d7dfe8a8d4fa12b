"""Where a webhook may go, and to which address: tables, and names that change what they say."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.adapters.webhooks.guard import (
    ForbiddenTargetError,
    Resolver,
    addresses_of,
    is_public,
    target_of,
)
from grapevine.adapters.webhooks.http import HttpWebhookSender

REFUSED_URLS = [
    "http://example.com/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "//example.com/",
    "example.com",
    "",
    "https://",
    "https:///path",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://example.com:22/",
    "https://example.com:80/",
    "https://example.com:6379/",
    "https://example.com:99999/",
    "https://example.com:no/",
    "https://example.com/#part",
    "https://exa mple.com/",
    "https://example.com/\nx",
    "https://例子.com/",
    "https://[::1/",
    "https://example.com/" + "x" * 2000,
]
REFUSED_ADDRESSES = [
    "0.0.0.0",  # noqa: S104 - nothing is bound
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "2001:0:4136:e378::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]
PUBLIC_ADDRESSES = ["8.8.8.8", "93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8"]


def resolver(*answers: Sequence[str]) -> Resolver:
    """Each look-up has the next answer, the last one for good."""
    left = list(answers)

    def resolve(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_urls_that_nothing_goes_to(url: str) -> None:
    with pytest.raises(ForbiddenTargetError):
        target_of(url)
    assert HttpWebhookSender().fault(url)


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "header"),
    [
        ("https://example.com", "example.com", 443, "/", "example.com"),
        ("https://Example.com./a?b=c", "example.com", 443, "/a?b=c", "example.com"),
        ("https://example.com:8443/a", "example.com", 8443, "/a", "example.com:8443"),
        ("https://[2606:2800:220:1::1]/a", "2606:2800:220:1::1", 443, "/a", "[2606:2800:220:1::1]"),
    ],
)
def test_urls_that_are_taken_apart(url: str, host: str, port: int, path: str, header: str) -> None:
    target = target_of(url)
    assert (target.host, target.port, target.path, target.host_header) == (host, port, path, header)
    assert HttpWebhookSender().fault(url) is None


@pytest.mark.parametrize("address", REFUSED_ADDRESSES)
def test_addresses_that_nothing_goes_to(address: str) -> None:
    assert not is_public(ip_address(address))
    target = target_of("https://example.com/")
    with pytest.raises(ForbiddenTargetError, match="not public"):
        addresses_of(target, resolver([address]))
    with pytest.raises(ForbiddenTargetError, match="not public"):
        addresses_of(target, resolver(["8.8.8.8", address]))


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_addresses_that_are_public(address: str) -> None:
    assert addresses_of(target_of("https://example.com/"), resolver([address])) == (address,)


@given(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="fe80::/10"))
def test_private_networks_as_a_whole(address: object) -> None:
    assert not is_public(ip_address(str(address)))


def test_a_name_without_addresses() -> None:
    with pytest.raises(ForbiddenTargetError, match="has no address"):
        addresses_of(target_of("https://example.com/"), resolver([]))


def test_a_scoped_address_is_read_without_its_scope() -> None:
    with pytest.raises(ForbiddenTargetError, match="fe80::1"):
        addresses_of(target_of("https://example.com/"), resolver(["fe80::1%eth0"]))


def test_on_ones_own_machine_plain_http_goes_to_loopback_alone() -> None:
    target = target_of("http://localhost:8000/x", is_local=True)
    assert addresses_of(target, resolver(["127.0.0.1", "::1"]), is_local=True) == ("127.0.0.1", "::1")
    for address in ("10.0.0.1", "169.254.169.254", "8.8.8.8"):
        with pytest.raises(ForbiddenTargetError, match="not on this machine"):
            addresses_of(target, resolver([address]), is_local=True)
    with pytest.raises(ForbiddenTargetError, match="not public"):
        addresses_of(target_of("https://x.example/", is_local=True), resolver(["10.0.0.1"]), is_local=True)


def test_a_name_that_changes_what_it_says_is_asked_once() -> None:
    """DNS rebinding: public when it is checked, loopback when somebody would ask again."""
    asked: list[str] = []
    answers = resolver(["192.0.2.1"], ["127.0.0.1"])

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return answers(host, port)

    answer = HttpWebhookSender(resolve=resolve).send("https://rebinding.example/", {}, b"{}")
    assert (asked, answer.status) == (["rebinding.example"], None)
    assert answer.error == "not sent: rebinding.example leads to 192.0.2.1, which is not public"
