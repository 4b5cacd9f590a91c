"""Plugins by name, found through entry points of installed packages.

Listing reads package metadata only. A plugin is imported on first use, so that a broken
one affects only those who use it. What this package provides is declared in
`pyproject.toml` in the same way.

The environment variable `STARGAN_TF_DISABLE_PLUGINS` disables plugins: names of
packages or of entry points, separated by commas.
"""

import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import Any

from stargan_tf.errors import InputError, near_names

# Of `stargan_tf.plugin`; raised when the interface changes incompatibly.
API_VERSION = 1
OURS = "stargan_tf"
DISABLE = "STARGAN_TF_DISABLE_PLUGINS"


@dataclass(frozen=True)
class Plugin:
    """A name provided by installed packages, which are not imported.

    Args:
        name: of the entry points.
        points: one entry point, or several if packages claim the same name.
    """

    name: str
    points: tuple[EntryPoint, ...]

    @property
    def ambiguous(self) -> bool:
        """Whether several packages claim the name."""
        return len(self.points) > 1

    @property
    def is_ours(self) -> bool:
        """Whether this package provides it."""
        return any(_name(point.dist) == OURS for point in self.points)

    @property
    def packages(self) -> tuple[str, ...]:
        """Name and version of each package that provides it: `"flowers 1.0"`."""
        return tuple(f"{_name(p.dist)} {p.dist.version}" for p in self.points)

    @property
    def summary(self) -> str:
        """The summary of the package; empty if it has none."""
        return self.points[0].dist.metadata.get("Summary") or ""


@dataclass(frozen=True)
class Group:
    """An entry-point group and the class of its entries.

    Args:
        name: of the group.
        noun: what messages call an entry.
        expected: `module:class` of the entries; the class has `name` and
            `api_version`.
    """

    name: str
    noun: str
    expected: str

    def installed(self) -> dict[str, Plugin]:
        """Name → plugin for all that are installed and not disabled, sorted."""
        names = os.environ.get(DISABLE, "").split(",")
        off = {_normal(name) for name in names if name.strip()}
        points: dict[str, list[EntryPoint]] = {}
        for point in _entry_points(self.name):
            if not off & {_normal(point.name), _normal(_name(point.dist))}:
                points.setdefault(point.name, []).append(point)
        return {name: Plugin(name, tuple(points[name])) for name in sorted(points)}

    def load(self, name: str) -> Any:
        """Imports one plugin."""
        plugins = self.installed()
        if name not in plugins:
            raise InputError(self._unknown(name, list(plugins)))
        plugin = plugins[name]
        if plugin.ambiguous:
            others = [n for p in plugin.points if (n := _name(p.dist)) != OURS]
            raise InputError(
                f"The {self.noun} '{name}' is claimed by {len(plugin.points)} packages:"
                f" {', '.join(plugin.packages)}. Uninstall all but one, or disable the "
                f"others, such as {DISABLE}={others[-1]}"
            )
        point = plugin.points[0]
        package = _name(point.dist)
        start = f"The {self.noun} '{name}' ({point.value}) of the package "
        start += plugin.packages[0]
        end = f"Update or uninstall {package}, or disable it: {DISABLE}={package}"
        try:
            entry = point.load()
        # A plugin may fail in any way, even by exiting.
        except (Exception, SystemExit) as error:
            reason = f"{type(error).__name__}: {error}"
            raise InputError(f"{start} cannot be imported: {reason}. {end}") from error
        base = EntryPoint("expected", self.expected, self.name).load()
        if isinstance(entry, type):
            expected, received = f"an object of {base.__name__}", f"the class {entry!r}"
        elif not isinstance(entry, base):
            expected = f"an object of {base.__name__}"
            received = f"an object of {type(entry)!r}"
        elif (version := getattr(entry, "api_version", None)) != API_VERSION:
            expected = f"api_version={API_VERSION} of stargan_tf.plugin"
            received = f"api_version={version!r}"
        elif (its_name := getattr(entry, "name", None)) != name:
            expected, received = f"name={name!r}", f"name={its_name!r}"
        else:
            return entry
        raise InputError(
            f"{start} cannot be used. Expected: {expected}. Received: {received}. {end}"
        )

    def _unknown(self, name: str, known: list[str]) -> str:
        if any(point.name == name for point in _entry_points(self.name)):
            off = os.environ.get(DISABLE)
            return f"The {self.noun} '{name}' is disabled by {DISABLE}={off}."
        if not known:
            # A checkout that is not installed, or whose metadata are outdated.
            return f"There is no {self.noun}. Install stargan_tf with pip, again."
        return f"There is no {self.noun} '{name}'. {near_names(name, known)}"


DATASETS = Group("stargan_tf.datasets", "data set", "stargan_tf.data.dataset:Dataset")
MODELS = Group(
    "stargan_tf.models",
    "model family",
    "stargan_tf.models.family:ModelFamily",
)
STEERINGS = Group("stargan_tf.steerings", "steering", "stargan_tf.steering:Steering")
LANDMARKS = Group(
    "stargan_tf.landmarks",
    "landmark provider",
    "stargan_tf.faces.providers:LandmarkProvider",
)


def _entry_points(group: str) -> Iterator[EntryPoint]:
    """Every package's entry points of a group.

    Not `importlib.metadata.entry_points`, which fails for all packages if the
    metadata of one are damaged.
    """
    seen = set()
    for package in distributions():
        text = package.read_text("entry_points.txt") or ""
        if group not in text or _normal(_name(package)) in seen:
            continue
        # The first on the path is the one that is imported.
        seen.add(_normal(_name(package)))
        try:
            yield from package.entry_points.select(group=group)
        except Exception as error:
            warnings.warn(
                f"The entry points of the package {_name(package)} cannot be read "
                f"({type(error).__name__}: {error}) and are skipped.",
                stacklevel=2,
            )


def _name(package: Distribution) -> str:
    return package.metadata.get("Name") or "without a name"


def _normal(name: str) -> str:
    """A name as package indexes normalize it."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()
