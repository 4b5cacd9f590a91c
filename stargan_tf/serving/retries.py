"""When a request is sent again: the server is not there, and may come back."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Retries:
    """Retries after UNAVAILABLE, with waits that double.

    Only then: every other status would come again, or the request may have been
    computed already.

    Args:
        seconds: how long after the first attempt an attempt may still start; 0 for no
            retries. The deadline of the request ends it too.
        first_wait: seconds before the second attempt.
        longest_wait: seconds.
    """

    seconds: float = 20.0
    first_wait: float = 0.1
    longest_wait: float = 2.0


@dataclass
class Attempts:
    """The attempts at one request.

    Args:
        timeout: seconds for all of them.
        retries: when there is another.
        clock: seconds, rising.
    """

    timeout: float
    retries: Retries
    clock: Callable[[], float] = time.monotonic
    _started: float = field(init=False)
    _wait: float = field(init=False)

    def __post_init__(self) -> None:
        self._started, self._wait = self.clock(), self.retries.first_wait

    @property
    def remaining(self) -> float:
        """Seconds left until the deadline."""
        return self.timeout - (self.clock() - self._started)

    def wait_before_next(self, code: str) -> float | None:
        """How long to wait, or None if there is no further attempt.

        Args:
            code: name of the status that the last attempt ended with.
        """
        # Clients that lost the same server must not come back all at once.
        wait = self._wait * random.uniform(0.5, 1.0)
        passed = self.clock() - self._started + wait
        if code != "UNAVAILABLE" or passed >= min(self.retries.seconds, self.timeout):
            return None
        self._wait = min(2 * self._wait, self.retries.longest_wait)
        return wait
