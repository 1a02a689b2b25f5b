"""What both decoders give, and how they count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sensorium.errors import SensoriumError
from sensorium.ingest.otlp.wire import SPARE
from sensorium.model.signals import Signal
from sensorium.observe import Observe

if TYPE_CHECKING:
    import pyarrow as pa


MOST_ITEMS: Final = 1_000_000
"""Points or records, with the messages around them, that one request may hold."""


class MalformedError(SensoriumError):
    """The bytes are no export request; nothing of them was taken."""

    def __init__(self, message: str = "the body is no OTLP export request") -> None:
        super().__init__(message)


class TooManyError(SensoriumError):
    """The request holds more points or records than are taken at once; nothing was taken."""

    def __init__(self) -> None:
        super().__init__(
            f"one request may hold {MOST_ITEMS:,} points or records", next_step="send less at once"
        )


@dataclass(frozen=True, slots=True)
class Decoded:
    """A request's rows, and how many of its points or records were rejected, by reason.

    ``timed`` says that each of its items stated a time. ``accepted`` MUST be called once the
    rows are durable, and not before.
    """

    signal: Signal
    batch: pa.RecordBatch
    rejected: dict[str, int] = field(default_factory=dict)
    timed: bool = True
    accepted: Callable[[], None] = lambda: None


def padded(body: bytes) -> npt.NDArray[np.uint8]:
    """A copy that may be written to, with bytes to spare at its end."""
    data = np.empty(len(body) + SPARE, np.uint8)
    data[: len(body)] = np.frombuffer(body, np.uint8)
    data[len(body) :] = 0
    return data


class Meters:
    """The counters of one decoder."""

    def __init__(self, observe: Observe, signal: Signal, reasons: tuple[str, ...]) -> None:
        self._reasons = reasons
        self._dropped = observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )
        self._rows = observe.counter(
            "sensorium_otlp_rows", "Rows made of OTLP requests, by signal", ("signal",)
        ).labels(signal.value)
        self._cached = observe.gauge(
            "sensorium_otlp_cached_bytes",
            "Bytes of names kept in memory for OTLP, by signal",
            ("signal",),
        ).labels(signal.value)
        self._forgotten = observe.counter(
            "sensorium_otlp_cache_resets",
            "Times that all names kept for OTLP were forgotten for being too many, by signal",
            ("signal",),
        ).labels(signal.value)

    def forgot(self) -> None:
        """All that was remembered has been forgotten."""
        self._forgotten.inc()

    def took(self, rows: int, cached: int) -> None:
        """A request was decoded."""
        self._rows.inc(rows)
        self._cached.set(cached)

    def count(self, rejections: npt.NDArray[np.int64]) -> dict[str, int]:
        """Count rejections by reason; those that there were."""
        found = zip(self._reasons, rejections.tolist(), strict=True)
        rejected = {reason: number for reason, number in found if number}
        for reason, number in rejected.items():
            self._dropped.labels("otlp", reason).inc(number)
        return rejected
