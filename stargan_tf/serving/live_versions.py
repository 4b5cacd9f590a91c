"""The newest version in a model's folder is served; new ones replace it."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from stargan_tf.errors import InputError
from stargan_tf.serving.live_model import LiveModel
from stargan_tf.serving.refusal import Refusal
from stargan_tf.serving.versions import versions

LOADING, AVAILABLE, END = 20, 30, 50  # ModelVersionStatus.State

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VersionState:
    """What GetModelStatus says of a version.

    Args:
        state: of `ModelVersionStatus.State`.
        error: why it could not be loaded, if so.
    """

    state: int
    error: str = ""


class LiveVersions:
    """Watches a folder and keeps its newest good version loaded.

    A new version is loaded beside the old one, which is let go when its last request
    is answered: no request fails in between. A version that cannot be loaded is
    reported once, and the old one stays.

    Args:
        name: the model's name.
        folder: with the version folders.
        load: (version, its folder) → `LiveModel`.
    """

    def __init__(self, name: str, folder: Path, load: Callable[[int, Path], LiveModel]):
        self.name = name
        self.states: dict[int, VersionState] = {}
        self._folder, self._load = folder, load
        self._live: LiveModel | None = None
        self._bad: dict[int, int] = {}  # version → when its folder was made
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None

    @contextmanager
    def use(self, version: int | None = None) -> Iterator[LiveModel]:
        """The live version, kept loaded meanwhile.

        Args:
            version: a number; None takes the newest.

        Raises:
            Refusal: NOT_FOUND, if that version is not live.
        """
        while (live := self._live) and version in (None, live.version):
            if live.enter():
                with live.used():
                    yield live
                return
        wanted = f"Latest({self.name})"
        if version is not None:
            wanted = f"Specific({self.name}, {version})"
        raise not_found(wanted)

    def refresh(self) -> None:
        """Loads the newest version, unless it is live, or known to be bad.

        If the live one was removed, that is an older one.
        """
        newest = max(versions(self._folder), default=None)
        current = self._live.version if self._live else None
        if newest is None or newest == current:
            return
        folder = self._folder / str(newest)
        made = folder.stat().st_mtime_ns
        if self._bad.get(newest) == made:
            return
        self.states[newest] = VersionState(LOADING)
        try:
            fresh = self._load(newest, folder)
        except InputError as error:
            self._bad[newest] = made
            self.states[newest] = VersionState(END, str(error))
            _log.warning("version %d is not served: %s", newest, error)
            return
        self.states[newest] = VersionState(AVAILABLE)
        self._replace(fresh)

    def _replace(self, fresh: LiveModel | None) -> None:
        old, self._live = self._live, fresh
        if old:
            self.states[old.version] = VersionState(END)
            old.retire()

    def watch(self, seconds: float) -> None:
        """Refreshes again and again, in a thread.

        Args:
            seconds: from one look to the next.
        """

        def look() -> None:
            while not self._stop.wait(seconds):
                try:
                    self.refresh()
                except Exception:
                    # Whatever it is, the version that is live goes on being served.
                    _log.exception("could not look for versions")

        self._watcher = threading.Thread(target=look, daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Stops watching, lets the model go."""
        self._stop.set()
        if self._watcher:
            self._watcher.join()
        self._replace(None)


def not_found(wanted: str) -> Refusal:
    """The refusal of a model or version that is not there.

    Args:
        wanted: such as `Latest(faces)`.
    """
    return Refusal(
        grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {wanted}"
    )
