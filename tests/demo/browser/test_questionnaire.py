"""The questionnaire's page, from a file, answered by keys and clicks."""

import json
from urllib.parse import quote

import numpy as np
import pytest

from stargan_tf.evaluation.questionnaire import (
    Row,
    write_questionnaire,
)
from stargan_tf.evaluation.votes import count_votes, read_key, read_votes

MODELS = ("first", "second", "third")
PAUSE = 300  # milliseconds after which the page takes an answer


@pytest.fixture
def folder(tmp_path):
    """Four questions and two checks."""
    dice = np.random.default_rng(0)

    def image():
        return dice.integers(0, 256, (24, 24, 3), np.uint8)

    rows = [
        Row(f"{n}.png", target, target, image(), {m: image() for m in MODELS}, image())
        for target in ("cat", "dog")
        for n in range(2)
    ]
    about = {model: {"model": model} for model in MODELS}
    write_questionnaire(rows, about, tmp_path / "page", "style", seed=3)
    return tmp_path / "page"


@pytest.fixture
def shown(folder, opened):
    """(rater) → the page in a browser, and its key's questions in order."""

    def show(rater):
        address = f"{(folder / 'index.html').as_uri()}?rater={quote(rater)}"
        page = opened(address)
        page.wait_for_selector("#begin:visible")
        key = json.loads((folder / "questionnaire.json").read_text())
        return page, key["questions"]

    return show


@pytest.fixture
def opened(browser):
    """Opens a page; it must not fail, and must ask for nothing but its files."""
    contexts, faults, requested = [], [], []

    def open_page(address):
        contexts.append(browser.new_context())
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("requestfailed", lambda request: faults.append(request.url))
        page.on("request", lambda request: requested.append(request.url))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults
    assert all(url.startswith(("file:", "blob:")) for url in requested)


def option(entry, model):
    """The place of a model's picture, or of the right one."""
    names = list(entry["options"])
    if "right" in entry:
        return names.index(entry["right"])
    return list(entry["options"].values()).index(model)


def answer(page, place, by_key):
    page.wait_for_timeout(PAUSE)
    if by_key:
        page.keyboard.press(str(place + 1))
    else:
        page.click(f"#options button:nth-child({place + 1})")


def saved(page, path):
    page.wait_for_selector("#save:visible")
    with page.expect_download() as download:
        page.click("#save")
    download.value.save_as(path)
    return download.value.suggested_filename


def test_answers_come_back_as_votes(folder, shown, tmp_path):
    files = []
    for rater, model, by_key in (("ann", "first", True), ("Bo b,=", "third", False)):
        page, questions = shown(rater)
        page.click("#begin")
        for number, entry in enumerate(questions, 1):
            assert (
                page.inner_text("#number") == f"Question {number} of {len(questions)}"
            )
            assert page.inner_text("#wanted") == entry["target"]
            assert page.is_visible("#reference")
            assert page.locator("#options button").count() == len(MODELS)
            answer(page, option(entry, model), by_key)
        files.append(tmp_path / f"{model}.csv")
        name = saved(page, files[-1])
        assert name == ("votes_ann.csv" if by_key else "votes_Bo_b_.csv")
    key = read_key(folder / "questionnaire.json")
    votes = read_votes(files, key)
    assert {rater for rater, _ in votes} == {"ann", "Bo_b_"}
    assert all(PAUSE / 1000 <= vote.seconds < 60 for vote in votes.values())
    record = count_votes(votes, key)
    assert record["left_out"] == [] and record["incomplete"] == 0
    for result in record["results"]:
        shares = {name: one["share"] for name, one in result["models"].items()}
        assert shares == {"first": 0.5, "second": 0.0, "third": 0.5}


def test_a_vote_can_be_changed_and_survives_a_reload(folder, shown, tmp_path):
    page, questions = shown("")
    page.click("#begin")
    for entry in questions[:2]:
        answer(page, option(entry, "first"), True)
    page.keyboard.press("Backspace")
    pressed = page.locator("#options button[aria-pressed=true]")
    assert pressed.inner_text() == str(option(questions[1], "first") + 1)
    answer(page, option(questions[1], "second"), True)
    page.wait_for_timeout(1000)  # Chromium's storage is in another process.
    page.reload()
    page.click("#begin")
    assert page.inner_text("#number") == f"Question 3 of {len(questions)}"
    for entry in questions[2:]:
        answer(page, option(entry, "second"), True)
    saved(page, tmp_path / "v.csv")
    votes = read_votes([tmp_path / "v.csv"], read_key(folder / "questionnaire.json"))
    ((rater, _), *_) = votes
    assert len(rater) == 12 and len(votes) == len(questions)
    for number, entry in enumerate(questions):
        place = option(entry, "first" if number == 0 else "second")
        chosen = votes[rater, entry["id"]].choice
        assert chosen == list(entry["options"])[place]


def test_a_double_click_and_a_held_key_answer_one_question(shown):
    page, questions = shown("ann")
    page.click("#begin")
    page.wait_for_timeout(PAUSE)
    page.dblclick("#options button:nth-child(1)")
    assert page.inner_text("#number") == f"Question 2 of {len(questions)}"
    page.wait_for_timeout(PAUSE)
    page.keyboard.down("1")
    page.wait_for_timeout(PAUSE)
    page.keyboard.down("1")  # repeats
    assert page.inner_text("#number") == f"Question 3 of {len(questions)}"
    page.keyboard.press("9")
    assert page.inner_text("#number") == f"Question 3 of {len(questions)}"


def test_all_options_have_the_same_size(shown):
    page, _ = shown("ann")
    page.click("#begin")
    page.wait_for_timeout(PAUSE)
    for width in (1200, 700, 390):
        page.set_viewport_size({"width": width, "height": 800})
        images = page.locator("#options img").all()
        boxes = [image.bounding_box() for image in images]
        assert len({(round(b["width"]), round(b["height"])) for b in boxes}) == 1
        assert page.evaluate("document.documentElement.scrollWidth") <= width
