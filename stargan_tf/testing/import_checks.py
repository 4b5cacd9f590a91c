"""Is the plugin imported only when asked for, and quickly then?"""

import os
import subprocess
import sys
from collections.abc import Iterator

HEAVY = ("tensorflow", "keras", "torch")
SCRIPT = """
import sys
from stargan_tf.discovery import DATASETS
name, *heavy = sys.argv[1:]
module = DATASETS.installed()[name].points[0].module
if module in sys.modules:
    print(f"Listing must not import {module}. Received: something imports it at start")
DATASETS.load(name)
found = [package for package in heavy if package in sys.modules]
if found:
    print(f"Importing {module} must not import {', '.join(found)}; do so inside load.")
"""


def check_imports(name: str) -> Iterator[str]:
    """Looks from a fresh interpreter.

    Args:
        name: of the installed data set.

    Yields:
        What is wrong.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, name, *HEAVY],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        yield f"A fresh interpreter must find it. Received: {last}"
    yield from done.stdout.splitlines()
