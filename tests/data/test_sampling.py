import itertools
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

import stargan_tf
from stargan_tf.data.sampling import (
    WHOLE,
    BatchPart,
    evaluation_batches,
    training_batches,
)
from stargan_tf.data.turns import take_turns
from stargan_tf.errors import InputError
from stargan_tf.models.stargan_v2.batches import reference_batches

BOTH = pytest.mark.parametrize("cache", ["auto", "never"])


def take(dataset, count):
    return [(x.numpy(), y.numpy()) for x, y in dataset.take(count)]


def numbers(images):
    """The number of each image, and whether it is mirrored."""
    corners = np.rint((images[:, 0, [0, -1], 0] + 1) * 127.5).astype(int)
    return corners.min(1), corners[:, 0] > corners[:, 1]


@BOTH
def test_an_epoch_holds_every_image_once(numbered, cache):
    source = numbered("set", 10)
    batches = take(training_batches(source, 4, cache=cache, seed=3), 10)
    drawn = np.concatenate([numbers(images)[0] for images, _ in batches])
    for epoch in drawn.reshape(4, 10):
        assert sorted(epoch) == list(range(10))
    assert len({tuple(epoch) for epoch in drawn.reshape(4, 10)}) == 4
    for images, labels in batches:
        np.testing.assert_array_equal(labels, source.labels[numbers(images)[0]])


@BOTH
@pytest.mark.parametrize("start", [1, 5, 8])
def test_resuming_continues_the_same_stream(numbered, cache, start):
    sources = [numbered("one", 10), numbered("two", 7, domains=("c", "d", "e"))]
    whole = take(training_batches(sources, 4, cache=cache), 12)
    rest = training_batches(sources, 4, cache=cache, start_step=start)
    for expected, received in zip(whole[start:], take(rest, 12 - start), strict=True):
        np.testing.assert_array_equal(received[0], expected[0])
        np.testing.assert_array_equal(received[1], expected[1])


def test_cached_and_decoded_streams_are_equal(numbered):
    source = numbered("set", 10)
    one, two = (
        take(training_batches(source, 4, cache=c), 6) for c in ("auto", "never")
    )
    for (images, labels), (others, other_labels) in zip(one, two, strict=True):
        np.testing.assert_array_equal(images, others)
        np.testing.assert_array_equal(labels, other_labels)


def test_sources_take_turns_under_their_mask(numbered):
    sources = [numbered("one", 10), numbered("two", 7, domains=("c", "d", "e"))]
    for step, (_, labels) in enumerate(take(training_batches(sources, 4), 6)):
        known, mask = labels[:, :5], labels[:, 5:]
        np.testing.assert_array_equal(mask, np.eye(2)[[step % 2] * 4])
        part, rest = (known[:, :2], known[:, 2:])[:: 1 if step % 2 == 0 else -1]
        np.testing.assert_array_equal(part.sum(1), 1)
        np.testing.assert_array_equal(rest, 0)


def test_weighted_sources_have_their_share_and_whole_epochs(numbered):
    sources = [numbered("one", 8), numbered("two", 4, domains=("c", "d", "e"))]
    stream = training_batches(sources, 4, dataset_weights=(2, 1), flip=False)
    batches = take(stream, 9)
    turns = [int(labels[0, 6]) for _, labels in batches]
    assert turns == [0, 1, 0] * 3
    drawn = [numbers(images)[0] for images, _ in batches]
    for step in (0, 3, 6):  # two batches of four are an epoch of the first set
        assert sorted([*drawn[step], *drawn[step + 2]]) == list(range(8))
        assert sorted(drawn[step + 1]) == list(range(4))
    for start in (1, 4, 8):
        rest = training_batches(
            sources, 4, dataset_weights=(2, 1), flip=False, start_step=start
        )
        for (images, labels), (other, others) in zip(
            batches[start:], take(rest, 9 - start), strict=True
        ):
            np.testing.assert_array_equal(images, other)
            np.testing.assert_array_equal(labels, others)


def test_equal_weights_are_the_default(numbered):
    sources = [numbered("one", 10), numbered("two", 7, domains=("c", "d", "e"))]
    plain = take(training_batches(sources, 4), 6)
    equal = take(training_batches(sources, 4, dataset_weights=(3, 3)), 6)
    for (images, labels), (other, others) in zip(plain, equal, strict=True):
        np.testing.assert_array_equal(images, other)
        np.testing.assert_array_equal(labels, others)


def test_flips_are_fair_and_optional(numbered):
    source = numbered("set", 50)
    batches = take(training_batches(source, 50), 8)
    mirrored = np.concatenate([numbers(images)[1] for images, _ in batches])
    assert 0.4 < mirrored.mean() < 0.6
    batches = take(training_batches(source, 50, flip=False), 2)
    assert not any(numbers(images)[1].any() for images, _ in batches)


def test_seeds_differ(numbered):
    source = numbered("set", 50)
    one, two = (
        take(training_batches(source, 50, seed=seed), 1)[0][0] for seed in (0, 1)
    )
    assert (numbers(one)[0] != numbers(two)[0]).any()
    assert (numbers(one)[1] != numbers(two)[1]).any()


def test_values_shapes_and_a_tiny_source(numbered):
    source = numbered("set", 1)
    dataset = training_batches(source, 4, flip=False)
    images, labels = dataset.element_spec
    assert images.shape == (4, 8, 8, 3) and labels.shape == (4, 2)
    images, labels = take(dataset, 1)[0]
    expected = source.load(0).astype(np.float32) / 127.5 - 1
    np.testing.assert_allclose(images, [expected] * 4, atol=1e-6)
    assert images.dtype == labels.dtype == np.float32


@BOTH
def test_evaluation_in_order_and_whole(numbered, cache):
    sources = [numbered("one", 10), numbered("two", 3, domains=("c", "d", "e"))]
    batches = [
        (x.numpy(), y.numpy()) for x, y in evaluation_batches(sources, 4, cache=cache)
    ]
    assert [len(images) for images, _ in batches] == [4, 4, 2, 3]
    drawn = np.concatenate([numbers(images)[0] for images, _ in batches])
    assert list(drawn) == [*range(10), *range(3)]
    assert not any(numbers(images)[1].any() for images, _ in batches)
    np.testing.assert_array_equal(batches[3][1][:, 5:], [[0, 1]] * 3)
    if cache == "auto":
        assert evaluation_batches(sources, 4).cardinality() == 4


@BOTH
def test_unreadable_images_never_come(numbered, cache, warned):
    source = numbered("set", 10, broken=(0, 1, 2, 3, 7))
    readable = {4, 5, 6, 8, 9}
    batches = take(training_batches(source, 5, cache=cache), 6)
    for images, labels in batches:
        drawn = numbers(images)[0]
        assert readable.issuperset(drawn)
        np.testing.assert_array_equal(labels, source.labels[drawn])
    finite = evaluation_batches(source, 4, cache=cache)
    drawn = [number for images, _ in finite for number in numbers(images.numpy())[0]]
    assert drawn == sorted(readable)
    assert any("unreadable" in line for line in warned)


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0},
        {"batch_size": 2.5},
        {"seed": -1},
        {"seed": 2**31},
        {"start_step": -1},
        {"cache": "yes"},
        {"dataset_weights": (1, 2)},
        {"dataset_weights": (0,)},
    ],
)
def test_bad_arguments(numbered, options):
    with pytest.raises(InputError, match=next(iter(options))):
        training_batches(numbered("set", 3), **options)


PROGRAM = """
import time
import numpy as np
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.source import LabeledImages
from stargan_tf.data.sampling import training_batches

def load(index):
    time.sleep(0.02)
    return np.zeros((8, 8, 3), np.uint8)

info = DatasetInfo("set", ("a",), "binary", 8)
source = LabeledImages(info, np.ones((9, 1), np.float32), tuple("abcdefghi"), load, "")
alive = iter(training_batches(source, 4, cache="never"))
next(alive)
"""


def test_a_process_ends_while_an_iterator_is_alive():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=300)


def test_autograph_writes_no_files_for_batches(numbered, monkeypatch):
    # It would fail in a full TMPDIR, with pages of warnings.
    written = []

    def refuse(*arguments, **options):
        written.append(options)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", refuse)
    source = numbered("set", 4)
    batch = next(iter(training_batches(source, 2)))
    count = sum(
        len(images) for images, _ in evaluation_batches(source, 3, cache="never")
    )
    assert len(batch[0]) == 2 and count == 4 and not written


def test_parts_of_a_tensor_and_of_several_side_by_side():
    batch = tf.range(6)
    assert BatchPart(1, 3).of(batch).numpy().tolist() == [2, 3]
    assert BatchPart(1, 3).of(batch, groups=2).numpy().tolist() == [1, 4]
    assert WHOLE.of(batch) is batch


@pytest.mark.parametrize("make", [training_batches, reference_batches])
def test_the_parts_add_up_to_the_batch_of_one_machine(one_hot, make):
    """Images, mirrored and cropped alike, and labels; none twice, none missing."""
    source = one_hot("set", [0, 1, 2] * 5)
    whole = make(source, 6, seed=3, start_step=2)
    parts = [
        make(source, 6, seed=3, start_step=2, part=BatchPart(i, 3)) for i in range(3)
    ]
    assert parts[0].element_spec[0].shape[0] == 2
    for expected, *received in zip(whole.take(3), *parts, strict=False):
        for tensor, *pieces in zip(expected, *received, strict=True):
            np.testing.assert_array_equal(tensor, np.concatenate(pieces))


@pytest.mark.parametrize("part", [BatchPart(0, 4), BatchPart(3, 3), BatchPart(-1, 3)])
def test_parts_are_equal_and_numbered_from_zero(one_hot, part):
    source = one_hot("set", [0, 1, 2] * 5)
    with pytest.raises(InputError, match=r"shard .* batch_size=6"):
        training_batches(source, 6, part=part)


# docs/scaling.md: batches made by a `tf.data` service.

PAGE = Path(__file__).parents[2] / "docs/scaling.md"


def test_the_scripts_of_the_page_give_the_same_batches(one_hot):
    section = PAGE.read_text("utf-8").split("## Batches by the `tf.data` service")[1]
    servers, script = re.findall(r"```python\n(.*?)```", section, re.S)[:2]
    names = {}
    # Ports of the system's choice.
    servers = servers.replace("service.DispatcherConfig(port=5000)", "")
    servers = servers.replace(', worker_address="HOST:5001", port=5001', "")
    before, worker = servers.split("worker = ")
    exec(before, names)
    address = names["dispatcher"].target.partition("://")[2]
    exec("worker = " + worker.replace("HOST:5000", address), names)

    def fit(batches, steps_per_epoch):
        assert batches.cardinality() < 0
        names["received"] = list(batches.take(6))

    images = one_hot("set", [0] * 5 + [1] * 3)
    names |= {"stargan_tf": stargan_tf, "images": images}
    names["model"] = SimpleNamespace(fit=fit)
    exec(script.replace("HOST:5000", address), names)
    expected = stargan_tf.reference_batches(images, batch_size=8)
    for one, other in zip(names["received"], expected, strict=False):
        for ours, theirs in zip(one, other, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("weights", "sources", "before"),
    [
        ([1], [0], [0]),
        ([None, None], [0, 1], [0, 0]),
        ([5, 5, 5], [0, 1, 2], [0, 0, 0]),
        ([2, 1], [0, 1, 0], [0, 0, 1]),
        ([1, 2.0], [1, 0, 1], [0, 0, 1]),
        ([0.5, 1, None], [1, 2, 0, 1, 2], [0, 0, 0, 1, 1]),
        ([3, 1], [0, 0, 1, 0], [0, 1, 0, 2]),
    ],
)
def test_the_shortest_even_round(weights, sources, before):
    turns = take_turns(weights)
    assert list(turns.sources) == sources and list(turns.before) == before
    assert turns.shares == tuple(map(sources.count, range(len(weights))))


def test_shares_are_exact_and_nobody_waits_long():
    turns = take_turns([0.7, 0.2, 0.1])
    assert turns.shares == (7, 2, 1)
    places = [i for i, source in enumerate(turns.sources * 2) if source == 1]
    gaps = [later - sooner for sooner, later in itertools.pairwise(places)]
    assert max(gaps) <= 6


@pytest.mark.parametrize("weights", [[1, 0], [1, -2], [1, float("nan")], [1, 1e999]])
def test_weights_must_be_positive(weights):
    with pytest.raises(InputError, match="dataset_weights must be positive. Received"):
        take_turns(weights)


def test_weights_must_be_simple():
    with pytest.raises(InputError, match="simple numbers such as 2,1 .*0.123457, 1"):
        take_turns([0.1234567, 1])
