"""When the book is built anew, and what is kept."""

import subprocess

import pytest

from tools import build_book


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of a few files whose build only writes its page; returns what jupyter-book was asked to do."""
    build = tmp_path / "_build"
    for name, value in {"ROOT": tmp_path, "BUILD": build, "INDEX": build / "html/index.html"}.items():
        monkeypatch.setattr(build_book, name, value)
    monkeypatch.setattr(build_book, "RECORD", build / "inputs.json")
    for name in ("cnnmath/a.py", "constraints.txt", "book/page.md", "tools/extension.py", "_config.yml", "_toc.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)

    class Project:
        path, status, builds = tmp_path, 0, 0

        def run(self, command, env):
            self.builds += 1
            assert env["CNNMATH_PROGRESS"] == "0"
            assert not (build / "html").exists(), "pages of an earlier build are still there"
            (build / "html").mkdir()
            (build / "html/index.html").write_text("page")
            (build / ".jupyter_cache").mkdir(exist_ok=True)
            return subprocess.CompletedProcess(command, self.status)

    made = Project()
    monkeypatch.setattr(build_book.subprocess, "run", made.run)
    assert build_book.build() == 0 and made.builds == 1
    (build / ".jupyter_cache/executed").write_text("")
    return made


def test_nothing_is_done_when_nothing_changed(project):
    (project.path / "cnnmath/__pycache__").mkdir()
    (project.path / "cnnmath/__pycache__/a.pyc").write_text("compiled")
    assert build_book.build() == 0
    assert project.builds == 1


@pytest.mark.parametrize("name", ["book/page.md", "book/new.md", "_toc.yml", "tools/extension.py"])
def test_a_change_of_pages_builds_anew_and_keeps_what_was_executed(project, name):
    (project.path / name).write_text("changed")
    assert build_book.build() == 0
    assert project.builds == 2
    assert (project.path / "_build/.jupyter_cache/executed").exists()


@pytest.mark.parametrize("name", ["cnnmath/a.py", "cnnmath/new.py", "constraints.txt"])
def test_a_change_of_the_package_executes_anew(project, name):
    (project.path / name).write_text("changed")
    assert build_book.build() == 0
    assert project.builds == 2
    assert not (project.path / "_build/.jupyter_cache/executed").exists()


def test_a_failed_build_is_not_taken_for_a_book(project):
    (project.path / "book/page.md").write_text("changed")
    project.status = 1
    assert build_book.build() == 1
    assert build_book.build() == 1
    assert project.builds == 3
