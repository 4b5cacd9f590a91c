"""The benchmarks' scripts start, and the harness measures; nothing here is timed."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from PIL import Image

from stargan_tf import DatasetInfo, StarGAN, load_dataset

FOLDER = Path(__file__).parents[1] / "benchmarks"
HEAVY = ("tensorflow", "keras", "torch", "jax")
# Prints the help, then the heavy modules that are imported.
HELP = """
import runpy, sys
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print(sorted(set(sys.modules) & set({heavy})))
"""
NAMES, SIDE = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male"), 32
CONTENDER = """
import sys
sys.path.insert(0, {folder!r})
from side_by_side import take_turns

def setup():
    def work():
        print("no message")
        return lambda: print("tidied up")
    return work, {{"name": {name!r}}}

take_turns("json", setup)
"""


@pytest.fixture
def harness(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return runpy.run_path(str(FOLDER / "side_by_side.py"))


@pytest.mark.parametrize("script", sorted(FOLDER.glob("*.py")), ids=lambda p: p.stem)
def test_a_script_answers_help_without_heavy_imports(script):
    code = f"import sys; sys.argv[:] = [{str(script)!r}, '--help']" + HELP
    command = [sys.executable, "-c", code.format(heavy=HEAVY)]
    environment = {"PYTHONPATH": f"{FOLDER}:{FOLDER.parent}"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment
    )
    *usage, heavy = done.stdout.splitlines()
    assert heavy == "[]"
    # Modules without a command print nothing.
    assert not usage or usage[0].startswith("usage:")


def test_contenders_take_turns_and_fill_a_table(harness, capsys):
    commands = {
        name: ["-c", CONTENDER.format(folder=str(FOLDER), name=name)]
        for name in ("ours", "peer")
    }
    columns = {"more": {"ours": "yes"}}
    results = harness["compare"]("toy", commands, "peer", 3, columns=columns)
    for name, result in results.items():
        assert len(result.seconds) == 3 and min(result.seconds) > 0
        assert result.facts == {"name": name}
        assert result.peak >= result.imported > 0
    _, title, rule, ours, peer = capsys.readouterr().out.splitlines()
    assert title.startswith("| toy | seconds | times the peer's |")
    assert {line.count("|") for line in (title, rule, ours, peer)} == {7}
    assert ours.startswith("| ours |") and ours.endswith("| yes |")
    assert peer.split("|")[3].strip() == "1"


def test_a_dead_contender_ends_the_benchmark(harness, capfd):
    dies = ["-c", "import sys; sys.exit('out of luck')"]
    with pytest.raises(SystemExit, match="A contender failed"):
        harness["run"]({"ours": dies}, 1)
    assert "out of luck" in capfd.readouterr().err


def test_rates_are_compared_the_other_way_round(harness, capsys):
    result = harness["Result"]
    results = {
        "peer": result([2.0, 2.0], 10, 5, {}),
        "ours": result([1.0, 0.5], 10, 5, {}),
    }
    harness["print_table"]("toy", results, "peer", per=4, rate="images/s")
    ours = capsys.readouterr().out.splitlines()[-1]
    assert ours == "| ours | 6 (4-8) | 3 (2-4) | 10 | 5 |"


NAMES = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Male")
SIDE = 32


@pytest.fixture
def photos(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return runpy.run_path(str(FOLDER / "photos.py"))


def generated_celeba(folder: Path, count: int) -> None:
    """Writes generated faces in CelebA's layout."""
    source = load_dataset("toon_attributes", "train", SIDE, attributes=NAMES)
    (folder / "img_align_celeba").mkdir(parents=True)
    lines = [str(count), " ".join(NAMES)]
    for row in range(count):
        name = f"{row:06}.png"
        Image.fromarray(source.load(row)).save(folder / "img_align_celeba" / name)
        values = (f"{2 * x - 1:.0f}" for x in source.labels[row])
        lines.append(" ".join([name, *values]))
    (folder / "list_attr_celeba.txt").write_text("\n".join(lines) + "\n")


def test_photos_measures_models_and_draws_them(photos, tmp_path, capsys):
    model = StarGAN(
        domains=NAMES[::-1],
        image_size=SIDE,
        base_filters=4,
        num_residual_blocks=1,
        discriminator_filters=4,
        discriminator_layers=3,
    )
    model.save_to_preset(tmp_path / "model")
    generated_celeba(tmp_path / "celeba", 40)

    def run(command, *arguments):
        shared = ["--celeba", tmp_path / "celeba", "--attributes", *NAMES]
        shared += ["--image_size", SIDE, "--held_out", 0.3]
        shared += ["--work", tmp_path / "work", "--steps", 2]
        photos["main"]([command, *map(str, (*arguments, *shared))])
        return capsys.readouterr().out

    printed = run("accuracy")
    assert "Trained on 23 faces" in printed
    assert all(f"\n{name} " in printed for name in NAMES)
    models, output = [tmp_path / "model"] * 2, tmp_path / "numbers.json"
    printed = run("measure", *models, "--output", output)
    assert "Trained on" not in printed
    assert printed.count("| same | model |") == printed.count("| Male | model |") == 2
    first, second = json.loads(output.read_text())["models"]
    assert first == second and set(first["targets"]) == {*NAMES, "same"}
    assert first["targets"]["Male"]["corners"] > 4
    assert "- corners at most 4: **no** (" in printed
    run("grid", *models, "--count", 3, "--scale", 5, "--output", tmp_path / "grid.png")
    with Image.open(tmp_path / "grid.png") as sheet:
        assert sheet.width > 6 * 5 * SIDE and sheet.height > 2 * 3 * 5 * SIDE


def test_photos_counts_what_the_classifier_sees(photos):
    labels = np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 0]], "f")
    images = np.zeros((4, 12, 12, 3), np.uint8)
    images[:, 5, 4:8, 0] = labels
    info = DatasetInfo("drawn", NAMES, "binary", 12, (NAMES[:3],))

    def translate(images, labels):  # Never sees Brown_Hair; changes two corners.
        outputs = images.copy()
        outputs[:, 5, 4:8, 0] = labels * [1, 1, 0, 1]
        outputs[:, :2, [0, 1, 10, 11]] = 8
        return outputs

    def classify(images):
        return images[:, 5, 4:8, 0] - np.float32(0.5)

    targets = photos["scores"](translate, images, labels, info, classify, None)
    brown, male, same = (targets[name] for name in ("Brown_Hair", "Male", "same"))
    assert (brown["seen"], brown["new"], brown["real"]) == (0, 0, 100)
    assert (brown["first"], brown["first, real"]) == (0, 100)
    assert targets["Black_Hair"]["first"] == 100 and "first" not in male
    assert (male["seen"], male["new"]) == (100, 100)
    assert targets["Black_Hair"]["others"] == brown["others"] == 0
    assert male["others"] == pytest.approx(100 / 12)  # One of 4 × 3 labels.
    assert same["others"] == pytest.approx(100 / 16)
    assert same["corners"] == pytest.approx(4)
    assert brown["upper half"] > 2 * brown["change"] - 0.1 and "seen" not in same

    def blind(images):
        return classify(images) - np.float32([0, 0, 1, 0])

    targets = photos["scores"](translate, images, labels, info, blind, None)
    assert [targets[name]["real"] for name in NAMES] == [100, 100, 0, 100]
    lines = photos["verdict"](targets)
    assert any(line.startswith("seen at least 95: **no**") for line in lines)
    assert any(line.startswith("seen at least 80: yes") for line in lines)
    assert "identity at least 0.5: not measured" in lines


def test_photos_adds_up_the_time_of_training(photos, tmp_path):
    log = tmp_path / "metrics.jsonl"
    speeds = {10: 2.0, 20: 4.0, 30: 1.0}
    lines = [
        json.dumps({"step": step, "images_per_second": speed})
        for step, speed in speeds.items()
    ]
    log.write_text(
        "\n".join([*lines[:1], '{"step": 10, "critic_gap": 0.1}', *lines[1:]])
    )
    assert photos["minutes_until"](log, 20, 8) == pytest.approx((40 + 20) / 60)
    assert photos["minutes_until"](tmp_path / "none", 20, 8) is None


# Multiply-adds that can be checked by hand.


@pytest.fixture
def count():
    """(layer, sides and channels) → multiply-adds of one input."""
    multiply_adds = runpy.run_path(str(FOLDER / "step_cost.py"))["multiply_adds"]

    def counted(layer, *shape):
        inputs = keras.Input(shape)
        return multiply_adds(keras.Model([inputs], layer(inputs)), [shape])

    return counted


def test_convolutions_are_counted(count):
    plain = layers.Conv2D(8, 3, padding="same")
    assert count(plain, 4, 4, 3) == 4 * 4 * 8 * 3 * 9
    strided = layers.Conv2D(8, 4, 2, padding="same")
    assert count(strided, 4, 4, 3) == 2 * 2 * 8 * 3 * 16
    # What falls off the border is counted, as it is for other convolutions.
    transposed = layers.Conv2DTranspose(8, 4, 2, padding="same")
    assert count(transposed, 4, 4, 3) == 4 * 4 * 8 * 3 * 16
    separable = layers.SeparableConv2D(8, 3, padding="same")
    assert count(separable, 4, 4, 3) == 4 * 4 * 3 * 9 + 4 * 4 * 3 * 8


def test_matrix_products_are_counted_and_norms_are_not(count):
    assert count(layers.Dense(5), 7) == 35
    assert count(layers.LayerNormalization(), 7) == 0
    assert count(layers.ReLU(), 7) == 0


def test_gradients_cost_as_much_to_each_side():
    @tf.function(autograph=False)
    def gradients(image, kernel, matrix):
        with tf.GradientTape() as tape:
            tape.watch([image, kernel, matrix])
            rows = tf.reshape(tf.nn.conv2d(image, kernel, 1, "SAME"), (4, 8))
            loss = tf.reduce_sum(rows @ matrix)
        return tape.gradient(loss, [image, kernel, matrix])

    shapes = ((1, 2, 2, 3), (3, 3, 3, 8), (8, 5))
    function = gradients.get_concrete_function(*map(tf.TensorSpec, shapes))
    forward = 2 * 2 * 8 * 3 * 9 + 4 * 8 * 5
    counted = runpy.run_path(str(FOLDER / "step_cost.py"))["counted"]
    assert counted(function.graph.get_operations()) == 3 * forward


def test_toon_truth_knows_all_of_the_answer_but_a_new_beard():
    script = runpy.run_path(str(FOLDER / "toon_truth.py"))
    source = load_dataset("toon_attributes", "held_out", SIDE)
    male = source.info.index("Male")
    index = int(np.argmin(source.labels[:, male]))
    shaven, image = source.labels[index], source.load(index)
    bearded = np.where(np.arange(len(shaven)) == male, 1, shaven)
    answer, known = script["truth"](index, shaven, bearded, SIDE)
    assert known[: SIDE // 4].all() and not known[SIDE // 2 :].all()
    assert script["truth"](index, bearded, shaven, SIDE)[1].all()
    progress, drift, psnr = script["score"](image, answer, answer, known)
    assert progress == 1 and drift < 0.01 and psnr == pytest.approx(100)
    guess = np.where(known[..., None], answer, 255 - answer)
    assert script["score"](image, guess, answer, known)[2] == pytest.approx(100)
    assert script["score"](image, image, answer, known)[0] == 0


def test_sharpness_is_the_difference_from_the_mean_of_four_pixels():
    high_frequencies = runpy.run_path(str(FOLDER / "sharpness.py"))["high_frequencies"]
    flat = np.full((1, 4, 4, 3), 7, np.uint8)
    assert high_frequencies(flat) == 0
    flat[0, :2, :2] = 7 + 8 * np.eye(2, dtype=np.uint8)[..., None]
    assert high_frequencies(flat) == pytest.approx(4 / 4)  # 4 in a quarter of the image
