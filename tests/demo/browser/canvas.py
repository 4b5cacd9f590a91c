"""What the page shows, and what it should show."""

import numpy as np

PIXELS = """id => {
  const canvas = document.getElementById(id);
  const {width, height} = canvas;
  const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
  return {size: [height, width], data: Array.from(data)};
}"""


def pixels(page, canvas):
    """The canvas as RGB, int: differences may be negative."""
    found = page.evaluate(PIXELS, canvas)
    return np.reshape(found["data"], (*found["size"], 4))[..., :3].astype(int)


def distance(one, other):
    """The largest difference, in steps of 255."""
    return np.abs(np.asarray(one, int) - np.asarray(other, int)).max()
