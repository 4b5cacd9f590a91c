"""The paper's grids and the strip, with a model without TensorFlow."""

import numpy as np
import pytest

from stargan_tf.errors import InputError
from stargan_tf.steering.styles import random_styles
from stargan_tf.translation.grid import GAP, MARGIN, WIDE_GAP, Heading
from stargan_tf.translation.interpolation import (
    along_the_way,
    interpolation_strip,
    latent_grid,
    reference_grid,
)

CELL = 112  # what 16 pixels are enlarged to


def width(columns, breaks):
    return 2 * MARGIN + columns * (CELL + GAP) - GAP + breaks * (WIDE_GAP - GAP)


def area(grid, value):
    return (np.asarray(grid) == value).all(axis=-1).sum() / CELL**2


@pytest.fixture
def sources():
    return np.full((2, 16, 16, 3), 7, np.uint8)


def test_a_latent_grid_has_a_block_for_each_domain(animals, sources):
    grid = latent_grid(animals, sources, [3, 4])
    assert grid.width == width(columns=1 + 3 * 2, breaks=3)
    assert area(grid, 7) == 2
    style = random_styles(["dog"], [4]).codes(animals)
    assert area(grid, animals.translate(sources, style, 2)[0, 0, 0]) == 2


def test_sources_may_be_floats(animals, sources):
    floats = sources.astype(np.float32) / 127.5 - 1
    ours, theirs = (latent_grid(animals, x, [1], 0.5) for x in (sources, floats))
    np.testing.assert_array_equal(ours, theirs)


def test_references_stand_above_their_columns(animals, sources):
    references = np.full((3, 16, 16, 3), 200, np.uint8)
    grid = reference_grid(animals, sources, references, ["cat", 2, "fox"])
    assert grid.width == width(columns=4, breaks=2)
    assert area(grid, 200) == 3 and area(grid, 7) == 2
    with pytest.raises(InputError, match="3 references and 1 domains"):
        reference_grid(animals, sources, references, ["cat"])


def test_a_strip_leads_from_style_to_style(animals, sources):
    strip = interpolation_strip(animals, sources[0], "cat", [1, 2], steps=5)
    assert strip.width == width(columns=6, breaks=1)
    assert area(strip, 7) == 1
    assert len(animals.calls) == 5


def test_a_strip_names_the_styles_it_comes_by(animals):
    styles = random_styles(["cat"], [1, 2, 3])
    way = along_the_way(animals, styles, 5)
    titles = ["cat, seed 1", "", "cat, seed 2", "", "cat, seed 3"]
    assert way.columns.titles == titles
    np.testing.assert_allclose(way.codes[::2], styles.codes(animals), rtol=1e-5)


def test_a_heading_moves_aside_for_the_inputs():
    heading = Heading("ab", [np.zeros((4, 4, 3), np.uint8)] * 2, [1]).after_input()
    assert heading.titles == ["input", "a", "b"] and heading.breaks == [1, 2]
    assert heading.pictures[0].min() == 255
