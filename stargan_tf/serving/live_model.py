"""A loaded version while it is served: counted users, batching, a quiet end."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from stargan_tf.serving.batcher import Batcher
from stargan_tf.serving.batching_config import Batching


class LiveModel:
    """Closes its model when it is retired and the last request is answered.

    Args:
        version: its number.
        model: a `LoadedModel`.
        batching: how requests are joined; None computes each by itself.
    """

    def __init__(self, version: int, model: Any, batching: Batching | None):
        self.version, self.model = version, model
        self._batching = batching
        self._batchers: dict[str, Batcher] = {}
        self._lock = threading.Lock()
        self._users, self._retired = 0, False

    @property
    def max_rows(self) -> int | None:
        """The largest batch that is answered; None for any."""
        return self._batching and self._batching.max_rows

    @contextmanager
    def used(self) -> Iterator["LiveModel"]:
        """While a request is answered."""
        try:
            yield self
        finally:
            with self._lock:
                self._users -= 1
                last = self._retired and not self._users
            if last:
                self._close()

    def enter(self) -> bool:
        """Counts one more user; False if the model is retired."""
        with self._lock:
            self._users += not self._retired
            return not self._retired

    def retire(self) -> None:
        """No more requests; the ones that run are finished."""
        with self._lock:
            idle = not self._retired and not self._users
            self._retired = True
        if idle:
            self._close()

    def run(
        self, signature: str, inputs: Mapping[str, np.ndarray], timeout: float | None
    ) -> dict[str, np.ndarray]:
        """Computes a signature's outputs, with others that come at the same time.

        Args:
            signature: its name.
            inputs: {input: array}.
            timeout: seconds that it may wait for its turn.
        """
        if self._batching is None:
            return self.model.run(signature, inputs)
        with self._lock:
            if signature not in self._batchers:
                run = partial(self.model.run, signature)
                self._batchers[signature] = Batcher(run, self._batching)
        return self._batchers[signature].run(inputs, timeout)

    def _close(self) -> None:
        for batcher in self._batchers.values():
            batcher.close()
        self.model.close()
