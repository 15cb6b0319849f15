"""The book served by a real nginx with the configuration of deploy/: what it sends, and every page under its policy."""

import gzip
import http.client
import re
from urllib.parse import urlsplit

import pytest

from benchmarks import load
from cnnmath.figures import FIGURES
from tests.book.visit import visit

FOREVER = "public, max-age=31536000, immutable"
TAGS = sorted(kind.tag for kind in FIGURES.values())
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.fixture
def ask(nginx):
    """ask(path, **headers) sends one request and returns the response, read, with its body as `content`."""
    connection = http.client.HTTPConnection(urlsplit(nginx[0]).netloc, timeout=10)

    def request(path, method="GET", **headers):
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        response.content = response.read()
        return response

    yield request
    connection.close()


@pytest.mark.parametrize("path, kind", [
    ("book/02_convolution.html", "text/html"),
    ("_static/mathjax/tex-svg-full.js", "text/javascript"),
    ("_static/styles/sphinx-book-theme.css", "text/css"),
])
def test_text_is_sent_compressed_to_who_takes_it(ask, book, path, kind):
    whole, plain, packed = (book / path).read_bytes(), ask(f"/{path}"), ask(f"/{path}", Accept_Encoding="gzip, br")
    assert plain.status == packed.status == 200 and plain.content == whole
    assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.content) == whole
    assert plain.headers["Content-Type"] == packed.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert len(packed.content) < len(whole) / 2


def test_every_file_has_a_type(ask, book):
    kinds = {path.suffix: path.relative_to(book).as_posix() for path in book.rglob("*.*") if path.is_file() and not path.name.startswith(".")}
    kinds = {suffix: path for suffix, path in kinds.items() if suffix not in (".inv", ".map", ".po", ".mo")}
    untyped = {suffix for suffix, path in kinds.items() if ask(f"/{path}").headers["Content-Type"] == "application/octet-stream"}
    assert untyped == set()


def test_only_an_address_that_changes_with_its_content_is_kept_unasked(ask, book, pages):
    for path in load.addresses(book, pages):
        if path.endswith(".html"):
            continue
        kept = ask(path, "HEAD").headers["Cache-Control"]
        named = "fontawesome" not in path and re.search(r"\?(v=[0-9a-f]{8}|digest=[0-9a-f]{20})$|[0-9a-f]{64}\.\w+$", path)
        assert kept == (FOREVER if named else "no-cache"), path
        # The theme's script of icons holds those that the pages show, at an address that knows nothing of that.
        assert named or "/cnnmath/" not in path and "mathjax" not in path, f"{path} has no version"
    for page in pages:
        assert ask(f"/{page}", "HEAD").headers["Cache-Control"] == "no-cache"
    assert ask("/_static/book.css?v=new").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_did_not_change_is_not_sent_again(ask, encoding):
    first = ask("/book/index.html", Accept_Encoding=encoding)
    again = ask("/book/index.html", Accept_Encoding=encoding, If_None_Match=first.headers["ETag"])
    assert (again.status, again.content) == (304, b"")
    assert ask("/book/index.html", Accept_Encoding=encoding, If_None_Match='"other"').status == 200


def test_the_policy_has_no_remote_source_and_runs_nothing_unnamed(ask, pages):
    for page in pages:
        response = ask(f"/{page}")
        directives = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
        assert directives.pop("default-src") == "'none'"
        for source in directives.pop("script-src").split():
            assert source in ("'self'", "'unsafe-hashes'") or source.startswith("'sha256-"), source
        assert directives == {
            "style-src": "'self' 'unsafe-inline'", "img-src": "'self' data:", "font-src": "'self'",
            "form-action": "'self'", "base-uri": "'none'", "frame-ancestors": "'self'",
        }  # fmt: skip


@pytest.mark.parametrize("path, status", [("/", 200), ("/_static/book.css", 200), ("/nowhere", 404)])
def test_headers_that_every_answer_has(ask, path, status):
    response = ask(path)
    assert response.status == status
    assert {name: response.headers[name] for name in SAFE} == SAFE
    assert response.headers["Server"] == "nginx"  # and no version
    assert ("Content-Security-Policy" in response.headers) == response.headers["Content-Type"].startswith("text/html")


def test_what_is_not_there_is_not_kept_and_what_is_hidden_stays_so(ask, nginx):
    (nginx[1] / "html" / ".hidden").write_text("secret")
    for path in ("/nowhere", "/.hidden", "/csp.conf", "/../csp.conf", "/_static/%2e%2e/%2e%2e/csp.conf"):
        response = ask(path)
        assert response.status in (400, 404) and b"secret" not in response.content, path
        assert response.headers["Cache-Control"] == "no-store"


def test_nothing_can_be_sent_to_the_book(ask):
    assert ask("/book/index.html", "POST").status == 405


LIVE = """(tags) => [...document.querySelectorAll(tags.join())].map((element) => ({
    tag: element.localName, error: element.error, values: Object.keys(element.values ?? {}).length }))"""


COPY = """async (figure) => {
    [...figure.shadowRoot.querySelectorAll(".actions button")].find((button) => button.textContent === "Copy as Python").click();
    for (let k = 0; k < 100; k++) {
        if ((await navigator.clipboard.readText()).replaceAll("\\r", "") === figure.code) return true;
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return false;
}"""


def test_all_pages_work_under_the_policy(nginx, book, new_page, pages, problems):
    """Figures are live, each kind is copied once; a violation is an error in the console, which `problems` collects."""
    page = new_page(viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"])
    copied = set()
    for path in pages:
        visit(page, nginx[0], path)
        if path == "index.html":  # leads to the next
            continue
        page.mouse.wheel(0, 100_000)
        figures = page.evaluate(LIVE, TAGS)
        text = (book / path).read_text(encoding="utf-8")
        assert [one["tag"] for one in figures] == re.findall(rf"<({'|'.join(TAGS)})[\s>]", text), path
        assert all(one["values"] and not one["error"] for one in figures), (path, figures)
        for tag in {one["tag"] for one in figures} - copied:
            assert page.locator(tag).first.evaluate(COPY) is True, (path, tag)
            copied.add(tag)
        page.wait_for_timeout(100)
        assert not problems, f"{path}: {problems}"
    assert copied


def test_a_violation_would_be_seen(nginx, page, problems):
    visit(page, nginx[0], "book/index.html")
    page.evaluate("document.head.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' }))")
    assert page.evaluate("window.ran") is None
    assert len(problems) == 1 and "Content Security Policy" in problems.pop()


def test_buttons_of_the_theme_work_under_the_policy(nginx, page):
    """Their actions stand in onclick attributes, which the policy names by hash."""
    visit(page, nginx[0], "book/02_convolution.html")
    page.evaluate("window.print = () => (window.printed = true)")
    for button in page.locator("[onclick]").all():
        button.dispatch_event("click")
    assert page.evaluate("window.printed") is True
    page.wait_for_function("document.fullscreenElement !== null")


def test_search_works_under_the_policy(nginx, page):
    visit(page, nginx[0], "search.html?q=convolution")
    page.wait_for_selector("#search-results li a")


def test_a_figure_is_saved_under_the_policy(nginx, page):
    """A picture is drawn in the page: as an SVG, and by way of one as a PNG."""
    visit(page, nginx[0], "book/02_convolution.html")
    for name, kind in (("Save as PNG", "png"), ("Save as SVG", "svg")):
        with page.expect_download() as download:
            page.locator("cnnmath-photo-filter").get_by_role("button", name=name, exact=True).evaluate("(button) => button.click()")
        assert download.value.suggested_filename.endswith(f".{kind}")


def test_many_readers_at_once_meet_no_error(nginx, book, pages, wrk):
    """As `make load` does it for longer: 64 connections ask for every page and what it loads."""
    found = load.run(nginx[0], load.addresses(book, pages), seconds=2)
    assert {name: found[name] for name in load.ERRORS} == dict.fromkeys(load.ERRORS, 0), found
    assert found["requests"] > 1000, found
