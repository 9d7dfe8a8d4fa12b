"""Links: nobody is ever sent to a place that is not the shop's, and the click id always arrives."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grapevine.domain.errors import InvalidInputError
from grapevine.domain.links import CLICK_PARAMETER, checked_destination, checked_host, with_click_id
from tests.adapters.storefronts.samples import sample

HOSTS = ("shop.example",)
WHITELISTED = ("www.whitelisteddomain.tld",)
BASE = "https://shop.example"
query_text = st.text("abc=&%3B+;?/:@!$'()*,-._~0F", max_size=40)
fragments = st.text("abc=&%20/?:@-._~", max_size=12)
paths = st.text("abc/%2F.-_~;=@:", max_size=20).map(lambda text: f"/{text}")


def published_lines() -> list[str]:
    return [line for line in sample("urls/open_redirect_lines.txt").decode().splitlines() if line]


def refuses(url: str, hosts: tuple[str, ...] = HOSTS) -> bool:
    try:
        checked_destination(url, hosts)
    except InvalidInputError:
        return True
    return False


@pytest.mark.parametrize(
    "url",
    [
        *(f"{BASE}", f"{BASE}/", f"{BASE}:443/a?b=c#d", "https://SHOP.Example/Tea", f"{BASE}//evil.example"),
        *(f"{BASE}/?next=//evil.example", f"{BASE}/a@b", f"{BASE}/?q=%C4%E3", "HTTPS://shop.example/"),
    ],
)
def test_a_page_of_the_shop_is_kept_as_it_is(url: str) -> None:
    assert checked_destination(url, HOSTS) == url


@pytest.mark.parametrize(
    "url",
    [
        *("", "/", "//shop.example", "shop.example", "https:shop.example", "https:/shop.example", "https://"),
        *("http://shop.example", "ftp://shop.example", "javascript://shop.example/%0aalert(1)", "data:,x"),
        *("https://evil.example", "https://evil.example/shop.example", "https://shop.example.evil.example"),
        *(
            "https://evilshop.example",
            "https://sub.shop.example",
            "https://shop.example.",
            "https://.shop.example",
        ),
        *("https://shop.example@evil.example", "https://a@shop.example", "https://a:b@shop.example"),
        *(
            "https://evil.example\\@shop.example",
            "https://shop.example\\.evil.example",
            "https:\\\\shop.example",
        ),
        *(
            "https://evil.example#@shop.example",
            "https://evil.example?@shop.example",
            "https://evil.example;shop.example",
        ),
        *(
            "https://shop.example:444",
            "https://shop.example:x",
            "https://shop.example:99999",
            "https://[shop.example]",
        ),
        *(
            "https://shop.example\t.evil.example",
            "https://shop.exa\nmple",
            " https://shop.example",
            f"{BASE}/a b",
        ),
        *(
            "https://shop.example%2eevil.example",
            "https://shop%2eexample",
            "https://\u0455hop.example",
            f"{BASE}/ü",
        ),
        *(
            "https://shop。example",
            "https://shop.example\0.evil.example",
            "https:///shop.example",
            f"{BASE}/\x7f",
        ),
        *("https://[::1]", "https://shop.example,evil.example", "https://shop_example", "https://127.0.0.1"),
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    assert refuses(url)


def test_every_published_open_redirect_is_refused() -> None:
    lines = published_lines()
    assert len(lines) > 150
    assert [line for line in lines if not refuses(line)] == []


def test_published_lines_lead_nowhere_else_where_their_own_host_is_allowed() -> None:
    for line in published_lines():
        assert refuses(line, WHITELISTED) or urlsplit(line).hostname in WHITELISTED


def test_published_lines_after_our_host_lead_nowhere_else() -> None:
    """An attack line as the path or the end of a host is refused, or stays on the shop."""
    for line in published_lines():
        for url in (BASE + line, f"{BASE}/{line}", f"{BASE}?next={line}"):
            assert refuses(url) or urlsplit(url).hostname == "shop.example"


@given(st.text(max_size=60))
def test_whatever_is_let_through_is_https_to_the_shop(text: str) -> None:
    for url in (text, f"https://{text}", f"https://shop.example{text}", f"https://{text}shop.example"):
        if not refuses(url):
            parts = urlsplit(url)
            assert (parts.scheme, parts.username, parts.port) in {("https", None, None), ("https", None, 443)}
            assert parts.hostname in HOSTS


@given(paths, query_text, fragments)
def test_the_click_id_is_added_and_nothing_else_changes(path: str, query: str, fragment: str) -> None:
    url = f"{BASE}{path}?{query}" + (f"#{fragment}" if fragment else "")
    found = urlsplit(with_click_id(url, "C"))
    before = urlsplit(url)
    assert (found.scheme, found.netloc, found.path, found.fragment) == (
        *(before.scheme, before.netloc, before.path),
        before.fragment,
    )
    added = f"{CLICK_PARAMETER}=C"
    assert found.query == "&".join([*(pair for pair in before.query.split("&") if pair), added])


@pytest.mark.parametrize(
    "query",
    ["?q=%C4%E3%BA%C3", "?q=%ff%FE", "?flag", "?flag=", "?a=1;b=2", "?a=1&a=2", "?x=a+b&y=a%20b", "?%zz=%"],
)
def test_a_query_in_any_encoding_stays_letter_by_letter(query: str) -> None:
    assert with_click_id(BASE + query, "C") == f"{BASE}{query}&{CLICK_PARAMETER}=C"


@pytest.mark.parametrize(
    "query",
    [
        *("gv_click=forged", "gv_click", "gv_click=", "gv%5Fclick=forged", "%67v_click=a&gv_click=b"),
        *("gv_click=a&gv_click=b", "&&gv_click=forged&"),
    ],
)
def test_a_forged_click_id_never_arrives(query: str) -> None:
    found = with_click_id(f"{BASE}/p?a=1&{query}&b=2#top", "REAL")
    assert [value for name, value in parse_qsl(urlsplit(found).query) if name == CLICK_PARAMETER] == ["REAL"]
    assert found == f"{BASE}/p?a=1&b=2&{CLICK_PARAMETER}=REAL#top"


@given(query_text, st.text(max_size=20))
def test_the_shop_reads_exactly_our_click_id(query: str, click_id: str) -> None:
    found = parse_qsl(urlsplit(with_click_id(f"{BASE}?{query}", click_id)).query, keep_blank_values=True)
    assert [value for name, value in found if name == CLICK_PARAMETER] == [click_id]


def test_adding_twice_is_adding_once() -> None:
    once = with_click_id(f"{BASE}/p?a=1#f", "C")
    assert with_click_id(once, "C") == once


@pytest.mark.parametrize(
    ("host", "known"), [("Shop.Example", "shop.example"), (" a ", "a"), ("xn--p1ai", "xn--p1ai")]
)
def test_a_host_is_kept_in_lower_case(host: str, known: str) -> None:
    assert checked_host(host, "domain") == known


@pytest.mark.parametrize(
    "host",
    ["", "-a.b", "a-", "a b", "a/b", "a:443", "a@b", "https://a", "*.a", "ünder.example", "a" * 256, "."],
)
def test_what_is_no_host_is_refused_with_its_place(host: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        checked_host(host, "domain")
    assert refusal.value.where == "domain"
