"""How many datagrams a second each source may send: one token bucket apiece."""

from __future__ import annotations

import threading
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import kernel
from sensorium.ingest.transport.source_table import ABSENT, SourceTable

_SOURCES: Final = 65_536
_SECOND: Final = 1_000_000_000


class RateLimit:
    """Lets ``per_second`` datagrams of each source pass, and as many at once after a quiet second.

    At most ``sources`` are told apart. Where there are more, those whose bucket is full are
    forgotten, which changes nothing for them; sources for which there is still no place share
    one bucket. Safe among threads.
    """

    def __init__(self, per_second: float, sources: int = _SOURCES) -> None:
        self._rate = float(per_second)
        self._burst = max(per_second, 1.0)
        self._lock = threading.Lock()
        self._table = SourceTable(sources)
        # One more bucket than places: the last is shared.
        self._tokens = np.full(sources + 1, self._burst, np.float64)
        self._filled_ns = np.zeros(sources + 1, np.int64)
        # Compiles, where nobody has before.
        self.passing(np.empty((0, 16), np.uint8), np.empty(0, np.int64))

    def passing(
        self, src_addr: npt.NDArray[np.uint8], received_ns: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """Which datagrams pass, in order: bool (n,), of addresses, uint8 (n, 16), and Unix ns."""
        passing = np.empty(len(src_addr), np.bool_)
        with self._lock:
            places = self._table.places(src_addr)
            if (places == ABSENT).any() and self._forget_idle(int(received_ns.max())):
                places = self._table.places(src_addr)
            _spend(self._tokens, self._filled_ns, places, received_ns, self._rate, passing)
        return passing

    def _forget_idle(self, now_ns: int) -> bool:
        known = len(self._table)
        elapsed = (now_ns - self._filled_ns[:known]) / _SECOND
        wanted = self._tokens[:known] + elapsed * self._rate < self._burst
        if wanted.all():
            return False
        tokens, filled_ns = self._tokens[:known][wanted], self._filled_ns[:known][wanted]
        self._tokens[:-1], self._filled_ns[:-1] = self._burst, 0
        self._tokens[: len(tokens)], self._filled_ns[: len(tokens)] = tokens, filled_ns
        self._table.keep(wanted)
        return True


@kernel
def _spend(
    tokens: Any, filled_ns: Any, places: Any, received_ns: Any, rate: Any, passing: Any
) -> None:
    burst = max(rate, 1.0)
    for i in range(len(places)):
        at = places[i]  # ABSENT is -1, which is the shared bucket at the end
        # Where the clock was set back, nothing flows in until it has caught up.
        if received_ns[i] > filled_ns[at]:
            elapsed = (received_ns[i] - filled_ns[at]) / 1e9
            tokens[at] = min(burst, tokens[at] + elapsed * rate)
            filled_ns[at] = received_ns[i]
        passing[i] = tokens[at] >= 1.0
        if passing[i]:
            tokens[at] -= 1.0
