"""The page with a StarGAN v2: styles by seed, by reference, and between."""

import numpy as np
import pytest

from stargan_tf.data.pictures import to_float, to_uint8
from stargan_tf.exporting.litert_file import Runner
from tests.demo.browser.canvas import distance, pixels
from tests.demo.browser.conftest import settle

ROUNDING = 1
SHOWN = ".style-card canvas"


@pytest.fixture(scope="session")
def networks(v2):
    """The exported networks in Python."""
    generator = Runner(v2.files["generator"].read_bytes())
    style = Runner(v2.files["style"].read_bytes())

    def synthesize(picture, styles):
        inputs = {"images": to_float(picture[None]), "styles": styles}
        return to_uint8(generator.run("synthesize", inputs)["images"][0])

    return synthesize, lambda name, inputs: style.run(name, inputs)["styles"]


def shown(page, domain):
    """(the picture, its domain as one-hot) as the page sends them."""
    return pixels(page, "before").astype(np.uint8), np.eye(3, dtype=np.float32)[
        [domain]
    ]


def latents(page, seed):
    code = "async s => Array.from((await import('./page/styles.js')).normal(s, 3))"
    return np.float32([page.evaluate(code, seed)])


def test_a_seed_and_what_lies_between_two(opened, networks):
    synthesize, style = networks
    page = opened("v2")
    page.get_by_label("Child").check(force=True)
    page.get_by_label("Seed of style A").fill("7")
    page.get_by_label("Seed of style A").press("Tab")
    settle(page)
    picture, child = shown(page, 2)
    codes = [
        style("map_latent", {"latents": latents(page, seed), "domains": child})
        for seed in (7, 2)
    ]
    assert distance(pixels(page, "after"), synthesize(picture, codes[0])) <= ROUNDING
    page.get_by_label("Interpolation between the styles").fill("30")
    settle(page)
    between = np.float32(0.7 * codes[0] + 0.3 * codes[1])
    assert distance(pixels(page, "after"), synthesize(picture, between)) <= ROUNDING


def test_the_page_begins_with_the_style_of_a_sample_face(opened):
    page = opened("v2")
    page.locator(SHOWN).first.wait_for()
    assert page.get_by_label("Seed of style A").input_value() == ""
    assert page.get_by_label("Seed of style B").input_value() == "2"


def test_less_variety_is_nearer_to_the_mean(opened, networks, v2):
    synthesize, _ = networks
    page = opened("v2")
    page.get_by_label("Man", exact=True).check(force=True)
    page.get_by_label("Variety").fill("0")
    settle(page)
    picture, _ = shown(page, 1)
    mean = np.float32([v2.description["mean_styles"][1]])
    assert distance(pixels(page, "after"), synthesize(picture, mean)) <= ROUNDING


def test_a_reference(opened, networks, v2):
    synthesize, style = networks
    page = opened("v2")
    page.get_by_label("Woman").check(force=True)
    page.get_by_label("Style A of Sample face 2").click()
    page.locator(SHOWN).first.wait_for()
    settle(page)
    picture, woman = shown(page, 0)
    reference = page.evaluate(
        """() => {
          const canvas = document.querySelector('.style-card canvas');
          const {data} = canvas.getContext('2d').getImageData(0, 0, 64, 64);
          return Array.from(data);
        }"""
    )
    rgb = np.reshape(reference, (64, 64, 4))[..., :3].astype(np.uint8)
    inputs = {"references": to_float(rgb[None]), "domains": woman}
    expected = synthesize(picture, style("encode_style", inputs))
    assert distance(pixels(page, "after"), expected) <= ROUNDING


def test_the_error_of_a_style_is_cleared_by_the_next(opened):
    page = opened("v2")
    bad = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    page.set_input_files(".style-card input[type=file] >> nth=0", bad)
    page.get_by_role("alert").wait_for()
    page.get_by_label("Style A of Sample face 2").click()
    page.get_by_role("alert").wait_for(state="hidden")


def test_a_random_style_is_another(opened):
    page = opened("v2", "Math.random = () => 0.5")
    before = pixels(page, "after")
    page.get_by_role("button", name="Random style A").click()
    assert page.get_by_label("Seed of style A").input_value() == "5000"
    settle(page)
    assert distance(pixels(page, "after"), before) > 0
