"""`translate` and `classify`: the edges of the model, uint8 and names' order."""

import numpy as np
import pytest

from tests.models.conftest import HAIR, MOOD, tiny


def test_uint8_in_uint8_out(batch):
    model = tiny()
    image, label = batch
    pixels = np.rint((image + 1) * 127.5).astype(np.uint8)
    output = model.translate(pixels, label)
    assert output.dtype == np.uint8
    exact = model.translate(pixels.astype(np.float32) / 127.5 - 1, label)
    assert np.abs(output / 127.5 - 1 - exact).max() <= 0.5 / 127.5 + 1e-6


def test_batches_and_one_label_for_all(batch):
    model = tiny()
    image, label = batch
    whole = model.translate(image, label[0])
    np.testing.assert_allclose(
        whole,
        model.translate(image, np.tile(label[:1], (4, 1)), batch_size=3),
        atol=1e-6,
    )


def test_wrong_mask_changes_the_picture(batch):
    model = tiny([HAIR, MOOD])
    image, _ = batch
    label = np.array([1.0, 0.0], "f")
    right = model.translate(image, label, dataset=1)
    wrong = model.translate(image, label, dataset=1, mask=0)
    direct = model.generator(
        [image, np.tile(np.array([[0, 0, 0, 1, 0, 1, 0]], "f"), (4, 1))]
    )
    assert np.abs(right - wrong).max() > 1e-4
    np.testing.assert_allclose(wrong, direct, atol=1e-6)


def test_classify_gives_each_data_set_its_probabilities(batch):
    model = tiny([HAIR, MOOD])
    image, _ = batch
    logits = np.asarray(model.discriminator(image)[1])
    binary, mood = model.classify(image, 0), model.classify(image, 1)
    np.testing.assert_allclose(binary, 1 / (1 + np.exp(-logits[:, :3])), atol=1e-6)
    np.testing.assert_allclose(mood.sum(-1), 1.0, atol=1e-6)


def test_no_image_gives_no_image():
    empty = np.zeros((0, 16, 16, 3), np.uint8)
    assert tiny().translate(empty, np.zeros(3)).shape == (0, 16, 16, 3)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ((4, 18, 16, 3), (4, 3), "multiples of 4"),
        ((16, 16, 3), (3,), r"\(n, height, width, 3\)"),
        ((4, 16, 16, 3), (2, 3), "one label per image.*4 images, 2 labels"),
        ((4, 16, 16, 3), (4, 2), "3 columns.*Male"),
    ],
)
def test_shapes_that_do_not_fit(images, labels, message):
    with pytest.raises(ValueError, match=message):
        tiny().translate(np.zeros(images, np.float32), np.zeros(labels))
