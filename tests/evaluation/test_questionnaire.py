import csv
import json
import random

import numpy as np
import pytest
from PIL import Image

from stargan_tf.cli.command import CommandParser
from stargan_tf.cli.questionnaire import QUESTIONNAIRE
from stargan_tf.errors import InputError
from stargan_tf.evaluation import questionnaire
from stargan_tf.evaluation.questionnaire import (
    COLUMNS,
    QUESTIONS,
    Row,
    write_questionnaire,
)
from stargan_tf.evaluation.votes import (
    Vote,
    count_votes,
    read_key,
    read_votes,
    votes_table,
    write_votes,
)

MODELS = ("runs/secret_a", "runs/secret_b", "runs/secret_c")
TARGETS = ("Blond_Hair", "-Young,Male")


def picture(*seed, side=32):
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def rows(images=6, reference=False):
    """Questions of which each model's picture is known."""
    return [
        Row(
            f"{image}.png",
            target,
            target.replace("_", " "),
            picture(image),
            {m: picture(image, t, n) for n, m in enumerate(MODELS)},
            picture(99) if reference else None,
            "style.png" if reference else None,
        )
        for t, target in enumerate(TARGETS)
        for image in range(images)
    ]


@pytest.fixture
def made(tmp_path):
    """Writes a questionnaire: flags → its folder."""

    def make(name="page", questions=None, **flags):
        about = {name: {"model": name} for name in MODELS}
        flags = {"asked": "best", **flags}
        write_questionnaire(questions or rows(), about, tmp_path / name, **flags)
        return tmp_path / name

    return make


def opened(folder, name):
    with Image.open(folder / f"pictures/{name}.png") as image:
        return np.asarray(image)


def entries(folder):
    return json.loads((folder / "questionnaire.json").read_text())["questions"]


def save_votes(path, votes):
    """Writes (rater, question, choice, seconds) as the page does."""
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *votes])
    return path


def answers(folder, rater, choose, seconds=2.0):
    """A rater's votes: `choose(entry)` gives the option."""
    return [[rater, e["id"], choose(e), seconds] for e in entries(folder)]


def prefers(model):
    """Chooses a model's pictures, and the right ones of checks."""

    def choose(entry):
        by_model = {model: name for name, model in entry["options"].items()}
        return entry.get("right") or by_model[model]

    return choose


def always_wrong(entry):
    return next(n for n in entry["options"] if n != entry.get("right"))


# === The page ===


def test_each_question_has_every_model_once_and_the_key_finds_it(made):
    folder = made()
    by_place = {(row.image, row.target): row for row in rows()}
    real = [entry for entry in entries(folder) if "right" not in entry]
    assert len(real) == 12
    for entry in real:
        row = by_place.pop((entry["image"], entry["target"]))
        assert sorted(entry["options"].values()) == sorted(MODELS)
        np.testing.assert_array_equal(opened(folder, entry["id"]), row.source)
        for name, model in entry["options"].items():
            np.testing.assert_array_equal(opened(folder, name), row.translations[model])
    assert not by_place


def test_the_page_says_nothing_about_models_and_checks(made):
    folder = made()
    page = (folder / "index.html").read_text()
    assert "secret" not in page and "right" not in page
    names = [path.stem for path in (folder / "pictures").iterdir()]
    assert all(set(name) <= set("0123456789abcdef") for name in names)
    assert all(name in page for name in names)
    assert sorted(path.name for path in folder.iterdir()) == [
        "index.html",
        "pictures",
        "questionnaire.json",
    ]
    for entry in entries(folder):
        assert len(entry["options"]) == len(MODELS)


def test_orders_differ_between_questions_and_seeds(made):
    def orders(folder):
        real = [entry for entry in entries(folder) if "right" not in entry]
        return [tuple(entry["options"].values()) for entry in real]

    one, again, other = made("one"), made("again"), made("other", seed=1)
    assert len(set(orders(one))) > 2
    for file in ("index.html", "questionnaire.json"):
        assert (one / file).read_bytes() == (again / file).read_bytes()
    assert orders(one) != orders(other)
    assert not {e["id"] for e in entries(one)} & {e["id"] for e in entries(other)}


@pytest.mark.parametrize(
    ("images", "checks", "expected"),
    [(2, None, 2), (12, None, 3), (2, 0, 0), (2, 5, 5)],
)
def test_one_question_in_ten_is_a_check(made, images, checks, expected):
    folder = made(questions=rows(images), checks=checks)
    assert sum("right" in entry for entry in entries(folder)) == expected


@pytest.mark.parametrize("reference", [False, True])
def test_the_right_answer_of_a_check_is_obvious(made, reference):
    folder = made(questions=rows(2, reference))
    for entry in entries(folder):
        if "right" not in entry:
            continue
        photo = picture(99) if reference else opened(folder, entry["id"])
        assert set(entry["options"].values()) == {None}
        for name in entry["options"]:
            distance = np.abs(opened(folder, name).astype(int) - photo).mean()
            assert distance == 0 if name == entry["right"] else distance > 40


def test_a_distorted_image_is_made_of_its_tiles_and_noise(monkeypatch):
    monkeypatch.setattr(questionnaire, "NOISE", 0)
    image = picture(1, side=64)
    found = questionnaire._distorted(image, random.Random(0))
    assert not np.array_equal(found, image)
    np.testing.assert_array_equal(np.sort(found, axis=None), np.sort(image, axis=None))


def test_a_name_cannot_end_the_script(made):
    row = rows(1)[0]
    evil = Row("a", "b", "</script><b>", row.source, row.translations)
    page = (made(questions=[evil]) / "index.html").read_text()
    assert "</script><b>" not in page and r"\u003c/script>" in page


def test_a_folder_is_replaced_only_on_request(made):
    made()
    with pytest.raises(InputError, match="exists already"):
        made()
    made(overwrite=True)


def test_the_command_offers_every_question():
    parser = CommandParser("questionnaire", QUESTIONNAIRE, [])
    (action,) = (one for one in parser._actions if one.dest == "question")
    assert set(action.choices) == set(QUESTIONS)


# === The votes ===


def test_shares_of_votes_for_each_target_and_in_all(made, tmp_path):
    folder = made()
    a, b, c = map(prefers, MODELS)
    files = [
        save_votes(tmp_path / "1.csv", answers(folder, "ann", a, 1)),
        save_votes(tmp_path / "2.csv", answers(folder, "bob", a, 3)),
        save_votes(
            tmp_path / "3.csv",
            answers(
                folder, "cid", lambda e: (b if e["target"] == TARGETS[0] else c)(e)
            ),
        ),
        save_votes(tmp_path / "4.csv", answers(folder, "dan", b, 5)),
    ]
    key = read_key(folder / "questionnaire.json")
    record = count_votes(read_votes(files, key), key)
    shares = {
        result["target"]: [one["share"] for one in result["models"].values()]
        for result in record["results"]
    }
    assert shares == {
        TARGETS[0]: [0.5, 0.5, 0.0],
        TARGETS[1]: [0.5, 0.25, 0.25],
        None: [0.5, 0.375, 0.125],
    }
    assert record["raters"] == 4 and record["left_out"] == []
    assert record["median_seconds"] == 2.5 and record["incomplete"] == 0
    for result in record["results"]:
        for one in result["models"].values():
            low, high = one["interval"]
            assert 0 <= low <= one["share"] <= high <= 1
    table = votes_table(record)
    last = [line for line in table.splitlines() if line.startswith("all targets")]
    assert "50.0\N{NO-BREAK SPACE}% (" in last[0]
    write_votes(record, tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text()) == record
    write_votes(record, tmp_path / "r.csv")
    lines = (tmp_path / "r.csv").read_text().splitlines()
    assert len(lines) == 10 and lines[1].startswith("Blond_Hair,runs/secret_a,12,0.5,")


def test_intervals_resample_raters_not_answers(made, tmp_path):
    """Two raters of opposite taste leave nearly everything open."""
    folder = made(questions=rows(20))
    file = save_votes(
        tmp_path / "v.csv",
        [
            *answers(folder, "ann", prefers(MODELS[0])),
            *answers(folder, "bob", prefers(MODELS[1])),
        ],
    )
    key = read_key(folder / "questionnaire.json")
    record = count_votes(read_votes([file], key), key)
    first = record["results"][-1]["models"][MODELS[0]]
    assert first["share"] == 0.5 and first["interval"] == [0.0, 1.0]


def test_raters_who_fail_checks_are_left_out(made, tmp_path):
    folder = made(checks=3)
    key = read_key(folder / "questionnaire.json")
    file = save_votes(
        tmp_path / "v.csv",
        [
            *answers(folder, "careful", prefers(MODELS[0])),
            *answers(folder, "careless", always_wrong),
        ],
    )
    votes = read_votes([file], key)
    record = count_votes(votes, key)
    assert record["left_out"] == ["careless"] and record["raters"] == 1
    assert record["results"][-1]["models"][MODELS[0]]["share"] == 1.0
    assert "attention checks: 1 (careless)" in votes_table(record)
    assert count_votes(votes, key, allow=2)["left_out"] == ["careless"]
    assert count_votes(votes, key, allow=3)["left_out"] == []


def test_the_last_of_several_votes_counts(made, tmp_path):
    folder = made()
    key = read_key(folder / "questionnaire.json")
    first, last = (answers(folder, "ann", prefers(m)) for m in MODELS[:2])
    file = save_votes(tmp_path / "1.csv", [*first, *last])
    votes = read_votes([file, file], key)
    assert len(votes) == len(first)
    record = count_votes(votes, key)
    assert record["results"][-1]["models"][MODELS[1]]["share"] == 1.0
    older = save_votes(tmp_path / "0.csv", first)
    with pytest.raises(InputError, match=r"0.csv and .*1.csv have different votes of"):
        read_votes([older, file], key)


def test_skipped_questions_are_told(made, tmp_path):
    folder = made()
    key = read_key(folder / "questionnaire.json")
    every = answers(folder, "ann", prefers(MODELS[0]))
    record = count_votes(read_votes([save_votes(tmp_path / "v", every[:-1])], key), key)
    assert record["incomplete"] == 1
    assert "Did not answer every question: 1" in votes_table(record)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "its first line is nothing"),
        ("hello\n", "its first line is hello"),
        ("rater,question,choice,seconds\r\n", "it contains no votes"),
        (
            "rater,question,choice,seconds\nann,{id},{choice}\n",
            "line 2: expected rater",
        ),
        ("rater,question,choice,seconds\nann,{id},{choice},fast\n", "ann,.*,fast"),
        ("rater,question,choice,seconds\nann,{id},{choice},inf\n", "ann,.*,inf"),
        (
            "rater,question,choice,seconds\n ,{id},{choice},1\n",
            "line 2: expected rater",
        ),
        ("rater,question,choice,seconds\nann,what,{choice},1\n", "unknown .* what"),
        ("rater,question,choice,seconds\nann,{id},what,1\n", "unknown .* what"),
        (
            'rater,question,choice,seconds\n"ann,{id},{choice},1\n',
            "not a file of votes",
        ),
        ("\udcff\n", "not UTF-8"),
    ],
)
def test_files_that_hold_no_votes(made, tmp_path, text, message):
    folder = made()
    key = read_key(folder / "questionnaire.json")
    entry = entries(folder)[0]
    text = text.format(id=entry["id"], choice=next(iter(entry["options"])))
    (tmp_path / "v.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=message) as raised:
        read_votes([tmp_path / "v.csv"], key)
    assert "v.csv" in str(raised.value) and "\n" not in str(raised.value)


def test_votes_on_another_questionnaire(made, tmp_path):
    other = made("other", rows(3), seed=7)
    file = save_votes(tmp_path / "v.csv", answers(other, "ann", prefers(MODELS[0])))
    key = read_key(made() / "questionnaire.json")
    with pytest.raises(InputError, match="Pass the key of the page"):
        read_votes([file], key)


def test_a_table_saved_by_a_spreadsheet_is_read(made, tmp_path):
    folder = made()
    key = read_key(folder / "questionnaire.json")
    path = save_votes(tmp_path / "v.csv", answers(folder, "Łucja", prefers(MODELS[0])))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert {rater for rater, _ in read_votes([path], key)} == {"Łucja"}


def test_no_valid_rater(made, tmp_path):
    folder = made()
    key = read_key(folder / "questionnaire.json")
    file = save_votes(tmp_path / "v.csv", answers(folder, "ann", always_wrong))
    with pytest.raises(InputError, match="at most 0 wrong .* 1 of 1 raters"):
        count_votes(read_votes([file], key), key)
    checks = [e["id"] for e in entries(folder) if "right" in e]
    votes = {("ann", one): Vote(key.questions[one]["right"], 1.0) for one in checks}
    with pytest.raises(InputError, match="At least one rater"):
        count_votes(votes, key)


@pytest.mark.parametrize(
    "change",
    [
        lambda record: record.update(format=2),
        lambda record: record.pop("models"),
        lambda record: record.update(models=["a", "b", "c"]),
        lambda record: record.update(questions=[]),
        lambda record: record["questions"][0].update(options={}),
        lambda record: record["questions"][0].update(target=None),
        lambda record: record["questions"][0].update(right="gone"),
        lambda record: record["questions"][0].update(id=["a"]),
        lambda record: record["models"].update(more={}),
    ],
)
def test_keys_that_are_broken(made, change):
    path = made() / "questionnaire.json"
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))
    with pytest.raises(InputError, match="is not a key of 'stargan-tf questionnaire'"):
        read_key(path)
