import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.intensity import GAP
from stargan_tf.data.registry import load_dataset
from stargan_tf.errors import InputError
from stargan_tf.models.stargan_v2.batches import (
    random_boxes,
    reference_batches,
    resize_boxes,
)


def test_boxes_are_those_of_the_official_crop():
    top, left, height, width = random_boxes(4000, 1.0, [1, 2]).numpy().T
    area, aspect = height * width, width / height
    assert 0.8 <= area.min() < 0.81 and 0.97 < area.max() <= 1
    assert 0.9 - 1e-5 <= aspect.min() < 0.91 and 1.09 < aspect.max() <= 1.1 + 1e-5
    assert min(top.min(), left.min()) >= 0
    assert max((top + height).max(), (left + width).max()) <= 1 + 1e-6
    assert abs(np.corrcoef(top, left)[0, 1]) < 0.1
    assert abs(np.log(aspect).mean()) < 0.01


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_a_share_of_the_images_is_cropped(probability):
    boxes = random_boxes(3000, probability, [3, 4]).numpy()
    whole = (boxes == [0, 0, 1, 1]).all(axis=1)
    assert abs(whole.mean() - (1 - probability)) < 0.03


def test_boxes_follow_from_the_seed():
    one, again, other = (random_boxes(9, 0.5, [s, 1]).numpy() for s in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_the_whole_image_at_its_own_size_is_untouched():
    images = np.random.default_rng(0).integers(0, 256, (2, 9, 9, 3), np.uint8)
    boxes = np.array([[0, 0, 1, 1]] * 2, np.float32)
    np.testing.assert_allclose(resize_boxes(images, boxes, (9, 9)), images, atol=1e-3)


def test_the_resize_is_pillows_antialiased_bilinear():
    image = np.random.default_rng(1).integers(0, 256, (48, 48, 3), np.uint8)
    box = np.array([[0.1, 0.05, 0.85, 0.9]], np.float32)
    ours = resize_boxes(image[None], box, (16, 16)).numpy()[0]
    theirs = Image.fromarray(image).resize(
        (16, 16), Image.Resampling.BILINEAR, box=(2.4, 4.8, 45.6, 45.6)
    )
    assert np.abs(ours - np.asarray(theirs)).max() < 1.5


def test_gaps_do_not_affect_other_pixels():
    image = np.full((1, 32, 32, 1), 0.5, np.float32)
    image[:, 10:20, 10:20] = GAP
    box = np.array([[0.1, 0.1, 0.8, 0.8]], np.float32)
    for size in ((16, 16), (48, 48)):
        resized = resize_boxes(image, box, size, has_gaps=True).numpy()
        values = np.unique(resized.round(5))
        np.testing.assert_allclose(values, [GAP, 0.5], atol=1e-5)


BOTH = pytest.mark.parametrize("cache", ["auto", "never"])
X, Y, REFERENCE, REFERENCE_2, TARGET = range(5)


def take(dataset, count):
    return [[part.numpy() for part in batch] for batch in dataset.take(count)]


def joined(batches, part):
    return np.concatenate([batch[part] for batch in batches])


def numbers(images):
    """The number of each image, and whether it is mirrored."""
    corners = np.rint((images[:, 0, [0, -1], 0] + 1) * 127.5).astype(int)
    return corners.min(1), corners[:, 0] > corners[:, 1]


@pytest.fixture
def lopsided(one_hot):
    """Domain a has 30 images, b 3 and c 2."""
    return one_hot("set", [0] * 30 + [1, 1, 1, 2, 2])


@BOTH
def test_domains_are_balanced_and_references_are_two_of_one_domain(lopsided, cache):
    dataset = reference_batches(lopsided, 50, cache=cache, crop_probability=0)
    batches = take(dataset, 12)
    classes = lopsided.labels.argmax(1)
    for images, domains in ((X, Y), (REFERENCE, TARGET), (REFERENCE_2, TARGET)):
        drawn = numbers(joined(batches, images))[0]
        np.testing.assert_array_equal(classes[drawn], joined(batches, domains))
        shares = np.bincount(classes[drawn], minlength=3) / len(drawn)
        assert np.abs(shares - 1 / 3).max() < 0.07
        assert set(drawn) == set(range(35))
    one, two = (numbers(joined(batches, r))[0] for r in (REFERENCE, REFERENCE_2))
    assert (one != two).all()
    # Any two, and not a fixed pairing.
    assert len(set(zip(one[one < 30], two[two < 30], strict=True))) > 150


def test_every_part_is_drawn_on_its_own(lopsided):
    batches = take(reference_batches(lopsided, 100, crop_probability=0), 4)
    domains, targets = joined(batches, Y), joined(batches, TARGET)
    assert 0.25 < (domains == targets).mean() < 0.42
    flips = [numbers(joined(batches, part))[1] for part in (X, REFERENCE, REFERENCE_2)]
    assert np.abs(np.corrcoef(flips)[np.triu_indices(3, 1)]).max() < 0.2
    assert 0.4 < np.mean(flips) < 0.6


@BOTH
def test_resuming_continues_the_same_stream(lopsided, cache):
    whole = take(reference_batches(lopsided, 3, cache=cache, seed=5), 6)
    rest = reference_batches(lopsided, 3, cache=cache, seed=5, start_step=4)
    for expected, received in zip(whole[4:], take(rest, 2), strict=True):
        for one, other in zip(expected, received, strict=True):
            np.testing.assert_array_equal(one, other)
    other = take(reference_batches(lopsided, 3, cache=cache, seed=6), 1)[0]
    assert not np.array_equal(other[X], whole[0][X])


def test_cached_and_decoded_streams_are_equal(lopsided):
    one, two = (
        take(reference_batches(lopsided, 4, cache=c), 3) for c in ("auto", "never")
    )
    for parts, others in zip(one, two, strict=True):
        for part, other in zip(parts, others, strict=True):
            np.testing.assert_array_equal(part, other)


def test_shapes_types_and_range(lopsided):
    dataset = reference_batches(lopsided, 4)
    batch = take(dataset, 1)[0]
    for number, (spec, part) in enumerate(
        zip(dataset.element_spec, batch, strict=True)
    ):
        image = number in (X, REFERENCE, REFERENCE_2)
        assert spec.shape == part.shape == ((4, 8, 8, 3) if image else (4,))
        assert part.dtype == (np.float32 if image else np.int32)
        assert not image or (part.min() >= -1 and part.max() <= 1)


class HalfImages:
    """A landmark provider whose masks are the image's first two channels."""

    version = "1"

    def __init__(self):
        self.count = 0

    def __call__(self, images):
        self.count += len(images)
        return (images[..., :2] + 1) / 2


def test_masks_are_cropped_and_mirrored_with_their_images(lopsided):
    provider = HalfImages()
    for _ in range(2):
        dataset = reference_batches(lopsided, 8, mask_provider=provider)
        *batch, masks = take(dataset, 1)[0]
        assert masks.dtype == np.float32 and masks.shape == (8, 8, 8, 2)
        np.testing.assert_allclose(masks, (batch[X][..., :2] + 1) / 2, atol=1e-5)
        assert masks.min() >= 0 and masks.max() <= 1
        # Once for each image; the second time they are in the cache.
        assert provider.count == len(lopsided)
    for part, other in zip(
        batch, take(reference_batches(lopsided, 8), 1)[0], strict=True
    ):
        np.testing.assert_allclose(part, other, atol=1e-6)
    provider.version = "2"
    take(reference_batches(lopsided, 8, mask_provider=provider), 1)
    assert provider.count == 2 * len(lopsided)


def test_masks_are_the_models_work_without_cache_or_version(lopsided):
    options = {"cache": "never", "mask_provider": HalfImages()}
    assert len(reference_batches(lopsided, 4, **options).element_spec) == 5
    options = {"mask_provider": lambda images: images[..., :2]}
    assert len(reference_batches(lopsided, 4, **options).element_spec) == 5


def test_crops_come_from_the_enlarged_images(tmp_path, photograph):
    for number in range(8):
        photograph(f"{'ab'[number % 2]}/{number}.png", (64, 96))
    source = load_dataset(
        "folder", "train", 16, data_dir=str(tmp_path), held_out=0.01, fit="stretch"
    )
    assert source.enlarge().info.image_size == 32
    whole = source.load(0) / 127.5 - 1
    only = reference_batches(source, 8, crop_probability=0, flip=False)
    np.testing.assert_allclose(take(only, 1)[0][X], [whole] * 8, atol=1e-5)
    mixed = reference_batches(source, 64, crop_probability=0.5, flip=False)
    difference = np.abs(take(mixed, 1)[0][X] - whole).mean((1, 2, 3))
    # Some whole, seen through the enlarged image, and some cropped.
    assert 16 < (difference < 0.03).sum() < 48 and np.median(difference) > 0
    assert difference.max() > 0.05


@BOTH
def test_unreadable_images_never_come_and_stay_in_their_domain(one_hot, cache, warned):
    source = one_hot("set", [0, 1] * 6, broken=(0, 2, 5, 11))
    batches = take(reference_batches(source, 20, cache=cache, crop_probability=0), 5)
    classes = source.labels.argmax(1)
    for images, domains in ((X, Y), (REFERENCE, TARGET), (REFERENCE_2, TARGET)):
        drawn = numbers(joined(batches, images))[0]
        assert not set(drawn) & {0, 2, 5, 11}
        np.testing.assert_array_equal(classes[drawn], joined(batches, domains))
    assert any("unreadable" in line for line in warned)


@BOTH
@pytest.mark.parametrize(
    ("classes", "broken", "message"),
    [
        ([0, 0, 0, 1, 2, 2], (), "'b' has 1"),
        ([0, 0, 0, 2, 2], (), "'b' has 0"),
        ([0, 0, 0, 1, 1, 2, 2, 2], (3, 6, 7), "'b' has 1, 'c' has 1"),
    ],
)
def test_a_domain_needs_two_readable_images(
    one_hot, cache, classes, broken, message, warned
):
    with pytest.raises(InputError, match=f"at least 2 readable.*{message}") as error:
        reference_batches(one_hot("set", classes, broken=broken), cache=cache)
    assert "'a'" not in str(error.value) and "\n" not in str(error.value)


def test_one_domain_only(one_hot):
    with pytest.raises(InputError, match="two domains.*'set' with only 'a'"):
        reference_batches(one_hot("set", [0, 0, 0], domains=("a",)))


def test_binary_attributes_say_how_to_become_domains(numbered):
    with pytest.raises(InputError, match="binary attributes.*one_hot=True.*folder"):
        reference_batches(numbered("set", 10))


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0},
        {"seed": -1},
        {"start_step": -1},
        {"cache": "yes"},
        {"crop_probability": 1.5},
    ],
)
def test_bad_arguments(lopsided, options):
    with pytest.raises(InputError, match=next(iter(options))):
        reference_batches(lopsided, **options)
