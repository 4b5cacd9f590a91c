"""Each reader of the table with each mutation: refused, skipped, or mended in a line.

`make test` runs a sample, `make robustness` all of it.
"""

import os
import random
import re
import shutil
import tempfile
from pathlib import Path

import pytest

import stargan_tf
from stargan_tf.limits import MAX_MESSAGE
from tests.robustness.mutations import ANY, of_json
from tests.robustness.readers import MEND, READERS, REFUSE, REPORT, SKIP
from tests.robustness.sandbox import Sandbox

EVERY = os.environ.get("STARGAN_TF_ROBUSTNESS") == "all"
LONGEST_LINE = 500
MOST_LINES = 8  # of standard error, for a file that is skipped
# What is said besides, of a file that can be read.
NOTES = ("warning:", "Left out of", "is read as Latin-1")
MOST_SECONDS, MOST_MEBIBYTES = 10, 1536


def mutations_of(reader):
    """All ways to break a reader's file."""
    found = [*ANY, *reader.more]
    if reader.is_json:
        with tempfile.TemporaryDirectory() as folder:
            reader.make(Path(folder))
            found += of_json(Path(folder, reader.file))
    return found


def cases():
    """All pairs, or a sample in which each reader and each mutation of `ANY` is."""
    every = [(name, one) for name in READERS for one in mutations_of(READERS[name])]
    if EVERY:
        return every
    dice = random.Random(0)
    chosen = []
    for name in READERS:
        chosen += dice.sample([case for case in every if case[0] == name], 1)
    for mutation in ANY:
        chosen += dice.sample([case for case in every if case[1] == mutation], 1)
    return sorted(set(chosen), key=every.index)


CASES = cases()


OPENS = re.compile(
    r"np\.load\(|read_json\(|parsed_json\(|json\.loads\(|open_regular\(|read_bytes\("
    r"|ZipFile\(|open_arrays\(|read_arrays\(|\.read_text\(|read_values\(|open_picture\("
    r"|read_picture\(|saved_model\.load\(|load_file\(|torch\.load\(|h5py\.File\("
    r"|Interpreter\(|load_model\("
)
# Modules that open what nobody else has made, or what others here read for them.
ELSEWHERE = {
    "cli.align": "photos, as cli.translate does",
    "cli.export": "nothing: a line for people names load_model",
    "cli.questionnaire": "models and images, as cli.translate does",
    "cli.translate": "models, by training.checkpoints",
    "convert.published": "its own record: tests/convert/test_published.py",
    "convert.write": "a file that it writes",
    "data.info": "its own dictionary",
    "data.streams": "cache entries: tests/data/test_streams.py",
    "detection.metric": "masks, by data.formats",
    "detection.report": "a file of the package",
    "discovery": "metadata of installed packages: tests/test_discovery.py",
    "distribution.strategies": "a variable: tests/distribution",
    "doctor.report": "a file of the package",
    "evaluation.classifier": "its own cache: tests/evaluation/test_classifier.py",
    "evaluation.job": "models, by training.checkpoints",
    "evaluation.questionnaire": "a file of the package",
    "evaluation.weights": "known by their SHA-256: tests/evaluation/test_weights.py",
    "exporting.litert_file": "files that were just converted",
    "exporting.saved_model": "an export that was just written",
    "faces.mean_shape": "models, by training.checkpoints",
    "faces.opening": "models, by training.checkpoints",
    "models.label_model": "an example in a docstring",
    "models.stargan_v2.styles": "an example in a docstring",
    "steering.styles": "an example in a docstring",
    "new_plugin.__init__": "files of the package",
    "training.warm_start": "what import wrote: tests/training/test_warm_start.py",
    "serving.client": "answers of a server: tests/serving/test_client.py",
}


def test_every_reader_has_joined():
    package = Path(stargan_tf.__file__).parent
    names = {
        ".".join(path.relative_to(package).with_suffix("").parts)
        for path in package.rglob("*.py")
        if "testing" not in path.parts and OPENS.search(path.read_text())
    }
    joined = {name for reader in READERS.values() for name in reader.modules}
    assert names == joined | ELSEWHERE.keys()
    assert not joined & ELSEWHERE.keys()


@pytest.fixture(scope="module")
def sandbox():
    found = Sandbox()
    yield found
    found.close()


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Name of a reader → a folder with its sound files."""
    made = {}

    def folder(name):
        if name not in made:
            made[name] = tmp_path_factory.mktemp("sound")
            READERS[name].make(made[name])
        return made[name]

    return folder


def listed(folder):
    """All names below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def asked(sandbox, reader, world):
    """Runs a reader's command, and says what it wrote."""
    before = listed(world)
    outcome = sandbox.run(reader.command.split(), world, reader.environment)
    return outcome, {name.split("/")[0] for name in listed(world) - before}


LONG = "x" * 100_000


@pytest.mark.parametrize(
    "arguments",
    [
        [LONG],
        ["train", f"--{LONG}"],
        ["train", "--dataset", LONG],
        ["train", "--preset", "demo", "--steps", LONG],
        ["train", "--preset", "demo", "--run", LONG],
        ["translate", "--model", LONG, "--to", "a", "in.png", "--output", "out.png"],
        ["translate", "--model", "toon_attributes", "--to", LONG, "in.png"],
        ["evaluate", "--model", LONG, "--metrics", LONG],
        ["datasets", "save", "--dataset", "toon_people", "--count", "9" * 99],
        ["datasets", "describe", "--dataset", "folder", "--data_dir", LONG],
        ["compare", LONG, "b"],
        ["serve", "--model", LONG],
        ["new-plugin", LONG],
        ["presets", LONG],
    ],
    ids=lambda arguments: " ".join(word[:20] for word in arguments),
)
def test_a_long_argument(arguments, sandbox, tmp_path):
    world = tmp_path / "world"
    world.mkdir()
    outcome = sandbox.run(arguments, world)
    assert outcome.status == 2, outcome.output[:2000]
    assert len(outcome.errors) == 1 and len(outcome.errors[0]) <= MAX_MESSAGE + 20
    assert not listed(world)


@pytest.mark.parametrize("name", READERS)
def test_a_sound_file_is_read(name, sandbox, sound, tmp_path):
    reader = READERS[name]
    world = shutil.copytree(sound(name), tmp_path / "world")
    outcome, _ = asked(sandbox, reader, world)
    assert reader.stops in outcome.output
    assert outcome.status == (2 if reader.stops else 0), outcome.output
    assert os.path.basename(reader.file) not in "".join(outcome.errors)


@pytest.mark.parametrize(
    ("name", "mutation"), CASES, ids=[f"{n}: {m.name}" for n, m in CASES]
)
def test_a_broken_file(name, mutation, sandbox, sound, tmp_path):
    reader = READERS[name]
    world = shutil.copytree(sound(name), tmp_path / "world")
    mutation.apply(world / reader.file)
    outcome, written = asked(sandbox, reader, world)
    found = problems(reader, mutation, outcome, written)
    assert not found, f"{found}\nstatus {outcome.status}\n{outcome.output[-3000:]}"


def problems(reader, mutation, outcome, written):
    """What is wrong with how a command took a broken file."""
    name = reader.named or os.path.basename(reader.file)
    errors = [line for line in outcome.errors if not any(n in line for n in NOTES)]
    said = "".join(outcome.errors) + (outcome.output if reader.answer == REPORT else "")
    stopped = reader.stops and reader.stops in outcome.output
    refused = outcome.status == 2 and "out" not in written
    answers = {REFUSE: (2,) if mutation.breaks else (0, 2), REPORT: (0, 1)}
    strangers = [x for x in written if refused or not x.startswith("out")]
    checks = {
        "a traceback": "Traceback" in outcome.output,
        "a long line": max(map(len, outcome.errors), default=0) > LONGEST_LINE,
        f"{outcome.seconds:.0f} seconds": outcome.seconds > MOST_SECONDS,
        f"{outcome.mebibytes:.0f} MiB": outcome.mebibytes > MOST_MEBIBYTES,
        f"status {outcome.status}": outcome.status
        not in answers.get(reader.answer, (0, 2)),
        f"{len(errors)} lines": len(errors) > (1 if refused else MOST_LINES),
        f"{strangers} written": bool(strangers),
        "taken for sound": mutation.breaks and stopped,
        "refused": reader.answer in (SKIP, REPORT) and refused,
        "not named": mutation.breaks and reader.answer != MEND and name not in said,
    }
    return [problem for problem, is_there in checks.items() if is_there]
