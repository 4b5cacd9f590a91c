import numpy as np
import pytest

from stargan_tf.exporting.litert import convert
from stargan_tf.exporting.litert_file import operations, signatures
from stargan_tf.models.stargan_v2 import litert as form_v2
from tests.litert.conftest import compare, tiny_v2

REFUSED = {"TILE", "GATHER", "ONE_HOT", "BATCH_MATMUL", "SQUARED_DIFFERENCE"}


@pytest.fixture(scope="module")
def contents(v2):
    return {part.role: convert(part, "none", "float32") for part in v2.parts}


def test_both_files_agree_with_keras(v2, contents, people_pictures):
    for part in v2.parts:
        found = compare(part, contents[part.role], "float32", people_pictures)
        assert set(found) == {endpoint.name for endpoint in part.endpoints}
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


def test_styles_depend_on_the_domain(v2, people_pictures):
    encode = v2.parts[1].endpoints[1]
    inputs = next(encode.samples(people_pictures))
    others = np.roll(inputs["domains"], 1, axis=1)
    first, second = (
        encode.function(inputs["references"], domains)["styles"]
        for domains in (inputs["domains"], others)
    )
    assert np.abs(first - second).max() > 1e-3


def test_high_pass_models_take_masks(people_pictures):
    part = form_v2.device_form(tiny_v2(high_pass=1.0)).parts[0]
    content = convert(part, "none", "float32")
    inputs = signatures(content)["synthesize"]["inputs"]
    assert inputs["masks"]["shape"] == [1, 64, 64, 2]
    assert compare(part, content, "float32", people_pictures)["synthesize"].max < 1e-4


def test_details_hold_what_truncation_needs(v2):
    assert np.shape(v2.details["mean_styles"]) == (3, 4)
    assert v2.details["style_dim"], v2.details["latent_dim"] == (4, 3)
