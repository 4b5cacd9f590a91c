"""What a translation asks of the model."""

import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.targets import parse_target
from stargan_tf.errors import InputError
from stargan_tf.steering.labels import (
    ToEveryDomain,
    ToTarget,
    all_targets,
    domain_titles,
    parse_mask,
)

HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair")
FACES = DatasetInfo("faces", (*HAIR, "Male", "Young"), "binary", 32, (HAIR,))
MOODS = DatasetInfo("moods", ("angry", "happy", "sad"), "one_hot", 32)


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


# The models are `FakeModel`s, which paint what they are asked for.

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
