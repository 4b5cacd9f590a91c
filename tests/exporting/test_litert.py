"""LiteRT files: conversion, quantization, and `stargan-tf export --format litert`."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from stargan_tf.cli.main import main
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.options import Preparation
from stargan_tf.data.pictures import to_float
from stargan_tf.exporting import label_model as labels
from stargan_tf.exporting import litert, litert_file
from stargan_tf.exporting.agreement import GRAY_LEVEL, Agreement, Limit
from stargan_tf.exporting.litert import (
    TARGET_ERROR,
    convert,
    describe,
    limit,
    worst,
)
from stargan_tf.exporting.litert_file import (
    Runner,
    operations,
    outputs_of,
    read_metadata,
    signatures,
)
from stargan_tf.models.stargan import STARGAN
from stargan_tf.training.checkpoints import State
from tests.exporting.asking import compare
from tests.models.conftest import MOOD, tiny


@pytest.fixture(scope="module")
def wider():
    """Wide enough that weights are most of the file."""
    model = tiny(conditioning="blocks")
    model = type(model).from_config({**model.get_config(), "base_filters": 8})
    return labels.litert_model(model).files[0]


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


def test_int8_computes_in_integers_and_normalizes_in_floats(contents):
    assert "QUANTIZE" not in operations(contents["dynamic"])
    found = operations(contents["int8"])
    assert found["QUANTIZE"] and found["DEQUANTIZE"]
    # The statistics of every norm are still there, none of them quantized.
    assert found["RSQRT"] == operations(contents["none"])["RSQRT"]


def test_limits():
    near = Agreement(1, max=0.009, mean=0.001, psnr=50)
    assert not limit("none", "float32").allows(near)
    assert limit("none", "uint8").allows(Agreement(1, 0.0078, 0.001, 50))
    assert limit("float16", "float32").allows(near)
    far = Agreement(1, max=1.0, mean=0.1, psnr=28)
    assert not limit("dynamic", "float32").allows(far)
    assert limit("int8", "float32").allows(far)


def test_a_uint8_file_gives_the_rounded_picture(
    generator_file, generator_content, hair_pictures
):
    content = convert(generator_file, "none", "uint8")
    found = signatures(content)["translate"]
    assert found["inputs"]["images"]["dtype"] == "uint8"
    assert found["inputs"]["labels"]["dtype"] == "float32"
    assert found["outputs"]["images"]["dtype"] == "uint8"

    images, labels = hair_pictures.images[:1], hair_pictures.labels[:1]
    drawn = Runner(content).run("translate", {"images": images, "labels": labels})
    floats = {"images": to_float(images), "labels": labels}
    exact = Runner(generator_content).run("translate", floats)["images"]
    assert np.abs(drawn["images"] - (exact + 1) * 127.5).max() < 0.501

    # Measured against Keras rounded: where the middle is near, one gray level.
    agreement = compare(generator_file, content, "uint8", hair_pictures)["translate"]
    assert agreement.max < GRAY_LEVEL * 1.001
    assert agreement.mean < GRAY_LEVEL / 100


def test_only_the_worst_products_stay_float():
    errors = {"small": TARGET_ERROR / 4, "huge": 1.0, "middle": TARGET_ERROR / 2}
    assert worst(errors) == {"huge"}
    assert worst({"small": TARGET_ERROR / 2}) == set()
    assert worst({"first": 1.0, "second": 0.5}) == {"first", "second"}


def test_every_product_has_a_name(generator_content):
    found = outputs_of(generator_content, litert.PRODUCTS)
    assert len(found) == len(set(found)) == 6 + 2


@pytest.fixture
def attempts(monkeypatch, generator_content):
    """Products that stay float in each attempt; the file is never quantized."""
    asked = []

    def quantized(content, float_products):
        asked.append(set(float_products))
        return content

    monkeypatch.setattr(litert, "_quantized", quantized)
    return asked


def test_a_file_that_is_good_at_once_is_taken(attempts, generator_content):
    litert.quantize_selectively(generator_content, lambda content: TARGET_ERROR / 2)
    assert attempts == [set()]


def test_else_each_product_is_tried_alone(attempts, generator_content):
    products = outputs_of(generator_content, litert.PRODUCTS)

    def error(content):
        alone = set(products) - attempts[-1]
        return 1.0 if products[3] in alone else TARGET_ERROR / 100

    litert.quantize_selectively(generator_content, error)
    assert attempts[0] == set()
    assert attempts[1:-1] == [set(products) - {name} for name in products]
    assert attempts[-1] == {products[3]}


GROUPED = DatasetInfo(
    "faces", ("Black", "Blond", "sad"), "binary", 16, (("Black", "Blond"),)
)


CROPPED = Preparation("crop", None)


def description(*infos, preparation=CROPPED):
    sets = LabelSpace(infos).to_list()
    state = State(7, "stargan", sets, [1] * len(infos), {}, preparation)
    return describe(state, "none", "float32")


def test_labels_of_one_data_set():
    found = description(GROUPED)
    assert found["family"] == "stargan" and found["step"] == 7
    assert found["domains"] == ["Black", "Blond", "sad"]
    assert found["label_type"] == "binary" and found["label_width"] == 3
    assert found["exclusive_groups"] == [["Black", "Blond"]]
    assert found["range"] == [-1, 1]


def test_joint_labels_name_what_excludes_each_other():
    found = description(GROUPED, MOOD)
    assert found["domains"] == ["Black", "Blond", "faces.sad", "happy", "mood.sad"]
    assert found["label_type"] == "joint" and found["label_width"] == 7
    assert found["exclusive_groups"] == [["Black", "Blond"], ["happy", "mood.sad"]]


def test_a_description_says_how_images_were_prepared():
    found = description(MOOD, preparation=Preparation("stretch", 178))
    assert (found["fit"], found["crop_size"]) == ("stretch", 178)


@pytest.fixture
def export(toon_run, tmp_path, monkeypatch):
    """export(*flags) → (exit status, output folder)."""
    # start_tensorflow is for processes of their own.
    monkeypatch.setattr("stargan_tf.cli.export.start_tensorflow", lambda: None)

    def run(*flags):
        output = tmp_path / "phone"
        model = ("--model", str(toon_run[0]), "--output", str(output))
        return main(["export", "--format", "litert", *model, *flags]), output

    return run


def test_what_is_written(export, capsys):
    status, output = export()
    assert status == 0
    files = sorted(file.name for file in output.iterdir())
    assert files == ["generator.tflite", "model.json"]
    said = json.loads((output / "model.json").read_text("utf-8"))
    content = (output / "generator.tflite").read_bytes()
    entry = said["files"]["generator"]
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert entry["bytes"] == len(content)
    assert list(entry["signatures"]) == ["translate"]
    inside = read_metadata(content)
    assert inside == {name: said[name] for name in inside} and "domains" in inside
    assert said["agreement"]["translate"]["images"] == 20
    assert said["agreement"]["translate"]["max"] < 1e-4
    assert said["measured_on"] == "20 held-out images of 'toon_attributes'"
    out, err = capsys.readouterr()
    assert "against Keras on 20 held-out images" in out
    assert "Traceback" not in err


def test_int8_by_the_runs_own_images(export):
    status, output = export("--quantize=int8", "--calibration_images=4", "--nocheck")
    assert status == 0
    said = json.loads((output / "model.json").read_text("utf-8"))
    assert said["quantize"] == "int8" and said["agreement"] == {}


def test_what_differs_too_much_is_not_written(export, monkeypatch, capsys):
    monkeypatch.setitem(litert.LIMITS, "dynamic", Limit(psnr=1000.0))
    status, output = export("--quantize=dynamic")
    assert status == 1
    assert not list(output.parent.glob("*phone*"))
    error = capsys.readouterr().err.splitlines()[-1]
    assert "needs PSNR at least 1000 dB" in error and "--nocheck" in error
    assert export("--quantize=dynamic", "--nocheck")[0] == 0


def test_nothing_is_overwritten(export, capsys):
    output = export("--nocheck")[1]
    before = (output / "model.json").stat().st_mtime_ns
    assert export("--nocheck")[0] == 2
    assert "exists already" in capsys.readouterr().err
    assert (output / "model.json").stat().st_mtime_ns == before


def test_without_litert_the_extra_is_named(export, monkeypatch, capsys):
    def missing():
        raise ImportError(litert_file._MISSING)

    monkeypatch.setattr(litert_file, "_interpreter", missing)
    status, output = export()
    assert status == 2 and not output.exists()
    assert "stargan_tf[litert]" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["litert", "saved_model"])
def test_a_family_says_whether_it_has_the_form(export, monkeypatch, capsys, form):
    without = replace(STARGAN, litert="", served="")
    monkeypatch.setattr("stargan_tf.exporting.family", lambda name: without)
    status, output = export("--format", form)
    assert status == 2 and not output.exists()
    assert "stargan models" in capsys.readouterr().err


def test_int8_without_data_is_refused_at_once(export, capsys):
    nowhere = ("--dataset=folder", "--data_dir=nowhere")
    status, output = export("--quantize=int8", *nowhere)
    assert status == 2 and not output.exists()
    assert "nowhere" in capsys.readouterr().err


def test_flags_of_the_comparison_are_for_formats_that_are_compared(capsys):
    arguments = ["--model=x", "--output=y", "--format=torch", "--nocheck"]
    assert main(["export", *arguments]) == 2
    assert "--check is for formats that are compared" in capsys.readouterr().err
