"""Saves checkpoints and dies, as by `kill -9`, before each operation on the disk.

Run by test_checkpoints.py with a folder; every death happens in a folder of its own.
"""

import os
import sys
from pathlib import Path

from stargan_tf.data.info import DatasetInfo
from stargan_tf.evaluation.options import is_better
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import BestCheckpoint, read_best
from stargan_tf.training.run_folder import RunFolder

TOY = DatasetInfo("toy", ("a", "b"), "binary", 16).to_dict()

os.fsync = lambda descriptor: None  # A killed process needs none; a dead disk does.


class Model:
    """Writes its file in two halves, so that it can die between them."""

    def __init__(self, content: bytes = b"new"):
        self.content = content

    def save(self, path):
        path.write_bytes(b"half")
        path.write_bytes(self.content)


def state(step: int) -> checkpoints.State:
    return checkpoints.State(step, "stargan", [TOY], [1], {})


def save_third(folder: Path) -> None:
    checkpoints.save(folder, Model(), state(3), keep=2)


def replace_best(folder: Path) -> None:
    assert BestCheckpoint(folder / "best", "fid", state).offer(Model(), 3, {"fid": 4.0})


def dies(action, folder: Path, moment: int) -> bool:
    child = os.fork()
    if not child:
        left = moment

        def count(event, _):
            nonlocal left
            if event == "open" or event.startswith(("os.", "shutil.")):
                left -= 1
                if left < 0:
                    os._exit(9)

        sys.addaudithook(count)
        action(folder)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def check_saved(run: RunFolder, died: bool) -> None:
    # Even before anything is put back.
    step = run.newest()[1].step
    assert step in ((2, 3) if died else (3,)), step
    run.remove_leftovers()
    names = {path.name for path in run.checkpoints.iterdir()}
    assert names <= {f"step_0000000{step}" for step in (1, 2, 3)}, names
    assert run.newest()[1].step == step


def check_best(run: RunFolder, died: bool) -> None:
    run.remove_leftovers()
    assert [path.name for path in run.checkpoints.iterdir()] == ["best"]
    best = read_best(run.checkpoints / "best")
    assert (best.value, best.step) in ([(5.0, 1), (4.0, 3)] if died else [(4.0, 3)])
    assert checkpoints.read_state(run.checkpoints / "best").step == best.step
    assert is_better("fid", best.value, 99.0)


for name, action, check in (
    ("save", save_third, check_saved),
    ("best", replace_best, check_best),
):
    moment, died = 0, True
    while died:
        run = RunFolder(Path(sys.argv[1], f"{name}_{moment}"))
        if action is save_third:
            for step in (1, 2):
                checkpoints.save(run.checkpoints, Model(), state(step), keep=2)
        else:
            best = BestCheckpoint(run.checkpoints / "best", "fid", state)
            best.offer(Model(b"old"), 1, {"fid": 5.0})
        died = dies(action, run.checkpoints, moment)
        check(run, died)
        moment += 1
    assert moment > 15, moment
