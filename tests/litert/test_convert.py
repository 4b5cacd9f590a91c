import pytest

from stargan_tf.exporting.agreement import Agreement
from stargan_tf.exporting.litert import convert, limit
from stargan_tf.exporting.litert_file import operations
from stargan_tf.models.stargan import litert as form_v1
from tests.litert.conftest import compare
from tests.models.conftest import tiny


@pytest.fixture(scope="module")
def wider():
    """Wide enough that weights are most of the file."""
    model = tiny(conditioning="blocks")
    model = type(model).from_config({**model.get_config(), "base_filters": 8})
    return form_v1.device_form(model).parts[0]


@pytest.fixture(scope="module")
def contents(wider, hair_pictures):
    modes = ("none", "float16", "dynamic", "int8")
    return {mode: convert(wider, mode, "float32", hair_pictures) for mode in modes}


def test_sizes(contents):
    sizes = {mode: len(content) for mode, content in contents.items()}
    assert sizes["float16"] < 0.65 * sizes["none"]
    assert sizes["dynamic"] < 0.5 * sizes["none"]
    assert sizes["int8"] < 0.5 * sizes["none"]


def test_errors_grow_as_files_shrink(wider, contents, hair_pictures):
    found = {
        mode: compare(wider, content, "float32", hair_pictures)["translate"].mean
        for mode, content in contents.items()
    }
    assert found["none"] < found["float16"] < min(found["dynamic"], found["int8"])
    assert found["float16"] < 1e-3 and found["dynamic"] < 0.1 and found["int8"] < 0.1


def test_int8_computes_in_integers_and_normalises_in_floats(contents):
    assert "QUANTIZE" not in operations(contents["dynamic"])
    found = operations(contents["int8"])
    assert found["QUANTIZE"] and found["DEQUANTIZE"]
    # The statistics of every norm are still there, none of them quantized.
    assert found["RSQRT"] == operations(contents["none"])["RSQRT"]


def test_limits():
    near = Agreement(1, max=0.009, mean=0.001, psnr=50)
    assert not limit("none", "float32").kept(near)
    assert limit("none", "uint8").kept(Agreement(1, 0.0078, 0.001, 50))
    assert limit("float16", "float32").kept(near)
    far = Agreement(1, max=1.0, mean=0.1, psnr=28)
    assert not limit("dynamic", "float32").kept(far)
    assert limit("int8", "float32").kept(far)
