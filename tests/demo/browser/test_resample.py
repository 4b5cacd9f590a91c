import numpy as np
import pytest
from PIL import Image

from tests.demo.browser.canvas import distance

RESAMPLED = """async ([values, side, size]) => {
  const {resampled} = await import('./page/resample.js');
  return Array.from(resampled(Uint8ClampedArray.from(values), side, size));
}"""


@pytest.fixture(scope="module")
def page(browser, sites):
    """Any page of that origin; a text starts no model."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(sites["v1"] + "LICENSE.txt")
    yield page
    context.close()


@pytest.mark.parametrize(("side", "size"), [(100, 32), (33, 32), (20, 32), (32, 32)])
def test_pictures_are_resized_as_pillow_does(page, side, size):
    rgba = np.random.default_rng(side).integers(0, 256, (side, side, 4), np.uint8)
    found = page.evaluate(RESAMPLED, [rgba.ravel().tolist(), side, size])
    image = Image.fromarray(rgba[..., :3].copy())
    expected = np.asarray(image.resize((size, size), Image.Resampling.BILINEAR))
    assert distance(np.reshape(found, (size, size, 3)), expected) <= 1
