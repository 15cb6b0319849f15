"""nginx with the configuration of deploy/ on this machine's loopback, as a user without rights."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from deploy.publish import publish

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(book):
    """Publish a built book into a folder of its own and serve it; gives the address and the folder, and stops at the end."""
    with tempfile.TemporaryDirectory(prefix="cnnmath-nginx-", ignore_cleanup_errors=True) as folder:
        target, port = Path(folder), free_port()
        publish(book, target)
        configuration = target / "nginx.conf"
        text = configuration.read_text(encoding="utf-8")
        assert text.count("listen 8080;") == 1
        configuration.write_text(text.replace("listen 8080;", f"listen 127.0.0.1:{port};"), encoding="utf-8")
        nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        if nobody:
            for path in (target, *target.rglob("*")):
                os.chown(path, nobody["user"], nobody["group"])
        command = [NGINX, "-p", str(target), "-c", "nginx.conf", "-e", "error.log", "-g", "daemon off;"]
        with open(target / "output.txt", "w") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, **nobody)
        try:
            address = f"http://127.0.0.1:{port}"
            end = time.monotonic() + 20
            while True:
                said = (target / "output.txt").read_text()
                assert process.poll() is None and time.monotonic() < end, f"nginx does not run: {said}"
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(address, timeout=2).close()
                    break
                time.sleep(0.05)
            yield address, target
            # Whatever nginx complains of is a fault of the configuration.
            errors = (target / "error.log").read_text()
            assert errors == "", errors
        finally:
            process.terminate()
            process.wait(20)
