"""The page with a StarGAN: what it shows is what LiteRT computes in Python."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.pictures import as_square, read_picture, to_float, to_uint8
from stargan_tf.demo.web import write_sample_faces
from stargan_tf.exporting.litert_file import Runner
from tests.demo.browser.canvas import distance, pixels
from tests.demo.browser.conftest import listing, settle
from tests.demo.conftest import FACES

GREEN_NOISE = np.random.default_rng(0).integers(0, 256, (90, 140, 3), np.uint8)
# The browser sums in another order, which may tip a rounding.
ROUNDING = 1


@pytest.fixture(scope="session")
def faces(tmp_path_factory):
    """The faces beside the page: title → (picture, domains that are on)."""
    folder = tmp_path_factory.mktemp("sample") / "faces"
    write_sample_faces(folder, [FACES.to_dict()])
    listing = json.loads((folder / "faces.json").read_text())
    return {
        face["title"]: (read_picture(folder / face["file"]), face["domains"])
        for face in listing
    }


@pytest.fixture(scope="session")
def translated(v1):
    """(square uint8 pixels, {domain: strength}) → the translation."""
    return translations_of(v1)


def translations_of(model):
    runner = Runner(model.files["generator"].read_bytes())
    domains = model.description["domains"]

    def translate(square, strengths):
        labels = np.float32([[strengths.get(name, 0) for name in domains]])
        inputs = {"images": to_float(square[None]), "labels": labels}
        return to_uint8(runner.run("translate", inputs)["images"][0])

    return translate


@pytest.fixture(scope="module")
def page(browser, site):
    """One page for the tests that begin with a picture of their own."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(site("v1"))
    settle(page)
    yield page
    context.close()


def png(array):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return {"name": "noise.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def test_a_drawn_face_is_translated_at_once(opened, faces, translated):
    page = opened("v1")
    assert page.inner_text("#model") == "StarGAN · 32 × 32 px · 5 domains"
    assert page.inner_text("#runs-on") == "WebAssembly, 2 threads"
    assert "ms per image" in page.inner_text("#speed")
    picture, domains = faces["Sample face 1"]
    square = as_square(picture, 32)
    assert distance(pixels(page, "before"), square) <= ROUNDING
    # The hair colour turns to the next one; the rest stays.
    colours = ["Black_Hair", "Blond_Hair", "Brown_Hair"]
    now = next(name for name in colours if name in domains)
    after = colours[(colours.index(now) + 1) % 3]
    on = {name: 1 for name in domains if name != now} | {after: 1}
    shown = pixels(page, "before").astype(np.uint8)
    assert distance(pixels(page, "after"), translated(shown, on)) <= ROUNDING
    assert distance(pixels(page, "after"), square) > 10


def test_a_model_of_gray_images_shows_gray(opened, faces):
    """It changes nothing: what is shown is the picture as Pillow makes it gray."""
    page = opened("gray")
    picture, _ = faces["Sample face 1"]
    expected = np.asarray(Image.fromarray(as_square(picture, 32)).convert("L"))
    shown = pixels(page, "after")
    assert distance(shown, expected[..., None].repeat(3, axis=2)) <= ROUNDING


def test_a_model_of_changes_has_sliders_to_both_sides(opened, changes):
    page = opened("changes")
    assert page.inner_text("#model") == "other · 32 × 32 px · 5 domains"
    assert page.get_by_role("switch").count() == 0
    # The first change is made at once, so that there is something to see.
    slider = page.get_by_role("slider", name="Black hair")
    assert slider.input_value() == "100"
    slider.fill("0")
    young = page.get_by_role("slider", name="Young")
    assert young.get_attribute("min") == "-100"
    young.fill("-40")
    settle(page)
    before = pixels(page, "before").astype(np.uint8)
    expected = translations_of(changes)(before, {"Young": -0.4})
    assert distance(pixels(page, "after"), expected) <= ROUNDING
    page.get_by_role("button", name="Sample face 2").click()
    settle(page)
    assert young.input_value() == "0"


def test_one_hot_labels_are_blended_from_the_known_domain(opened, one_hot):
    page = opened("one_hot")
    titles = {face["domains"][0]: face["title"] for face in listing(page)}
    slider = page.get_by_role("slider", name="Strength of One of")
    page.get_by_role("button", name=titles["man"]).click()
    slider.wait_for(state="hidden")
    page.get_by_label("Woman").check(force=True)
    slider.fill("25")
    settle(page)
    before = pixels(page, "before").astype(np.uint8)
    expected = translations_of(one_hot)(before, {"man": 0.75, "woman": 0.25})
    assert distance(pixels(page, "after"), expected) <= ROUNDING
    # The model does not know children.
    page.get_by_role("button", name=titles["child"]).click()
    slider.wait_for(state="hidden")


def test_a_label_of_a_group_is_blended_from_the_known_one(opened, translated):
    page = opened("v1")
    page.get_by_role("slider", name="Strength of Hair").fill("25")
    settle(page)
    known = dict.fromkeys(listing(page)[0]["domains"], 1)
    hair = next(name for name in FACES.domains[:3] if name in known)
    after = FACES.domains[(FACES.domains.index(hair) + 1) % 3]
    before = pixels(page, "before").astype(np.uint8)
    expected = translated(before, known | {hair: 0.75, after: 0.25})
    assert distance(pixels(page, "after"), expected) <= ROUNDING


def test_a_picture_of_ones_own_and_a_strength(page, translated):
    page.set_input_files("#file", png(GREEN_NOISE))
    page.get_by_label("None", exact=True).check(force=True)
    page.get_by_role("switch", name="Male").uncheck()
    page.get_by_role("slider", name="Strength of Young").fill("40")
    settle(page)
    square = as_square(Image.fromarray(GREEN_NOISE), 32)
    assert distance(pixels(page, "before"), square) <= ROUNDING
    expected = translated(pixels(page, "before").astype(np.uint8), {"Young": 0.4})
    assert distance(pixels(page, "after"), expected) <= ROUNDING
    assert page.get_by_role("switch", name="Young").is_checked()


def test_an_image_that_was_chosen_before_another_does_not_replace_it(page, faces):
    """The first takes a moment to load."""

    def late(route):
        page.wait_for_timeout(300)
        route.continue_()

    url = page.locator(".face img").nth(0).get_attribute("src")
    page.route(url, late)
    page.get_by_role("button", name="Sample face 1").click()
    page.get_by_role("button", name="Sample face 2").click()
    page.wait_for_timeout(500)
    settle(page)
    page.unroute(url)
    square = as_square(faces["Sample face 2"][0], 32)
    assert distance(pixels(page, "before"), square) <= ROUNDING


def test_a_file_that_is_no_picture(page):
    page.get_by_role("button", name="Sample face 2").click()
    settle(page)
    before = pixels(page, "before")
    bad = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no picture"}
    page.set_input_files("#file", bad)
    notice = page.get_by_role("alert")
    notice.wait_for()
    assert "notes.txt is not an image that this browser can read" in notice.inner_text()
    assert distance(pixels(page, "before"), before) == 0
    page.set_input_files("#file", png(GREEN_NOISE))
    notice.wait_for(state="hidden")
    settle(page)
    assert distance(pixels(page, "before"), before) > 10


def test_a_failure_of_an_image_that_was_replaced_is_not_shown(page):
    url = page.locator(".face img").nth(0).get_attribute("src")

    def fail_late(route):
        page.wait_for_timeout(300)
        route.fulfill(status=404)

    page.route(url, fail_late)
    page.get_by_role("button", name="Sample face 1").click()
    page.get_by_role("button", name="Sample face 2").click()
    page.wait_for_timeout(500)
    page.unroute(url)
    assert page.get_by_role("alert").is_hidden()


def test_the_keyboard_crops_and_compares(page):
    page.set_input_files("#file", png(GREEN_NOISE))
    settle(page)
    middle = pixels(page, "before")
    page.get_by_role("application").focus()
    # These are the browser's.
    page.keyboard.press("Alt+ArrowLeft")
    page.keyboard.press("Control+-")
    settle(page)
    assert distance(pixels(page, "before"), middle) == 0
    page.focus("#crop")
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    settle(page)
    left = Image.fromarray(GREEN_NOISE[:, :90])
    assert distance(pixels(page, "before"), as_square(left, 32)) <= ROUNDING
    page.keyboard.press("+")
    settle(page)
    assert float(page.input_value("#zoom")) > 0
    page.focus("#reveal")
    page.keyboard.press("End")
    style = page.get_attribute("#compare", "style")
    assert "--reveal: 100%" in style


def test_dragging_moves_the_square(page):
    page.set_input_files("#file", png(GREEN_NOISE))
    settle(page)
    page.hover("#crop")
    page.mouse.down()
    box = page.locator("#crop").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 3, box["y"] + box["height"] / 2)
    page.mouse.up()
    settle(page)
    left = Image.fromarray(GREEN_NOISE[:, :90])
    assert distance(pixels(page, "before"), as_square(left, 32)) <= ROUNDING


def test_what_is_saved_is_what_is_shown(page):
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == "stargan.png"
    with Image.open(download.value.path()) as saved:
        assert distance(np.asarray(saved.convert("RGB")), pixels(page, "after")) == 0


def test_nothing_is_asked_of_another_host(opened, site, browser):
    context = browser.new_context()
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(site("v1"))
    settle(page)
    context.close()
    assert any(url.endswith(".wasm") for url in asked)
    assert all(url.startswith((site("v1"), "blob:")) for url in asked)


def test_everything_that_can_be_used_has_a_name(opened):
    page = opened("v1", viewport={"width": 390, "height": 844})
    page.click("summary")
    # Chromium's own tree, which leaves out what is not displayed.
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    groups = [node for node in nodes if node.get("role", {}).get("value") == "group"]
    assert "Accelerator" in {node["name"]["value"] for node in groups}
    tree = page.locator("body").aria_snapshot()
    kinds = ("application", "button", "slider", "switch", "radio", "textbox")
    kinds += ("link", "img")
    nameless = [
        line
        for line in tree.splitlines()
        if line.strip(" -:").split(" ")[0] in kinds and '"' not in line
    ]
    assert not nameless
    # A phone scrolls down, never sideways.
    assert page.evaluate("document.documentElement.scrollWidth") == 390
