"""A slab of datagrams: what every transport hands to every decoder, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.model.signals import Signal

LARGEST_DATAGRAM = 65_535
"""What UDP carries at most, in bytes."""


@dataclass(frozen=True, slots=True)
class Datagrams:
    """``n`` datagrams in one buffer.

    ``arrival_ns`` int64 (n,), Unix nanoseconds; ``src_addr`` uint8 (n, 16); ``src_port`` and
    ``dst_port`` uint16 (n,); datagram ``i`` is ``data[offsets[i]:offsets[i + 1]]`` with
    ``offsets`` int64 (n + 1,) and ``data`` uint8. ``session`` int64 (n,) are the numbers of
    transport sessions (:mod:`sensorium.ingest.sessions`), None where there are none; a session
    ends with a datagram of no bytes.
    """

    arrival_ns: npt.NDArray[np.int64]
    src_addr: npt.NDArray[np.uint8]
    src_port: npt.NDArray[np.uint16]
    dst_port: npt.NDArray[np.uint16]
    offsets: npt.NDArray[np.int64]
    data: npt.NDArray[np.uint8]
    session: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.arrival_ns)

    def payload(self, index: int) -> bytes:
        """The bytes of one datagram."""
        return self.data[self.offsets[index] : self.offsets[index + 1]].tobytes()

    @staticmethod
    def of(
        payloads: Sequence[bytes],
        *,
        arrival_ns: Sequence[int] | npt.NDArray[np.int64],
        src_addr: Sequence[bytes],
        src_port: Sequence[int] | npt.NDArray[np.uint16] | int = 0,
        dst_port: Sequence[int] | npt.NDArray[np.uint16] | int = 0,
        session: Sequence[int] | npt.NDArray[np.int64] | int | None = None,
    ) -> Datagrams:
        """Pack separate payloads into a slab; one address and port apiece, or one for all."""
        n = len(payloads)
        offsets = np.zeros(n + 1, np.int64)
        np.cumsum([len(p) for p in payloads], out=offsets[1:])
        return Datagrams(
            arrival_ns=np.asarray(arrival_ns, np.int64),
            src_addr=np.frombuffer(b"".join(src_addr), np.uint8).reshape(n, 16),
            src_port=np.broadcast_to(np.asarray(src_port, np.uint16), n),
            dst_port=np.broadcast_to(np.asarray(dst_port, np.uint16), n),
            offsets=offsets,
            data=np.frombuffer(b"".join(payloads), np.uint8),
            session=(
                None if session is None else np.broadcast_to(np.asarray(session, np.int64), n)
            ),
        )

    def between(self, start: int, stop: int) -> Datagrams:
        """Datagrams ``start`` to ``stop`` (not included), sharing this slab's bytes."""
        first = self.offsets[start]
        return Datagrams(
            arrival_ns=self.arrival_ns[start:stop],
            src_addr=self.src_addr[start:stop],
            src_port=self.src_port[start:stop],
            dst_port=self.dst_port[start:stop],
            offsets=self.offsets[start : stop + 1] - first,
            data=self.data[first : self.offsets[stop]],
            session=None if self.session is None else self.session[start:stop],
        )

    def select(self, mask: npt.NDArray[np.bool_]) -> Datagrams:
        """The datagrams where ``mask`` (bool, (n,)) is true, in order, in a slab of their own."""
        if mask.all():
            return self
        lengths = np.diff(self.offsets)
        offsets = np.zeros(int(mask.sum()) + 1, np.int64)
        np.cumsum(lengths[mask], out=offsets[1:])
        return Datagrams(
            arrival_ns=self.arrival_ns[mask],
            src_addr=self.src_addr[mask],
            src_port=self.src_port[mask],
            dst_port=self.dst_port[mask],
            offsets=offsets,
            data=self.data[np.repeat(mask, lengths)],
            session=None if self.session is None else self.session[mask],
        )


class DatagramDecoder(Protocol):
    """Turns datagrams of one protocol family into one signal's rows.

    It MUST accept any bytes without raising, count what it could not use by reason, keep its
    per-exporter state (templates) itself, and give the same rows for the same datagrams however
    they were divided into slabs.
    """

    signal: Signal

    def decode(self, datagrams: Datagrams) -> pa.RecordBatch:
        """Decode all datagrams; the batch has the signal's schema and may have no rows."""
