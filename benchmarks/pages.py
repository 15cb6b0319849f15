"""Every page of the built book beside the same page with vendored widgets: what it fetches, and when a figure is live.

The other page is the built page with each figure as Jupyter's widget in place of our element: html-manager, require.js and anywidget from
the site itself, and the widgets' state in the page. Both are opened as files, page after page in turn, in fresh contexts. Bytes are those of
the page and of all that it fetches, MathJax, theme and fonts included; the time is that from navigation to the first frame with a live figure.
html-manager and require.js come from npm, which must be installed.
"""

import argparse
import html
import json
import re
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ipywidgets.embed import dependency_state, embed_data
from playwright.sync_api import sync_playwright

from benchmarks.figures import vendored
from cnnmath.figures import FIGURES
from tests.book.test_links import Links
from tests.browser_fixtures import FLAGS, find_chromium
from tools import build_book

KINDS = {kind.tag: kind for kind in FIGURES.values()}
FIGURE = re.compile(r"<(cnnmath-[a-z0-9-]+)(?: name=\"([^\"]*)\")? state=\"([^\"]*)\">.*?</\1>", re.S)
OURS = re.compile(r"\s*<script src=\"[^\"]*_static/cnnmath/[^\"]*\"></script>|\s*<link [^>]*_static/cnnmath/page.css[^>]*>")
PLACE = "../_static/vendored"
# Bytes of html-manager 1.0.15, require.js 2.3.8 and anywidget 0.11, for who weighs pages without npm.
VENDORED = 3_628_999 + 86_533 + 33_501
TIMER = """(() => {
  const tags = TAGS;
  (function poll() {
    const live = [...document.querySelectorAll(tags)].some((one) => one.shadowRoot?.querySelector(".figure") && one.values);
    if (live) requestAnimationFrame(() => setTimeout(() => (window.liveAt = performance.now())));
    else requestAnimationFrame(poll);
  })();
})()""".replace("TAGS", json.dumps(",".join(KINDS)))


def with_widgets(text):
    """A built page with the widgets of Jupyter in place of our elements; the same text where it has no figure."""
    widgets = []

    def view(match):
        name, state = html.unescape(match[2] or ""), json.loads(html.unescape(match[3]))
        widgets.append(KINDS[match[1]](name=name, **state))
        return f'<script type="application/vnd.jupyter.widget-view+json">{{"version_major": 2, "version_minor": 0, "model_id": "{widgets[-1].model_id}"}}</script>'

    text = FIGURE.sub(view, text)
    if not widgets:
        return text
    held = dependency_state(widgets, drop_defaults=False)  # else that of every widget which the process ever made
    state = json.dumps(embed_data(widgets, state=held)["manager_state"]).replace("</", "<\\/")
    scripts = (
        f'<script src="{PLACE}/require.js"></script><script>require.config({{paths: {{anywidget: "{PLACE}/anywidget"}}}})</script>'
        f'<script src="{PLACE}/embed-amd.js"></script><script type="application/vnd.jupyter.widget-state+json">{state}</script>'
    )
    for widget in widgets:
        widget.close()
    return OURS.sub("", text).replace("</head>", scripts + "</head>")


def weigh(book, page):
    """Bytes of a built page and of all that it names, ours and with widgets, without a browser: what style sheets fetch in turn is left out."""
    text = (book / page).read_text(encoding="utf-8")
    named = {urlsplit(link).path for link in Links(text).fetched if not link.startswith("data:")}
    sizes = {path: (book / page).parent.joinpath(unquote(path)).stat().st_size for path in named}
    ours = sum(size for path, size in sizes.items() if "/_static/cnnmath/" in path)
    shared = sum(sizes.values()) - ours
    return len(text.encode()) + ours + shared, len(with_widgets(text).encode()) + VENDORED + shared


def prepare(book, folder):
    """Copy the book and write beside each page with a figure the one with widgets; the names of those pages."""
    shutil.copytree(book, folder, dirs_exist_ok=True)
    place = folder / "_static" / "vendored"
    place.mkdir()
    if not vendored(place):
        sys.exit("npm is needed for the pages with vendored widgets")
    names = []
    for path in sorted((folder / "book").glob("*.html")):
        text = path.read_text(encoding="utf-8")
        if FIGURE.search(text):
            path.with_suffix(".widgets.html").write_text(with_widgets(text), encoding="utf-8")
            names.append(path.stem)
    return names


def visit(browser, path):
    """Milliseconds to a live figure, bytes fetched, and how many figures the page shows in the end."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(TIMER)
    fetched = set()
    page.on("request", lambda request: request.url.startswith("file:") and fetched.add(unquote(urlsplit(request.url).path)))
    page.goto(path.as_uri())
    page.wait_for_function("window.liveAt", timeout=120_000)
    live = page.evaluate("window.liveAt")
    page.wait_for_load_state("networkidle")
    size = sum(Path(one).stat().st_size for one in fetched if Path(one).is_file())  # html-manager asks for icons that are not beside it
    figures = page.locator(",".join(KINDS)).count()
    context.close()
    return live, size, figures


def measure(browser, folder, name, runs):
    """Of a page and its twin: bytes and median milliseconds, ours and theirs."""
    times, sizes, counts = {"": [], ".widgets": []}, {}, {}
    for _ in range(runs + 1):  # the first warms the disk's cache
        for kind in times:
            live, sizes[kind], counts[kind] = visit(browser, folder / "book" / f"{name}{kind}.html")
            times[kind].append(live)
    ours, theirs = (statistics.median(values[1:]) for values in times.values())
    return sizes[""], sizes[".widgets"], ours, theirs, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--book", type=Path, default=build_book.INDEX.parent, help="the built book")
    arguments = parser.parse_args()
    print("| page | figures | MB | with widgets | ratio | live after ms | with widgets | ratio |\n|" + " --- |" * 8)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        names = prepare(arguments.book.resolve(), Path(folder))
        browser = playwright.chromium.launch(executable_path=find_chromium(playwright), args=FLAGS)
        for name in names:
            size, their_size, ours, theirs, counts = measure(browser, Path(folder), name, arguments.runs)
            cells = [name, counts[""], f"{size / 1e6:.2f}", f"{their_size / 1e6:.2f}", f"{size / their_size:.2f}"]
            cells += [f"{ours:.0f}", f"{theirs:.0f}", f"{ours / theirs:.2f}"]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
