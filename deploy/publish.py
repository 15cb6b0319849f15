"""Put the built book into a folder that nginx serves: ``python deploy/publish.py /srv/cnnmath``.

Writes, with the standard library alone, `html/` (the book, and beside each text its .gz for gzip_static), `nginx.conf`
(a copy, unless there is one: then yours stays) and `csp.conf` (the Content-Security-Policy with the hashes of the pages'
inline scripts). A file whose bytes are those already there is left as it is: its ETag, and with it readers' caches, stay valid.
Run again after each build, then reload nginx. Pages are written after what they load.
"""

import argparse
import base64
import gzip
import hashlib
import os
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path

HERE = Path(__file__).resolve().parent
BOOK = HERE.parent / "_build" / "html"
COMPRESSED = {".html", ".css", ".js", ".json", ".svg", ".txt", ".md", ".ipynb", ".ttf"}
LEFT_OUT = {".map", ".po", ".mo"}
SMALLEST = 1024  # bytes that are worth compressing
# Nothing runs but the book's files and the inline scripts that its pages were built with. Styles: MathJax and the theme's icons write
# style elements while the page runs, which no hash can name beforehand. data: are pictures in outputs and those that a figure saves.
POLICY = (
    "default-src 'none'; script-src 'self' {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)


class InlineScripts(HTMLParser):
    """The texts that a page runs without fetching them: script elements without src, and on… attributes."""

    RUN = {"", "text/javascript", "application/javascript", "module"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.scripts, self.handlers, self._open = set(), set(), None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.handlers.update(text for name, text in attributes if name.startswith("on") and text)
        if tag == "script" and "src" not in values and (values.get("type") or "").lower() in self.RUN:
            self._open = ""

    def handle_data(self, data):
        if self._open is not None:
            self._open += data

    def handle_endtag(self, tag):
        if self._open is not None:
            self.scripts.add(self._open)
        self._open = None


def digest(text):
    """A text as a Content-Security-Policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(pages):
    """The strictest policy under which every page of `pages`, a folder, works."""
    scripts, handlers = set(), set()
    for path in pages.rglob("*.html"):
        found = InlineScripts(path.read_text(encoding="utf-8"))
        scripts |= found.scripts
        handlers |= found.handlers
    # 'unsafe-hashes' lets the named texts, and no others, stand in on… attributes as well.
    sources = sorted(map(digest, scripts)) + ["'unsafe-hashes'"] * bool(handlers) + sorted(map(digest, handlers - scripts))
    return POLICY.format(scripts=" ".join(sources))


def csp_conf(pages):
    """csp.conf: nginx's variable $content_security_policy, for pages alone."""
    return (
        "# Written by publish.py from the pages beside it; it is made anew each time.\n"
        "map $sent_http_content_type $content_security_policy {\n"
        '    default      "";\n'
        f'    ~^text/html  "{policy(pages)}";\n'
        "}\n"
    )


def put(path, content):
    """Write a file, by one rename, unless it has that content already; says whether it was written."""
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    os.replace(beside, path)
    return True


def publish(book, target):
    """Bring `target` up to date with the folder `book`; the number of files that changed."""
    html = target / "html"
    files = [path for path in book.rglob("*") if path.is_file() and path.suffix not in LEFT_OUT and not path.name.startswith(".")]
    kept, changed = set(), 0
    for path in sorted(files, key=lambda path: (path.suffix == ".html", path)):
        content, place = path.read_bytes(), html / path.relative_to(book)
        changed += put(place, content)
        kept.add(place)
        if path.suffix in COMPRESSED and len(content) >= SMALLEST:
            packed = place.with_name(f"{place.name}.gz")
            put(packed, gzip.compress(content, 9, mtime=0))
            kept.add(packed)
    for path in [path for path in html.rglob("*") if path.is_file() and path not in kept]:
        path.unlink()
        changed += 1
    put(target / "csp.conf", csp_conf(html).encode())
    if not (target / "nginx.conf").exists():
        shutil.copyfile(HERE / "nginx.conf", target / "nginx.conf")
    return changed


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description="Put the built book into a folder that nginx serves.")
    parser.add_argument("target", type=Path, help="the folder, made if it is not there")
    parser.add_argument("--book", type=Path, default=BOOK, help="the built book (_build/html)")
    arguments = parser.parse_args()
    if not (arguments.book / "index.html").exists():
        sys.exit(f"no book in {arguments.book}: run `make book` first")
    changed = publish(arguments.book, arguments.target)
    print(f"{changed} files changed in {arguments.target / 'html'}. Serve it: nginx -p {arguments.target.resolve()} -c nginx.conf")


if __name__ == "__main__":
    main()
