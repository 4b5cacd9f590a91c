"""Labels of one model found again in another."""

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.training.warm_start import matches


def info(name, *domains):
    return DatasetInfo(name, domains, "one_hot", 64)


def test_by_name_whatever_the_data_set():
    ours = LabelSpace(info("mine", "wolf", "dog", "cat"))
    theirs = LabelSpace(info("afhq", "cat", "dog", "wild"))
    assert matches(ours, theirs) == [None, 1, 0]
    assert matches(theirs, theirs) == [0, 1, 2]


def test_mask_entries_follow_their_labels():
    hair, mood = info("hair", "black", "blond"), info("mood", "happy", "sad", "angry")
    both, turned = LabelSpace([hair, mood]), LabelSpace([mood, hair])
    assert matches(turned, both) == [2, 3, 4, 0, 1, 6, 5]
    # One data set has no mask; a new one finds none.
    assert matches(LabelSpace(mood), both) == [2, 3, 4]
    assert matches(both, LabelSpace(mood)) == [None, None, 0, 1, 2, None, None]


def test_names_that_two_data_sets_share():
    one, other = info("one", "a", "same"), info("other", "same", "b")
    both = LabelSpace([one, other])
    assert matches(LabelSpace([other, one]), both)[:4] == [2, 3, 0, 1]
