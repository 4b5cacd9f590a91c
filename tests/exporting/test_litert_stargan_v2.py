"""StarGAN v2's LiteRT files."""

import keras
import numpy as np
import pytest

from stargan_tf.exporting.litert import convert
from stargan_tf.exporting.litert_file import operations, signatures
from stargan_tf.models.stargan_v2 import litert as stargan_v2
from stargan_tf.models.stargan_v2.litert import doubled
from tests.exporting.asking import compare
from tests.exporting.tiny import style_model

REFUSED = {"TILE", "GATHER", "ONE_HOT", "BATCH_MATMUL", "SQUARED_DIFFERENCE"}


@pytest.fixture(scope="module")
def contents(style_litert):
    return {file.role: convert(file, "none", "float32") for file in style_litert.files}


def test_both_files_agree_with_keras(style_litert, contents, animal_pictures):
    for file in style_litert.files:
        found = compare(file, contents[file.role], "float32", animal_pictures)
        assert set(found) == {signature.name for signature in file.signatures}
        assert max(agreement.max for agreement in found.values()) < 1e-4


def test_a_phone_can_run_the_generator_alone(contents):
    found = signatures(contents["generator"])["synthesize"]
    assert {name: value["shape"] for name, value in found["inputs"].items()} == {
        "images": [1, 64, 64, 3],
        "styles": [1, 4],
    }


def test_the_style_file_has_two_signatures(contents):
    found = signatures(contents["style"])
    assert set(found) == {"map_latent", "encode_style"}
    assert found["map_latent"]["inputs"]["domains"]["shape"] == [1, 3]
    assert found["encode_style"]["outputs"]["styles"]["shape"] == [1, 4]


@pytest.mark.parametrize("role", ["generator", "style"])
def test_no_operation_that_delegates_refuse(contents, role):
    assert not REFUSED & set(operations(contents[role]))


def test_styles_depend_on_the_domain(style_litert, animal_pictures):
    encode = style_litert.files[1].signatures[1]
    inputs = encode.samples(animal_pictures)
    others = np.roll(inputs["domains"], 1, axis=1)
    first, second = (
        encode.function(inputs["references"], domains)["styles"]
        for domains in (inputs["domains"], others)
    )
    assert np.abs(first - second).max() > 1e-3


def test_bilinear_high_pass_models_take_masks(animal_pictures):
    model = style_model(high_pass=1.0, upsampling="bilinear")
    file = stargan_v2.litert_model(model).files[0]
    content = convert(file, "none", "float32")
    inputs = signatures(content)["synthesize"]["inputs"]
    assert inputs["masks"]["shape"] == [1, 64, 64, 2]
    assert "RESIZE_BILINEAR" in operations(content)
    assert compare(file, content, "float32", animal_pictures)["synthesize"].max < 1e-4


def test_details_hold_what_truncation_needs(style_litert):
    assert np.shape(style_litert.details["mean_styles"]) == (3, 4)
    assert style_litert.details["style_dim"], style_litert.details["latent_dim"] == (
        4,
        3,
    )


def test_the_same_bits_as_upsampling():
    images = np.random.default_rng(0).normal(size=(2, 3, 5, 4)).astype(np.float32)
    np.testing.assert_array_equal(doubled(images), keras.layers.UpSampling2D(2)(images))
