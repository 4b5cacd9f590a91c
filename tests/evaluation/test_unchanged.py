import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.evaluation import metrics as unchanged

IMAGES = np.random.default_rng(0).integers(50, 200, (3, 16, 16, 3), dtype=np.uint8)


def test_psnr_by_hand():
    values = unchanged.psnr(IMAGES, IMAGES + np.uint8(5))
    np.testing.assert_allclose(values, 10 * np.log10(255**2 / 25), rtol=1e-5)
    np.testing.assert_array_equal(unchanged.psnr(IMAGES, IMAGES), 100.0)


def test_ssim_of_flat_images_by_hand():
    """Without any variation only the luminance term is left."""
    one = np.full((1, 16, 16, 3), 100, np.uint8)
    other = np.full((1, 16, 16, 3), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    expected = (2 * 100 * 150 + c1) / (100**2 + 150**2 + c1)
    np.testing.assert_allclose(unchanged.ssim(one, other), [expected], rtol=1e-3)
    np.testing.assert_allclose(unchanged.ssim(IMAGES, IMAGES), 1.0, rtol=1e-5)


def test_change_in_grey_levels():
    after = IMAGES.copy()
    after[1, :8] += 6
    np.testing.assert_allclose(unchanged.change(IMAGES, after), [0, 3, 0])
    np.testing.assert_allclose(unchanged.change(after, IMAGES), [0, 3, 0])


def test_background_change_looks_outside_the_mask_alone():
    after = IMAGES.copy()
    after[:, :8] += 50  # Allowed.
    after[0, 8:, :4] += 4  # A quarter of the background.
    masks = np.zeros((3, 16, 16))
    masks[:, :8] = 1
    masks[2] = 1
    found = unchanged.background_change(IMAGES, after, masks)
    np.testing.assert_allclose(found, [1, 0, np.nan])


def test_identity_similarity_is_a_cosine():
    def embed(images):
        vectors = {0: [3.0, 4.0], 1: [4.0, 3.0], 2: [-3.0, -4.0]}
        return np.array([vectors[int(image[0, 0, 0])] for image in images])

    def flat(*values):
        return np.stack([np.full((4, 4, 3), value, np.uint8) for value in values])

    found = unchanged.identity_similarity(flat(0, 0, 0), flat(0, 1, 2), embed)
    np.testing.assert_allclose(found, [1, 24 / 25, -1])


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="must be uint8. Received: float32"):
        unchanged.change(IMAGES, IMAGES.astype(np.float32))
    with pytest.raises(InputError, match="one shape"):
        unchanged.psnr(IMAGES, IMAGES[:2])
    with pytest.raises(InputError, match=r"Masks must be .* shape \(3, 16, 16\)"):
        unchanged.background_change(IMAGES, IMAGES, np.zeros((16, 16)))
    for wrong in (np.array(["a"] * 3), np.zeros(3), np.zeros((2, 4)), "text", None):
        with pytest.raises(InputError, match="array of 3 vectors of numbers"):
            unchanged.identity_similarity(IMAGES, IMAGES, lambda _, it=wrong: it)
    with pytest.raises(InputError, match="at least 11×11 pixels. Received: 8×8"):
        unchanged.ssim(IMAGES[:, :8, :8], IMAGES[:, :8, :8])
