"""How soon a figure is live, how fast it paints, and what it weighs; beside the same figure through html-manager.

Start: one page by file://, from navigation to the first frame with the figure's cells, ours and the same widget embedded
with html-manager, require.js and anywidget, all local, page after page in turn. Paint: from a change of state to the end of the
frame that shows it. html-manager and require.js come from npm, which must be installed; without it only our side is measured.
"""

import argparse
import gzip
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from ipywidgets.embed import embed_minimal_html
from playwright.sync_api import sync_playwright

from cnnmath.figures import FIGURES, KernelSlider, PhotoFilter, _assets
from tests.browser_fixtures import FLAGS, find_chromium

TIMER = """<script>(function poll() {
  const live = document.querySelector("cnnmath-kernel-slider")?.shadowRoot?.querySelector(".cell");
  if (live) requestAnimationFrame(() => setTimeout(() => (window.liveAt = performance.now())));
  else requestAnimationFrame(poll);
})();</script>"""

# Input to paint without the wait for the screen's next refresh: the handler's time, and from the frame's start to the task
# after its style, layout and paint.
PAINT = """async ([tag, count]) => {
  const element = document.querySelector(tag);
  await element.ready;
  const range = element.shadowRoot.querySelector("input[type=range]");
  const channel = new MessageChannel();
  const times = [];
  for (let k = 0; k < count; k++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const framed = new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())));
    const start = performance.now();
    range.value = (k % 20) / 10;
    range.dispatchEvent(new Event("input", { bubbles: true }));
    const handled = performance.now() - start;
    const painted = new Promise((resolve) => requestAnimationFrame(() => {
      channel.port1.onmessage = () => resolve(performance.now());
      channel.port2.postMessage(0);
    }));
    times.push(handled + (await painted) - (await framed));
  }
  return times;
}"""


def vendored(folder):
    """html-manager, require.js and anywidget's script in `folder`; False where npm cannot bring them."""
    if shutil.which("npm") is None:
        return False
    subprocess.run(["npm", "pack", "--silent", "@jupyter-widgets/html-manager@1.0.15", "requirejs@2.3.8"], cwd=folder, check=True, capture_output=True)
    for archive in folder.glob("*.tgz"):
        shutil.unpack_archive(archive, folder / archive.stem.rsplit("-", 1)[0])
    shutil.copy(folder / "jupyter-widgets-html-manager/package/dist/embed-amd.js", folder)
    shutil.copy(folder / "requirejs/package/require.js", folder)
    shutil.copy(Path(sys.prefix, "share/jupyter/nbextensions/anywidget/index.js"), folder / "anywidget.js")
    return True


def write_pages(folder):
    """ours.html and, where possible, theirs.html: one KernelSlider each."""
    (folder / "ours.html").write_text(KernelSlider.page([KernelSlider()]).replace("</body>", TIMER + "</body>"))
    if not vendored(folder):
        return ["ours"]
    embed_minimal_html(folder / "theirs.html", views=[KernelSlider()], embed_url="embed-amd.js", drop_defaults=False)
    text = (folder / "theirs.html").read_text()
    start = text.index("<script src=\"https://cdnjs")
    end = text.index("</script>", start) + len("</script>")
    local = '<script src="require.js"></script><script>require.config({paths: {anywidget: "anywidget"}})</script>'
    (folder / "theirs.html").write_text(text[:start] + local + text[end:].replace(' crossorigin="anonymous"', "").replace("</body>", TIMER + "</body>"))
    return ["ours", "theirs"]


def time_starts(browser, folder, runs):
    """Milliseconds to a live figure, {page: [one per run]}, the pages in turn."""
    names = write_pages(folder)
    times = {name: [] for name in names}
    for _ in range(runs + 1):
        for name in names:
            context = browser.new_context()
            page = context.new_page()
            page.goto((folder / f"{name}.html").as_uri())
            page.wait_for_function("window.liveAt", timeout=30000)
            times[name].append(page.evaluate("window.liveAt"))
            context.close()
    return {name: values[1:] for name, values in times.items()}


def time_paints(browser, figure, count=60):
    """Median milliseconds from a slider's input event to the painted picture."""
    with tempfile.TemporaryDirectory() as folder:
        figure.save(Path(folder, "figure.html"))
        page = browser.new_page()
        page.goto(Path(folder, "figure.html").as_uri())
        times = page.evaluate(PAINT, [figure.tag, count])
        page.close()
    return statistics.median(times)


def weigh(style):
    """Bytes of the figures' scripts on a page that has them all, or of their style sheet; as shipped and gzipped."""
    names = dict.fromkeys(name for kind in FIGURES.values() for name in _assets.scripts(kind))
    text = "".join(_assets.source(name) for name in names if name.endswith(".css.js") == style).encode()
    return f"{len(text)} bytes, {len(gzip.compress(text, 9))} gzipped"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    print(f"JavaScript of all figures of the book together: {weigh(style=False)}; their style sheet: {weigh(style=True)}")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=find_chromium(playwright), args=FLAGS)
        times = time_starts(browser, Path(folder), runs)
        for name, values in times.items():
            print(f"{name}: live after {statistics.median(values):.0f} ms (median of {runs}; {min(values):.0f} to {max(values):.0f})")
        if "theirs" in times:
            print(f"ratio of medians: {statistics.median(times['ours']) / statistics.median(times['theirs']):.2f}")
        largest = KernelSlider(image=[[1.0] * 12] * 12, kernel=[[1.0] * 5] * 5)
        figures = {"KernelSlider 5×5": KernelSlider(), "KernelSlider 12×12": largest}
        figures |= {f"PhotoFilter {size}×{size}": PhotoFilter(picture=f"coffee-grey-{size}") for size in (28, 128, 256)}
        for name, figure in figures.items():
            print(f"{name}: {time_paints(browser, figure):.1f} ms from a slider to the painted picture")
        browser.close()


if __name__ == "__main__":
    main()
