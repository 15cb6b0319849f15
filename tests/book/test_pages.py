"""Every page of the built book in a real browser without a network."""

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
