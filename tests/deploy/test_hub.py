"""A real JupyterHub with the configuration of deploy/: two readers, two kernels, a figure moved in each.

What one machine cannot try in a test is replaced in a file of its own, OVERLAY: systemd by plain processes, the password of the class by none.
"""

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

from cnnmath.figures import KernelSlider
from tests.deploy.server import free_port
from tests.figures.test_jupyterlab import OPERATE, run, until, write_notebook

CONFIG = Path(__file__).resolve().parents[2] / "deploy" / "jupyterhub" / "jupyterhub_config.py"
BIN = Path(sys.executable).parent
OVERLAY = """
load_subconfig({config!r})
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = {homes!r}
c.Spawner.args += ["--allow-root"] * (__import__("os").geteuid() == 0)
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{ports[1]}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{ports[2]}"
c.JupyterHub.cleanup_servers = True
"""

pytestmark = pytest.mark.hub


@pytest.fixture(scope="module")
def installed():
    """A skip where the hub's packages are not there: `make hub` installs them."""
    if importlib.util.find_spec("jupyterhub") is None or not (BIN / "configurable-http-proxy").exists():
        pytest.skip("JupyterHub is optional: make hub")


@pytest.fixture(scope="module")
def hub(installed, tmp_path_factory):
    """A running hub: its address, the pattern of its readers' homes, and its folder."""
    folder = tmp_path_factory.mktemp("hub")
    homes = str(folder / "homes" / "{username}")
    ports = [free_port() for _ in range(3)]
    (folder / "config.py").write_text(OVERLAY.format(config=str(CONFIG), homes=homes, ports=ports))
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "JUPYTER_CONFIG_DIR": str(folder)}
    with open(folder / "log.txt", "w") as log:
        process = subprocess.Popen([sys.executable, "-m", "jupyterhub", "-f", "config.py"], cwd=folder, stdout=log, stderr=log, env=environment)
    address = f"http://127.0.0.1:{ports[0]}"

    def answers():
        assert process.poll() is None, (folder / "log.txt").read_text()
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"{address}/hub/api", timeout=2).status == 200

    until(answers, "the hub answers")
    yield address, homes, folder
    process.terminate()
    process.wait(30)
    with pytest.raises(OSError):  # nothing is left behind, the proxy least of all
        urllib.request.urlopen(address, timeout=2)


@pytest.fixture
def reader(hub, browser):
    """reader(name) logs in as a form is filled in, with a notebook that shows a figure; returns the page and the home."""
    address, homes, _ = hub
    contexts = []

    def enter(name):
        home = Path(homes.format(username=name))
        home.mkdir(parents=True)
        write_notebook(home / "figure.ipynb", KernelSlider)
        contexts.append(browser.new_context(viewport={"width": 1400, "height": 1200}))
        page = contexts[-1].new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{address}/hub/login?next=%2Fhub%2Fuser-redirect%2Flab%2Ftree%2Ffigure.ipynb%3Freset")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", "any")
        page.click("input[type=submit], button[type=submit]")
        return page, home

    yield enter
    for context in contexts:
        context.close()


def test_two_readers_each_move_their_own_figure(hub, reader):
    begun = time.monotonic()
    names, keys = ("ada", "grace"), ("ArrowRight", "ArrowLeft")
    rooms = [reader(name) for name in names]  # both servers start at once
    for page, _ in rooms:
        cells = page.locator(".jp-Notebook .jp-Cell.jp-CodeCell")
        cells.first.locator(".cm-content").click()
        until(lambda: page.locator("[data-status=idle]").count(), "the kernel is idle")
        run(page, cells.first)
        page.wait_for_selector(KernelSlider.tag)
    states = []
    for (page, home), key in zip(rooms, keys):
        assert page.evaluate(OPERATE, KernelSlider.tag) == "range"
        page.keyboard.press(key)
        written = home / "KernelSlider.json"
        until(lambda: written.exists() and json.loads(written.read_text()) == page.evaluate(
            "(tag) => document.querySelector(tag).state", KernelSlider.tag), "Python has the state of this reader's figure")
        states.append(json.loads(written.read_text()))
    start = json.loads(json.dumps(KernelSlider().state))
    assert states[0] != states[1] and start not in states
    # Neither move reached the other's kernel.
    assert [json.loads((home / "KernelSlider.json").read_text()) for _, home in rooms] == states
    assert time.monotonic() - begun < 100

    chapters = sorted(path.name for path in (CONFIG.parents[2] / "book").glob("*.ipynb"))
    for name, (page, home) in zip(names, rooms):
        assert f"/user/{name}/" in page.url
        assert sorted(path.name for path in (home / "book").iterdir()) == chapters
    # A running server answers its own reader alone.
    page, other = rooms[1][0], f"{hub[0]}/user/{names[0]}/api/contents"
    assert page.request.get(other.replace(names[0], names[1])).status == 200
    assert page.request.get(other).status in (403, 404)


def test_every_setting_of_the_configuration_exists(installed, monkeypatch):
    """A misspelled setting is silently nothing to traitlets; each is looked up in the class it names, and its value accepted there."""
    import jupyterhub.app
    import jupyterhub.auth
    import jupyterhub.proxy
    import jupyterhub.spawner
    import systemdspawner
    from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
    from traitlets.config.loader import PyFileConfigLoader

    monkeypatch.setenv("CNNMATH_CLASS_PASSWORD", "of the class")
    monkeypatch.setenv("CNNMATH_TEACHER_PASSWORD", "a longer one, as JupyterHub demands it")
    config = PyFileConfigLoader(str(CONFIG)).load_config()
    kinds = [jupyterhub.app.JupyterHub, jupyterhub.auth.Authenticator, jupyterhub.proxy.ConfigurableHTTPProxy, jupyterhub.spawner.Spawner,
             systemdspawner.SystemdSpawner, SharedPasswordAuthenticator]
    kinds = {kind.__name__: kind for kind in kinds}
    assert set(config) == set(kinds)
    for name, settings in config.items():
        known = kinds[name].class_trait_names(config=True)
        assert set(settings) <= set(known), f"{name}: {set(settings) - set(known)}"
    assert SharedPasswordAuthenticator(config=config).user_password == "of the class"
    spawner = systemdspawner.SystemdSpawner(config=config, user=SimpleNamespace(name="ada", id=1))
    assert (spawner.mem_limit, spawner.cpu_limit, spawner.dynamic_users) == (2**30, 2.0, True)
    for entry in config.Spawner.cmd + config.ConfigurableHTTPProxy.command:
        assert shutil.which(entry), f"{entry} is not there or may not be run"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert config.JupyterHub.active_server_limit * 350 * 2**20 <= memory
