import pytest
from PIL import Image

from stargan_tf.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "takes one name, web or camera. Received: none"),
        (["wep"], "Received: wep. Did you mean web?"),
        (["web", "--model=nowhere"], "Received: nowhere"),
        (["camera", "--model=nowhere"], "--to is missing"),
        (["camera", "--model=nowhere", "--to=x"], "Received: nowhere"),
        (["web", "--to=x", "--model=nowhere"], "Unknown command line flag 'to'"),
        # A flag's value is no demo.
        (["--output", "camera", "web", "--port=0", "--model=nowhere"], "nowhere"),
        (["--output", "camera", "web", "--to=x"], "Unknown command line flag 'to'"),
    ],
)
def test_bad_usage_is_one_line(arguments, message, capsys):
    assert main(["demo", *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err and printed.err.count("\n") == 1


def test_help_lists_the_flags_of_both_or_of_one(capsys):
    assert main(["demo", "--help"]) == 0
    both = capsys.readouterr().out
    assert "--port" in both and "--threads" in both
    assert main(["demo", "web", "--help"]) == 0
    one = capsys.readouterr().out
    assert "--port" in one and "--threads" not in one


def test_without_a_model_the_packages_own_is_taken(tmp_path, capsys):
    Image.new("RGB", (70, 64)).save(tmp_path / "face.png")
    arguments = [f"--source={tmp_path}", "--to=Blond_Hair"]
    out = tmp_path / "out"
    assert main(["demo", "camera", *arguments, f"--output={out}"]) == 0
    with Image.open(out / "face.png") as picture:
        assert picture.size == (64, 64)
    other = [f"--source={tmp_path / 'face.png'}", "--to=child", "--model=toon_people"]
    assert main(["demo", "camera", *other, f"--output={out}"]) == 0
