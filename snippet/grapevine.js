// Grapevine's storefront snippet: keeps the click id that a link brought and hands it to the cart.
// What it does, its settings and its limits: docs/how-to/snippet.md. ES2017, no dependency, and
// nothing that a strict Content-Security-Policy forbids. `python -m infra.snippet` makes what is served.
(() => {
  const page = document;
  const here = location;
  const NAME = "gv_click";
  const KEPT_SECONDS = 7776e3;

  // A shop must never break because of us: whatever fails is as if we were not there, also a name such as
  // Shopify's that this shop does not have.
  const attempt = (action) => {
    try {
      return action();
    } catch (error) {}
  };

  attempt(() => {
    if (window.grapevine) return;
    const { src: source, dataset: settings } = page.currentScript;
    const query = (selector) => page.querySelector(selector);

    const addressed = (address, name, value) => {
      const url = new URL(address, here);
      url.searchParams.set(name, value);
      return url.href;
    };

    // What changes while a page is open: what was agreed to, how often the cart was written, what was sent.
    let agreed = settings.consent;
    let asked = 0;
    let told = 0;

    // --- keeping the id ---------------------------------------------------------------------

    const cookie = (name) => attempt(() => page.cookie.match("\\b" + name + "=([^;]*)")[1]) || "";

    // On the widest host that the browser takes, so that www and shop see the same id.
    const setCookie = (value, seconds) => {
      const labels = here.hostname.split(".");
      const text = NAME + "=" + value + ";Path=/;SameSite=Lax;Secure;Max-Age=" + seconds;
      for (let number = labels.length; number--; )
        if (cookie(NAME) != value) page.cookie = text + ";Domain=" + labels.slice(number).join(".");
    };

    // What the browser keeps without cookies has its date behind it.
    const stored = () => {
      const text = localStorage[NAME];
      return Date.now() - text.slice(43) < KEPT_SECONDS * 1e3 && text.slice(0, 43);
    };

    // The second half of an id begins with its instant, so that of two clicks the later one is found
    // whatever page somebody goes back to.
    const latest = (ids) =>
      ids
        .filter((value) => /^\w{22}-\w{20}$/.test(value))
        .sort((value, other) => value.slice(23) < other.slice(23) ? 1 : -1)[0];

    const kept = latest([cookie(NAME), attempt(stored)]);
    const click = latest([new URLSearchParams(here.search).get(NAME), kept]);

    const keep = () => {
      if (click == kept) return;
      attempt(() => setCookie(click, KEPT_SECONDS));
      localStorage[NAME] = click + Date.now();
    };

    const forget = () => {
      attempt(() => setCookie("", 0));
      delete localStorage[NAME];
    };

    // --- consent ----------------------------------------------------------------------------

    const mayReport = () =>
      !navigator.globalPrivacyControl &&
      (agreed ? agreed == "granted" : attempt(() => Shopify.customerPrivacy.analyticsProcessingAllowed()));

    const mayKeep = () => !settings.wait || mayReport();

    // --- the cart ---------------------------------------------------------------------------

    // A new cart has a new token, and wants the id again; once on a page is enough.
    const shopifyCart = () => {
      const mark = () => click + cookie("cart");
      const root = (Shopify.routes || {}).root || "/";
      if (asked++ || attempt(() => sessionStorage[NAME]) == mark()) return;
      fetch(root + "cart/update.js", {
        method: "POST",
        body: new URLSearchParams("attributes[gv_click]=" + click)
      })
        .then((event) => event.ok && (sessionStorage[NAME] = mark()))
        .catch(() => 0);
    };

    // WooCommerce keeps where an order came from by itself; we name the click in the landing page it keeps.
    const wooCart = () => {
      const origin = wc_order_attribution;
      if (origin[NAME]) return;
      const read = origin[NAME] = origin.getAttributionData;
      origin.getAttributionData = () => {
        const value = read();
        value.session_entry = addressed(value.session_entry || "/", NAME, click);
        return value;
      };
      origin.setOrderTracking(origin.params.allowTracking);
    };

    const stripeCart = () => {
      const parameter = "client_reference_id";
      const attribute = "client-reference-id";
      const places = "a[href^='https://buy.stripe.com/'],stripe-buy-button,stripe-pricing-table";
      page.querySelectorAll(places).forEach((link) => {
        if (!link.href) link.setAttribute(attribute, link.getAttribute(attribute) || click);
        else if (!link.search.includes(parameter)) link.href = addressed(link.href, parameter, click);
      });
    };

    // --- views and carts --------------------------------------------------------------------

    // Each once, and those of before the consent after it.
    const noted = [];

    const note = (name, value) => {
      const text = JSON.stringify({ click: click, kind: name, product: "" + value, consent: true });
      if (click && value && !noted.includes(text)) noted.push(text);
      while (noted[told] && mayReport()) navigator.sendBeacon(new URL("../events", source), noted[told++]);
    };

    const shown = () =>
      attempt(() => query("[data-gv-product]").dataset.gvProduct) ||
      attempt(() => meta.product.id) ||
      attempt(() => /single-product.*postid-(\d+)/.exec(page.body.className)[1]);

    const submitted = (event) => {
      const value = event.target;
      if (value.matches("[action*='/cart/add'],.cart"))
        note("cart", (value.querySelector("[name=product-id],[name=add-to-cart]") || {}).value || shown());
    };

    const pressed = (event) => {
      const value = event.target.closest("[data-product_id],[data-gv-cart]").dataset;
      note("cart", value.gvCart || value.product_id);
    };

    // --- thank you --------------------------------------------------------------------------

    const offer = () => {
      const place = query("[data-gv-offer],.woocommerce-order");
      const value = place.dataset.gvOffer || /order-received\/(\d+)/.exec(here.pathname)[1];
      if (!settings.join || query(".gv-join")) return;
      const link = page.createElement("a");
      link.className = "gv-join";
      link.href = addressed(addressed(settings.join, "order", value), "product", shown() || "");
      link.textContent = settings.text || "Share & earn 分享赚佣金";
      place.append(link);
    };

    // --- all of it, as often as you like ----------------------------------------------------

    const run = () => {
      if (click && mayKeep()) [keep, shopifyCart, wooCart, stripeCart].forEach(attempt);
      attempt(() => note("view", shown()));
      attempt(offer);
    };

    const consent = (value) => {
      agreed = value ? "granted" : "no";
      if (!mayKeep()) attempt(forget);
      run();
    };

    const listen = (name, action) => addEventListener(name, (event) => attempt(() => action(event)), true);

    window.grapevine = { consent: consent, note: note };
    listen("grapevine:consent", (event) => consent(event.detail));
    listen("submit", submitted);
    listen("click", pressed);
    listen("click", run);
    listen("load", run);
    listen("visitorConsentCollected", run);
    run();
  });
})();
