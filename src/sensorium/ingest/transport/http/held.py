"""How much is in hand: requests in progress and the bytes of their bodies."""

from __future__ import annotations

from sensorium.ingest.transport.http.config import HttpConfig
from sensorium.ingest.transport.http.guard import RefusedError

_COME_AGAIN_S = 1


class Held:
    """Admits requests and their bytes up to the settings' bounds. For one event loop."""

    def __init__(self, config: HttpConfig) -> None:
        self._max_requests = config.max_requests
        self._max_bytes = config.max_held_bytes
        self.requests = 0
        self.bytes = 0

    def admit(self) -> None:
        """Begin a request; RefusedError with 429 where too many are in progress."""
        if self.requests >= self._max_requests:
            raise busy("too many requests at once")
        self.requests += 1

    def release(self, size: int) -> None:
        """End a request that held ``size`` bytes."""
        self.requests -= 1
        self.bytes -= size

    def take(self, size: int) -> int:
        """Hold more bytes and return them; RefusedError with 429 where there is no room."""
        if self.bytes + size > self._max_bytes:
            raise busy("too much in hand")
        self.bytes += size
        return size


def busy(message: str, retry_after_s: float = _COME_AGAIN_S) -> RefusedError:
    """The refusal of what may be sent again later."""
    seconds = max(1, -int(-retry_after_s // 1))
    return RefusedError(429, "busy", message, {"Retry-After": str(seconds)})
