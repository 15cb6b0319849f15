"""A headless Chromium without a network, for every test of a page.

`page` is a page that must stay silent: a warning or error in its console, an exception, a failed
request or a request that leaves the machine ends up in `problems` and fails the test at its end. A
test that provokes such a thing on purpose checks `problems` and clears it.
"""

import os
import shutil
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # What is not a page's request, such as a preconnect, cannot be watched; so no name resolves at all.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]
LOCAL_SCHEMES = ("file", "data", "blob", "about")
LOCAL_HOSTS = ("localhost", "127.0.0.1")


def find_chromium(playwright):
    """The path of a Chromium: the variable CHROMIUM, the system's, or the one Playwright installed."""
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), playwright.chromium.executable_path]
    return next((path for path in candidates if path and os.path.exists(path)), None)


def is_local(url):
    """Whether a request for `url` stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme in LOCAL_SCHEMES or parts.hostname in LOCAL_HOSTS


@pytest.fixture(scope="session")
def browser():
    """Chromium, started once; without one browser tests skip, or fail where CI is set."""
    with sync_playwright() as playwright:
        path = find_chromium(playwright)
        if path is None:
            reason = "no Chromium found: install chromium, or set CHROMIUM to its path"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def problems():
    """What went wrong in the pages of this test, one line each."""
    return []


@pytest.fixture
def new_page(browser, problems):
    """A function that opens a watched page; its arguments are those of Playwright's `new_context`."""
    contexts = []

    def guard(route):
        if is_local(route.request.url):
            route.continue_()
        else:
            problems.append(f"remote request: {route.request.url}")
            route.abort()

    def failed(request):
        # A page left while something still loads aborts it: no fault of the page.
        if is_local(request.url) and request.failure != "net::ERR_ABORTED":
            problems.append(f"failed request: {request.url} ({request.failure})")

    def answered(response):
        if response.status >= 400:
            problems.append(f"status {response.status}: {response.url}")

    def said(message):
        if message.type in ("warning", "error"):
            problems.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def open_page(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.route("**/*", guard)
        context.on("requestfailed", failed)
        context.on("response", answered)
        context.on("console", said)
        context.on("weberror", lambda error: problems.append(f"exception: {error.error}"))
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    assert not problems, "the page was not silent:\n" + "\n".join(problems)


@pytest.fixture
def page(new_page):
    """One watched page of 1280 × 900 pixels."""
    return new_page(viewport={"width": 1280, "height": 900})
