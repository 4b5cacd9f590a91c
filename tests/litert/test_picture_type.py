import numpy as np

from stargan_tf.data.pictures import to_float
from stargan_tf.exporting.agreement import GREY_LEVEL
from stargan_tf.exporting.litert import convert
from stargan_tf.exporting.litert_file import Runner, signatures
from tests.litert.conftest import compare


def test_a_uint8_file_gives_the_rounded_picture(v1, v1_content, hair_pictures):
    content = convert(v1, "none", "uint8")
    found = signatures(content)["translate"]
    assert found["inputs"]["images"]["dtype"] == "uint8"
    assert found["inputs"]["labels"]["dtype"] == "float32"
    assert found["outputs"]["images"]["dtype"] == "uint8"

    images, labels = hair_pictures.images[:1], hair_pictures.labels[:1]
    drawn = Runner(content).run("translate", {"images": images, "labels": labels})
    floats = {"images": to_float(images), "labels": labels}
    exact = Runner(v1_content).run("translate", floats)["images"]
    assert np.abs(drawn["images"] - (exact + 1) * 127.5).max() < 0.501

    # Measured against Keras rounded: where the middle is near, one grey level.
    agreement = compare(v1, content, "uint8", hair_pictures)["translate"]
    assert agreement.max < GREY_LEVEL * 1.001
    assert agreement.mean < GREY_LEVEL / 100
