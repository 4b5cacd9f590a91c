"""The checks, fed by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stargan_tf.data.files import EMPTY, HIDDEN, FileAudit, IgnoredFile
from stargan_tf.data.options import DatasetOptions
from stargan_tf.doctor import diagnose
from stargan_tf.doctor.checks import (
    check_colors,
    check_counts,
    check_duplicates,
    check_evaluation,
    check_files,
    check_labels,
    check_near_duplicates,
    check_readable,
    check_sizes,
    near_pairs,
)
from stargan_tf.doctor.pictures import Picture
from stargan_tf.doctor.report import (
    ERROR,
    OK,
    WARNING,
    LabelCount,
    count_labels,
    counts_table,
)


def by_check(findings):
    return {finding.check: finding for finding in findings}


def test_domains_are_counted_in_both_splits(source):
    train, held_out = source([[1, 0], [0, 1], [0, 1]]), source([[0, 1]])
    assert count_labels({"train": train, "held_out": held_out}) == [
        LabelCount("a", 1, 1, 0),
        LabelCount("b", 1, 2, 1),
    ]
    assert count_labels({"train": train})[1] == LabelCount("b", 1, 2, 0)


def test_both_values_of_binary_labels_are_counted(source):
    counts = count_labels({"train": source([[1, 0], [1, 1], [1, 0]], kind="binary")})
    assert [(count.name, count.train) for count in counts] == [
        ("a", 3),
        ("without a", 0),
        ("b", 1),
        ("without b", 2),
    ]
    assert counts_table(counts).splitlines()[1].split() == ["a", "3", "0", "0", "0"]


def test_none_one_few_and_enough_pictures():
    counts = [
        LabelCount("none", 1, 0, 0),
        LabelCount("one", 1, 1, 0),
        LabelCount("few", 1, 999, 5),
        LabelCount("enough", 1, 1000, 100),
    ]
    found = by_check(check_counts(counts))
    assert (
        found["no_pictures"].names == ["none"] and found["no_pictures"].level == ERROR
    )
    assert found["single_picture"].names == ["one"]
    assert found["single_picture"].level == ERROR
    assert found["few_pictures"].names == ["few"]
    assert found["few_pictures"].level == WARNING
    (fine,) = check_counts(counts[3:])
    assert fine.level == OK and "1,000" in fine.summary


@pytest.mark.parametrize(("count", "level"), [(31, WARNING), (32, OK)])
def test_the_official_evaluation_needs_32_of_each_domain(source, count, level):
    splits = {"held_out": source([[1, 0]] * count + [[0, 1]] * 40)}
    found = by_check(check_evaluation(splits, count_labels(splits)))
    assert found["held_out_per_label"].level == level
    assert list(found["held_out_per_label"].names) == ([] if level == OK else ["a"])


@pytest.mark.parametrize(("count", "level"), [(2047, WARNING), (2048, OK)])
def test_fid_needs_2048(source, count, level):
    splits = {"held_out": source([[1, 0]] * count)}
    found = by_check(check_evaluation(splits, []))
    assert found["held_out_for_fid"].level == level


def test_a_data_set_without_held_out_pictures_has_none_for_fid(source):
    found = by_check(check_evaluation({"train": source([[1, 0]])}, []))
    assert "0 held-out" in found["held_out_for_fid"].summary


def test_good_labels(source):
    splits = {"train": source([[1, 0]]), "held_out": source([[0, 1]], first=9)}
    (found,) = check_labels(splits)
    assert found.level == OK


def test_one_hot_means_exactly_one(source):
    found = by_check(check_labels({"train": source([[1, 0], [1, 1], [0, 0]])}))
    assert found["one_hot"].names == ["1.png", "2.png"]
    assert found["one_hot"].level == ERROR


def test_exclusive_groups(source):
    labels = [[1, 1, 0], [1, 0, 1], [0, 0, 0]]
    images = source(labels, "abc", "binary", (("a", "b"),))
    (found,) = check_labels({"train": images})
    assert found.check == "exclusive_groups" and found.level == WARNING
    assert found.names == ["0.png"] and "a, b" in found.summary


def test_values_and_names(source):
    images = source([[1, 0], [0, 1]])
    spoilt = replace(images, labels=np.array([[0.5, 0.5], [0, 1]], np.float32))
    found = by_check(check_labels({"train": spoilt, "held_out": images}))
    assert found["label_values"].names == ["0.png"]
    assert found["names_in_both_splits"].names == ["0.png", "1.png"]
    assert found["names_in_both_splits"].level == ERROR


def audit(*ignored, **changes):
    files = tuple(IgnoredFile(name, reason) for name, reason in ignored)
    return FileAudit(Path("data"), ("a.png",), files, **changes)


def test_hidden_files_worry_nobody():
    assert check_files(audit())[0].level == OK
    assert check_files(audit((".DS_Store", HIDDEN)))[0].level == OK


def test_ignored_files_are_counted_by_reason():
    (found,) = check_files(audit(("a.txt", "odd"), ("b.txt", "odd"), ("c/", EMPTY)))
    assert (
        found.level == WARNING
        and "odd (2); a folder without images (1)" in found.summary
    )
    assert found.summary.startswith("2 files") and len(found.names) == 3


def test_mismatches():
    found = by_check(
        check_files(
            audit(
                rows_without_file=("x.png",),
                files_without_row=("a.png",),
                double_rows=("b.png", "c.png"),
            )
        )
    )
    assert found["rows_without_file"].level == WARNING
    assert found["files_without_row"].level == ERROR
    assert found["double_rows"].level == ERROR
    assert found["double_rows"].summary.startswith("2 images")


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
        "1 image of 100 cannot be read. Cannot read it: truncated."
    )
    found = by_check(check_readable(hundred, pictures[:-1]))
    assert found["unreadable"].level == ERROR
    (found,) = check_readable(hundred, pictures[1:])
    assert found.level == OK and found.summary == "All 99 images can be read."
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
    assert found["cmyk"].summary == "1 image is in CMYK."
    assert {finding.level for finding in check_colors([fine(0)])} == {OK}


def test_the_shorter_side_counts(source, opened):
    data = opened(source([[1, 0]]))
    pictures = [fine(0, size=(8, 100)), fine(1, size=(100, 7)), broken(2)]
    (found,) = check_sizes(data, pictures)
    assert found.level == WARNING and found.names == ["train1.png"]
    assert "has 7 pixels" in found.summary
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
    assert "1 equal file" in found["duplicates"].summary
    assert found["duplicates_across_splits"].level == OK
    assert found["contradicting_labels"].level == OK


def test_equal_pixels_across_splits(twins):
    pictures = [
        fine(0, pixels=b"x", content=b"1"),
        fine(0, "held_out", pixels=b"x", content=b"2"),
    ]
    found = by_check(check_duplicates(twins, pictures))
    assert found["duplicates_across_splits"].level == ERROR
    assert (
        "different file with equal pixels" in found["duplicates_across_splits"].summary
    )
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
        fine(5, "", pixels=b"v", outline=7),  # Of an unknown split.
    ]
    found = by_check(check_near_duplicates(pictures))
    near = ["train2.png ~ train0.png", "5.png ~ train0.png"]
    assert found["near_duplicates"].names == near
    assert found["near_duplicates_across_splits"].names == [
        "held_out3.png ~ train0.png",
    ]
    assert {finding.level for finding in check_near_duplicates(pictures[4:5])} == {OK}


def test_values_that_fill_little_of_the_range(tmp_path):
    from tests.data.scans import five_channels, write_tiff

    for domain in "ab":
        (tmp_path / domain).mkdir()
        for i in range(3):
            values = five_channels(i, 8, 12, 801) * (i > 0)
            write_tiff(tmp_path / domain / f"{i}.tif", values)
    options = DatasetOptions(data_dir=str(tmp_path), intensity="full")
    found = by_check(diagnose("folder", (8, 12), options).findings)
    assert found["range"].level == WARNING
    assert "use 1.22 % of the model's range, 0 to" in found["range"].summary
    assert found["range"].fix.startswith("Train with --intensity window:0,")
    assert found["constant"].names == ["a/0.tif", "b/0.tif"]
    wide = DatasetOptions(data_dir=str(tmp_path), intensity="window:0,800")
    assert by_check(diagnose("folder", (8, 12), wide).findings)["range"].level == OK


def test_pixels_without_data_are_not_looked_at(tmp_path):
    for domain in "ab":
        (tmp_path / domain).mkdir()
        for i in range(3):
            values = np.random.default_rng(i).uniform(0, 400, (8, 12))
            values[:2] = -9999
            np.save(tmp_path / domain / f"{i}.npy", values if i else values * 0 - 9999)
    options = DatasetOptions(
        data_dir=str(tmp_path), intensity="window:0,400", invalid_value="-9999"
    )
    found = by_check(diagnose("folder", (8, 12), options).findings)
    assert found["range"].level == OK and not found["constant"].names
    assert found["unreadable"].names == ["a/0.npy", "b/0.npy"]
    assert "no pixel with data" in found["unreadable"].summary
