"""The promise between a receiver that acknowledges and the part that makes rows durable."""

from __future__ import annotations

import hashlib
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


def request_id(body: bytes, source: bytes = b"") -> bytes:
    """16 bytes that stand for a request's content, and its sender's address."""
    return hashlib.blake2b(body, digest_size=16, key=source).digest()


class Accept(Protocol):
    """Takes the decoded rows of one request, all or nothing."""

    async def __call__(
        self, batches: Sequence[tuple[Signal, pa.RecordBatch]], request_id: bytes = b""
    ) -> None:
        """Return when the rows survive the process's death: then the sender may be answered.

        ``request_id`` is :func:`request_id` of the request's body, where a sender repeats a
        request whose answer it did not get: it is then taken once. :class:`NoRoomError` while
        there is no room; nothing of the request was then taken.
        """
