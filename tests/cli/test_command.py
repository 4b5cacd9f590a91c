import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from pkgutil import resolve_name

import pytest

from stargan_tf.cli import command, main
from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.targets import parse_target

START = b"""\
WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795324924.18 7000 port.cc:153] oneDNN custom operations are on.
W0000 00:00:1795324924.19 7000 x.cc:1] A note.
E0000 00:00:1795324926.39 7000 cuda_platform.cc:52] failed call to cuInit: INTERNAL
"""
TROUBLE = b"E0000 00:00:1795324926.39 7000 x.cc:1] Something is wrong.\n"


def write_and_maybe_fail(error=None):
    os.write(2, START + TROUBLE)
    sys.stderr.write("from Python\n")
    if error:
        raise error


def forget_log_level(monkeypatch):
    # Set first, so that the end of the test also undoes what is set meanwhile.
    monkeypatch.setenv(command.LOG_LEVEL, "0")
    monkeypatch.delenv(command.LOG_LEVEL)


def test_only_the_chatter_is_dropped(capfd, monkeypatch):
    forget_log_level(monkeypatch)
    monkeypatch.setattr(command, "_import_tensorflow", write_and_maybe_fail)
    command.start_tensorflow()
    errors = capfd.readouterr().err
    assert TROUBLE.decode() in errors
    assert "from Python" in errors
    assert "oneDNN" not in errors
    assert "cuInit" not in errors


def test_a_failing_import_is_told(capfd, monkeypatch):
    forget_log_level(monkeypatch)
    error = ImportError("no tensorflow")
    monkeypatch.setattr(
        command, "_import_tensorflow", lambda: write_and_maybe_fail(error)
    )
    with pytest.raises(ImportError, match="no tensorflow"):
        command.start_tensorflow()
    assert TROUBLE.decode() in capfd.readouterr().err


def test_a_user_who_sets_the_log_level_sees_everything(capfd, monkeypatch):
    monkeypatch.setenv(command.LOG_LEVEL, "0")
    monkeypatch.setattr(command, "_import_tensorflow", write_and_maybe_fail)
    command.start_tensorflow()
    assert "oneDNN" in capfd.readouterr().err


def test_hints_can_be_pasted_whatever_the_domain_is_called(capsys):
    space = LabelSpace(DatasetInfo("hair", ("Hair, blond", "Young"), "binary", 32))
    command.print_next_steps(("--to {domain} ME",), "run", space, "train")
    printed = capsys.readouterr().out.splitlines()[1]
    target = shlex.split(printed)[5]
    assert parse_target(f"{target},Young", space).changes == {
        "Hair, blond": 1.0,
        "Young": 1.0,
    }


def test_the_users_keras_settings_do_not_matter(tmp_path):
    """`~/.keras/keras.json`, which Keras reads when it is imported."""
    theirs = {
        "floatx": "float16",
        "epsilon": 1e-3,
        "backend": "torch",
        "image_data_format": "channels_first",
    }
    (tmp_path / "keras.json").write_text(json.dumps(theirs))
    code = (
        "from stargan_tf.cli.command import start_tensorflow; start_tensorflow()\n"
        "import keras; c = keras.config; print(c.backend(), c.floatx(), c.epsilon(), "
        "c.image_data_format(), c.dtype_policy().name)"
    )
    root = str(Path(command.__file__).parents[2])
    environment = {"KERAS_HOME": str(tmp_path), "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment | {"KERAS_BACKEND": "torch"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "tensorflow float32 1e-07 channels_last float32\n"


def parsed(line):
    """The arguments of a command line, by name."""
    name, *arguments = line.split()
    found = resolve_name(main.COMMANDS[name])
    return vars(command.CommandParser(name, found, arguments).parse())


@pytest.mark.parametrize(
    ("former", "final"),
    [
        ("train --run r --model stargan_v2", "train --run r --family stargan_v2"),
        ("serve a --port 0", "serve --model a --port 0"),
        ("doctor --labels b a", "doctor --labels b --dataset a"),
        ("evaluate --model a --outputs 2", "evaluate --model a --styles 2"),
        ("datasets --save a --count 2", "datasets save --dataset a --count 2"),
        (
            "translate --model=a --count=2 --style=s --film=f.gif b",
            "translate --model=a --styles=2 --style_file=s --video --output=f.gif b",
        ),
    ],
)
def test_former_spellings_are_understood(former, final):
    assert parsed(former) == parsed(final)


def test_former_spellings_are_in_no_help(capsys):
    for name in main.COMMANDS:
        assert main.main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    for flag in ("outputs", "save", "film"):
        assert f"--{flag} " not in shown, flag
    assert "SUPPRESS" not in shown and "==" not in shown


def test_flags_in_a_file_are_spelled_as_freely(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    file = tmp_path / "flags"
    file.write_text("--init-from=~/a\n--batch-size=3\n")
    given = parsed(f"train --run r --flagfile={file}")
    assert (given["init_from"], int(given["batch_size"])) == ("/home/me/a", 3)
