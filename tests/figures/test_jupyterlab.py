"""Every figure in a live JupyterLab: slider → Python trait, trait → view, and two views in step."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from playwright.sync_api import expect

from cnnmath.figures import FIGURES
from tests.figures.contract import random_states

WAIT = 60  # seconds for a kernel to start or to answer


def until(truth, what):
    """Poll `truth` until it holds; a test that waits for ever says what for."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if truth():
            return
        time.sleep(0.1)
    pytest.fail(f"after {WAIT} s still not so: {what}")


@pytest.fixture(scope="module")
def lab(tmp_path_factory, browser):
    """A JupyterLab server in a fresh home; its root folder and its address."""
    root = tmp_path_factory.mktemp("lab")
    port = 18000 + os.getpid() % 2000
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--ServerApp.port_retries=0", "--allow-root",
               "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
               "--LabApp.news_url=", f"--ServerApp.root_dir={root}"]
    environment = {**os.environ, "HOME": str(root), "JUPYTER_CONFIG_DIR": str(root / "config"), "JUPYTER_RUNTIME_DIR": str(root / "run")}
    with open(root / "log.txt", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
    address = f"http://127.0.0.1:{port}"

    def answers():
        assert server.poll() is None, (root / "log.txt").read_text()
        try:
            return urllib.request.urlopen(f"{address}/api", timeout=2).status == 200
        except OSError:
            return False

    until(answers, "JupyterLab answers")
    yield root, address
    server.terminate()
    server.wait(20)


def write_notebook(path, kind):
    """A notebook that shows one figure twice, writes its state to a file, and reads one back."""
    watch = f"""import json, pathlib
from cnnmath.figures import {kind.__name__}
figure = {kind.__name__}()
def write(change):
    pathlib.Path("{kind.__name__}.json").write_text(json.dumps(figure.state))
figure.observe(write, list(figure.field_names))
figure"""
    cells = [watch, "figure", f'figure.state = json.loads(pathlib.Path("{kind.__name__}-next.json").read_text())']
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


def run(page, cell):
    """Execute a cell; a notebook that has just opened may lose the first key press."""
    number = re.compile(r"\[\d+\]")
    for _ in range(5):
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        try:
            return expect(cell.locator(".jp-InputPrompt").first).to_contain_text(number, timeout=1000 * WAIT / 5)
        except AssertionError:
            continue
    pytest.fail("the cell was never executed")


OPERATE = """(tag) => {
    const element = document.querySelector(tag);
    const control = element.shadowRoot.querySelector('select, input[type=range], input[type=radio]:not(:checked), button:not(:disabled), textarea, input[type=text]');
    control.scrollIntoView({ block: "center" });
    control.focus();
    return control.type;
}"""
KEYS = {"select-one": "ArrowDown", "range": "ArrowRight", "radio": "Space", "button": "Enter", "submit": "Enter"}


@pytest.mark.parametrize("kind", FIGURES.values(), ids=FIGURES)
def test_round_trip(kind, lab, browser):
    root, address = lab
    write_notebook(root / f"{kind.__name__}.ipynb", kind)
    context = browser.new_context(viewport={"width": 1400, "height": 1200})
    page = context.new_page()
    page.goto(f"{address}/lab/tree/{kind.__name__}.ipynb?reset")
    cells = page.locator(".jp-Notebook .jp-Cell.jp-CodeCell")
    cells.first.locator(".cm-content").click(timeout=1000 * WAIT)
    until(lambda: page.locator("[data-status=idle]").count(), "the kernel is idle")
    for count in (1, 2):
        run(page, cells.nth(count - 1))
        until(lambda: page.locator(kind.tag).count() == count, f"view {count} stands in the notebook")

    def states():
        return page.evaluate("(tag) => [...document.querySelectorAll(tag)].map((one) => one.state)", kind.tag)

    before = states()[0]
    control = page.evaluate(OPERATE, kind.tag)
    if control in KEYS:
        page.keyboard.press(KEYS[control])
    else:
        page.keyboard.type("7")
        page.keyboard.press("Control+Enter" if control == "textarea" else "Enter")
    until(lambda: states()[0] != before, f"the {control} changes the view")
    file = root / f"{kind.__name__}.json"
    until(lambda: file.exists() and json.loads(file.read_text()) == states()[0], "the Python traits follow the view")
    until(lambda: states()[0] == states()[1], "the second view follows the first")

    wanted = random_states(kind, 1, seed=8)[0]
    (root / f"{kind.__name__}-next.json").write_text(json.dumps(wanted))
    run(page, cells.nth(2))
    until(lambda: states() == [json.loads(json.dumps(wanted))] * 2, "both views follow the Python traits")
    assert page.evaluate("(tag) => document.querySelector(tag).error", kind.tag) == ""
    with page.expect_download() as download:
        page.locator(kind.tag).first.get_by_role("button", name="Save as PNG").click()
    assert download.value.suggested_filename == kind.tag.removeprefix("cnnmath-") + ".png"
    assert download.value.path().read_bytes().startswith(b"\x89PNG")
    context.close()
    with urllib.request.urlopen(f"{address}/api/kernels") as answer:
        for kernel in json.load(answer):  # else dozens of them would run in the end
            urllib.request.urlopen(urllib.request.Request(f"{address}/api/kernels/{kernel['id']}", method="DELETE"))
