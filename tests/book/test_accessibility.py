"""axe-core on every page, the theme's parts included: what it can tell of headings, names, roles, contrast and the keyboard."""

from pathlib import Path

import axe_playwright_python
import pytest

from tests.book.visit import visit

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
# What is wrong in markup that is not ours, as (rule, the part it is in). A test fails when one of these is no longer needed.
NOT_OURS = {
    ("region", ".sidebar-primary-item"): "sphinx-book-theme sets the logo beside the landmarks",
    ("aria-allowed-role", ".citation-list"): "docutils gives each entry of a bibliography the role doc-biblioentry",
    ("aria-deprecated-role", ".citation-list"): "which is no longer to be used",
    ("aria-required-children", ".citation-list"): "and is not one of a list",
}
# Contrast is costly: it is not measured for every token of code, whose colours are the theme's accessible style, nor inside
# equations, which have the colour of the text. The first test looks at both for everything else.
COLOURED = "{include: [['html']], exclude: [['div.highlight'], ['dt.sig'], ['mjx-container']]}"
# axe would fetch the style sheets again, which a page opened as a file is not allowed to.
ALL = "{preload: false, resultTypes: ['violations']}"
ALL_BUT_CONTRAST = "{preload: false, resultTypes: ['violations'], rules: {'color-contrast': {enabled: false}}}"
MODES = {"light": (1280, "light"), "dark": (1280, "dark"), "360 px": (360, "light")}
# The nodes at fault, through shadow roots, and which of the known parts each is in.
RUN = """(parts) => axe.run(WHERE, HOW).then(({ violations }) => violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => {
    const node = target.flat().reduce((root, selector) => (root.shadowRoot ?? root).querySelector(selector), document);
    return { rule: id, help, html: node.outerHTML.slice(0, 300), parts: parts.filter((part) => node.closest(part)) };
})))"""


@pytest.fixture
def axe(book, new_page):
    """axe(mode, path, where, how) opens a page and returns what axe finds wrong: what is ours, one line each, and what is known of others."""
    pages = {}

    def run(mode, path, where, how):
        if mode not in pages:
            width, theme = MODES[mode]
            pages[mode] = new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
            pages[mode].add_init_script(f"localStorage.mode = localStorage.theme = '{theme}'")
        visit(pages[mode], book.as_uri(), path)
        pages[mode].evaluate(AXE.read_text(encoding="utf-8"))
        ours, others = [], set()
        script = RUN.replace("WHERE", where).replace("HOW", how)
        for one in pages[mode].evaluate(script, sorted({part for _, part in NOT_OURS})):
            known = {(one["rule"], part) for part in one["parts"]} & NOT_OURS.keys()
            others |= known
            if not known:
                ours.append(f"{path}, {mode}: {one['rule']}: {one['help']}: {one['html']}")
        return ours, others

    return run


@pytest.fixture
def articles(pages):
    """Every page but the index, which only redirects."""
    return [path for path in pages if path != "index.html"]


def test_structure_and_names(axe, articles):
    """All of a page: code, equations and the shadow roots of figures."""
    found = [axe("light", path, "document", ALL_BUT_CONTRAST) for path in articles]
    ours = [line for lines, _ in found for line in lines]
    assert not ours, "\n".join(ours)
    assert set().union(*(others for _, others in found)) == NOT_OURS.keys(), "an exception is no longer needed"


@pytest.mark.parametrize("mode", MODES)
def test_every_rule_in_each_mode(axe, articles, mode):
    ours = [line for path in articles for line in axe(mode, path, COLOURED, ALL)[0]]
    assert not ours, "\n".join(ours)
