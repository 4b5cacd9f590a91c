"""Saves checkpoint 3 over 1 and 2, but dies (as by `kill -9`) at the n-th operation.

Run by test_checkpoints.py with a folder and n; exits with 9 if it died, else 0.
"""

import os
import sys
from pathlib import Path

from stargan_tf.training import checkpoints, durable

left = int(sys.argv[2])


def dying(function):
    def wrapped(*args, **kwargs):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return function(*args, **kwargs)

    return wrapped


class Model:
    """Writes its file in two halves, so that it can die between them."""

    def save(self, path):
        dying(path.write_bytes)(b"half")
        dying(path.write_bytes)(b"half and half")


durable.flush = dying(durable.flush)
os.replace = dying(os.replace)
os.mkdir = dying(os.mkdir)
os.unlink = dying(os.unlink)  # What shutil.rmtree removes files with.
os.rmdir = dying(os.rmdir)
state = checkpoints.State(3, "stargan", [], [1], {})
checkpoints.save(Path(sys.argv[1]), Model(), state, keep=2)
