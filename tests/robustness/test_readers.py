"""Each reader of the table with each mutation: refused, skipped, or mended in a line.

`make test` runs a sample, `make robustness` all of it.
"""

import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest

from tests.robustness.mutations import ANY, of_json
from tests.robustness.readers import MEND, READERS, REFUSE
from tests.robustness.sandbox import Sandbox

EVERY = os.environ.get("STARGAN_TF_ROBUSTNESS") == "all"
LONGEST_LINE = 500
MOST_LINES = 8  # of standard error, for a file that is skipped
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
        chosen += dice.sample([case for case in every if case[0] == name], 2)
    for mutation in ANY:
        chosen += dice.sample([case for case in every if case[1] == mutation], 1)
    return sorted(set(chosen), key=every.index)


CASES = cases()


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
    said = f"status {outcome.status}\n{outcome.output[-3000:]}"
    assert "Traceback" not in outcome.output, said
    assert max(map(len, outcome.errors), default=0) <= LONGEST_LINE, said
    assert outcome.seconds < MOST_SECONDS, (outcome.seconds, said)
    assert outcome.mebibytes < MOST_MEBIBYTES, (outcome.mebibytes, said)
    if outcome.status == 2:
        assert len(outcome.errors) == 1, said
        assert not written, (written, said)
        assert reader.answer == REFUSE, said
        stopped = reader.stops and reader.stops in outcome.output
        assert not (mutation.breaks and stopped), said
    else:
        assert outcome.status == 0, said
        assert len(outcome.errors) <= MOST_LINES, said
        assert all(name.startswith(("out", *reader.writes)) for name in written), written
        assert not (mutation.breaks and reader.answer == REFUSE), said
    if mutation.breaks and reader.answer != MEND:
        assert os.path.basename(reader.file) in "".join(outcome.errors), said
