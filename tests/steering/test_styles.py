"""Styles of seeds, of references and of files, with a model without TensorFlow."""

import numpy as np
import pytest

from stargan_tf.data.source import UnreadableImage
from stargan_tf.errors import InputError
from stargan_tf.steering.style_files import load_styles, read_stored, save_styles
from stargan_tf.steering.styles import (
    CODES_AT_ONCE,
    MAX_STYLES,
    StylePath,
    ToStyles,
    latent_grid,
    linear,
    random_styles,
    read_references,
    reference_grid,
    spherical,
)
from stargan_tf.translation.grid import GAP, MARGIN, WIDE_GAP, Heading
from stargan_tf.translation.interpolation import along_the_way, interpolation_strip
from stargan_tf.translation.pictures import Fitting
from tests.translation.toy import pictures_of

# The way from style to style.

POINTS = np.array([[3.0, 0.0], [0.0, 3.0], [-3.0, 0.0]])


def path(points=POINTS, blend=linear):
    return StylePath(points, blend, np.asarray)


def test_an_open_way_goes_from_the_first_to_the_last():
    styles = path().styles(5)
    assert styles.dtype == np.float32
    np.testing.assert_allclose(styles[[0, 2, 4]], POINTS)
    np.testing.assert_allclose(styles[1], [1.5, 1.5])


def test_a_closed_way_leads_back_without_a_repeated_frame():
    styles = path().styles(6, closed=True)
    np.testing.assert_allclose(styles[::2], POINTS)
    np.testing.assert_allclose(styles[5], [0.0, 0.0], atol=1e-6)


def test_the_way_is_smooth():
    steps = np.linalg.norm(np.diff(path(POINTS[:2]).styles(101), axis=0), axis=1)
    assert steps[0] < 0.05 * steps.max() and steps[-1] < 0.05 * steps.max()
    assert np.abs(np.diff(steps)).max() < 0.04 * steps.max()


def test_on_the_arc_the_length_stays():
    styles = path(blend=spherical).styles(41)
    np.testing.assert_allclose(np.linalg.norm(styles, axis=1), 3.0, rtol=1e-5)
    lengths = np.linalg.norm(
        path(POINTS * [[1], [2], [3]], spherical).styles(9), axis=1
    )
    assert (np.diff(lengths) > 0).all()


def test_equal_and_opposite_codes_have_no_arc():
    points = np.array([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
    styles = path(points, spherical).styles(13)
    assert np.isfinite(styles).all()
    np.testing.assert_allclose(styles[::4][:4], points[[0, 1, 2, 3]], atol=1e-6)


def test_one_style_or_one_step_is_no_way():
    with pytest.raises(InputError, match="two styles. Received: 1"):
        path(POINTS[:1])
    with pytest.raises(InputError, match="2 steps. Received: 1"):
        path().styles(1)


# The paper's grids and the strip, with a model without TensorFlow.

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


def test_a_strength_starts_from_each_image_s_own_style(animals):
    images = np.zeros((2, 16, 16, 3), np.uint8)
    images[1] = 255  # own styles as a fox: (0, 0, 2) and (1, 1, 2)
    codes = np.float32([[1, 0, 1], [0, 1, 0]])
    half = ToStyles(codes, Heading(["a", "b"]), strength=0.5, source_domain="fox")
    drawn = np.stack(half(animals, images))[:, :, 0, 0]
    assert drawn.tolist() == [
        [[110, 100, 130], [120, 110, 130]],
        [[100, 110, 120], [110, 120, 120]],
    ]


def test_a_heading_moves_aside_for_the_inputs():
    heading = Heading("ab", [np.zeros((4, 4, 3), np.uint8)] * 2, [1]).after_input()
    assert heading.titles == ["input", "a", "b"] and heading.breaks == [1, 2]
    assert heading.pictures[0].min() == 255


DOMAINS = ("cat", "dog", "fox")


def test_a_seed_is_a_style_whatever_is_beside_it(animals):
    styles = random_styles(["fox", "cat"], [7, 8])
    codes = styles.codes(animals)
    assert codes.dtype == np.float32
    assert styles.domains == ["fox", "fox", "cat", "cat"]
    assert styles.names[0] == "fox_seed7" and styles.columns.titles[3] == "cat, seed 8"
    assert styles.columns.breaks == [2]
    latents = np.random.default_rng(8).standard_normal((1, 4))
    np.testing.assert_allclose(codes[3:], animals.map_latents(latents, "cat"))
    np.testing.assert_allclose(codes[1], codes[3] + 2, rtol=1e-6)


def test_truncation_reaches_the_model(animals):
    codes = random_styles(["dog"], [1, 2], truncation=0.0).codes(animals)
    np.testing.assert_array_equal(codes, np.ones((2, 3)))
    with pytest.raises(InputError, match=r"\[0, 1\].*Received: 1.5"):
        random_styles(["dog"], [1], truncation=1.5)
    with pytest.raises(InputError, match=r"must be 0 or greater.*-1"):
        random_styles(["dog"], [-1])


def test_a_long_way_is_mapped_in_parts(animals):
    sizes = []
    mapped = animals.map_latents
    animals.map_latents = lambda z, *rest: sizes.append(len(z)) or mapped(z, *rest)
    styles = random_styles(["dog"], [1, 2]).path_through(animals).styles(200)
    assert styles.shape == (200, 3) and max(sizes) == CODES_AT_ONCE
    with pytest.raises(InputError, match="needs a single domain.*dog, cat"):
        random_styles(["dog", "cat"], [1, 2]).path_through(animals)


def test_references_know_their_domain_by_flag_or_folder(animals, paint, tmp_path):
    paint("refs/fox/a.png", value=255)
    paint("refs/cat/a.png")
    read = read_references(
        [str(tmp_path / "refs")], Fitting(pictures_of(16)), DOMAINS, None
    )
    assert list(read.domains) == ["cat", "fox"]
    assert read.names == ["by_a_1", "by_a_2"]
    assert read.columns.pictures[1].max() == 255 and read.columns.breaks == [1]
    np.testing.assert_array_equal(read.codes(animals), [[0, 0, 0], [1, 1, 2]])
    one = [str(tmp_path / "refs" / "fox" / "a.png")]
    assert read_references(one, Fitting(pictures_of(16)), DOMAINS, "dog").domains == [
        "dog"
    ]


def test_references_that_cannot_be_used(paint, tmp_path):
    def read(name, domain="cat"):
        read_references(
            [str(tmp_path / name)], Fitting(pictures_of(16)), DOMAINS, domain
        )

    paint("cats/a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match="no reference '.*gone.png'"):
        read("gone.png")
    with pytest.raises(UnreadableImage, match="b.png"):
        read("b.png")
    with pytest.raises(InputError, match="given by --to.*Did you mean cat"):
        read("cats", domain=None)
    for number in range(MAX_STYLES + 1):
        (tmp_path / "cats" / f"{number}.png").touch()
    with pytest.raises(InputError, match="At most 200 targets"):
        read("cats")


def test_styles_come_back_from_a_file(animals, tmp_path):
    codes = random_styles(DOMAINS, [1]).codes(animals)
    path = save_styles(tmp_path / "new" / "s.npz", codes, DOMAINS, animals)
    loaded = load_styles(path, animals)
    np.testing.assert_array_equal(loaded.styles, codes)
    assert loaded.domains == DOMAINS == loaded.model_domains
    assert [p.name for p in path.parent.iterdir()] == ["s.npz"]
    foxes = read_stored(str(path), "stargan_v2", DOMAINS, "fox")
    np.testing.assert_array_equal(foxes.codes(animals), codes[2:])
    assert foxes.names == ["s1"] and foxes.domains == ("fox",)
    everything = read_stored(str(path), "stargan_v2", DOMAINS, None)
    assert everything.columns.breaks == [1, 2]
    assert everything.path_through(animals).styles(4).shape == (4, 3)


def test_styles_of_another_model_are_refused(animals, tmp_path):
    path = save_styles(tmp_path / "s.npz", np.ones((2, 3)), "cat", animals)
    with pytest.raises(InputError, match="stargan_v2 model with cat, dog, fox"):
        read_stored(str(path), "stargan_v2", ("cat", "dog"), None)
    with pytest.raises(InputError, match="styles of cat only. Received: --to dog"):
        read_stored(str(path), "stargan_v2", DOMAINS, "dog")
    animals.style_dim = 5
    with pytest.raises(InputError, match="must be 5 wide.*of width 3"):
        load_styles(path, animals)
    with pytest.raises(InputError, match="of width 3"):
        read_stored(str(path), "stargan_v2", DOMAINS, None).codes(animals)


def test_what_is_no_style_file(animals, tmp_path):
    good = save_styles(tmp_path / "s.npz", np.ones((1, 3)), "cat", animals)
    (tmp_path / "cut.npz").write_bytes(good.read_bytes()[:-30])
    (tmp_path / "text.npz").write_text("style")
    (tmp_path / "empty.npz").touch()
    np.savez(tmp_path / "other.npz", style=np.ones((1, 3)))
    np.savez(tmp_path / "pickle.npz", format=np.array(1, object), style=np.ones(3))
    np.save(tmp_path / "array.npy", np.ones(3))
    fields = dict(np.load(good))
    for name, style in (("flat", np.ones(3, "f4")), ("nan", np.full((1, 3), np.nan))):
        np.savez(tmp_path / f"{name}.npz", **{**fields, "style": style})
    for path in tmp_path.iterdir():
        if path != good:
            with pytest.raises(InputError, match="Cannot read the style file"):
                load_styles(path)
    with pytest.raises(InputError, match="No such file"):
        load_styles(tmp_path / "gone.npz")


def test_styles_that_do_not_fit_are_not_saved(animals, tmp_path):
    for styles, domains, message in (
        (np.ones((2, 3)), ["cat"], "one domain each"),
        (np.ones(3), "cat", "one domain each"),
        (np.ones((1, 2)), "cat", "one domain each"),
        (np.ones((1, 3)), "cta", "Did you mean cat"),
    ):
        with pytest.raises(InputError, match=message):
            save_styles(tmp_path / "s.npz", styles, domains, animals)
    with pytest.raises(InputError, match="must end in .npz"):
        save_styles(tmp_path / "s.npy", np.ones((1, 3)), "cat", animals)
    assert not list(tmp_path.iterdir())
