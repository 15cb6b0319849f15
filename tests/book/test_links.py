"""The links of the built book, read from its HTML: no browser needed."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from cnnmath.figures import FIGURES

FETCHED = {("script", "src"), ("img", "src"), ("link", "href"), ("source", "src"), ("iframe", "src"), ("video", "src")}


class Links(HTMLParser):
    """The targets that a page links to, fetches and offers."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links, self.fetched = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.anchors.update(values[name] for name in ("id", "name") if values.get(name))
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
        for name in ("src", "href"):
            if (tag, name) in FETCHED and values.get(name):
                self.fetched.append(values[name])


@pytest.fixture(scope="session")
def parsed(book, pages):
    """Each page's links."""
    return {page: Links((book / page).read_text(encoding="utf-8")) for page in pages}


def target_of(book, page, link):
    """The file in the book that a link leads to, and its fragment; None for what leaves the book."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    path = (book / page).parent / unquote(parts.path) if parts.path else book / page
    return path.resolve(), unquote(parts.fragment)


def test_every_internal_link_has_its_file_and_its_anchor(book, parsed):
    broken = []
    for page, found in parsed.items():
        for link in found.links:
            target = target_of(book, page, link)
            if target is None:
                continue
            path, fragment = target
            name = path.relative_to(book).as_posix() if path.is_relative_to(book) else None
            if not path.is_file():
                broken.append(f"{page}: {link}: no such file")
            elif fragment and "=" not in fragment and name in parsed and fragment not in parsed[name].anchors:
                broken.append(f"{page}: {link}: no such anchor")
    assert not broken, "\n".join(broken)


def test_every_link_to_a_state_of_a_figure_is_good_there(book, parsed):
    tags = {kind.tag: kind for kind in FIGURES.values()}
    tried = 0
    for page, found in parsed.items():
        for link in found.links:
            target = target_of(book, page, link)
            if target and "=" in target[1]:
                name, state = target[1].split("=", 1)
                text = target[0].read_text(encoding="utf-8")
                element = re.search(rf'<(cnnmath-[a-z-]+)[^>]*? name="{re.escape(name)}"[^>]*>', text)
                assert element, f"{page}: {link}: no figure of this name"
                there = re.search(r' state="([^"]*)"', element[0])
                before = json.loads(unescape(there[1])) if there else {}
                tags[element[1]](**(before | json.loads(state)))  # raises if the state is refused
                tried += 1
    assert tried > 0


def test_every_page_is_linked_from_another(book, parsed):
    reached = {
        target[0].relative_to(book).as_posix()
        for page, found in parsed.items()
        for target in (target_of(book, page, link) for link in found.links)
        if target and target[0] != book / page
    }
    assert set(parsed) - reached == {"index.html", "search.html"}


def test_pages_fetch_files_of_the_book_only(book, parsed):
    for page, found in parsed.items():
        for link in found.fetched:
            target = target_of(book, page, link)
            assert target or link.startswith("data:"), f"{page} fetches {link}"
            assert not target or target[0].is_file(), f"{page}: {link}: no such file"


def test_no_kernel_machinery_is_shipped(book):
    names = {path.name.lower() for path in book.rglob("*.js")}
    assert not [name for name in names if any(word in name for word in ("thebe", "require", "html-manager"))]
    for path in book.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "jupyter.widget-state" not in text and "mybinder" not in text, path


def test_there_is_one_file_of_mathjax(book):
    assert [path.name for path in (book / "_static" / "mathjax").iterdir()] == ["tex-svg-full.js"]


def test_a_chapter_and_its_equations_bear_the_number_of_its_file(book, pages):
    for page in pages:
        match = re.fullmatch(r"book/(\d\d)_.*", page)
        if match:
            text = (book / page).read_text(encoding="utf-8")
            title = re.search(r"<h1><span class=\"section-number\">(\d+)", text)
            assert int(title[1]) == int(match[1])
            equations = re.findall(r"<span class=\"eqno\">\((\d+)\.", text)
            assert equations and set(equations) == {title[1]}


def test_every_erratum_is_linked_from_a_chapter_and_leads_back_to_one(book, parsed):
    errata = "book/errata.html"
    numbers = {anchor for anchor in parsed[errata].anchors if re.fullmatch(r"erratum-\d+", anchor)}
    assert len(numbers) == 28
    chapters = [page for page in parsed if re.match(r"book/\d\d_", page)]
    linked = {link.partition("#")[2] for page in chapters for link in parsed[page].links if link.startswith("errata.html#")}
    assert numbers <= linked, sorted(numbers - linked)
    text = (book / errata).read_text(encoding="utf-8")
    entries = re.findall(r'<span id="erratum-\d+">.*?(?=<span id="erratum-)', text, re.DOTALL)
    assert len(entries) == 28
    assert [entry[:60] for entry in entries if not re.search(r'href="\d\d_', entry)] == []
