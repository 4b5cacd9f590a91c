"""What targets in words mean for labels, and that they can name every domain."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from stargan_tf.data.info import DatasetInfo
from stargan_tf.data.labels import LabelSpace
from stargan_tf.data.targets import (
    Target,
    apply_target,
    binarize,
    parse_target,
    vectors_of_targets,
)
from stargan_tf.errors import InputError

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
        ("+Male,-Brown_Hair", [0, 0, 0, 1, 0]),
        (" + Male , - Brown_Hair ", [0, 0, 0, 1, 0]),
        ("Young:0.25", [0, 0, 1, 0, 0.25]),
        ("Blond_Hair:0.25", [0, 0.25, 0.75, 0, 0]),
        ("-Brown_Hair:0.25,Young:1", [0, 0, 0.75, 0, 1]),
        ("-Brown_Hair:0.5,Blond_Hair:0.25", [0, 0.25, 0.25, 0, 0]),
        ("Brown_Hair:0.5", [0, 0, 1, 0, 0]),
        ("Male:0", [0, 0, 1, 0, 0]),
        ('"Male","faces"."Young":0.5', [0, 0, 1, 1, 0.5]),
        ('faces."Male"', [0, 0, 1, 1, 0]),
    ],
)
def test_names_change_the_label_and_the_rest_stays(text, expected):
    assert translate(text, BROWN_WOMAN) == expected


def test_a_one_hot_target_lies_between_the_source_and_the_domain():
    assert translate("happy:0.25", np.float32([0, 0, 1])) == [0, 0.25, 0.75]
    assert translate("happy:0", np.float32([0, 0, 1])) == [0, 0, 1]


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
        ("Blond_Hair,Black_Hair", "exclude each other"),
        ("angry,sad", "exclude each other"),
        ("Male,Male=0", "twice with different values"),
        ("faces.Male,Male=0", "twice with different values"),
        ("angry=0", "must name the domain of 'moods'"),
        ("Blonde_Hair", "Did you mean Blond_Hair"),
        ("Male,happy", r"a single data set.*Male \(faces\), happy \(moods\)"),
        ("", "A target must be NAME"),
        ("Male,", "A target must be NAME"),
        ("Male=yes", r"A target must be NAME, \+NAME.*'Male=yes'"),
        ("Male:much", "A target must be NAME.*'Male:much'"),
        ("-Male=0", "A target must be NAME.*'-Male=0'"),
        ("Male:0.5,Male", "twice with different values"),
        ("Male:1.5", r"strength of 'Male' must be in \[0, 1\].*Received: 1.5"),
        ("Male:nan", "strength of 'Male'"),
        ("Male:-1", "strength of 'Male'"),
        ('"Male', "no domain '\"Male'"),
        ('"Male ",Young', "Did you mean Male"),
        ("moods.Male", "no domain 'moods.Male'"),
        ("=1", "A target must be NAME"),
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
    with pytest.raises(InputError, match="unique names"):
        DatasetInfo("pets", (composed, apart), "one_hot", 32)


# Every mark of the grammar at every place, names inside names, quotes of quotes.
MARKS = ("", " ", ",", ":", "=", "+", "-", ".", '"', "'", "\\", "é", "日本", "a", "0")
ODD_NAMES = tuple(dict.fromkeys(map("".join, itertools.product(MARKS, repeat=2))))
ODD_NAMES += (
    "Hair, blond",
    "a.a.a",
    ' "" ',
    ' , "',
    '19" rack',
    "cat:0.5",
    "cat=1",
    '"cat"',
    "🦊",
)


@pytest.mark.parametrize("names", [["odd"], ["odd", "+a.b"], ["a", "a.a", "a.a.a"]])
def test_every_name_can_be_written(names):
    infos = [DatasetInfo(name, ODD_NAMES, "binary", 32) for name in names]
    space = LabelSpace(infos)
    for dataset, domain in itertools.product(range(len(infos)), ODD_NAMES[:-1]):
        name = space.written(dataset, domain)
        assert space.find(name) == (dataset, domain)
        for text, shift in ((name, 1), (f"{name}:0.5", 0.5), (f" - {name} ", -1)):
            if text.strip() not in ODD_NAMES:
                assert parse_target(text, space) == Target(dataset, {domain: shift})
        listed = parse_target(f"{name},{space.written(dataset, '🦊')}=0", space)
        assert listed == Target(dataset, {domain: 1, "🦊": -1})


def test_names_are_quoted_only_where_they_must_be():
    names = ("Blond_Hair", "long hair", "a.b", "x-y", "Hair, blond", "0", "-a", "it's")
    space = LabelSpace(DatasetInfo("set", names, "binary", 32))
    written = [space.written(0, name) for name in names]
    assert written[:4] == list(names[:4])
    assert written[4:] == ['"Hair, blond"', "0", '"-a"', "it's"]
    twice = LabelSpace([FACES, DatasetInfo("my, twins", ("Male",), "binary", 32)])
    assert twice.written(0, "Male") == "faces.Male"
    assert twice.written(0, "Young") == "Young"
    assert twice.written(1, "Male") == '"my, twins".Male'
    assert twice.find('"my, twins".Male') == (1, "Male")


def test_every_target_of_the_documentation_can_be_read():
    names = ("Blond_Hair", "Young", "Hair, blond")
    infos = [DatasetInfo(name, names, "binary", 32) for name in ("my set", "faces")]
    spaces = [LabelSpace(infos[1]), LabelSpace(infos)]
    page = (Path(__file__).parents[2] / "docs" / "targets.md").read_text("utf-8")
    rows = [row.split("|")[1] for row in page.splitlines() if row.startswith("| `")]
    texts = [text for row in rows for text in re.findall("`([^`]+)`", row)]
    assert len(texts) >= 10
    for text in texts:
        assert parse_target(text, spaces["s." in text or '".' in text]).changes


def test_what_is_exactly_a_name_is_that_name():
    names = ("cat", "dog", "cat,dog", "-cat", "cat:0.5", "dog=0")
    space = LabelSpace(DatasetInfo("pets", names, "binary", 32))
    for name in names:
        assert parse_target(name, space).changes == {name: 1.0}
    assert parse_target("dog,-cat", space).changes == {"dog": 1.0, "-cat": 1.0}
    assert parse_target('"dog",-"cat"', space).changes == {"dog": 1.0, "cat": -1.0}
    assert parse_target('"cat":0.5', space).changes == {"cat": 0.5}


def test_each_image_has_its_target():
    """The model sees Male in bright images; it is asked once for each target."""

    class Model:
        label_space, calls = JOINT, 0

        def classify(self, images, dataset):
            self.calls += 1
            columns = len(JOINT.datasets[dataset].domains)
            labels = np.zeros((len(images), columns), np.float32)
            labels[:, -2] = images[:, 0, 0, 0]
            return labels

    images = np.zeros((3, 32, 64, 3), np.float32)
    images[1:] = 1.0
    model = Model()
    vectors = vectors_of_targets(model, images, ["Young", "happy", "Young"])
    assert vectors.tolist() == [
        [0, 0, 0, 0, 1, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, 0, 1, 0, 0, 1],
        [0, 0, 0, 1, 1, 0, 0, 0, 1, 0],
    ]
    assert model.calls == 1
    (half, _, _) = vectors_of_targets(model, images, ["sad:0.5"])[:, 5:8].tolist()
    assert half == [0.5, 0, 0.5]  # Where all are equally likely, the first.
    with pytest.raises(InputError, match="3 images, 2 targets"):
        vectors_of_targets(model, images, ["Young", "Male"])
    with pytest.raises(InputError, match="32 px.*Received: 64 x 64"):
        vectors_of_targets(model, np.zeros((1, 64, 64, 3)), ["Young"])
