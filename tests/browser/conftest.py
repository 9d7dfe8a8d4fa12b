"""A real browser, once for all tests of a file, and a fresh profile and shop for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.shop_server import Shop, serving
from tests.worlds import World, chain_world

CHROMIUM = (
    os.environ.get("GRAPEVINE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * 127.0.0.1")
PATIENT_MILLISECONDS = 30_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Chromium; a test that needs it is not run, by its name, where there is none."""
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def world() -> World:
    """Return what our host runs on."""
    return chain_world()


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Iterator[Shop]:
    """Return a shop that is served until the test ends."""
    with serving(world, tmp_path) as served:
        yield served


@pytest.fixture
def context(browser: Browser, shop: Shop) -> Iterator[BrowserContext]:
    """Return a fresh profile."""
    opened = browser.new_context(ignore_https_errors=True, locale="en-GB")
    opened.set_default_timeout(PATIENT_MILLISECONDS)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Return a tab in which nothing of the snippet's may be thrown or refused by a policy."""
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
    yield tab
    assert wrong == []
