"""StarGAN's LiteRT file."""

import numpy as np
import pytest

from stargan_tf.exporting import label_model as labels
from stargan_tf.exporting.litert import convert
from stargan_tf.exporting.litert_file import Runner, operations, signatures
from tests.exporting.asking import compare
from tests.models.conftest import HAIR, MOOD, tiny


def test_the_file_draws_what_keras_draws(
    generator_file, generator_content, hair_pictures
):
    found = compare(generator_file, generator_content, "float32", hair_pictures)[
        "translate"
    ]
    assert found.images == 3
    assert found.max < 1e-4


def test_its_signature(generator_content):
    image = {"shape": [1, 16, 16, 3], "dtype": "float32"}
    label = {"shape": [1, 3], "dtype": "float32"}
    assert signatures(generator_content) == {
        "translate": {
            "inputs": {"images": image, "labels": label},
            "outputs": {"images": image},
        }
    }


def test_no_operation_that_delegates_refuse(generator_content):
    assert not {"TILE", "GATHER", "SQUARED_DIFFERENCE"} & set(
        operations(generator_content)
    )


def test_joint_labels_with_the_mask_attention_and_blocks(hair_pictures):
    model = tiny([HAIR, MOOD], output="blend", conditioning="blocks")
    file = labels.litert_model(model).files[0]
    content = convert(file, "none", "float32")
    inputs = signatures(content)["translate"]["inputs"]
    assert inputs["labels"]["shape"] == [1, 3 + 2 + 2]
    assert compare(file, content, "float32", hair_pictures)["translate"].max < 1e-4


def test_another_model_is_told_apart(generator_content, hair_pictures):
    other = tiny()
    for weight in other.generator.weights:
        weight.assign(weight * 1.1 + 0.1)
    other = labels.litert_model(other).files[0]
    found = compare(other, generator_content, "float32", hair_pictures)["translate"]
    assert found.max > 0.01


@pytest.mark.parametrize("value", [-7.0, 7.0])
def test_outputs_stay_in_range(generator_content, value):
    images = np.full((1, 16, 16, 3), value, np.float32)
    images[0, 3:9, 4:12] = -value
    labels = np.ones((1, 3), np.float32)
    runner = Runner(generator_content)
    drawn = runner.run("translate", {"images": images, "labels": labels})["images"]
    assert np.abs(drawn).max() <= 1.0
