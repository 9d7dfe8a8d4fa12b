"""The storefront snippet in a real browser: the click id stays, reaches the cart, and nothing else leaves."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from grapevine.domain.clicks import Interest
from grapevine.domain.links import CLICK_PARAMETER
from infra.snippet import VERSION, integrity, served
from tests import builders as make
from tests.browser.shop_server import LINKS, OTHER_HOST, SHOP, Shop
from tests.worlds import World

CLICK = make.CLICK_ID
LATER = f"{'3' * 22}-{'z' * 20}"
FILE = f"/snippet/grapevine-{VERSION}.js"
STRICT = (
    "default-src 'none'; script-src https://{links}; connect-src 'self' https://{links};"
    " style-src 'none'; form-action 'self'; frame-src 'self'"
)
SHOPIFY = "<script>window.Shopify={routes:{root:'/'}}</script>"


def tag(shop: Shop, **settings: str) -> str:
    """Return the tag that a merchant puts into a page."""
    told = "".join(f' data-{name.replace("_", "-")}="{value}"' for name, value in settings.items())
    return (
        f'<script src="{shop.url(FILE, LINKS)}" integrity="{integrity(served())}"'
        f' crossorigin="anonymous" defer{told}></script>'
    )


def html(*parts: str, lang: str = "en", classes: str = "") -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><title>Tea</title>'
        f'</head><body class="{classes}">{"".join(parts)}</body></html>'
    )


def arrive(page: Page, shop: Shop, path: str = "/", click: str = CLICK, host: str = SHOP) -> None:
    page.goto(shop.url(f"{path}?{CLICK_PARAMETER}={click}" if click else path, host))


def kept(context: BrowserContext) -> dict[str, Any]:
    """Return the cookie that the snippet keeps, and nothing else's."""
    cookies: list[Any] = [one for one in context.cookies() if one["name"] == CLICK_PARAMETER]
    (cookie,) = cookies
    found: dict[str, Any] = cookie
    return found


def reports(shop: Shop) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in shop.of("/events")]


def carts(shop: Shop) -> list[str]:
    """Return the ids that were written into the shop's cart."""
    written = [parse_qs(one.body) for one in shop.of("/cart/update.js")]
    return [body[f"attributes[{CLICK_PARAMETER}]"][0] for body in written]


def settled(page: Page, shop: Shop) -> None:
    """Wait until everything that a page sends has been sent: what is asked for last is answered last."""
    page.wait_for_load_state("networkidle")
    page.evaluate("url => fetch(url)", "/settled")
    assert shop.of("/settled")


# --- the id --------------------------------------------------------------------------------------


def test_the_id_is_kept_in_a_first_party_cookie(shop: Shop, page: Page, context: BrowserContext) -> None:
    shop.pages["/"] = html(tag(shop))
    arrive(page, shop)
    cookie = kept(context)
    assert (cookie["value"], cookie["domain"], cookie["path"]) == (CLICK, ".tea.co.uk", "/")
    assert (cookie["sameSite"], cookie["secure"], cookie["httpOnly"]) == ("Lax", True, False)
    days_left = (cookie["expires"] - page.evaluate("Date.now() / 1000")) / 86_400
    assert 89.9 < days_left <= 90


def test_the_id_survives_going_to_other_pages_and_hosts_of_the_shop(
    shop: Shop, page: Page, context: BrowserContext
) -> None:
    shop.pages["/"] = html(tag(shop))
    shop.pages["/tea"] = html(SHOPIFY, tag(shop))
    arrive(page, shop)
    page.goto(shop.url("/tea", OTHER_HOST))
    settled(page, shop)
    assert (kept(context)["value"], carts(shop)) == (CLICK, [CLICK])


@pytest.mark.parametrize("clicks", [(CLICK, LATER), (LATER, CLICK)])
def test_of_two_clicks_the_later_one_counts_whatever_page_is_seen_again(
    shop: Shop, page: Page, context: BrowserContext, clicks: tuple[str, str]
) -> None:
    shop.pages["/"] = html(tag(shop))
    for click in clicks:
        arrive(page, shop, click=click)
    assert kept(context)["value"] == LATER


@pytest.mark.parametrize(
    "forged", ["", "x", "%3Cscript%3Ealert(1)%3C/script%3E", "a" * 43, f"{'2' * 22}-{'b' * 19};", "2" * 500]
)
def test_what_is_no_click_id_is_not_kept(
    shop: Shop, page: Page, context: BrowserContext, forged: str
) -> None:
    shop.pages["/"] = html(SHOPIFY, tag(shop))
    page.goto(shop.url(f"/?{CLICK_PARAMETER}={forged}"))
    settled(page, shop)
    assert context.cookies() == []
    assert page.evaluate("localStorage.length") == 0
    assert carts(shop) == []


def test_the_id_is_found_again_where_the_cookie_is_lost(
    shop: Shop, page: Page, context: BrowserContext
) -> None:
    shop.pages["/"] = shop.pages["/tea"] = html(SHOPIFY, tag(shop))
    arrive(page, shop)
    settled(page, shop)
    context.clear_cookies()
    page.evaluate("sessionStorage.clear()")
    page.goto(shop.url("/tea"))
    settled(page, shop)
    assert carts(shop) == [CLICK, CLICK]


def test_what_was_kept_without_cookies_is_forgotten_after_ninety_days(
    shop: Shop, page: Page, context: BrowserContext
) -> None:
    shop.pages["/"] = html(SHOPIFY, tag(shop))
    page.goto(shop.url("/"))
    for days, number in ((89, 1), (91, 1)):
        page.evaluate("sessionStorage.clear()")
        page.evaluate(
            "([id, days]) => localStorage.gv_click = id + (Date.now() - days * 864e5)", [CLICK, days]
        )
        context.clear_cookies()
        page.goto(shop.url("/"))
        settled(page, shop)
        assert len(carts(shop)) == number


@pytest.mark.parametrize("blocked", ["document.cookie", "localStorage", "sessionStorage"])
def test_the_cart_is_written_also_where_the_browser_keeps_nothing(
    shop: Shop, page: Page, blocked: str
) -> None:
    owner, _, name = blocked.rpartition(".")
    target = "Document.prototype" if owner else "window"
    page.add_init_script(
        f"Object.defineProperty({target}, '{name}', {{ get() {{ throw new DOMException('no') }},"
        " set() { throw new DOMException('no') } })"
    )
    shop.pages["/"] = html(SHOPIFY, tag(shop))
    arrive(page, shop)
    settled(page, shop)
    assert carts(shop) == [CLICK]


# --- the cart ------------------------------------------------------------------------------------


def test_shopifys_cart_gets_the_id_at_once_and_only_once(shop: Shop, page: Page) -> None:
    shop.pages["/"] = shop.pages["/tea"] = html(SHOPIFY, tag(shop), tag(shop), "<a id=here>x</a>")
    arrive(page, shop)
    settled(page, shop)
    page.click("#here")
    for _ in range(2):
        page.goto(shop.url("/tea"))
        settled(page, shop)
    assert carts(shop) == [CLICK]
    (written,) = shop.of("/cart/update.js")
    assert written.headers["Content-Type"].startswith("application/x-www-form-urlencoded")


def test_a_new_cart_and_a_cart_that_refused_get_the_id_again(
    shop: Shop, page: Page, context: BrowserContext
) -> None:
    shop.pages["/"] = html(SHOPIFY, tag(shop))
    shop.cart_status = 422
    arrive(page, shop)
    settled(page, shop)
    shop.cart_status = 200
    page.goto(shop.url("/"))
    settled(page, shop)
    context.add_cookies([{"name": "cart", "value": "token-2", "url": shop.url("/")}])
    page.goto(shop.url("/"))
    settled(page, shop)
    assert carts(shop) == [CLICK] * 3


def test_a_shop_in_another_language_has_its_cart_elsewhere(shop: Shop, page: Page) -> None:
    shop.pages["/"] = html("<script>window.Shopify={routes:{root:'/zh/'}}</script>", tag(shop))
    arrive(page, shop)
    settled(page, shop)
    assert len(shop.of("/zh/cart/update.js")) == 1


WOO = """<form class="checkout"><input name="wc_order_attribution_session_entry"></form><script>
window.wc_order_attribution = {
  params: { allowTracking: ALLOWED },
  getAttributionData: () => ({ session_entry: ENTRY, source_type: 'typein' }),
  setOrderTracking(allow) {
    this.params.allowTracking = allow
    document.querySelector('input').value = this.getAttributionData().session_entry
    window.told = (window.told || []).concat(allow)
  },
}
wc_order_attribution.setOrderTracking(ALLOWED)
</script>"""


@pytest.mark.parametrize(
    ("entry", "allowed", "query"),
    [
        ("'https://www.tea.co.uk/tea?a=1'", "true", {"a": ["1"]}),
        (f"'https://www.tea.co.uk/?{CLICK_PARAMETER}=old'", "true", {}),
        ("null", "false", {}),
    ],
)
def test_woocommerce_names_the_click_in_where_the_order_came_from(
    shop: Shop, page: Page, entry: str, allowed: str, query: dict[str, list[str]]
) -> None:
    shop.pages["/"] = html(tag(shop))
    shop.pages["/checkout"] = html(WOO.replace("ENTRY", entry).replace("ALLOWED", allowed), tag(shop))
    arrive(page, shop)
    page.goto(shop.url("/checkout"))
    page.wait_for_load_state("load")
    page.click("input")
    found = urlsplit(page.input_value("input"))
    assert found.hostname == SHOP
    assert parse_qs(found.query) == {**query, CLICK_PARAMETER: [CLICK]}
    assert page.evaluate("told") == [allowed == "true"] * 2


def test_stripes_links_and_buttons_carry_the_id_also_those_that_come_later(shop: Shop, page: Page) -> None:
    links = (
        '<a id="plain" href="https://buy.stripe.com/a">1</a>'
        '<a id="query" href="https://buy.stripe.com/b?locale=zh">2</a>'
        '<a id="own" href="https://buy.stripe.com/c?client_reference_id=mine">3</a>'
        '<a id="other" href="https://shop.example/d">4</a>'
        '<stripe-buy-button id="button"></stripe-buy-button>'
        '<stripe-pricing-table id="table" client-reference-id="mine"></stripe-pricing-table>'
    )
    shop.pages["/"] = html(links, tag(shop))
    arrive(page, shop)
    hrefs = {name: page.get_attribute(f"#{name}", "href") for name in ("plain", "query", "own", "other")}
    assert hrefs == {
        "plain": f"https://buy.stripe.com/a?client_reference_id={CLICK}",
        "query": f"https://buy.stripe.com/b?locale=zh&client_reference_id={CLICK}",
        "own": "https://buy.stripe.com/c?client_reference_id=mine",
        "other": "https://shop.example/d",
    }
    attribute = "client-reference-id"
    assert [page.get_attribute(f"#{name}", attribute) for name in ("button", "table")] == [CLICK, "mine"]
    page.evaluate(
        'document.body.innerHTML = \'<a id="late" href="https://buy.stripe.com/e">5</a><i id="x">x</i>\''
    )
    page.click("#x")
    assert page.get_attribute("#late", "href") == f"https://buy.stripe.com/e?client_reference_id={CLICK}"


# --- views and carts -----------------------------------------------------------------------------

PRODUCT = '<div data-gv-product="77"></div><button data-gv-cart="88">+</button>'


@pytest.mark.parametrize("settings", [{}, {"consent": "denied"}, {"consent": "yes"}])
def test_nothing_is_reported_without_consent(
    shop: Shop, page: Page, world: World, settings: dict[str, str]
) -> None:
    shop.pages["/"] = html(PRODUCT, tag(shop, **settings))
    arrive(page, shop)
    page.click("button")
    settled(page, shop)
    assert shop.of("/events") == []
    assert world.clicks.interest(CLICK) == Interest()


def test_views_and_carts_are_reported_once_each_by_consent(shop: Shop, page: Page, world: World) -> None:
    shop.pages["/"] = html(PRODUCT, tag(shop, consent="granted"))
    arrive(page, shop)
    for _ in range(3):
        page.click("button")
    settled(page, shop)
    base = {"click": CLICK, "consent": True}
    assert reports(shop) == [
        {**base, "kind": "view", "product": "77"},
        {**base, "kind": "cart", "product": "88"},
    ]
    assert world.clicks.interest(CLICK) == Interest(frozenset({"77"}), frozenset({"88"}))
    assert [one.headers.get("Cookie") for one in shop.of("/events")] == [None, None]


SHOPIFYS_CONSENT = """
window.Shopify = { customerPrivacy: { analyticsProcessingAllowed: () => true } }
document.dispatchEvent(new CustomEvent('visitorConsentCollected'))
"""


@pytest.mark.parametrize(
    "agree",
    [
        "grapevine.consent(true)",
        "document.dispatchEvent(new CustomEvent('grapevine:consent', { detail: true }))",
        SHOPIFYS_CONSENT,
    ],
)
def test_what_was_seen_before_the_consent_is_reported_after_it(shop: Shop, page: Page, agree: str) -> None:
    shop.pages["/"] = html(PRODUCT, tag(shop))
    arrive(page, shop)
    settled(page, shop)
    assert shop.of("/events") == []
    page.evaluate(agree)
    settled(page, shop)
    assert [told["product"] for told in reports(shop)] == ["77"]


def test_a_consent_that_is_taken_back_ends_the_reports(shop: Shop, page: Page) -> None:
    shop.pages["/"] = html(PRODUCT, tag(shop, consent="granted"))
    arrive(page, shop)
    page.evaluate("grapevine.consent(false)")
    page.click("button")
    settled(page, shop)
    assert [told["kind"] for told in reports(shop)] == ["view"]


def test_a_browser_that_asks_for_privacy_reports_nothing(shop: Shop, page: Page) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })")
    shop.pages["/"] = html(PRODUCT, tag(shop, consent="granted"))
    arrive(page, shop)
    settled(page, shop)
    assert shop.of("/events") == []


def test_who_did_not_come_by_a_link_is_not_reported(shop: Shop, page: Page) -> None:
    shop.pages["/"] = html(SHOPIFY, PRODUCT, tag(shop, consent="granted"))
    page.goto(shop.url("/"))
    page.click("button")
    settled(page, shop)
    assert (shop.of("/events"), carts(shop)) == ([], [])


def test_a_shop_may_have_nothing_kept_before_consent(shop: Shop, page: Page, context: BrowserContext) -> None:
    shop.pages["/"] = html(SHOPIFY, tag(shop, wait="consent"))
    arrive(page, shop)
    settled(page, shop)
    assert (context.cookies(), carts(shop), page.evaluate("localStorage.length")) == ([], [], 0)
    page.evaluate("grapevine.consent(true)")
    settled(page, shop)
    assert (kept(context)["value"], carts(shop)) == (CLICK, [CLICK])
    page.evaluate("grapevine.consent(false)")
    assert [one["name"] for one in context.cookies()] == ["cart"]
    assert page.evaluate("localStorage.length") == 0


FRAME = "<iframe name='f'></iframe>"
SHOPIFY_FORM = f"""<script>window.meta = {{ product: {{ id: 77 }} }}</script>{FRAME}
<form action='/en/cart/add' target='f'><input name='product-id' value='80'><button>+</button></form>"""
WOO_FORM = f"""<form class='cart' action='/x' target='f'><button name='add-to-cart' value='81'>+</button>
</form>{FRAME}"""
OTHER_FORM = f"<form action='/x' target='f'><button>search</button></form>{FRAME}"


@pytest.mark.parametrize(
    ("body", "classes", "press", "told"),
    [
        ("<script>window.meta={product:{id:77}}</script>", "", "", [("view", "77")]),
        ("", "single single-product postid-78", "", [("view", "78")]),
        ("<a class='button' data-product_id='79'>+</a>", "", "a", [("cart", "79")]),
        (
            SHOPIFY_FORM,
            "",
            "button",
            [("view", "77"), ("cart", "80")],
        ),
        (
            WOO_FORM,
            "single-product postid-81",
            "button",
            [("view", "81"), ("cart", "81")],
        ),
        (OTHER_FORM, "", "button", []),
    ],
)
def test_products_are_known_by_what_the_platforms_say(
    shop: Shop, page: Page, body: str, classes: str, press: str, told: list[tuple[str, str]]
) -> None:
    shop.pages["/"] = html(body, tag(shop, consent="granted"), classes=classes)
    arrive(page, shop)
    if press:
        page.click(press)
    settled(page, shop)
    assert [(one["kind"], one["product"]) for one in reports(shop)] == told


# --- a shop that is strict, or odd ---------------------------------------------------------------


def test_everything_works_under_a_strict_policy(
    shop: Shop, page: Page, context: BrowserContext, world: World
) -> None:
    shop.policy = STRICT.format(links=f"{LINKS}:{shop.port}")
    shop.pages["/"] = html(PRODUCT, "<p data-gv-offer='1001'></p>", tag(shop, consent="granted", join=JOIN))
    arrive(page, shop)
    page.click("button")
    settled(page, shop)
    assert kept(context)["value"] == CLICK
    assert world.clicks.interest(CLICK).carted == {"88"}
    assert page.locator(".gv-join").count() == 1


def test_a_policy_by_nonce_is_enough(shop: Shop, page: Page, context: BrowserContext) -> None:
    shop.policy = "default-src 'none'; script-src 'nonce-abc'; connect-src 'self'"
    shop.pages["/"] = html(tag(shop).replace("<script", "<script nonce='abc'"))
    arrive(page, shop)
    assert kept(context)["value"] == CLICK


def test_a_file_that_was_changed_does_not_run(shop: Shop, page: Page, context: BrowserContext) -> None:
    shop.pages["/"] = html(tag(shop).replace("sha384-", "sha384-A"))
    arrive(page, shop)
    settled(page, shop)
    assert context.cookies() == []


@pytest.mark.parametrize(
    "hostile",
    [
        "window.Shopify = null",
        "window.Shopify = { get routes() { throw new Error('no') } }",
        "window.wc_order_attribution = { getAttributionData: 7, setOrderTracking() { throw 1 } }",
        "window.fetch = () => { throw new Error('no') }; window.Shopify = { routes: {} }",
        "window.fetch = () => Promise.reject(1); window.Shopify = { routes: {} }",
        "navigator.sendBeacon = () => { throw 1 }",
        "window.grapevine = 'somebody else'",
        "window.meta = 5",
    ],
)
def test_a_hostile_page_is_not_broken_by_us(shop: Shop, page: Page, hostile: str) -> None:
    """The tab itself fails when anything is thrown into the page."""
    shop.pages["/"] = html(f"<script>{hostile}</script>", PRODUCT, tag(shop, consent="granted", join="::"))
    arrive(page, shop)
    page.click("button")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.readyState") == "complete"


# --- thank you -----------------------------------------------------------------------------------

JOIN = "https://console.example/join?storefront=sf_test"


@pytest.mark.parametrize(
    ("path", "body", "query"),
    [
        (
            "/thanks",
            "<p data-gv-offer='#1001'><i data-gv-product='77'></i></p>",
            {"order": ["#1001"], "product": ["77"]},
        ),
        ("/checkout/order-received/1002/", "<div class='woocommerce-order'></div>", {"order": ["1002"]}),
    ],
)
def test_a_customer_is_offered_to_join_with_what_they_bought(
    shop: Shop, page: Page, path: str, body: str, query: dict[str, list[str]]
) -> None:
    """Also one whom nobody sent."""
    shop.pages[path] = html(body, tag(shop, join=JOIN))
    page.goto(shop.url(path))
    page.wait_for_load_state("load")
    link = page.locator("a.gv-join")
    assert link.count() == 1
    assert link.inner_text() == "Share & earn 分享赚佣金"
    target = urlsplit(link.get_attribute("href") or "")
    assert (target.hostname, target.path) == ("console.example", "/join")
    assert parse_qs(target.query) == {"storefront": ["sf_test"], **query}


def test_the_offer_says_what_the_merchant_wants_and_only_as_text(shop: Shop, page: Page) -> None:
    shop.pages["/"] = html("<p data-gv-offer='1'></p>", tag(shop, join=JOIN, text="&lt;b&gt;分享&lt;/b&gt;"))
    page.goto(shop.url("/"))
    page.wait_for_load_state("load")
    assert page.locator("a.gv-join").inner_text() == "<b>分享</b>"


@pytest.mark.parametrize(
    ("body", "settings"), [("<p></p>", {"join": JOIN}), ("<p data-gv-offer='1'></p>", {})]
)
def test_no_offer_elsewhere_and_none_that_the_merchant_did_not_ask_for(
    shop: Shop, page: Page, body: str, settings: dict[str, str]
) -> None:
    shop.pages["/"] = html(body, tag(shop, **settings))
    arrive(page, shop)
    page.wait_for_load_state("load")
    assert page.locator("a.gv-join").count() == 0


# --- without the rest ----------------------------------------------------------------------------


def test_a_page_in_a_frame_without_rights_is_left_alone(browser: Browser, shop: Shop, page: Page) -> None:
    shop.pages["/"] = html('<iframe sandbox="allow-scripts" src="/inner"></iframe>')
    shop.pages["/inner"] = html(SHOPIFY, tag(shop, consent="granted"))
    page.goto(shop.url("/"))
    settled(page, shop)
    assert shop.of("/cart/update.js") == []
