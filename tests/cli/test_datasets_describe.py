"""`stargan-tf datasets describe`."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.main import main


def run(*arguments):
    command = [sys.executable, "-m", "stargan_tf.cli.main", "datasets", "describe"]
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, timeout=120
    )


def test_a_drawn_set_is_described_and_drawn(tmp_path):
    output = tmp_path / "new" / "sheet.png"
    result = run("toon_attributes", "--image_size", 32, "--output", output)
    assert result.returncode == 0, result.stderr
    lines = {line.strip().split("  ")[0]: line for line in result.stdout.splitlines()}
    assert "5, binary: Black_Hair, Blond_Hair" in lines["Labels"]
    assert "at most one of Black_Hair, Blond_Hair, Brown_Hair" in lines["Exclusive"]
    assert "4,400, used at 32 x 32" in lines["Pictures"]
    assert "stargan_tf" in lines["Package"] and "Apache-2.0" in lines["License"]
    assert lines["Male"].split()[1:] == ["1,976", "2,024", "201", "199"]
    with Image.open(output) as sheet:
        assert sheet.width > 9 * 112 and sheet.height > 5 * 112
    assert list(output.parent.iterdir()) == [output]


def test_without_files_it_says_how_to_obtain_them(tmp_path):
    result = run("folder")
    assert result.returncode == 0 and "needs --data_dir" in result.stdout
    assert "How to obtain" in result.stdout and result.stderr == ""
    output = tmp_path / "sheet.png"
    result = run("folder", "--output", output)
    assert result.returncode == 2 and "no contact sheet" in result.stderr
    assert not output.exists()


def test_own_pictures(tmp_path):
    for name in ("cat/1.png", "cat/2.png", "dog/3.png", "dog/4.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(path)
    result = run("folder", "--data_dir", tmp_path, "--image_size", 8)
    assert "2, one-hot: cat, dog" in result.stdout
    assert "typically 20 pixels on the shorter side" in result.stdout
    (tmp_path / "wild").mkdir()
    (tmp_path / "wild" / "5.heic").touch()
    result = run("folder", "--data_dir", tmp_path)
    assert result.returncode == 0
    assert "The domain 'wild' has no image" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "takes one name"),
        (["folder", "toon_people"], "takes one name"),
        (["nothing"], "There is no data set 'nothing'"),
        (["folder", "--data_dir", "/nowhere"], "does not exist"),
        (["toon_people", "--output", "sheet.txt"], "must end in"),
        (["toon_people", "--attributes", "dog"], "no domain 'dog'"),
    ],
)
def test_wrong_usage_is_one_line_and_two(arguments, message, capsys):
    assert main(["datasets", "describe", *arguments]) == 2
    output = capsys.readouterr()
    assert message in output.err and output.err.count("\n") == 1
    assert output.out == ""
