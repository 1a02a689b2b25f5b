"""What answers a call of one gRPC method, as bytes in and bytes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose message has arrived whole and is decompressed.

    ``source`` is the sender's address, 16 bytes; ``arrival_ns`` Unix ns.
    """

    message: bytes
    source: bytes
    arrival_ns: int


class RefusedCallError(Exception):
    """A call is answered with a status other than OK.

    ``code`` is gRPC's number. With ``retry_after_s`` the sender is told to come again then.
    """

    def __init__(self, code: int, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_s = retry_after_s


class Method(Protocol):
    """One method of one service."""

    async def __call__(self, call: Call) -> bytes:
        """The answer's message.

        :class:`RefusedCallError` for another status; NoRoomError becomes ``RESOURCE_EXHAUSTED``
        with the time to wait, and any other exception ``INTERNAL``.
        """


class Details(Protocol):
    """Encodes what stands beside a status for machines, as trailing metadata."""

    def __call__(
        self, code: int, message: str, retry_after_s: float
    ) -> tuple[tuple[str, bytes], ...]:
        """Names and values."""
