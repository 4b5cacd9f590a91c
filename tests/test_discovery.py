"""Plugins by name: what is found, and that a broken one disturbs nobody."""

import sys

import pytest

from stargan_tf import discovery
from stargan_tf.discovery import DATASETS, MODELS
from stargan_tf.errors import InputError

GROUP = DATASETS.name
SOUND = """
from stargan_tf.plugin import Dataset, one_hot

class Flowers(Dataset):
    def load(self, split, image_size, options):
        raise NotImplementedError

def make(name="flowers", api_version=1):
    return Flowers(
        api_version=api_version, name=name, description="Flowers.", license="free",
        citation="none", obtain="Buy some.", labels=one_hot("rose", "tulip"),
    )

FLOWERS = make()
OTHER_NAME = make(name="roses")
LATER = make(api_version=2)
"""


@pytest.fixture(autouse=True)
def nothing_switched_off(monkeypatch):
    monkeypatch.delenv(discovery.DISABLE, raising=False)


def flowers(installed_package, value="flowers_pkg:FLOWERS", code=SOUND, **more):
    entries = {GROUP: {"flowers": value}}
    return installed_package("flowers-pkg", code, entries, **more)


def test_a_stranger_s_and_our_own_in_one_list(installed_package):
    flowers(installed_package, summary="Flowers to train on.")
    plugins = DATASETS.installed()
    assert list(plugins) == sorted(plugins) and {"flowers", "folder"} <= set(plugins)
    found = plugins["flowers"]
    assert found.packages == ("flowers-pkg 1.0",) and not found.ambiguous
    assert found.summary == "Flowers to train on."
    assert plugins["folder"].packages[0].startswith("stargan_tf ")
    assert {"stargan", "stargan_v2"} <= set(MODELS.installed())


def test_listing_imports_nothing(installed_package, monkeypatch):
    flowers(installed_package)
    monkeypatch.delitem(sys.modules, "flowers_pkg", raising=False)
    DATASETS.installed()
    assert "flowers_pkg" not in sys.modules
    assert DATASETS.load("flowers").description == "Flowers."
    assert "flowers_pkg" in sys.modules


@pytest.fixture(autouse=True)
def fresh_module(monkeypatch):
    """Each test writes its own module of that name."""
    monkeypatch.delitem(sys.modules, "flowers_pkg", raising=False)
    yield
    sys.modules.pop("flowers_pkg", None)


@pytest.mark.parametrize(
    ("value", "code", "messages"),
    [
        (
            "flowers_pkg:FLOWERS",
            "import no_such_thing",
            ["ModuleNotFoundError: No mod"],
        ),
        ("flowers_pkg:FLOWERS", "raise SystemExit(3)", ["SystemExit: 3"]),
        ("flowers_pkg:FLOWERS", "1 +", ["SyntaxError"]),
        ("flowers_pkg:ROSES", SOUND, ["AttributeError", "no attribute 'ROSES'"]),
        ("nowhere:FLOWERS", SOUND, ["No module named 'nowhere'"]),
        ("flowers_pkg:Flowers", SOUND, ["Expected: an object of Dataset", "the class"]),
        (
            "flowers_pkg:FLOWERS",
            "FLOWERS = {}",
            ["Expected: an object of Dataset. Received: an object of <class 'dict'>"],
        ),
        (
            "flowers_pkg:LATER",
            SOUND,
            ["Expected: api_version=1", "Received: api_version=2"],
        ),
        (
            "flowers_pkg:OTHER_NAME",
            SOUND,
            ["Expected: name='flowers'. Received: name='roses'"],
        ),
    ],
)
def test_a_broken_one_is_named_and_disturbs_nobody(
    installed_package, value, code, messages
):
    flowers(installed_package, value, code)
    assert "flowers" in DATASETS.installed()
    assert DATASETS.load("folder").name == "folder"
    with pytest.raises(InputError) as caught:
        DATASETS.load("flowers")
    text = str(caught.value)
    where = f"The data set 'flowers' ({value}) of the package flowers-pkg 1.0 can"
    off = "or disable it: STARGAN_TF_DISABLE_PLUGINS=flowers-pkg"
    for message in (where, *messages, off):
        assert message in text


def test_two_packages_with_one_name(installed_package, monkeypatch):
    flowers(installed_package)
    entries = {GROUP: {"flowers": "more:FLOWERS", "herbs": "more:HERBS"}}
    installed_package("more", "", entries, version="2.1")
    found = DATASETS.installed()
    assert found["flowers"].ambiguous and not found["herbs"].ambiguous
    with pytest.raises(InputError) as caught:
        DATASETS.load("flowers")
    text = str(caught.value)
    assert "claimed by 2 packages" in text
    assert (
        "flowers-pkg 1.0" in text and "more 2.1" in text and discovery.DISABLE in text
    )
    monkeypatch.setenv(discovery.DISABLE, " More ")
    assert DATASETS.load("flowers").name == "flowers"


def test_one_package_found_twice_is_one(installed_package):
    flowers(installed_package)
    flowers(installed_package, folder="older", version="0.9")
    # The last put on the path comes first, as in an import.
    assert DATASETS.installed()["flowers"].packages == ("flowers-pkg 0.9",)


@pytest.mark.parametrize("off", ["flowers_pkg", "Flowers-PKG", "x, flowers", "flowers"])
def test_switched_off_by_package_or_name(installed_package, monkeypatch, off):
    flowers(installed_package, code="import no_such_thing")
    monkeypatch.setenv(discovery.DISABLE, off)
    assert "flowers" not in DATASETS.installed()
    with pytest.raises(InputError, match="'flowers' is disabled by STARGAN_TF_DIS"):
        DATASETS.load("flowers")
    assert "folder" in DATASETS.installed()


def test_damaged_metadata_of_one_package(installed_package):
    flowers(installed_package)
    place = installed_package("bad", "", {GROUP: {"bad": "bad:BAD"}}, folder="bad")
    (place / "bad-1.0.dist-info/entry_points.txt").write_text(f"[{GROUP}]\nno value\n")
    with pytest.warns(UserWarning, match="entry points of the package bad cannot be"):
        assert "flowers" in DATASETS.installed()


def test_an_unknown_name_names_near_ones():
    with pytest.raises(InputError, match="no data set 'foldr'. Did you mean folder"):
        DATASETS.load("foldr")
    with pytest.raises(InputError, match="no model family 'stargan_v3'. Did you mean"):
        MODELS.load("stargan_v3")


def test_a_checkout_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(discovery, "distributions", lambda: iter(()))
    with pytest.raises(InputError, match="There is no data set. Install stargan_tf"):
        DATASETS.load("folder")
