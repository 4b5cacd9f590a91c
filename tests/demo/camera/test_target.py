import numpy as np
import pytest
from PIL import Image

from stargan_tf.demo.camera.target import Wish, generator_inputs
from stargan_tf.errors import InputError
from stargan_tf.exporting.litert_file import Runner


def inputs(model, to, **kwargs):
    return generator_inputs(model, Wish(to, **kwargs), threads=1)


def test_named_domains_are_on_and_others_off(v1):
    found = inputs(v1, "Blond_Hair,Young")
    np.testing.assert_array_equal(found["labels"], [[0, 1, 0, 0, 1]])
    assert found["labels"].dtype == np.float32


def test_a_random_style_is_the_seeds(v2):
    first, again = inputs(v2, "man", seed=3), inputs(v2, "man", seed=3)
    other = inputs(v2, "man", seed=4)
    assert first["styles"].shape == (1, 4)
    np.testing.assert_array_equal(first["styles"], again["styles"])
    assert np.abs(first["styles"] - other["styles"]).max() > 0


def test_a_references_style(v2, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "reference.png")
    found = inputs(v2, "child", reference=tmp_path / "reference.png")
    expected = Runner(v2.files["style"].read_bytes()).run(
        "encode_style",
        {
            "references": v2.to_input(pixels),
            "domains": np.float32([[0, 0, 1]]),
        },
    )
    np.testing.assert_array_equal(found["styles"], expected["styles"])


def test_unknown_names(v1, v2):
    with pytest.raises(InputError, match="Did you mean Blond_Hair"):
        inputs(v1, "Blod_Hair")
    with pytest.raises(InputError, match="no domain 'mann'. Did you mean man"):
        inputs(v2, "mann")


def test_a_label_has_no_reference(v1, tmp_path):
    with pytest.raises(InputError, match="--reference is for StarGAN v2"):
        inputs(v1, "Young", reference=tmp_path / "x.png")
