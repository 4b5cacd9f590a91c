"""Counts, held-out split, labels: what needs no pixels."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stargan_tf.data.files import EMPTY, HIDDEN, FileAudit, IgnoredFile
from stargan_tf.doctor.report import ERROR, OK, WARNING, LabelCount, counts_table
from stargan_tf.doctor.split_checks import (
    check_counts,
    check_evaluation,
    check_files,
    check_labels,
    count_labels,
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
        and "odd (2); a folder without pictures (1)" in found.summary
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
    assert found["double_rows"].summary.startswith("2 pictures")
