import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageFilter

from stargan_tf.data.registry import load_dataset
from stargan_tf.errors import InputError
from stargan_tf.evaluation import inception as module
from stargan_tf.evaluation.fid import (
    frechet_inception_distance,
    kernel_inception_distance,
)
from stargan_tf.evaluation.inception import (
    FeatureExtractor,
    build_inception,
    resize_float,
    resize_uint8,
)
from stargan_tf.evaluation.options import PROTOCOLS

PHOTO = np.random.default_rng(0).integers(0, 256, (2, 48, 48, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def faces():
    source = load_dataset("toon_expressions", image_size=64)
    return np.stack([source.load(index) for index in range(8)])


@pytest.fixture(params=["random", "inception_2015"])
def extractor(request, shared_file, random_arrays, monkeypatch):
    """With any weights, and with the published ones where they are found."""
    if request.param == "random":
        arrays = random_arrays(build_inception(True))
        monkeypatch.setattr(module, "load_weights", lambda name, path: arrays)
        return FeatureExtractor("standard")
    return FeatureExtractor("standard", shared_file(f"weights/{request.param}.npz"))


def summary(extractor, images, size=8):
    made = extractor.summary()
    for start in range(0, len(images), size):
        made.update(extractor(images[start : start + size]))
    return made


def altered(images, alter):
    return np.stack([np.asarray(alter(Image.fromarray(image))) for image in images])


def noisy(images, strength):
    noise = np.random.default_rng(1).normal(0, strength, images.shape)
    return np.clip(images + noise, 0, 255).astype(np.uint8)


def test_what_fid_and_kid_must_do(extractor, faces):
    real = summary(extractor, faces)
    again = summary(extractor, faces[::-1], size=5)
    assert frechet_inception_distance(real, real).value == pytest.approx(0, abs=1e-3)
    assert frechet_inception_distance(real, again).value == pytest.approx(0, abs=1e-3)

    blurred = [
        altered(faces, lambda image, r=radius: image.filter(ImageFilter.BoxBlur(r)))
        for radius in (1, 3)
    ]
    for changed in (blurred, [noisy(faces, 8), noisy(faces, 32)]):
        little, much = (summary(extractor, batch) for batch in changed)
        fids = [frechet_inception_distance(real, one).value for one in (little, much)]
        kids = [kernel_inception_distance(real, one).value for one in (little, much)]
        assert 0.0 < fids[0] < fids[1]
        assert kids[0] < kids[1]


def test_another_domain_is_further_away(shared_file, monkeypatch):
    """Women against other women, and against children."""
    monkeypatch.setenv("STARGAN_TF_WEIGHTS", str(shared_file("weights")))
    extractor = FeatureExtractor("standard")
    source = load_dataset("toon_people", image_size=64)
    women, children = (
        np.flatnonzero(source.labels[:, source.info.index(domain)])
        for domain in ("woman", "child")
    )
    real, same, other = (
        summary(extractor, np.stack([source.load(index) for index in group]))
        for group in (women[:12], women[12:24], children[:12])
    )
    near = frechet_inception_distance(real, same).value
    assert near < frechet_inception_distance(real, other).value
    near = kernel_inception_distance(real, same).value
    assert near < kernel_inception_distance(real, other).value


def test_one_call_or_many(extractor):
    whole = extractor(PHOTO)
    assert whole.shape == (2, 2048)
    assert whole.dtype == np.float32
    single = np.concatenate([extractor(PHOTO[:1]), extractor(PHOTO[1:])])
    np.testing.assert_allclose(single, whole, rtol=1e-3, atol=1e-4 * whole.max())


@pytest.mark.parametrize("size", [32, 299, 400])
def test_bicubic_resize_equals_pillows_floats(size):
    images = np.random.default_rng(2).integers(0, 256, (1, size, size, 3), np.uint8)
    channels = [
        Image.fromarray(images[0, :, :, channel].astype(np.float32)).resize(
            (299, 299), Image.Resampling.BICUBIC
        )
        for channel in range(3)
    ]
    expected = np.stack([np.asarray(channel) for channel in channels], axis=-1)
    found = resize_float(tf.cast(images, tf.float32), 299)[0]
    np.testing.assert_allclose(found, expected.clip(0, 255), atol=0.01)


def test_bilinear_resize_is_pillows():
    expected = Image.fromarray(PHOTO[1]).resize((299, 299), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(resize_uint8(PHOTO, 299)[1], np.asarray(expected))


def test_each_protocol_scales_as_its_source_does():
    grey = np.array([[0.0, 128.0, 255.0]])
    standard = PROTOCOLS["standard"]
    scaled = (grey - standard.shift) / standard.scale
    np.testing.assert_allclose(scaled, [[-1.0, 0.0, 0.9921875]])
    official = PROTOCOLS["stargan_v2"]
    scaled = (grey - official.shift) / official.scale
    expected = (grey / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(scaled, expected)


def test_the_official_protocol_runs_torchvisions_graph(random_arrays, monkeypatch):
    arrays = random_arrays(build_inception(False))
    asked = []
    monkeypatch.setattr(
        module, "load_weights", lambda name, path: asked.append(name) or arrays
    )
    official = FeatureExtractor("stargan_v2")
    assert asked == ["inception_imagenet"]
    assert official.summary().protocol == "stargan_v2"
    x = resize_uint8(PHOTO, 299) / 255
    x = (x - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    expected = official.network.predict_on_batch(x.astype(np.float32))
    found = official(PHOTO)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * found.max())


def test_bad_images_and_protocols(random_arrays, monkeypatch):
    arrays = random_arrays(build_inception(True))
    monkeypatch.setattr(module, "load_weights", lambda name, path: arrays)
    standard = FeatureExtractor()
    with pytest.raises(InputError, match="must be uint8 of shape.*float32"):
        standard(PHOTO.astype(np.float32))
    with pytest.raises(InputError, match="There is no FID protocol 'standart'. Did"):
        FeatureExtractor("standart")
