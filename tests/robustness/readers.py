"""Everything that the package reads, and what it does with a broken one.

A new reader is one more entry of `READERS`; `test_every_reader_has_joined` finds
modules that open files and are in no entry.
"""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import stargan_tf
from stargan_tf.archives import read_arrays, write_arrays
from stargan_tf.cli.main import main
from tests.convert.official_shapes import generator_v1
from tests.data.scans import write_dicom, write_nifti, write_tiff
from tests.robustness import mutations

SAVED = Path(__file__).parents[1] / "saved"
# What a broken file leads to.
REFUSE = "refuse"  # one line, exit status 2
SKIP = "skip"  # named and counted, and the rest is done
MEND = "mend"  # what is broken of it is left out, or recreated
REPORT = "report"  # named in what the command prints: exit status 0 or 1


@dataclass(frozen=True)
class Reader:
    """One kind of file, and a command that reads it.

    Args:
        file: the one that is broken, below the folder of `make`.
        make: writes sound files into a folder.
        command: what reads it there; `python:NAME` is a function of this file.
        answer: `REFUSE`, `SKIP`, `MEND` or `REPORT`.
        modules: that open the file.
        more: mutations that this kind of file has besides `mutations.ANY`.
        is_json: whether each of its values is replaced in turn.
        environment: variables of the command.
        stops: what stops the command after the file was read, so that the work behind
            it is not done.
        named: what the message names, if that is not the file.
    """

    file: str
    make: Callable[[Path], None]
    command: str
    answer: str
    modules: tuple[str, ...]
    more: tuple[mutations.Mutation, ...] = ()
    is_json: bool = False
    environment: tuple[tuple[str, str], ...] = ()
    stops: str = ""
    named: str = ""


# === Sound files ===


def _pixels(seed, shape=(24, 24, 3), highest=256, dtype=np.uint8):
    return np.random.default_rng(seed).integers(0, highest, shape).astype(dtype)


def pictures(folder, ending=".png"):
    """Two domains of four pictures; one of them is to be broken."""
    for number, domain in enumerate("ab"):
        (folder / "pictures" / domain).mkdir(parents=True)
        for i in range(4):
            image = Image.fromarray(_pixels([number, i]))
            image.save(folder / f"pictures/{domain}/{i}{ending}")


def zipped(folder):
    """Faces of RaFD in a zip."""
    Image.fromarray(_pixels(0)).save(folder / "face.png")
    with zipfile.ZipFile(folder / "pictures.zip", "w") as archive:
        for person in range(4):
            for mood in ("angry", "happy"):
                name = f"Rafd090_{person:02}_Caucasian_male_{mood}_frontal.png"
                archive.write(folder / "face.png", name)


def measured(folder, ending, write):
    """Two domains of four scans."""
    for number, domain in enumerate("ab"):
        (folder / "scans" / domain).mkdir(parents=True)
        for i in range(4):
            values = _pixels([number, i], (24, 24), 800, np.uint16)
            write(folder / f"scans/{domain}/{i}{ending}", values)


def masked(folder):
    """Scans with masks beside them."""
    measured(folder, ".npy", np.save)
    for path in (folder / "scans").rglob("*.npy"):
        mask = Image.fromarray(255 * (_pixels(1, (24, 24)) > 200).astype(np.uint8))
        mask.save(path.with_suffix(".mask.png"))


def volumes(path, values):
    """A NIfTI volume of four slices."""
    write_nifti(path, np.repeat(values[..., None], 4, 2).astype(np.int16))


def table(folder):
    """Pictures with a table of two attributes."""
    pictures(folder)
    lines = ["file,Smiling,Male"]
    for i, path in enumerate(sorted((folder / "pictures").rglob("*.png"))):
        lines.append(f"{path.relative_to(folder / 'pictures')},{i % 2},{i // 4}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")


def run(folder, name="stargan"):
    """A trained run, with a picture to translate."""
    shutil.copytree(SAVED / name, folder / "run")
    Image.fromarray(_pixels(0, (40, 40, 3))).save(folder / "in.png")


def run_with_pictures(folder):
    """A trained run, with several pictures to translate."""
    run(folder)
    pictures(folder)


def style_run(folder):
    """A run of StarGAN v2, with a reference and a file of styles."""
    run(folder, "stargan_v2")
    Image.fromarray(_pixels(1, (80, 80, 3))).save(folder / "reference.png")
    domain = _domains(folder)[0]
    np.savez(
        folder / "styles.npz",
        format=np.array(1),
        style=np.zeros((1, _state(folder)["style_dim"]), np.float32),
        family=np.array("stargan_v2"),
        domain=np.array([domain]),
        model_domains=np.array(_domains(folder)),
    )


def _checkpoint(folder):
    return next((folder / "run/checkpoints").glob("step_*"))


def _state(folder):
    with zipfile.ZipFile(_checkpoint(folder) / "model.keras") as archive:
        return json.loads(archive.read("config.json"))["config"]


def _domains(folder):
    state = json.loads((_checkpoint(folder) / "state.json").read_text())
    return state["datasets"][0]["domains"]


def two_runs(folder):
    """Two runs with logs and evaluations."""
    for name in ("run", "other"):
        shutil.copytree(SAVED / "stargan", folder / name)


def keras_file(folder):
    """A model without the seal of a checkpoint, with a picture to translate."""
    run(folder)
    shutil.copy(SAVED / "script.keras", folder / "model.keras")


def _official():
    shapes = generator_v1(2, 4, 1)
    return {key: np.zeros(shape, np.float32) for key, shape in shapes.items()}


def weights_torch(folder):
    """A generator in the form of the authors' code."""
    torch = pytest.importorskip("torch")
    state = {key: torch.tensor(array) for key, array in _official().items()}
    torch.save(state, folder / "5-G.ckpt")


def weights_npz(folder):
    """The same as arrays."""
    np.savez(folder / "5-G.npz", **_official())


def weights_safetensors(folder):
    """The same as safetensors."""
    from safetensors.numpy import save_file

    save_file(_official(), folder / "5-G.safetensors")


def device_model(folder):
    """What an export to LiteRT writes, with bytes that nobody runs."""
    (folder / "phone").mkdir()
    content = b"TFL3" + bytes(64)
    (folder / "phone/generator.tflite").write_bytes(content)
    description = {
        "format": "stargan_tf.litert/1",
        "family": "stargan",
        "image_size": 32,
        "label_width": 2,
        "domains": ["a", "b"],
        "datasets": [{"name": "folder", "domains": ["a", "b"]}],
        "files": {
            "generator": {
                "path": "generator.tflite",
                "sha256": hashlib.sha256(content).hexdigest(),
                "bytes": len(content),
                "signatures": {},
            }
        },
    }
    (folder / "phone/model.json").write_text(json.dumps(description))
    for name in ("core/dist", "core/wasm", "wasm-utils/dist"):
        (folder / "runtime" / name).mkdir(parents=True)
        (folder / "runtime" / name / "index.js").write_text("")


def evaluated(folder):
    """A run and another one with the results of an evaluation each."""
    two_runs(folder)
    record = {
        "format": 1,
        "model": "stargan",
        "checkpoint": "run",
        "datasets": [{"name": "folder"}],
        "options": {"count": 3, "seed": 0, "metrics": ["classification"]},
        "means": {"classification_error": {"name": "classification_error", "value": 1}},
        "real_images": [],
        "tasks": [],
        "notes": [],
    }
    for name in ("run", "other"):
        (folder / name / "results.json").write_text(json.dumps(record))


def answered(folder):
    """The key of a questionnaire, and a rater's votes."""
    options = {"11": "one", "22": "two"}
    check = {"options": {"33": None, "44": None}, "right": "44"}
    key = {
        "format": 1,
        "models": {"one": {"model": "runs/one"}, "two": {"model": "runs/two"}},
        "questions": [
            {"id": "aa", "image": "a.png", "target": "Young", "options": options},
            {"id": "bb", "image": "a.png", "target": "Young", **check},
        ],
    }
    (folder / "questionnaire.json").write_text(json.dumps(key))
    votes = "rater,question,choice,seconds\r\nann,aa,11,1.5\r\nann,bb,44,2.0\r\n"
    (folder / "votes.csv").write_text(votes, newline="")


TRANSLATE_ALL = "translate --model run --to Young pictures --output out"


def stopped(folder):
    """A folder of translations that were stopped after the first."""
    run_with_pictures(folder)
    before = os.getcwd()
    os.chdir(folder)
    try:
        assert main(TRANSLATE_ALL.split()) == 0
    finally:
        os.chdir(before)
    manifest = folder / "out/manifest.jsonl"
    header, first, *others = manifest.read_text().splitlines(keepends=True)
    manifest.write_text(header + first)
    for line in others:
        (folder / "out" / json.loads(line)["output"]).unlink()


def cached(folder):
    """Decoded images in the cache, and the pictures that they are of."""
    from stargan_tf.data.store import open_images

    pictures(folder)
    os.environ["STARGAN_TF_CACHE"] = str(folder / "cache")
    try:
        source = _source(folder)
        open_images(source)
        (entry,) = (folder / "cache").iterdir()
        entry.rename(folder / "entry")
    finally:
        del os.environ["STARGAN_TF_CACHE"]
    (folder / "name").write_text(entry.name)


def _source(folder):
    return stargan_tf.load_dataset(
        "folder", data_dir=str(folder / "pictures"), image_size=16
    )


# === What has no command of its own: functions in the table ===


def read_cache():
    """Opens decoded images in the cache."""
    from stargan_tf.data.store import open_images

    place = Path(os.environ["STARGAN_TF_CACHE"])
    place.mkdir()
    shutil.move("entry", place / Path("name").read_text())
    images = open_images(_source(Path.cwd()))
    print(len(images), "images")
    # It was this one that was opened, or recreated.
    assert len([entry for entry in place.iterdir() if entry.is_dir()]) == 1
    if images.complete:
        np.memmap(images.path, np.uint8, "r", shape=images.shape).mean()


def mean_shape(folder):
    """Where landmarks are in an aligned photo."""
    np.savez(folder / "shape.npz", mean=_pixels(0, (98, 2)).astype(np.float32))
    Image.fromarray(_pixels(0)).save(folder / "in.png")


def statistics(folder):
    """Statistics of features, as evaluations keep them."""
    write_arrays(folder / "kept.npz", {"number": np.ones((4, 4))}, "statistics")


def read_statistics():
    """Opens them."""
    print(read_arrays(Path("kept.npz"), "statistics"))


def saved_model(folder):
    """An exported version."""
    shutil.copytree(SAVED / "saved_model", folder / "saved_model")


def read_saved_model():
    """What `serve` opens."""
    from stargan_tf.serving.dev_server import DevServer

    DevServer(Path("saved_model"), port=0)


# === The table ===

SAVE = "datasets save --dataset folder --image_size 16 --output out --split train "
SCANS = SAVE + "--data_dir scans --intensity window:0,800"
PICTURES = SAVE + "--data_dir pictures --count 9"
TRANSLATE = "translate --model run --all in.png --output out.png"
COUNT = "questionnaire --collect votes.csv --key questionnaire.json --output out.csv"
STEP = "run/checkpoints/step_00000006"


def _picture(ending, *more):
    return Reader(
        # Of those that are trained on, and not the first.
        f"pictures/a/{'1' if ending == '.jpg' else '2'}{ending}",
        lambda folder: pictures(folder, ending),
        PICTURES,
        SKIP,
        ("data.pictures", "data.picture_sources", "data.files"),
        more,
    )


def _scan(ending, write, *more):
    return Reader(
        f"scans/a/2{ending}",
        lambda folder: measured(folder, ending, write),
        SCANS,
        SKIP,
        ("data.formats", "data.measured", "archives"),
        more,
    )


def _write_npz(path, values):
    np.savez(path, a=values)


READERS = {
    "png": _picture(".png", *mutations.PNG),
    "jpeg": _picture(".jpg"),
    "webp": _picture(".webp"),
    "bmp": _picture(".bmp"),
    "gif": _picture(".gif"),
    "tiff": _picture(".tif", *mutations.TIFF),
    "ppm": _picture(".ppm"),
    "npy": _scan(".npy", np.save, *mutations.NPY),
    "npz": _scan(".npz", _write_npz, *mutations.NPZ),
    "tiff scan": _scan(".tif", write_tiff, *mutations.TIFF),
    "png scan": _scan(
        ".png", lambda path, values: Image.fromarray(values).save(path), *mutations.PNG
    ),
    "nifti": _scan(".nii", volumes, *mutations.NIFTI),
    "nifti.gz": _scan(".nii.gz", volumes, *mutations.GZIP),
    "dicom": _scan(".dcm", write_dicom),
    "mask": Reader(
        "scans/a/2.mask.png",
        masked,
        SCANS + " --invalid_value mask",
        SKIP,
        ("data.formats",),
        (*mutations.PNG,),
    ),
    "table": Reader(
        "labels.csv",
        table,
        "datasets save --dataset attributes --data_dir pictures --labels labels.csv "
        "--image_size 16 --output out",
        REFUSE,
        ("data.attribute_file",),
        (*mutations.TABLE,),
    ),
    "zip": Reader(
        "pictures.zip",
        zipped,
        SAVE.replace("folder", "rafd") + "--data_dir pictures.zip",
        REFUSE,
        ("data.picture_tree",),
        (*mutations.ZIP,),
    ),
    "doctor": Reader(
        "pictures/a/0.png",
        pictures,
        "doctor --dataset folder --data_dir pictures --image_size 16",
        REPORT,
        ("doctor.pictures",),
        (*mutations.PNG,),
    ),
    "one picture": Reader(
        "in.png",
        run,
        TRANSLATE,
        REFUSE,
        ("translation.pictures",),
        (*mutations.PNG,),
    ),
    "one of many": Reader(
        "pictures/a/0.png",
        run_with_pictures,
        "translate --model run --to Young pictures --output out",
        SKIP,
        ("translation.pictures",),
        (*mutations.PNG,),
    ),
    "reference": Reader(
        "reference.png",
        style_run,
        "translate --model run --to woman --reference reference.png in.png "
        "--output out.png",
        REFUSE,
        ("translation.pictures",),
        (*mutations.PNG,),
    ),
    "styles": Reader(
        "styles.npz",
        style_run,
        "translate --model run --to woman --style_file styles.npz in.png "
        "--output out.png",
        REFUSE,
        ("steering.style_files", "archives"),
        (*mutations.NPZ,),
    ),
    "mean shape": Reader(
        "shape.npz",
        mean_shape,
        "align --landmarks nobody --mean_shape shape.npz in.png --output out.png",
        REFUSE,
        ("faces.align", "archives"),
        (*mutations.NPZ,),
        stops="There is no landmark provider",
    ),
    "state": Reader(
        f"{STEP}/state.json",
        run,
        TRANSLATE,
        REFUSE,
        ("training.checkpoints", "files"),
        is_json=True,
    ),
    "model": Reader(
        "model.keras",
        keras_file,
        TRANSLATE.replace("--model run", "--model model.keras"),
        REFUSE,
        ("training.checkpoints",),
    ),
    "sealed model": Reader(
        f"{STEP}/model.keras", run, TRANSLATE, REFUSE, ("training.checkpoints",)
    ),
    "torch": Reader(
        "5-G.ckpt",
        weights_torch,
        "import 5-G.ckpt --domains a,b --image_size 64 --output out",
        REFUSE,
        ("convert.files",),
        tuple(mutations.TORCH),
    ),
    "npz weights": Reader(
        "5-G.npz",
        weights_npz,
        "import 5-G.npz --domains a,b --image_size 64 --output out",
        REFUSE,
        ("convert.files", "archives"),
        tuple(mutations.NPZ),
    ),
    "safetensors": Reader(
        "5-G.safetensors",
        weights_safetensors,
        "import 5-G.safetensors --domains a,b --image_size 64 --output out",
        REFUSE,
        ("convert.files",),
        tuple(mutations.SAFETENSORS),
    ),
    "configuration": Reader(
        "config.json",
        lambda folder: shutil.copy(SAVED / "stargan/config.json", folder),
        "train --config config.json --run run --dataset folder --data_dir none",
        REFUSE,
        ("training.config", "training.run_folder", "cli.train"),
        is_json=True,
        stops="none does not exist",
    ),
    "log": Reader(
        "run/metrics.jsonl",
        two_runs,
        "compare run other --output out.svg",
        MEND,
        ("evaluation.report",),
        is_json=True,
    ),
    "results": Reader(
        "run/results.json",
        evaluated,
        "compare run other --output out.svg",
        REFUSE,
        ("evaluation.results",),
        is_json=True,
    ),
    "votes": Reader(
        "votes.csv",
        answered,
        COUNT,
        REFUSE,
        ("evaluation.votes",),
        (*mutations.TABLE,),
    ),
    "key": Reader(
        "questionnaire.json",
        answered,
        COUNT,
        REFUSE,
        ("evaluation.votes",),
        is_json=True,
    ),
    "manifest": Reader(
        "out/manifest.jsonl",
        stopped,
        TRANSLATE_ALL,
        MEND,
        ("translation.translate",),
        is_json=True,
    ),
    "cache": Reader(
        "entry/images.raw",
        cached,
        "python:read_cache",
        MEND,
        ("data.cache", "data.store"),
    ),
    "cache list": Reader(
        "entry/unreadable.json",
        cached,
        "python:read_cache",
        MEND,
        ("data.cache", "data.store"),
        is_json=True,
    ),
    "cache record": Reader(
        "entry/about.json",
        cached,
        "python:read_cache",
        MEND,
        ("data.cache",),
        is_json=True,
    ),
    "statistics": Reader(
        "kept.npz",
        statistics,
        "python:read_statistics",
        MEND,
        ("archives", "evaluation.cache"),
        tuple(mutations.NPZ),
    ),
    "graph": Reader(
        "saved_model/1/saved_model.pb",
        saved_model,
        "python:read_saved_model",
        REFUSE,
        ("serving.dev_server",),
        named="saved_model/1",
    ),
    "variables": Reader(
        "saved_model/1/variables/variables.index",
        saved_model,
        "python:read_saved_model",
        REFUSE,
        ("serving.dev_server",),
        named="saved_model/1",
    ),
    "page": Reader(
        "phone/model.json",
        device_model,
        "demo web --model phone --runtime runtime --noserve --output out",
        REFUSE,
        ("demo.web",),
        is_json=True,
    ),
}
