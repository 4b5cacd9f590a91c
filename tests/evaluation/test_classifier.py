import itertools
from dataclasses import replace

import keras
import numpy as np
import pytest
from absl import logging

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.source import LabeledImages
from stargan_tf.errors import InputError
from stargan_tf.evaluation import classifier as module
from stargan_tf.evaluation.classifier import (
    build_residual_network,
    cached_classifier,
    train_classifier,
)
from stargan_tf.evaluation.measures import wrong_answers

FEW = {"steps": 25, "batch_size": 16, "learning_rate": 1e-2}


def stripes(label_type, domains):
    """Images in which stripe k is bright where label k is on."""
    generator = np.random.default_rng(0)
    labels = np.eye(len(domains))[np.arange(60) % len(domains)]
    if label_type == "binary":
        labels = generator.integers(0, 2, (60, len(domains))).astype(float)
    images = generator.integers(0, 60, (60, 16, 16, 3), dtype=np.uint8)
    for number, label in enumerate(labels):
        for stripe in np.flatnonzero(label):
            images[number, stripe * 4 : stripe * 4 + 4] += 150
    info = DatasetInfo("stripes", domains, label_type, 16)
    names = tuple(f"{number}.png" for number in range(60))
    labels = labels.astype(np.float32)
    print_ = f"{label_type} {domains}"
    return LabeledImages(info, labels, names, images.__getitem__, print_), images


@pytest.mark.parametrize(
    ("label_type", "domains"), [("one_hot", ("a", "b", "c")), ("binary", ("a", "b"))]
)
def test_it_learns_either_kind_of_labels(label_type, domains, monkeypatch, capsys):
    over = itertools.cycle([False] * 9 + [True])  # As if ten batches took long.
    monkeypatch.setattr(module.Interval, "is_over", lambda self: next(over))
    source, images = stripes(label_type, domains)
    classifier = train_classifier(source, "tiny", **FEW)
    _, *lines = capsys.readouterr().out.splitlines()
    assert [line.split(", loss ")[0] for line in lines] == [
        f"Classifier: step {step} of 25" for step in (10, 20, 25)
    ]
    assert float(lines[-1].split()[-1]) < float(lines[0].split()[-1])
    logits = classifier.logits(images)
    wrong, answers = wrong_answers(source.info, logits, source.labels)
    assert wrong.sum() < 0.1 * answers.sum()
    wrong, answers = wrong_answers(
        source.info, logits, np.roll(source.labels, 1, axis=1)
    )
    assert wrong.sum() > 0.3 * answers.sum()


def test_the_cache_saves_the_training(monkeypatch, own_cache):
    warned = []
    monkeypatch.setattr(logging, "warning", lambda text, *v: warned.append(text % v))
    source, images = stripes("one_hot", ("a", "b"))
    first = cached_classifier(source, "tiny", steps=2, batch_size=4)
    monkeypatch.setattr(module, "train_classifier", None)
    again = cached_classifier(source, "tiny", steps=2, batch_size=4)
    np.testing.assert_array_equal(again.logits(images), first.logits(images))
    for content in (b"", b"PK"):
        (file,) = (own_cache / "classifiers").iterdir()
        whole = file.read_bytes()
        file.write_bytes(content or whole[:-100])
        with pytest.raises(TypeError):  # It wants to train.
            cached_classifier(source, "tiny", steps=2, batch_size=4)
        file.write_bytes(whole)
    assert len(warned) == 2 and f"Cannot read {file} (" in warned[0]
    with pytest.raises(TypeError):  # Other options.
        cached_classifier(source, "tiny", steps=3, batch_size=4)
    mended = replace(source, labels=source.labels[::-1].copy())
    with pytest.raises(TypeError):
        cached_classifier(mended, "tiny", steps=2, batch_size=4)


def test_the_seed_decides_the_weights():
    def weights(seed):
        network = build_residual_network((16, 16, 3), 3, "tiny", seed)
        return np.concatenate([np.ravel(x) for x in network.get_weights()])

    np.testing.assert_array_equal(weights(1), weights(1))
    assert np.any(weights(1) != weights(2))


def test_no_convolution_of_one_pixel_has_strides():
    """The gradient of such a one ends the process in TensorFlow 2.21 on CPUs."""
    for layer in build_residual_network((64, 64, 3), 3, "resnet18").layers:
        if isinstance(layer, keras.layers.Conv2D) and layer.kernel_size == (1, 1):
            assert layer.strides == (1, 1)


def test_resnet_18_is_resnet_18():
    network = build_residual_network((224, 224, 3), 1000, "resnet18")
    # torchvision's resnet18; Keras counts BatchNorm's two running averages too.
    running = sum(
        layer.moving_mean.shape[0] * 2
        for layer in network.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    )
    assert network.count_params() - running == 11_689_512
    # 224 is halved five times before the mean.
    assert network.layers[-2].input.shape == (None, 7, 7, 512)


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="no classifier of size 'resnet'. Did you"):
        build_residual_network((16, 16, 3), 3, "resnet")
    source, images = stripes("one_hot", ("a", "b"))
    classifier = train_classifier(source, "tiny", steps=1, batch_size=2)
    with pytest.raises(InputError, match=r"images of shape \(16, 16, 3\)"):
        classifier.logits(images[:, :8, :8])
