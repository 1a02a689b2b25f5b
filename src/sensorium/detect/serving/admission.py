"""Who is let in: so many requests a minute of one caller, so many at once, so many bytes in hand.

For one event loop; nothing here waits or locks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sensorium.detect.serving.config import ServingConfig
from sensorium.detect.serving.refusal import Reason, RefusedError

CALLERS: Final = 10_000
"""So many callers are remembered; of others the one that asked longest ago is forgotten."""
_COME_AGAIN_S: Final = 1.0


class Admission:
    """Counts what is under way against the settings; ``clock_s`` only ever goes forward."""

    def __init__(self, config: ServingConfig, clock_s: Callable[[], float]) -> None:
        self._config = config
        self._clock_s = clock_s
        self._allowed: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.requests = 0
        self.bytes = 0
        self.scoring = 0

    @contextmanager
    def request(self, caller: str) -> Iterator[Held]:
        """A request from its head to its answer; RefusedError where there is no room for it."""
        self._within_rate(caller)
        if self.requests >= self._config.max_requests:
            raise _busy(f"{self.requests:,} requests are in progress")
        self.requests += 1
        held = Held(self)
        try:
            yield held
        finally:
            self.requests -= 1
            self.bytes -= held.size

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A request that has arrived, until it is scored; RefusedError where too many wait."""
        if self.scoring >= self._config.workers + self._config.queue:
            raise _busy(f"{self.scoring:,} requests are being scored or wait for it")
        self.scoring += 1
        try:
            yield
        finally:
            self.scoring -= 1

    def take(self, size: int) -> None:
        """Hold more bytes; RefusedError where there is no room."""
        if self.bytes + size > self._config.max_held_bytes:
            raise _busy("too much is in hand")
        self.bytes += size

    def _within_rate(self, caller: str) -> None:
        """Take one of the caller's requests: a minute's worth at once, more as time passes."""
        a_minute = float(self._config.requests_per_minute)
        if not a_minute:
            return
        now = self._clock_s()
        left, since = self._allowed.pop(caller, (a_minute, now))
        left = min(left + (now - since) * a_minute / 60.0, a_minute)
        if left >= 1.0:
            self._allowed[caller] = (left - 1.0, now)
            if len(self._allowed) > CALLERS:
                self._allowed.popitem(last=False)
            return
        self._allowed[caller] = (left, now)
        raise RefusedError(
            429,
            Reason.RATE,
            f"{self._config.requests_per_minute:,} requests a minute are allowed",
            next_step="send more rows in one request, or ask for a higher limit",
            retry_after_s=(1.0 - left) * 60.0 / a_minute,
        )


class Held:
    """The bytes of one request."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self.size = 0

    def take(self, size: int) -> None:
        """Hold more; RefusedError where there is no room."""
        self._admission.take(size)
        self.size += size


def _busy(message: str) -> RefusedError:
    return RefusedError(
        429, Reason.BUSY, message, next_step="send again later", retry_after_s=_COME_AGAIN_S
    )
