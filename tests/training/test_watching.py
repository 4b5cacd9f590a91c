"""The sample grid and diagnostics of StarGAN, on a model that paints by hand."""

import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.source import LabeledImages, UnreadableImage
from stargan_tf.training.watching import LabelSamples, pick

SIZE = 8
INFO = DatasetInfo("toy", ("Red", "Bright"), "binary", SIZE)
MOODS = DatasetInfo("moods", ("Red", "Calm", "Sad"), "one_hot", SIZE)


class Model:
    """Paints the label's sum on the image; its critic sees the mean."""

    def __init__(self, datasets, effect=20):
        self.label_space = LabelSpace(datasets)
        self.effect = effect

    def translate(self, images, labels, dataset=0):
        change = self.effect * labels.sum(-1) + self.effect * dataset
        return (images + change[:, None, None, None]).astype(np.uint8)

    def discriminator(self, images, training):
        assert not training
        return -images.mean(-1, keepdims=True), None


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
    samples = LabelSamples([toy_images()])
    columns = samples._translations(model, group, range(5))
    # Labels [0, 1] and [1, 1]: flipping Red adds or removes; a mood is one label on.
    assert [int(column[0, 0, 0, 0]) for column in columns] == [2, 0, 2, 2, 2]


def test_diagnostics_of_a_grid():
    samples = LabelSamples([toy_images()])(Model(INFO))
    assert samples.pictures.keys() == {""} and samples.shown == (2, 2)
    # |G(x, c1) - G(x, c2)|: the labels' sums differ by 2 and by 0, painted as 20.
    assert samples.diagnostics == pytest.approx(
        {"label_effect": 20 / 127.5, "critic_gap": 20 / 127.5, "critic_wins": 0.75}
    )
    assert not samples.warning


def test_a_hundred_labels_in_many_data_sets_do_not_make_the_grid_larger():
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
    samples = LabelSamples(held_out)(model)
    assert model.translated == 8 * 16
    width, height = samples.pictures[""].size
    assert width * height < 16e6
    assert samples.shown == (16, 100)


def test_a_label_that_is_ignored_is_told():
    samples = LabelSamples([toy_images()])(Model(INFO, effect=0))
    assert "almost ignores the label (label_effect 0.0000)" in samples.warning


def test_while_the_classifier_learns_the_generator_need_not_react():
    model = Model(INFO, effect=0)
    model.pretraining_steps, model.step = 100, 100
    assert LabelSamples([toy_images()])(model).warning == ""
    model.step = 101
    assert "almost ignores" in LabelSamples([toy_images()])(model).warning


def test_a_single_domain_has_no_label_to_ignore():
    one = DatasetInfo("toy", ("Red",), "binary", SIZE)
    held_out = LabeledImages(
        one, np.zeros((1, 1)), ("a",), lambda _: np.zeros((SIZE, SIZE, 3), "uint8"), ""
    )
    samples = LabelSamples([held_out])(Model(one, effect=0))
    assert "label_effect" not in samples.diagnostics and not samples.warning
