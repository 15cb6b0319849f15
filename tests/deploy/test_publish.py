"""What publish.py writes: the files, their compressed twins, and the policy that names the pages' own scripts."""

import gzip

import pytest

from deploy import publish

PAGE = """<!doctype html><html><head><script src="a.js"></script><script>let a = "&amp;";
</script><script type="application/json">{"a": 1}</script></head><body><button onclick="go(&quot;x&quot;)">go</button></body></html>"""


@pytest.fixture
def book(tmp_path):
    folder = tmp_path / "book"
    (folder / "deep").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "deep/page.html").write_text("<script>deep()</script>")
    (folder / "a.js").write_text("// a\n" * 1000)
    (folder / "a.js.map").write_text("{}")
    (folder / ".buildinfo").write_text("x")
    return folder


def published(target):
    return sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file())


def test_the_files_and_their_compressed_twins(book, tmp_path):
    target = tmp_path / "site"
    publish.publish(book, target)
    assert published(target) == ["csp.conf", "html/a.js", "html/a.js.gz", "html/deep/page.html", "html/index.html", "nginx.conf"]
    assert gzip.decompress((target / "html/a.js.gz").read_bytes()) == (book / "a.js").read_bytes()


def test_what_did_not_change_is_left_alone_and_what_is_gone_goes(book, tmp_path):
    target = tmp_path / "site"
    publish.publish(book, target)
    before = {name: (target / name).stat().st_mtime_ns for name in published(target)}
    (target / "nginx.conf").write_text("mine")
    (book / "a.js").unlink()
    (book / "index.html").write_text("new")
    assert publish.publish(book, target) == 3  # the page written, the script and its twin removed
    assert published(target) == ["csp.conf", "html/deep/page.html", "html/index.html", "nginx.conf"]
    assert (target / "html/deep/page.html").stat().st_mtime_ns == before["html/deep/page.html"]
    assert (target / "nginx.conf").read_text() == "mine"


def test_the_policy_names_each_inline_script_and_handler_and_nothing_else(book):
    found = publish.policy(book)
    directives = dict(part.split(" ", 1) for part in found.split("; "))
    scripts = ['let a = "&amp;";\n', "deep()"]  # as the browser takes them: entities stay in a script and not in an attribute
    wanted = ["'self'", *sorted(map(publish.digest, scripts)), "'unsafe-hashes'", publish.digest('go("x")')]
    assert directives["script-src"].split() == wanted
    assert directives["default-src"] == "'none'"
    # printf 'deep()' | openssl dgst -sha256 -binary | base64
    assert publish.digest("deep()") == "'sha256-Zyw/WnSIyC+l6zSsq7ICDksAV3ZlMfbLsiNZ4yZXfPg='"


def test_without_handlers_no_hash_stands_for_one(book):
    (book / "index.html").write_text("<p>no script")
    assert "unsafe-hashes" not in publish.policy(book)
