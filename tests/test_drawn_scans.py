"""The drawn scans: what is known of them is true, and nothing gives them away."""

import numpy as np
import pytest

from stargan_tf.data.registry import load_dataset
from stargan_tf.detection.scores import auc
from stargan_tf.drawn_scans import (
    LESION_TYPES,
    draw,
    lesion_mask,
    place_of,
    slice_of,
    stored,
)
from stargan_tf.errors import InputError


@pytest.fixture(scope="module")
def train():
    return load_dataset("drawn_scans", "train", 32)


def test_a_data_set_of_patients(train):
    held_out = load_dataset("drawn_scans", "held_out", 32)
    assert (len(train), len(held_out)) == (4000, 800)
    assert train.info.domains == ("healthy", "ill") and train.info.shape == (32, 32, 1)
    patients = [{place_of(name)[0] for name in it.names} for it in (train, held_out)]
    assert not patients[0] & patients[1]
    assert 0.45 < train.labels[:, 1].mean() < 0.55
    assert train.load(0).shape == (32, 32, 1) and train.load(0).dtype == np.uint8


def test_the_twin_differs_where_the_mask_is(train):
    rows = np.flatnonzero(train.labels[:, 1])[:20]
    seen = set()
    for row in rows.tolist():
        shown = slice_of(*place_of(train.names[row]))
        image = draw(shown, 64)
        twin, kinds = draw(shown, 64, ill=False), lesion_mask(shown, 64)
        mask = kinds > 0
        difference = np.abs(image - twin)
        # A warp fades out beyond what a reader would draw around.
        assert difference[~mask].mean() < 0.002 < difference[mask].mean()
        assert 0.002 < mask.mean() < 0.3
        of_slice = {lesion.type for lesion in shown.lesions}
        # A lesion may hide another one.
        shown_types = {LESION_TYPES[number - 1] for number in np.unique(kinds[mask])}
        assert shown_types <= of_slice
        seen |= of_slice
    assert seen == set(LESION_TYPES)


def test_healthy_ones_are_their_own_twins(train):
    row = int(np.flatnonzero(train.labels[:, 0])[0])
    shown = slice_of(*place_of(train.names[row]))
    twin = stored(draw(shown, 32, ill=False), train.info)
    np.testing.assert_array_equal(train.load(row), twin)
    assert not lesion_mask(shown, 32).any()


def test_mean_and_deviation_do_not_tell(train):
    """Otherwise a model would learn the light, not the lesions."""
    rows = np.arange(0, 4000, 2)
    images = np.stack([train.load(int(row)) for row in rows]).astype(np.float64)
    means, deviations = images.mean(axis=(1, 2, 3)), images.std(axis=(1, 2, 3))
    features = np.stack([means, deviations, np.ones(len(rows))], axis=1)
    is_ill = train.labels[rows, 1] > 0
    half = len(rows) // 2
    # Least squares on two classes is Fisher's linear discriminant.
    weights, *_ = np.linalg.lstsq(features[:half], is_ill[:half].astype(float))
    assert auc(is_ill[half:], features[half:] @ weights) < 0.55


def test_what_cannot_be_drawn():
    with pytest.raises(InputError, match="from 32 to 256"):
        draw(slice_of(0, 0), 16)
    with pytest.raises(InputError, match="num_channels must be 1"):
        load_dataset("drawn_scans", "train", 32, num_channels=3)


def test_scans_of_a_camera(train):
    """The same drawing as values from 0 to 800."""
    source = load_dataset("drawn_scans", "train", 32, intensity="window:0,800")
    image, eight = source.load(5), train.load(5) / 255
    assert image.dtype == np.float32 and image.shape == (32, 32, 1)
    values = source.info.intensity.restore(image, np.float64)
    np.testing.assert_allclose(values, np.rint(values), atol=1e-4)
    np.testing.assert_allclose(values / 800, eight, atol=0.004)
    twin = source.known.truth(source.names[5], np.array([1, 0]), 32)
    assert twin.dtype == np.float32 and twin.shape == image.shape
    found = load_dataset("drawn_scans", "train", 32, intensity="percentile:1,99")
    (low,), (high,) = found.info.intensity.low, found.info.intensity.high
    assert 0 <= low < 100 and 400 < high < 800


@pytest.mark.parametrize("option", [{"held_out": 0.5}, {"invalid_value": "-1"}])
def test_options_of_files_are_refused(option):
    with pytest.raises(InputError, match=f"does not support {next(iter(option))}"):
        load_dataset("drawn_scans", "train", 32, **option)
