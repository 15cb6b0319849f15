"""Import before numpy: one thread for every library, and each with the code that it chooses for the processor itself.

``OPENBLAS_CORETYPE`` and its like in the environment would give numpy's matrix products the code of another processor,
and they may then take twice the time, while PyTorch's stay as they are.
"""

import os
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
for _name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(_name, None)

_about = Path("/proc/cpuinfo").read_text(encoding="utf-8") if os.path.exists("/proc/cpuinfo") else ""
MODEL = next((line.partition(":")[2].strip() for line in _about.splitlines() if line.startswith("model name")), "")
