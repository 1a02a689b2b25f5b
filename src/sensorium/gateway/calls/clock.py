"""The time of calls, from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """``now`` counts seconds and never goes back; ``wall_ns`` is nanoseconds since 1970."""

    now: Callable[[], float] = time.monotonic
    wall_ns: Callable[[], int] = time.time_ns
