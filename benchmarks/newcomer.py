"""The first quarter of an hour of a newcomer, with the seconds that each step takes.

A fresh clone in a fresh folder; the commands of the README; a browser in place of the reader: clone → the book built → a slider moved;
JupyterLab opened → the first figure of a chapter run; the figure's code copied in the page → pasted into a notebook → the same numbers.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser_fixtures import FLAGS, find_chromium

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = "02_convolution"
TAG = "cnnmath-kernel-slider"
WAIT = 180_000  # ms


@contextlib.contextmanager
def step(what):
    """Print what was done and how long it took."""
    begun = time.perf_counter()
    yield
    print(f"| {what} | {time.perf_counter() - begun:.1f} |", flush=True)


def move_a_slider(page, address):
    """Open the chapter and press a key on the first slider; returns when the numbers have changed."""
    page.goto(address)
    figure = page.locator(TAG).first
    before = figure.evaluate("(figure) => JSON.stringify(figure.values)")
    figure.locator("input[type=range]").first.press("ArrowRight")
    page.wait_for_function("([tag, before]) => JSON.stringify(document.querySelector(tag).values) !== before", arg=[TAG, before])


def copy_code(page):
    """Press "Copy as Python"; returns the numbers that the figure shows."""
    figure = page.locator(TAG).first
    figure.get_by_role("button", name="Copy as Python").click()
    page.wait_for_function("(tag) => navigator.clipboard.readText().then((text) => text === document.querySelector(tag).code)", arg=TAG)
    return figure.evaluate("(figure) => figure.values.output")


def open_lab(clone, port):
    """`make lab`; returns the process, in a group of its own, when it answers."""
    options = f"ARGS=--no-browser --allow-root --port={port} --IdentityProvider.token="
    process = subprocess.Popen(["make", "lab", options], cwd=clone, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while True:
        assert process.poll() is None, "make lab ended"
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=2).close()
            return process
        time.sleep(0.1)


def run_cell(page, cell):
    """Execute a cell and wait for its number; a notebook that has just opened may lose the first key press."""
    for _ in range(10):
        cell.locator(".cm-content").click(timeout=WAIT)
        page.keyboard.press("Control+Enter")
        with contextlib.suppress(AssertionError):
            return expect(cell.locator(".jp-InputPrompt").first).to_contain_text("]:", timeout=WAIT / 10)
    raise AssertionError("a cell was never executed")


def open_notebook(page, address):
    page.goto(f"{address}?reset")
    page.locator(".jp-Notebook .jp-Cell.jp-CodeCell .cm-content").first.wait_for(timeout=WAIT)
    page.wait_for_selector("[data-status=idle]", state="attached", timeout=WAIT)
    return page.locator(".jp-Notebook .jp-Cell.jp-CodeCell")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default=ROOT, help="the repository to clone")
    parser.add_argument("--port", type=int, default=18961)
    arguments = parser.parse_args()
    environment = {**os.environ, "CI": "true"}  # nothing opens a window
    print("| step | seconds |\n| --- | --- |")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        clone, lab = Path(folder, "clone"), f"http://127.0.0.1:{arguments.port}/lab/tree"
        with step("clone"):
            subprocess.run(["git", "clone", "--quiet", str(arguments.source), str(clone)], check=True)
        with step("make book, with everything it installs"):
            made = subprocess.run(["make", "book"], cwd=clone, env=environment, capture_output=True, text=True)
            assert made.returncode == 0, made.stdout + made.stderr
        browser = playwright.chromium.launch(executable_path=find_chromium(playwright), args=FLAGS)
        page = browser.new_context(permissions=["clipboard-read", "clipboard-write"], viewport={"width": 1400, "height": 1200}).new_page()
        with step("page opened, first slider moved"):
            move_a_slider(page, (clone / "_build" / "html" / "book" / f"{CHAPTER}.html").as_uri())
        process = None
        try:
            with step("make lab, until it answers"):
                process = open_lab(clone, arguments.port)
            notebook = browser.contexts[0].new_page()
            with step("chapter opened as a notebook and run, first figure live"):
                open_notebook(notebook, f"{lab}/{CHAPTER}.ipynb").first.click()
                notebook.locator(".lm-MenuBar-itemLabel:text-is('Run')").click()
                notebook.locator("[data-command='runmenu:run-all']").click()
                notebook.wait_for_function("(tag) => document.querySelector(tag)?.values", arg=TAG, timeout=WAIT)
            with step("figure copied as Python in the page, pasted into a new notebook, same numbers"):
                page.bring_to_front()
                wanted = copy_code(page)
                empty = {"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": "", "outputs": [], "execution_count": None}],
                         "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
                         "nbformat": 4, "nbformat_minor": 5}  # fmt: skip
                (clone / "book" / "pasted.ipynb").write_text(json.dumps(empty))
                notebook.bring_to_front()
                cells = open_notebook(notebook, f"{lab}/pasted.ipynb")
                cells.first.locator(".cm-content").click()
                notebook.keyboard.press("Control+V")
                notebook.keyboard.press("Control+End")
                notebook.keyboard.type("\nimport json; print(json.dumps(output.tolist()))")
                run_cell(notebook, cells.first)
                said = cells.first.locator(".jp-OutputArea-output pre").last.inner_text(timeout=WAIT)
                assert json.loads(said.strip().splitlines()[-1]) == wanted, (said, wanted)
        finally:
            if process:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(30)
        browser.close()


if __name__ == "__main__":
    main()
