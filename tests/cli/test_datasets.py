"""`stargan-tf datasets --save`."""

import pytest
from PIL import Image

from stargan_tf.cli.main import main


def test_it_saves_held_out_pictures(tmp_path, capsys):
    output = tmp_path / "faces"
    arguments = ["--save", "toon_attributes", "--count", "3", "--image_size", "32"]
    assert main(["datasets", *arguments, "--output", str(output)]) == 0
    files = sorted(output.iterdir())
    assert [file.name for file in files] == [f"held_out_{i:06d}.png" for i in range(3)]
    with Image.open(files[0]) as picture:
        assert picture.size == (32, 32)
    assert "3 pictures" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--save", "toon_attributes"], "go together"),
        (["--output", "somewhere"], "go together"),
        (["--save", "toon", "--output", "x"], "no data set 'toon'"),
        (["--save", "toon_attributes", "--output", "x", "--count", "0"], "at least 1"),
    ],
)
def test_one_line_and_two_for_what_does_not_fit(arguments, message, tmp_path, capsys):
    arguments = [str(tmp_path / "x") if a == "x" else a for a in arguments]
    assert main(["datasets", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "x").exists()
