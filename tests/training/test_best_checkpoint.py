import json

import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.errors import InputError
from stargan_tf.training import checkpoints
from stargan_tf.training.checkpoints import Best, BestCheckpoint, State, read_best

TOY = DatasetInfo("toy", ("a", "b"), "binary", 16).to_dict()


class Model:
    """Saves its name."""

    def __init__(self, name):
        self.name = name

    def save(self, path):
        if self.name == "full":
            raise OSError(28, "No space left on device")
        path.write_text(self.name)


def keeper(folder, metric="fid"):
    return BestCheckpoint(folder, metric, lambda s: State(s, "stargan", [TOY], [1], {}))


def test_only_a_better_value_replaces_the_best(tmp_path):
    best = keeper(tmp_path)
    assert best.offer(Model("a"), 10, {"fid": 5.0})
    assert not best.offer(Model("b"), 20, {"fid": 5.0})
    assert not best.offer(Model("c"), 30, {"kid": 1.0})
    assert best.offer(Model("d"), 40, {"fid": 4.0})
    assert read_best(tmp_path / "best") == Best("fid", 4.0, 40)
    assert (tmp_path / "best" / checkpoints.MODEL_FILE).read_text() == "d"
    assert checkpoints.read_state(tmp_path / "best").step == 40


def test_what_is_not_a_number_is_never_the_best(tmp_path):
    best = keeper(tmp_path)
    assert not best.offer(Model("a"), 10, {"fid": float("nan")})
    assert not (tmp_path / "best").exists()
    assert best.offer(Model("b"), 20, {"fid": 5.0})
    # As written before NaN was refused: any number replaces it.
    held = {"metric": "fid", "value": float("nan"), "step": 10}
    (tmp_path / "best" / "best.json").write_text(json.dumps(held))
    assert best.offer(Model("c"), 30, {"fid": 9.0})
    assert read_best(tmp_path / "best") == Best("fid", 9.0, 30)


def test_a_resumed_run_knows_the_best_before(tmp_path):
    keeper(tmp_path, "psnr_to_truth").offer(Model("a"), 10, {"psnr_to_truth": 20.0})
    again = keeper(tmp_path, "psnr_to_truth")
    assert not again.offer(Model("b"), 20, {"psnr_to_truth": 19.0})
    assert again.offer(Model("c"), 30, {"psnr_to_truth": 21.0})
    # Another number begins anew.
    assert keeper(tmp_path).offer(Model("d"), 40, {"fid": 99.0})


def test_a_full_disk_leaves_the_best_as_it_was(tmp_path):
    best = keeper(tmp_path)
    best.offer(Model("a"), 10, {"fid": 5.0})
    with pytest.raises(InputError, match="the checkpoint .*/best: No space"):
        best.offer(Model("full"), 20, {"fid": 1.0})
    assert read_best(tmp_path / "best").value == 5.0
    assert (tmp_path / "best" / checkpoints.MODEL_FILE).read_text() == "a"


def test_it_is_no_checkpoint_to_go_on_from_nor_to_remove(tmp_path):
    best = keeper(tmp_path)
    best.offer(Model("a"), 10, {"fid": 5.0})
    for step in (20, 30, 40):
        state = State(step, "stargan", [TOY], [1], {})
        checkpoints.save(tmp_path, Model("x"), state, keep=1)
    found = [path.name for path in checkpoints.sorted_checkpoints(tmp_path)]
    assert found == ["step_00000040"]
    assert (tmp_path / "best").is_dir()


def test_an_unreadable_note_is_no_best(tmp_path):
    assert read_best(tmp_path) is None
    (tmp_path / "best.json").write_text(json.dumps({"metric": "fid"}))
    assert read_best(tmp_path) is None
