"""The sample grid and diagnostics of StarGAN, on a model that paints by hand."""

import json

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.training.metric_log import MetricLog
from stargan_tf.training.watching import (
    SampleImages,
    SampleSchedule,
    pick,
    translations,
)

SIZE = 8
INFO = DatasetInfo("toy", ("Red", "Bright"), "binary", SIZE)
MOODS = DatasetInfo("moods", ("Red", "Calm", "Sad"), "one_hot", SIZE)


class Step:
    def __init__(self, value):
        self.value = value

    def numpy(self):
        return self.value


class Model:
    """Paints the label's sum on the image; its critic sees the mean."""

    def __init__(self, datasets, effect=20, step=0):
        self.label_space = LabelSpace(datasets)
        self.effect = effect
        self.step = Step(step)
        self.resets = 0

    def translate(self, images, labels, dataset=0):
        change = self.effect * labels.sum(-1) + self.effect * dataset
        return (images + change[:, None, None, None]).astype(np.uint8)

    def discriminator(self, images, training):
        assert not training
        return -images.mean(-1, keepdims=True), None

    def reset_metrics(self):
        self.resets += 1


def begin(callback, model):
    callback.set_model(model)
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    return callback


def step(callback, logs):
    callback.on_train_batch_begin(0)
    callback.on_train_batch_end(0, logs)


def toy_images(broken=()):
    def load(index):
        if index in broken:
            raise UnreadableImage(f"{index}.png is broken")
        return np.full((SIZE, SIZE, 3), index, np.uint8)

    labels = np.stack([np.arange(20) % 2, np.ones(20)], 1).astype(np.float32)
    names = tuple(f"{i}.png" for i in range(20))
    return LabeledImages(INFO, labels, names, load, "toy")


def test_picks_images_spread_over_the_data_set():
    group = pick(toy_images(), 0, 3)
    assert group.images[:, 0, 0, 0].tolist() == [0, 10, 19]
    np.testing.assert_array_equal(group.labels[:, 0], [0, 0, 1])
    assert len(pick(toy_images(), 0, 100).images) == 20


def test_passes_over_unreadable_held_out_images():
    group = pick(toy_images(broken=(0,)), 0, 3)
    assert len(group.images) == 2
    with pytest.raises(UnreadableImage, match="None of the held-out images of 'toy'"):
        pick(toy_images(broken=range(20)), 0, 3)


def test_joint_grids_show_every_domain_of_every_data_set():
    model = Model([INFO, MOODS], effect=1)
    names = model.label_space.names
    assert names == ["toy.Red", "Bright", "moods.Red", "Calm", "Sad"]
    group = pick(toy_images(), 0, 2)
    columns = translations(model, group, range(5))
    # Labels [0, 1] and [1, 1]: flipping Red adds or removes; a mood is one label on.
    assert [int(column[0, 0, 0, 0]) for column in columns] == [2, 0, 2, 2, 2]


def sampler(tmp_path, model, **arguments):
    arguments = {"every": 2, "total_steps": 5, **arguments}
    log = MetricLog(tmp_path / "metrics.jsonl")
    schedule = SampleSchedule(tmp_path, log, **arguments)
    return begin(SampleImages(schedule, [toy_images()]), model)


def test_grids_and_diagnostics_at_intervals_and_at_the_end(tmp_path):
    callback = sampler(tmp_path, Model(INFO))
    for _ in range(5):
        step(callback, {})
    names = sorted(path.name for path in tmp_path.glob("*.png"))
    assert names == ["step_00000002.png", "step_00000004.png", "step_00000005.png"]
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    record = json.loads(lines[0])
    # |G(x, c1) - G(x, c2)|: the labels' sums differ by 2 and by 0, painted as 20.
    assert record["label_effect"] == pytest.approx(20 / 127.5)
    assert record["critic_gap"] == pytest.approx(20 / 127.5, rel=1e-5)
    assert record["critic_wins"] == 0.75


def test_a_hundred_labels_in_many_data_sets_do_not_make_the_grid_larger(
    tmp_path, capsys
):
    class Counting(Model):
        translated = 0

        def translate(self, images, labels, dataset=0):
            self.translated += len(images)
            return super().translate(images, labels, dataset)

    names = tuple(f"label_{number}" for number in range(10))
    infos = [DatasetInfo(f"set_{i}", names, "binary", SIZE) for i in range(10)]
    held_out = [
        LabeledImages(
            info,
            np.zeros((20, 10), np.float32),
            tuple(f"{i}.png" for i in range(20)),
            lambda index: np.full((SIZE, SIZE, 3), index, np.uint8),
            "toy",
        )
        for info in infos
    ]
    model = Counting(infos)
    log = MetricLog(tmp_path / "metrics.jsonl")
    schedule = SampleSchedule(tmp_path, log, every=1, total_steps=20)
    callback = begin(SampleImages(schedule, held_out), model)
    step(callback, {})
    assert model.translated == 8 * 16
    step(callback, {})
    with Image.open(tmp_path / "step_00000002.png") as picture:
        assert picture.width * picture.height < 16e6
    said = capsys.readouterr().out
    assert said.count("16 of 100 domains") == 1


def test_warns_once_when_the_label_is_ignored(tmp_path):
    callback = sampler(tmp_path, Model(INFO, effect=0), total_steps=20)
    step(callback, {})
    step(callback, {})  # Step 2 of 20 is too early to tell.
    with pytest.warns(UserWarning, match="hardly reacts to the label"):
        for _ in range(4):
            step(callback, {})
    step(callback, {})
    step(callback, {})


def test_a_single_domain_has_no_label_to_ignore(tmp_path):
    one = DatasetInfo("toy", ("Red",), "binary", SIZE)
    held_out = LabeledImages(
        one, np.zeros((1, 1)), ("a",), lambda _: np.zeros((SIZE, SIZE, 3), "uint8"), ""
    )
    file = tmp_path / "metrics.jsonl"
    schedule = SampleSchedule(tmp_path, MetricLog(file), every=1, total_steps=1)
    step(begin(SampleImages(schedule, [held_out]), Model(one, effect=0)), {})
    assert "label_effect" not in json.loads(file.read_text())
