import pytest

from stargan_tf.errors import InputError
from stargan_tf.models.family import Option


def option(kind, **arguments):
    return Option("speed", kind, None, "help", "group", **arguments)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (int, "12", 12),
        (int, 12.0, 12),
        (int, "1e3", 1000),
        (float, "1e-4", 1e-4),
        (float, 3, 3.0),
        (bool, "false", False),
        (bool, True, True),
        (str, "paper", "paper"),
        (int, None, None),
    ],
)
def test_reads_text_and_json_values(kind, value, expected):
    read = option(kind).read(value)
    assert read == expected
    assert type(read) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (int, "x"),
        (int, 1.5),
        (int, True),
        (int, -1),
        (float, "nan"),
        (float, []),
        (float, True),
        (bool, "perhaps"),
        (str, 3),
        (str, ""),
    ],
)
def test_refuses_what_does_not_fit(kind, value):
    minimum = 0 if kind is int else None
    with pytest.raises(InputError, match=r"speed must be .* Received: "):
        option(kind, minimum=minimum).read(value)


def test_names_the_choices_and_the_minimum():
    with pytest.raises(InputError, match=r"paper or none\. Received: 'no'"):
        option(str, choices=("paper", "none")).read("no")
    with pytest.raises(InputError, match=r"a whole number, at least 1\. Received: 0"):
        option(int, minimum=1).read(0)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("178,256", (178, 256)),
        (",256", (None, 256)),
        ([178, None], (178, None)),
        (178, (178,)),
        (None, (None,)),
    ],
)
def test_one_value_per_data_set(value, expected):
    assert option(int, separator=",").read(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("A,B", (("A", "B"),)),
        ("A, B/C", (("A", "B"), ("C",))),
        ("A/", (("A",), ())),
        (["A", "B"], (("A", "B"),)),
        ([["A", "B"], []], (("A", "B"), ())),
        ([[]], ((),)),
        (None, ((),)),
    ],
)
def test_several_names_per_data_set(value, expected):
    assert option(str, separator="/", many=True).read(value) == expected
