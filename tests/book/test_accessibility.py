"""axe-core on every page: what it can tell of headings, names, roles, contrast and the keyboard."""

from pathlib import Path

import axe_playwright_python
import pytest

from tests.book.visit import visit

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
# What the theme draws around an article is its own affair, and so are the roles docutils gives a bibliography.
ARTICLE = "{include: [['article.bd-article']], exclude: [['.citation-list']]}"
# Contrast is costly: it is measured in both modes, but not for every token of code, whose colours are the theme's
# accessible style, nor inside equations, which have the colour of the text.
TEXT = "{include: [['article.bd-article']], exclude: [['div.highlight'], ['dt.sig'], ['mjx-container']]}"
# axe would fetch the style sheets again, which a page opened as a file is not allowed to.
ALL_BUT_CONTRAST = "{preload: false, resultTypes: ['violations'], rules: {'color-contrast': {enabled: false}}}"
CONTRAST = "{preload: false, resultTypes: ['violations'], runOnly: ['color-contrast']}"


@pytest.fixture
def axe(book, themed_page):
    """axe(path, where, how) opens a page and returns what axe finds wrong in it, one line each."""

    def run(path, where, how):
        visit(themed_page, book.as_uri(), path)
        themed_page.evaluate(AXE.read_text(encoding="utf-8"))
        violations = themed_page.evaluate(f"() => axe.run({where}, {how}).then(result => result.violations)")
        return [
            f"{path}: {violation['id']}: {violation['help']}: {node['html'][:300]}"
            for violation in violations
            for node in violation["nodes"]
        ]

    return run


@pytest.fixture
def articles(pages):
    """The pages that were written, not generated."""
    return [path for path in pages if path.startswith("book/")]


@pytest.mark.parametrize("themed_page", ["light"], indirect=True)
def test_structure_and_names(axe, articles):
    found = [line for path in articles for line in axe(path, ARTICLE, ALL_BUT_CONTRAST)]
    assert not found, "\n".join(found)


def test_contrast_in_both_modes(axe, articles):
    found = [line for path in articles for line in axe(path, TEXT, CONTRAST)]
    assert not found, "\n".join(found)
