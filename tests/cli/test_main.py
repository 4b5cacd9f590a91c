import logging
import os
import shutil
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from tqdm import tqdm

import stargan_tf
from stargan_tf import native_output
from stargan_tf.cli import command, data, main
from stargan_tf.cli import data as info
from stargan_tf.errors import InputError


def replace_run(monkeypatch, run):
    """Makes `stargan-tf presets` and `datasets` do something else."""
    for module, name in ((info, "SHOW_PRESETS"), (data, "DATASETS_COMMAND")):
        command = replace(getattr(module, name), run=run)
        monkeypatch.setattr(module, name, command)


def run(capsys, *arguments):
    """(status, stdout, stderr) of a command in this process."""
    status = main.main(arguments)
    output = capsys.readouterr()
    return status, output.out, output.err


@pytest.mark.parametrize("arguments", [["--help"], ["help"], ["-h"]])
def test_help_lists_the_commands(capsys, arguments):
    status, output, _ = run(capsys, *arguments)
    assert status == 0
    for name in main.COMMANDS:
        assert f"\n    {name}" in output


def test_no_command_is_an_error_with_help(capsys):
    status, output, _ = run(capsys)
    assert status == 2
    assert "usage: stargan-tf COMMAND" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tran"], "There is no command 'tran'. Did you mean train or translate?"),
        (
            ["train", "--step=3"],
            "'stargan-tf train' has no flag --step. Did you mean --steps or",
        ),
        (["train", "--preset=demo"], "arguments are required: --run"),
        (["train", "--run=r", "--preset=dem"], "no preset 'dem'. Did you mean demo"),
        (
            ["train", "--run=r", "--preset=demo", "photo"],
            "flags only. Received: photo",
        ),
        (["train", "--run=r", "--preset=demo", "--steps=x"], "steps must be a whole"),
        (["train", "--run=r", "--config=none.json"], "none.json cannot be read"),
        (["train", "--run=r"], "No data set is given"),
        (["train", "--run=r", "--preset=demo", "--image-size=66"], "multiple of 4"),
        (["train", "--run"], "argument --run: expected one argument"),
        (["presets", "dem"], "There is no preset 'dem'. Did you mean demo"),
        (["datasets", "tooon"], "There is no data set 'tooon'"),
        (["train", "--run", "~nobody_x/r"], "there is no user nobody_x"),
        (["train", "--run=~nobody_x/r"], "there is no user nobody_x"),
        (["translate", "--model=m", "~nobody_x/a.png"], "there is no user nobody_x"),
        (["train", "--config=~nobody_x/c", "--run=r"], "there is no user nobody_x"),
        (
            ["doctor", "--dataset=attributes", "--data_dir=.", "--labels=~nobody_x/a"],
            "there is no user nobody_x",
        ),
    ],
)
def test_a_mistake_gives_one_line_and_status_2(
    capsys, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)
    status, output, errors = run(capsys, *arguments)
    assert status == 2
    assert output == ""
    assert errors.startswith("stargan-tf: ")
    assert errors.count("\n") == 1
    assert message in errors
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (InputError("Not so.\nBut so."), 2, "stargan-tf: Not so. But so."),
        (OSError(28, "No space left on device"), 2, "No space left on device"),
        (ImportError("pip install 'stargan_tf[video]'"), 2, "stargan_tf[video]"),
        (KeyboardInterrupt("Go on by …"), 130, "stargan-tf: interrupted. Go on by …"),
    ],
)
def test_errors_of_users_are_one_line(capsys, monkeypatch, error, status, message):
    def fail(args):
        raise error

    replace_run(monkeypatch, fail)
    received, _, errors = run(capsys, "presets")
    assert received == status
    assert message in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    "error",
    [
        ValueError("ours"),
        ImportError("no such module"),
        FileNotFoundError(2, "No such file or directory", "forgotten.template"),
        IsADirectoryError(21, "Is a directory", "/elsewhere"),
        OSError("cannot identify image file"),
        BrokenPipeError(32, "Broken pipe"),  # not of our output, which is read
    ],
)
def test_a_bug_is_reported_with_its_traceback(capsys, monkeypatch, error):
    def fail(args):
        raise error

    replace_run(monkeypatch, fail)
    status, output, errors = run(capsys, "presets", "demo")
    first, *_, last = errors.splitlines()
    assert (status, output) == (main.BUG, "")
    assert (
        first.startswith("Traceback") and f"{type(error).__name__}: {error}" in errors
    )
    assert last.startswith("stargan-tf: this is a bug in stargan_tf. Please report it")


@pytest.mark.parametrize("argument", ["photos", "photos/face.jpg", "--data_dir=photos"])
def test_what_is_wrong_with_a_typed_path_is_one_line(capsys, monkeypatch, argument):
    def fail(args):
        open("photos/face.jpg").close()

    replace_run(monkeypatch, fail)
    status, _, errors = run(capsys, "datasets", argument)
    assert (status, errors.count("\n")) == (2, 1)
    assert "No such file or directory: 'photos/face.jpg'" in errors


def test_a_name_that_is_not_utf8_is_one_line(capsys, monkeypatch):
    name = os.fsdecode(b"caf\xe9")

    def fail(args):
        name.encode()

    replace_run(monkeypatch, fail)
    status, _, errors = run(capsys, "datasets", name)
    assert (status, errors.count("\n")) == (2, 1)
    assert "File names must be valid UTF-8. Received: 'caf\\udce9'." in errors


def test_a_long_message_is_shortened(capsys):
    status, _, errors = run(capsys, "datasets", "x" * 100_000)
    assert status == 2
    assert len(errors) < 2100
    assert errors.startswith("stargan-tf: There is no data set 'xxx")
    assert "characters) …" in errors and "toon_people" in errors


def in_shell(line, **environment):
    """Runs a line of bash in which ST is the program; → its process."""
    program = (
        f"{sys.executable} -c 'from stargan_tf.cli.main import *; sys.exit(main())'"
    )
    root = str(Path(main.__file__).parents[2])
    environment = os.environ | {"ST": program, "PYTHONPATH": root} | environment
    line = f'ST() {{ eval "$ST \\"\\$@\\""; }}; {line}'
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, env=environment, check=False
    )


@pytest.mark.skipif(not shutil.which("bash"), reason="needs a shell")
@pytest.mark.parametrize(
    "line", ["ST train --help | head -1", "ST train --help | true", "ST --help | true"]
)
def test_a_reader_that_ends_early_is_no_error(line):
    done = in_shell(f"set -o pipefail; {line}")
    assert done.stderr == b""
    assert done.returncode in (0, main.UNREAD)


@pytest.mark.skipif(not shutil.which("bash"), reason="needs a shell")
@pytest.mark.parametrize("encoding", ["ascii:strict", "cp1252"])
def test_any_encoding_of_the_terminal_will_do(encoding):
    words = "übergröße → ノ"
    line = f"ST --help; ST evaluate --help; ST datasets '{words}'"
    done = in_shell(line, PYTHONIOENCODING=encoding)
    assert b"Traceback" not in done.stderr
    assert b"usage: stargan-tf evaluate" in done.stdout.replace(b"Usage", b"usage")
    assert done.stderr.count(b"\n") == 1 and b"There is no data set" in done.stderr
    assert done.returncode == 2


def test_the_streams_are_as_before(capsys):
    before = sys.stdout.errors, sys.stderr.errors
    run(capsys, "--help")
    assert (sys.stdout.errors, sys.stderr.errors) == before


def test_warnings_are_one_line(capsys, monkeypatch):
    def warn(args):
        warnings.simplefilter("default")
        warnings.warn("3 images were skipped", stacklevel=1)

    replace_run(monkeypatch, warn)
    status, _, errors = run(capsys, "presets")
    assert (status, errors) == (0, "stargan-tf: warning: 3 images were skipped\n")


def test_quiet_prints_results_and_errors_only(capsys, monkeypatch):
    def work(args):
        warnings.simplefilter("default" if not args.quiet else "ignore")
        native_output.note("a note")
        warnings.warn("a warning", stacklevel=1)
        logging.warning("left out")
        list(tqdm([1], "a bar", disable=None))
        print("a result")
        raise InputError("a mistake")

    replace_run(monkeypatch, work)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    status, output, errors = run(capsys, "presets")
    assert (status, output) == (2, "a note\na result\n")
    assert "a warning" in errors and "a bar" in errors and "a mistake" in errors
    status, output, errors = run(capsys, "presets", "--quiet")
    assert (status, output) == (2, "a result\n")
    assert errors == "stargan-tf: a mistake\n"
    assert not native_output.is_quiet() and logging.root.manager.disable == 0


def test_debug_prints_the_traceback_of_a_mistake(capsys):
    status, _, errors = run(capsys, "presets", "dem", "--debug")
    first, *_, last = errors.splitlines()
    assert (
        status == 2 and first.startswith("Traceback") and 'cli/data.py", line' in errors
    )
    assert last.startswith("stargan-tf: There is no preset 'dem'")


def test_verbose_shows_what_tensorflow_says(capsys, monkeypatch):
    replace_run(monkeypatch, lambda args: print(os.environ[command.LOG_LEVEL]))
    assert run(capsys, "presets", "--verbose") == (0, "0\n", "")


def test_flags_and_positional_arguments_in_any_order(capsys, monkeypatch, tmp_path):
    seen = []
    replace_run(
        monkeypatch, lambda args: seen.append((args.count, args.one_hot, args.words))
    )
    flags = tmp_path / "flags"
    flags.write_text("--count=5\n--noone_hot\n")
    for arguments in (
        ["a", "--count=3", "b"],
        ["--one-hot", "--count", "4", "c-d"],
        ["e", f"--flagfile={flags}", "f"],
    ):
        assert run(capsys, "datasets", *arguments)[0] == 0
    assert seen == [
        (3, None, ["a", "b"]),
        (4, True, ["c-d"]),
        (5, False, ["e", "f"]),
    ]


def test_help_of_a_command_and_version(capsys):
    asked = run(capsys, "help", "train")
    assert asked == run(capsys, "train", "--run=r", "--help")
    assert asked[0] == 0 and "usage: stargan-tf train --preset NAME" in asked[1]
    assert run(capsys, "--version") == (0, f"{stargan_tf.__version__}\n", "")


def test_presets_and_data_sets_are_listed(capsys):
    _, output, _ = run(capsys, "presets")
    words = " ".join(output.split())
    assert "stargan_celeba_rafd_128 StarGAN on CelebA and RaFD" in words
    _, output, _ = run(capsys, "presets", "demo")
    assert '"image_size": 64' in output
    _, output, _ = run(capsys, "datasets")
    for name in ("toon_attributes", "toon_expressions", "folder", "attributes"):
        assert f"\n{name} " in f"\n{output}"


def test_train_help_groups_its_flags(capsys):
    status, output, _ = run(capsys, "train", "--help")
    assert status == 0
    lines = output.splitlines()
    headings = [line for line in lines if line[:1].strip() and line.endswith(":")]
    assert headings == [
        "options:",
        "Run:",
        "Data:",
        "Evaluation while training:",
        "Networks:",
        "Optimization:",
        "Weights of the loss terms:",
    ]
    for flag in ("--run", "--attributes", "--rectified,", "--critic_steps"):
        assert f"  {flag} " in output


def test_train_help_shows_the_options_of_one_family(capsys, tmp_path):
    (tmp_path / "config.json").write_text('{"model": "stargan_v2"}')
    preset = tmp_path / "preset.json"
    preset.write_text('{"preset": "demo_v2"}')
    for chosen in (
        ["--family=stargan_v2"],
        ["--preset=demo_v2"],
        [f"--config={preset}"],
        ["--run", str(tmp_path)],
        ["--init_from", "toon_people"],
    ):
        status, output, _ = run(capsys, "train", *chosen, "--help")
        assert status == 0 and "--style_dim N" in output, chosen
        assert "--critic_steps" not in output
        assert "those of stargan_v2 models" in " ".join(output.split())
    _, output, _ = run(capsys, "train", "--run", str(tmp_path), "--preset=demo", "-h")
    assert "--critic_steps N" in output and "--style_dim" not in output


HEAVY = ("tensorflow", "keras", "PIL")
CHECK_IMPORTS = f"""
import sys
from stargan_tf.cli.main import COMMANDS, main
for command in COMMANDS:
    assert main([command, "--help"]) == 0
assert main(["--help"]) == 0
assert main(["datasets"]) == 0 and main(["presets"]) == 0
heavy = [name for name in {HEAVY} if name in sys.modules]
assert not heavy, heavy
"""


def test_help_and_lists_import_nothing_heavy():
    """Which is why they take a tenth of a second; benchmarks/ has the time."""
    command = [sys.executable, "-c", CHECK_IMPORTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_home_folders_on_the_command_line(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    expanded = {
        "~/a": "/home/me/a",
        "--run=~/a/": "--run=/home/me/a/",
        "--to=a=~/b": "--to=a=~/b",
        "a~b": "a~b",
        "--to=~": "--to=/home/me",
    }
    assert {text: command.at_home(text) for text in expanded} == expanded


class ResourceExhaustedError(Exception):
    """As TensorFlow's."""


def test_too_little_memory_is_an_answer(capsys, monkeypatch):
    error = ResourceExhaustedError("OOM when allocating tensor with shape[8,512]\n...")

    def fail(args):
        raise error

    replace_run(monkeypatch, fail)
    status, _, errors = run(capsys, "presets")
    assert status == 2 and errors.count("\n") == 1
    assert "OOM when allocating tensor with shape[8,512])" in errors
    assert "--batch_size" in errors
    message = main._out_of_memory(error, ["train", "--steps=3"])
    for flag in ("--accumulate", "--remat", "_low_memory", "--precision", "--steps=3"):
        assert flag in message


def test_a_full_disk_under_tensorflow_is_no_lack_of_memory(capsys, monkeypatch):
    def fail(args):
        raise ResourceExhaustedError("No space left on device")

    replace_run(monkeypatch, fail)
    status, _, errors = run(capsys, "presets")
    assert status == main.BUG and "too little memory" not in errors


def completions(line, **environment):
    """What a shell offers after a line, by the protocol of argcomplete's script."""
    environment |= {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_IFS": " ",
        "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
        "COMP_LINE": f"stargan-tf {line}",
        "COMP_POINT": str(len(f"stargan-tf {line}")),
        "COMP_TYPE": "63",
    }
    done = in_shell("ST 8>&1 9>/dev/null >/dev/null 2>&1", **environment)
    return done.stdout.decode().split()


@pytest.mark.skipif(not shutil.which("bash"), reason="needs a shell")
def test_shells_complete_commands_flags_and_values():
    pytest.importorskip("argcomplete")
    assert completions("tra") == ["train", "translate"]
    assert "evaluate" in completions("")
    assert completions("evaluate --cou") == ["--count"]
    assert completions("evaluate --classifier ") == ["tiny", "small", "resnet18"]
    assert "--critic_steps" in completions("train --preset demo --c")
    assert completions("train --preset demo_v2 --style_d") == ["--style_dim"]
    assert not completions("evaluate --outp")[1:]  # Not the former --outputs.
