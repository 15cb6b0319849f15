"""The built book under load: nginx with the configuration of deploy/, asked by wrk over the loopback.

64 connections ask for 30 s: first for every page and everything that the pages load, in turn, then for the pages alone, compressed.
Generator and server share the machine's cores, and neither encrypts; the figures say what one such machine serves at least.
`make load` needs nginx and wrk (`apt-get install nginx-light wrk`).
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.book.test_links import Links

# Each thread begins elsewhere in the list; the last line of the output is one JSON object.
SCRIPT = """
local threads = 0
function setup(thread) thread:set("first", threads * 31); threads = threads + 1 end
function init(args)
  requests, at = {}, first
  for line in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("GET", line, {["Accept-Encoding"] = "gzip"})
  end
end
function request() at = at + 1; return requests[at % #requests + 1] end
function done(summary, latency)
  io.write(string.format('{"requests": %d, "bytes": %d, "seconds": %f, "connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d, ' ..
    '"p50": %f, "p90": %f, "p99": %f, "slowest": %f}\\n', summary.requests, summary.bytes, summary.duration / 1e6,
    summary.errors.connect, summary.errors.read, summary.errors.write, summary.errors.timeout, summary.errors.status,
    latency:percentile(50) / 1e3, latency:percentile(90) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
"""
ERRORS = ("connect", "read", "write", "timeout", "status")


def addresses(book, pages):
    """Every page, and the address from the root, with its ?v=, of everything that the pages load."""
    found = {f"/{page}" for page in pages}
    for page in pages:
        for link in Links((book / page).read_text(encoding="utf-8")).fetched:
            if not link.startswith("data:"):
                path, mark, query = link.partition("?")
                found.add("/" + (book / page).parent.joinpath(path).resolve().relative_to(book).as_posix() + mark + query)
    return sorted(found)


def run(server, paths, seconds, connections=64):
    """What wrk counts in `seconds` of asking for `paths` in turn: requests, bytes, errors of each kind, ms of latency."""
    with tempfile.TemporaryDirectory() as folder:
        script, listed = Path(folder, "ask.lua"), Path(folder, "paths.txt")
        script.write_text(SCRIPT)
        listed.write_text("\n".join(paths))
        command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "-s", script, server, "--", listed]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(said.splitlines()[-1])


def row(name, paths, found):
    errors = sum(found[kind] for kind in ERRORS)
    rate = found["requests"] / found["seconds"]
    cells = [name, len(paths), f"{rate:,.0f}", f"{found['bytes'] / found['seconds'] / 1e6:,.0f}", errors]
    return "| " + " | ".join(map(str, [*cells, *(f"{found[key]:.1f}" for key in ("p50", "p90", "p99", "slowest"))])) + " |"


def main():
    from tests.deploy import server
    from tools import build_book

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=30, help="time for each measurement")
    parser.add_argument("--book", type=Path, default=build_book.INDEX.parent, help="the built book")
    arguments = parser.parse_args()
    if server.NGINX is None or shutil.which("wrk") is None:
        sys.exit("nginx and wrk are needed: apt-get install nginx-light wrk")
    pages = sorted(path.relative_to(arguments.book).as_posix() for path in (arguments.book / "book").glob("*.html"))
    lists = {"pages and what they load": addresses(arguments.book, pages), "pages": [f"/{page}" for page in pages]}
    print("| asked for | addresses | requests/s | MB/s | errors | p50 ms | p90 ms | p99 ms | slowest ms |\n|" + " --- |" * 9)
    failed = 0
    with server.serving(arguments.book) as (address, _):
        for name, paths in lists.items():
            found = run(address, paths, arguments.seconds)
            failed += sum(found[kind] for kind in ERRORS)
            print(row(name, paths, found), flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
