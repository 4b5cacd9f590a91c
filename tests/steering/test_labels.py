"""What a translation asks of the model."""

import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.errors import InputError
from stargan_tf.steering.labels import (
    Target,
    ToEveryDomain,
    ToTarget,
    all_targets,
    apply_target,
    binarize,
    domain_titles,
    parse_mask,
    parse_target,
)

# Names to labels, on NumPy alone.

HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")
FACES = DatasetInfo("faces", (*HAIR, "Male", "Young"), "binary", 32, (HAIR,))
MOODS = DatasetInfo("moods", ("angry", "happy", "sad"), "one_hot", 32)
TWINS = DatasetInfo("twins", ("Male", "Old"), "binary", 32)
JOINT = LabelSpace([FACES, MOODS])
BROWN_WOMAN = np.float32([0, 0, 1, 0, 0])


def translate(text, source, space=JOINT):
    target = parse_target(text, space)
    info = space.datasets[target.dataset]
    return apply_target(info, source, target.changes).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Blond_Hair", [0, 1, 0, 0, 0]),
        ("Blond_Hair,Young", [0, 1, 0, 0, 1]),
        (" Male=1 , Young ", [0, 0, 1, 1, 1]),
        ("Brown_Hair=0", [0, 0, 0, 0, 0]),
        ("Blond_Hair,Black_Hair=0", [0, 1, 0, 0, 0]),
        ("Male,Male", [0, 0, 1, 1, 0]),
        ("faces.Male", [0, 0, 1, 1, 0]),
    ],
)
def test_names_change_the_label_and_the_rest_stays(text, expected):
    assert translate(text, BROWN_WOMAN) == expected


def test_labels_of_many_pictures_change_at_once_and_the_source_stays():
    source = np.stack([BROWN_WOMAN, [1, 0, 0, 1, 1]])
    assert translate("Blond_Hair", source) == [[0, 1, 0, 0, 0], [0, 1, 0, 1, 1]]
    assert source[1].tolist() == [1, 0, 0, 1, 1]


@pytest.mark.parametrize("text", ["happy", "happy=1", "happy,sad=0"])
def test_one_hot_target_is_just_that(text):
    assert parse_target(text, JOINT).dataset == 1
    assert translate(text, np.float32([0, 0, 1])) == [0, 1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Blond_Hair,Black_Hair", "cannot be on together"),
        ("angry,sad", "cannot be on together"),
        ("Male,Male=0", "both on and off"),
        ("faces.Male,Male=0", "both on and off"),
        ("angry=0", "Exactly one domain of 'moods'"),
        ("Blonde_Hair", "Did you mean Blond_Hair"),
        ("Male,happy", r"one data set at a time.*Male \(faces\), happy \(moods\)"),
        ("", "A target is NAME"),
        ("Male,", "A target is NAME"),
        ("Male=yes", "A target is NAME, NAME=0 or NAME=1.*'Male=yes'"),
        ("=1", "A target is NAME"),
    ],
)
def test_what_cannot_be_meant_is_explained(text, message):
    with pytest.raises(InputError, match=message):
        parse_target(text, JOINT)


def test_a_name_of_two_data_sets_needs_its_data_set():
    space = LabelSpace([FACES, TWINS])
    with pytest.raises(InputError, match=r"faces\.Male"):
        parse_target("Male", space)
    assert parse_target("twins.Male", space) == Target(1, {"Male": 1.0})


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ([0.4, 0.3, 0.2, 0.6, 0.4], [1, 0, 0, 1, 0]),
        ([0.9, 0.95, 0.1, 0.5, 0.0], [0, 1, 0, 1, 0]),
        ([0.1, 0.1, 0.2, 0.1, 0.9], [0, 0, 0, 0, 1]),
    ],
)
def test_probabilities_become_labels(probabilities, expected):
    assert binarize(FACES, np.float32(probabilities)).tolist() == expected
    assert binarize(FACES, np.float32([probabilities]))[0].tolist() == expected
    assert binarize(FACES, np.float32(expected)).tolist() == expected


def test_one_hot_probabilities_become_their_largest():
    assert binarize(MOODS, np.float32([0.3, 0.4, 0.3])).tolist() == [0, 1, 0]


def test_the_papers_grid_switches_hair_and_flips_the_rest():
    targets = all_targets(FACES, np.float32([[1, 0, 0, 1, 0]]))
    assert {name: label[0].tolist() for name, label in targets.items()} == {
        "Black_Hair": [1, 0, 0, 1, 0],
        "Blond_Hair": [0, 1, 0, 1, 0],
        "Brown_Hair": [0, 0, 1, 1, 0],
        "Male": [1, 0, 0, 0, 0],
        "Young": [1, 0, 0, 1, 1],
    }


def test_the_papers_grid_of_one_hot_labels_is_the_identity():
    targets = all_targets(MOODS, np.float32([0, 0, 1]))
    assert np.stack(list(targets.values())).tolist() == np.eye(3).tolist()


def test_names_are_compared_as_characters():
    composed, apart = "Zo\u00eb", "Zoe\u0308"
    for here, typed in ((composed, apart), (apart, composed)):
        info = DatasetInfo("pets", ("cat", here), "one_hot", 32)
        space = LabelSpace([info])
        assert parse_target(typed, space).changes == {composed: 1.0}
        assert parse_target(f"pets.{typed}=1", space).changes == {composed: 1.0}
        assert info.rivals(typed) == ("cat",)
        assert DatasetInfo.from_dict({**info.to_dict(), "domains": ["cat", apart]}) == (
            info
        )
    with pytest.raises(InputError, match="no name twice"):
        DatasetInfo("pets", (composed, apart), "one_hot", 32)


DARK, BRIGHT = (np.full((1, 16, 16, 3), value, np.uint8) for value in (0, 255))


def shown(images):
    """The labels that FakeModel painted."""
    return (images[:, 0, 0].astype(int) - 100).tolist()


def to(model, text, given=None, mask=None):
    space = model.label_space
    given = given and parse_target(given, space)
    return ToTarget(space, parse_target(text, space), given, mask)


def test_what_is_not_named_is_what_the_model_sees(model):
    both = np.concatenate([DARK, BRIGHT])
    assert shown(to(model, "Male")(model, both)[0]) == [[1, 0, 1], [0, 1, 1]]
    assert shown(to(model, "Black_Hair")(model, both)[0]) == [[1, 0, 0], [1, 0, 1]]


def test_what_is_not_named_is_what_the_user_says(model):
    model.classify = None
    translation = to(model, "Male=0", given="Blond_Hair,Male")
    assert shown(translation(model, DARK)[0]) == [[0, 1, 0]]


def test_a_picture_that_is_no_square_is_judged_by_its_centre(model):
    wide = np.zeros((1, 16, 48, 3), np.uint8)
    wide[:, :, 16:32] = 255
    assert shown(to(model, "Male=0")(model, wide)[0]) == [[0, 1, 0]]


def test_one_hot_targets_do_not_ask_what_the_picture_shows(joint):
    joint.classify = None
    assert shown(to(joint, "sad")(joint, DARK)[0]) == [[0, 1, -100]]


def test_the_wrong_mask_reaches_the_model(joint):
    mask = parse_mask("faces", joint.label_space)
    assert shown(to(joint, "happy", mask=mask)(joint, DARK)[0]) == [[1, 0, 100]]


def test_every_domain_of_every_data_set(joint):
    outputs = ToEveryDomain(joint.label_space)(joint, BRIGHT)
    labels = [shown(output)[0] for output in outputs]
    assert labels[:3] == [[1, 0, 1], [0, 1, 1], [0, 1, 0]]
    assert [label[:2] for label in labels[3:]] == [[1, 0], [0, 1]]


def test_titles_say_what_is_flipped(joint):
    titles = ["Black_Hair", "Blond_Hair", "Male on/off", "happy", "sad"]
    assert domain_titles(joint.label_space) == titles


def test_source_and_target_are_of_one_data_set(joint):
    with pytest.raises(InputError, match="--from of 'moods', --to of 'faces'"):
        to(joint, "Male", given="happy")


def test_masks_that_are_none_are_explained(model, joint):
    with pytest.raises(InputError, match="Did you mean faces"):
        parse_mask("face", joint.label_space)
    with pytest.raises(InputError, match="several data sets"):
        parse_mask("faces", model.label_space)
