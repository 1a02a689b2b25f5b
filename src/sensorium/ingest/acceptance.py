"""The promise between a receiver that acknowledges and the part that makes rows durable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from sensorium.errors import SensoriumError

if TYPE_CHECKING:
    import pyarrow as pa

    from sensorium.model.signals import Signal


class NoRoomError(SensoriumError):
    """Nothing more can be taken at the moment; the sender should try again later."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Accept(Protocol):
    """Takes the decoded rows of one request, all or nothing."""

    async def __call__(self, batches: Sequence[tuple[Signal, pa.RecordBatch]]) -> None:
        """Return when the rows survive the process's death: then the sender may be answered.

        :class:`NoRoomError` while there is no room; nothing of the request was then taken.
        """
