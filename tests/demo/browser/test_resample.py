import numpy as np
import pytest
from PIL import Image

from stargan_tf.data.pictures import as_square
from tests.demo.browser.canvas import distance

RESAMPLED = """async ([values, width, height, size]) => {
  const {resampled} = await import('./page/image.js');
  return Array.from(resampled(Uint8ClampedArray.from(values), width, height, size));
}"""
USED = """async ([values, width, height, size, description]) => {
  const {Square, drawn} = await import('./page/image.js');
  const picture = document.createElement('canvas');
  [picture.width, picture.height] = [width, height];
  const pixels = new ImageData(Uint8ClampedArray.from(values), width, height);
  picture.getContext('2d').putImageData(pixels, 0, 0);
  const square = new Square(description);
  square.take(drawn(picture, width, height));
  return Array.from(square.pixels(size));
}"""


@pytest.fixture(scope="module")
def page(browser, site):
    """Any page of that origin; a text starts no model."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(site("v1") + "LICENSE.txt")
    yield page
    context.close()


@pytest.mark.parametrize(
    ("width", "height"), [(100, 100), (33, 33), (20, 20), (32, 32), (100, 20)]
)
def test_pictures_are_resized_as_pillow_does(page, width, height):
    rgba = np.random.default_rng(width).integers(0, 256, (height, width, 4), np.uint8)
    found = page.evaluate(RESAMPLED, [rgba.ravel().tolist(), width, height, 32])
    image = Image.fromarray(rgba[..., :3].copy())
    expected = np.asarray(image.resize((32, 32), Image.Resampling.BILINEAR))
    assert distance(np.reshape(found, (32, 32, 3)), expected) <= 1


@pytest.mark.parametrize("fit", ["crop", "stretch"])
@pytest.mark.parametrize("crop_size", [None, 30])
def test_pictures_are_prepared_as_in_training(page, fit, crop_size):
    rgb = np.random.default_rng(1).integers(0, 256, (40, 80, 3), np.uint8)
    rgba = np.dstack([rgb, np.full((40, 80, 1), 255, np.uint8)])
    how = {"fit": fit, "crop_size": crop_size}
    found = page.evaluate(USED, [rgba.ravel().tolist(), 80, 40, 32, how])
    expected = as_square(Image.fromarray(rgb), 32, crop_size, fit)
    assert distance(np.reshape(found, (32, 32, 3)), np.asarray(expected)) <= 1


@pytest.mark.parametrize("width", [33, 35, 37])
def test_the_center_is_rounded_as_in_training(page, width):
    rgb = np.random.default_rng(1).integers(0, 256, (32, width, 3), np.uint8)
    rgba = np.dstack([rgb, np.full((32, width, 1), 255, np.uint8)])
    how = {"fit": "crop", "crop_size": None}
    found = page.evaluate(USED, [rgba.ravel().tolist(), width, 32, 32, how])
    expected = as_square(Image.fromarray(rgb), 32)
    assert distance(np.reshape(found, (32, 32, 3)), expected) <= 1


def test_crop_size_counts_pixels_of_the_original(page):
    code = """async () => {
      const {Square, drawn} = await import('./page/image.js');
      const square = new Square({fit: 'crop', crop_size: 400});
      const picture = document.createElement('canvas');
      square.take(drawn(picture, 4096, 2048));
      return [square.picture.width, square.side];
    }"""
    assert page.evaluate(code) == [1024, 100]
