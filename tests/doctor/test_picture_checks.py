"""The checks on pictures, fed by hand."""

import pytest

from stargan_tf.data.options import DatasetOptions
from stargan_tf.doctor.picture_checks import (
    check_colors,
    check_duplicates,
    check_near_duplicates,
    check_readable,
    check_sizes,
    near_pairs,
)
from stargan_tf.doctor.pictures import Picture
from stargan_tf.doctor.report import ERROR, OK, WARNING


def by_check(findings):
    return {finding.check: finding for finding in findings}


def broken(row, split="train"):
    return Picture(f"{row}.png", split, row, "Cannot read it: truncated.")


def fine(row, split="train", **known):
    return Picture(f"{split}{row}.png", split, row, **known)


@pytest.fixture
def hundred(source, opened):
    labels = [[1, 0]] * 98 + [[0, 1]] * 2
    return opened(source(labels), source([[1, 0], [0, 1]]))


def test_one_in_a_hundred_may_be_unreadable(hundred):
    pictures = [broken(0), *(fine(row) for row in range(1, 100))]
    found = by_check(check_readable(hundred, pictures))
    assert found["unreadable"].level == WARNING
    assert found["unreadable"].names == ["0.png"]
    assert found["unreadable"].summary.endswith(
        "1 picture of 100 cannot be read. Cannot read it: truncated."
    )
    found = by_check(check_readable(hundred, pictures[:-1]))
    assert found["unreadable"].level == ERROR
    (found,) = check_readable(hundred, pictures[1:])
    assert found.level == OK and found.summary == "All 99 pictures can be read."
    assert check_readable(hundred, []) == []


def test_a_label_without_a_readable_picture_is_an_error(hundred):
    pictures = [*(fine(row) for row in range(98)), broken(98), broken(99)]
    held_out = [fine(0, "held_out"), fine(1, "held_out")]
    found = by_check(check_readable(hundred, [*pictures, *held_out]))
    assert found["nothing_readable"].level == ERROR
    assert found["nothing_readable"].names == ["b (train)"]
    found = check_readable(hundred, [*pictures[:-1], fine(99), *held_out])
    assert "nothing_readable" not in by_check(found)


def test_colors():
    pictures = [fine(0), fine(1, color="gray"), fine(2, color="cmyk"), broken(3)]
    found = by_check(check_colors(pictures))
    assert found["grey"].names == ["train1.png"] and found["grey"].level == WARNING
    assert found["cmyk"].names == ["train2.png"]
    assert found["cmyk"].summary == "1 picture is in CMYK."
    assert {finding.level for finding in check_colors([fine(0)])} == {OK}


def test_the_shorter_side_counts(source, opened):
    data = opened(source([[1, 0]]))
    pictures = [fine(0, size=(8, 100)), fine(1, size=(100, 7)), broken(2)]
    (found,) = check_sizes(data, pictures)
    assert found.level == WARNING and found.names == ["train1.png"]
    assert "gives 7 pixels" in found.summary
    (found,) = check_sizes(data, pictures[:1])
    assert found.check == "tiny" and found.level == OK


def test_a_crop_limits_the_size(source, opened):
    data = opened(source([[1, 0]]), options=DatasetOptions(crop_size=6))
    (found,) = check_sizes(data, [fine(0, size=(50, 50))])
    assert found.level == WARNING


def test_pictures_without_files_have_no_size(source, opened):
    assert check_sizes(opened(source([[1, 0]])), [fine(0)]) == []


@pytest.fixture
def twins(source, opened):
    return opened(source([[1, 0], [1, 0], [0, 1]]), source([[1, 0]]))


def test_equal_pictures_in_one_split(twins):
    pictures = [
        fine(0, pixels=b"x", content=b"1"),
        fine(1, pixels=b"x", content=b"1"),
        fine(2, pixels=b"y", content=b"3"),
    ]
    found = by_check(check_duplicates(twins, pictures))
    assert found["duplicates"].level == WARNING
    assert found["duplicates"].names == ["train1.png = train0.png"]
    assert "1 the same file" in found["duplicates"].summary
    assert found["duplicates_across_splits"].level == OK
    assert found["contradicting_labels"].level == OK


def test_equal_pixels_across_splits(twins):
    pictures = [
        fine(0, pixels=b"x", content=b"1"),
        fine(0, "held_out", pixels=b"x", content=b"2"),
    ]
    found = by_check(check_duplicates(twins, pictures))
    assert found["duplicates_across_splits"].level == ERROR
    assert "pixels in another file" in found["duplicates_across_splits"].summary
    assert found["duplicates"].level == OK


def test_equal_pictures_with_different_labels(twins):
    found = by_check(
        check_duplicates(twins, [fine(0, pixels=b"x"), fine(2, pixels=b"x")])
    )
    assert found["contradicting_labels"].level == ERROR
    # There are no files to compare, so nothing is said of them.
    assert "file" not in found["contradicting_labels"].summary


def test_pictures_of_unopened_splits_are_compared_without_labels(twins):
    found = by_check(
        check_duplicates(
            twins, [fine(0, pixels=b"x"), fine(9, "", pixels=b"x"), broken(1)]
        )
    )
    assert len(found["duplicates"].names) == 1
    assert found["duplicates_across_splits"].level == OK
    assert found["contradicting_labels"].level == OK


def test_pairs_that_differ_in_three_bits():
    flat = 0xF0F0_F0F0_F0F0_F0F0
    three, four = flat ^ 0b1_0000_0000_0001_0000_0000_0001, flat ^ 0b1111
    far = ~flat & (2**64 - 1)
    assert near_pairs([flat, far, three, four]) == [(0, 2)]
    assert near_pairs([]) == []
    # One bit in each of three parts still leaves the fourth part equal.
    spread = flat ^ (1 | 1 << 20 | 1 << 40)
    assert near_pairs([spread, flat]) == [(0, 1)]


def test_the_first_of_equal_outlines_stands_for_all():
    far = 2**64 - 1
    assert near_pairs([far, 7, 7, 6, 7]) == [(1, 2), (1, 3), (1, 4)]


def test_near_duplicates_leave_equal_pictures_out():
    pictures = [
        fine(0, pixels=b"x", outline=7),
        fine(1, pixels=b"x", outline=7),
        fine(2, pixels=b"y", outline=6),
        fine(3, "held_out", pixels=b"z", outline=7),
        fine(4, pixels=b"w", outline=2**63 - 1),
    ]
    found = by_check(check_near_duplicates(pictures))
    assert found["near_duplicates"].names == ["train2.png ~ train0.png"]
    assert found["near_duplicates_across_splits"].names == [
        "held_out3.png ~ train0.png",
    ]
    assert {finding.level for finding in check_near_duplicates(pictures[4:])} == {OK}
