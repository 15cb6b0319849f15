"""The book as nginx serves it."""

import os
import shutil

import pytest

from tests.book.conftest import book, pages  # noqa: F401
from tests.deploy import server


def needs(program, package):
    """Skip where a program is absent; fail where CI is set, which installs it."""
    reason = f"no {program} found: apt-get install {package}"
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def nginx(book):  # noqa: F811
    """The address of an nginx that serves the book, and its folder."""
    if server.NGINX is None:
        needs("nginx", "nginx-light")
    with server.serving(book) as served:
        yield served


@pytest.fixture
def wrk():
    """The load generator's path."""
    return shutil.which("wrk") or needs("wrk", "wrk")
