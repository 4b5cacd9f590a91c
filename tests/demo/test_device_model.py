import numpy as np
import pytest

from stargan_tf.demo.device_model import DeviceModel, read_device_model
from stargan_tf.errors import InputError


def test_an_export_is_read(described):
    model = read_device_model(described())
    assert model.image_size == 32 and not model.has_styles
    assert model.files["generator"].read_bytes() == b"abc"


def test_an_export_with_styles(v2):
    assert v2.has_styles and set(v2.files) == {"generator", "style"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "another/1"}, "Received: 'another/1'. Export the model again"),
        ({"files": {}}, "must describe a model"),
        ({"high_pass": 20}, "cannot make masks"),
        ({"files": {"generator": {"path": "no.tflite", "sha256": ""}}}, "is missing"),
        (
            {"files": {"generator": {"path": "generator.tflite", "sha256": "0"}}},
            "SHA-256 differs",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(described, changes, message):
    with pytest.raises(InputError, match=message):
        read_device_model(described(**changes))


@pytest.mark.parametrize("text", ["", "[1]", "{}", '{"format": "x"}', "nonsense"])
def test_what_describes_nothing_is_refused(tmp_path, text):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises(InputError, match="does not describe LiteRT files"):
        read_device_model(tmp_path)


def test_a_folder_without_description(tmp_path):
    with pytest.raises(InputError, match="Received: .* Make one: stargan-tf export"):
        read_device_model(tmp_path / "nothing")


@pytest.mark.parametrize(("kind", "dtype"), [("float32", "f4"), ("uint8", "u1")])
def test_pictures_go_in_and_come_out(tmp_path, kind, dtype):
    model = DeviceModel(tmp_path, {"input_type": kind})
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    images = model.to_input(picture)
    assert images.shape == (1, 4, 4, 3) and images.dtype == dtype
    np.testing.assert_array_equal(model.to_picture(images), picture)
