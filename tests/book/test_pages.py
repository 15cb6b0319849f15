"""Every page of the built book in a real browser without a network."""

import gzip
import re

from cnnmath.figures import FIGURES, _assets
from tests.book.visit import visit


def test_every_page_is_silent_and_asks_for_nothing_remote(address, themed_page, pages, problems):
    for path in pages:
        visit(themed_page, address, path)
        assert themed_page.evaluate("document.documentElement.dataset.theme") == themed_page.theme
        themed_page.mouse.wheel(0, 100_000)
        themed_page.wait_for_timeout(100)
        assert not problems, f"{path}: {problems}"


def test_every_equation_is_set_and_none_in_error(book, page, pages):
    formulas = 0
    for path in pages:
        visit(page, book.as_uri(), path)
        left = page.evaluate(
            "() => [...document.querySelectorAll('.math')].filter(e => !e.querySelector('mjx-container svg'))"
            ".map(e => e.textContent)"
        )
        assert left == [], f"{path}: not typeset"
        errors = page.evaluate(
            "() => [...document.querySelectorAll('[data-mml-node=merror]')].map(e => e.dataset.mjxError)"
        )
        assert errors == [], path
        formulas += page.locator(".math mjx-container").count()
    assert formulas > 0


def test_search_finds_a_word(address, page):
    visit(page, address, "search.html?q=convolution")
    page.wait_for_selector("#search-results li a")
    links = page.eval_on_selector_all("#search-results li a", "links => links.map(a => a.href)")
    assert any("book/02_convolution.html" in link for link in links)


def test_the_search_field_of_a_page_leads_to_results(address, page):
    visit(page, address, "book/index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("convolution")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=convolution*")
    page.wait_for_selector("#search-results li a")


def test_no_page_is_wider_than_a_narrow_screen(book, new_page, pages):
    page = new_page(viewport={"width": 360, "height": 740})
    for path in pages:
        visit(page, book.as_uri(), path)
        width = page.evaluate("document.scrollingElement.scrollWidth")
        assert width <= 360, f"{path} is {width} pixels wide on a screen of 360"


def test_a_page_carries_the_scripts_of_its_own_figures_and_no_more_than_100_kb(book, pages):
    """100 kB of JavaScript, 35 kB gzipped; the style sheet, which travels as a script, is not counted."""
    loaded = 0
    for path in pages:
        text = (book / path).read_text(encoding="utf-8")
        tags = set(re.findall(r"<(cnnmath-[a-z0-9-]+)[\s>]", text))
        needed = {name for kind in FIGURES.values() if kind.tag in tags for name in _assets.scripts(kind)}
        names = {name for name in re.findall(r"_static/cnnmath/([\w.-]+\.js)", text) if (_assets.STATIC / name).exists()}
        assert names == {name for name in needed if not name.endswith(".css.js")}, path
        code = "".join(_assets.source(name) for name in sorted(names)).encode()
        assert len(code) <= 100_000 and len(gzip.compress(code, 9)) <= 35_000, f"{path}: {len(code)} bytes"
        loaded += len(names)
    assert loaded > 0
