"""Open a figure in a real browser, from one file:// page without Python or a network behind it."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.figures.contract import Live


@pytest.fixture
def live(page, tmp_path):
    """live(figure) opens the figure in the browser and returns a handle on its element."""

    def open_figure(*figures):
        path = tmp_path / "figure.html"
        path.write_text(figures[0].page(figures), encoding="utf-8")
        page.goto(path.as_uri())
        return Live(page, figures[0])

    return open_figure


@pytest.fixture
def axe():
    """axe(page) returns what axe-core finds wrong, as "rule: selector" lines."""

    def run(page):
        found = Axe().run(page).response["violations"]
        return [f"{rule['id']}: {node['target']}" for rule in found for node in rule["nodes"]]

    return run
