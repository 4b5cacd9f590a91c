import pytest

from stargan_tf.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "takes one name, web or camera. Received: none"),
        (["wep"], "Received: wep. Did you mean web?"),
        (["web"], "--model is missing. Usage: stargan-tf demo web"),
        (["web", "--model=nowhere"], "Received: nowhere"),
        (["camera", "--model=nowhere"], "--to is missing"),
        (["camera", "--model=nowhere", "--to=x"], "Received: nowhere"),
        (["web", "--to=x", "--model=nowhere"], "Unknown command line flag 'to'"),
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
