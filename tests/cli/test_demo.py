import pytest

from stargan_tf.cli.main import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "arguments are required: demo"),
        (["wep"], "invalid choice: 'wep' (choose from 'web')"),
        (["web", "--model=nowhere"], "Received: nowhere"),
        (["web", "--to=x", "--model=nowhere"], "has no flag --to."),
        (["web", "--port=none"], "argument --port: must be a whole number"),
        # A flag's value is no demo.
        (["--output", "web", "web", "--port=0", "--model=nowhere"], "nowhere"),
    ],
)
def test_bad_usage_is_one_line(arguments, message, capsys):
    assert main(["demo", *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err and printed.err.count("\n") == 1
