"""One datagram in one system call, on every system."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from typing import Final

import numpy as np

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport.udp.reading import Reading
from sensorium.model.address import V4_PREFIX

_LARGEST: Final = 65_536
_SLAB_BYTES: Final = 4 << 20
_SLAB_DATAGRAMS: Final = 8_192
_ADDRESSES_KEPT: Final = 100_000
_CONTROL_BYTES: Final = 128
_SCM_TIMESTAMPNS: Final = 35


class PlainReader:
    """Reads one datagram after the other into a slab."""

    def __init__(self, clock_ns: Callable[[], int]) -> None:
        self._clock_ns = clock_ns
        self._slab = bytearray(_SLAB_BYTES)
        self._addresses: dict[str, bytes] = {}

    def read(self, opened: socket.socket, port: int) -> Reading:
        """Datagrams until none waits or the slab is full; see :class:`SocketReader`."""
        view = memoryview(self._slab)
        offsets, arrivals = [0], list[int]()
        sources, source_ports = list[bytes](), list[int]()
        at, emptied, truncated, trouble = 0, False, 0, ""
        while len(arrivals) < _SLAB_DATAGRAMS and _SLAB_BYTES - at >= _LARGEST:
            try:
                size, ancillary, flags, sender = opened.recvmsg_into(
                    [view[at : at + _LARGEST]], _CONTROL_BYTES
                )
            except (BlockingIOError, InterruptedError):
                emptied = True
                break
            except OSError as error:
                emptied, trouble = True, str(error)
                break
            if flags & socket.MSG_TRUNC:
                truncated += 1
                continue
            at += size
            offsets.append(at)
            arrivals.append(_arrival(ancillary) or self._clock_ns())
            sources.append(self._packed(sender[0]))
            source_ports.append(sender[1])
        datagrams = Datagrams(
            arrival_ns=np.array(arrivals, np.int64),
            src_addr=np.frombuffer(b"".join(sources), np.uint8).reshape(-1, 16),
            src_port=np.array(source_ports, np.uint16),
            dst_port=np.full(len(arrivals), port, np.uint16),
            offsets=np.array(offsets, np.int64),
            data=np.frombuffer(bytes(view[:at]), np.uint8),
        )
        return Reading(datagrams, emptied, truncated, trouble)

    def _packed(self, text: str) -> bytes:
        packed = self._addresses.get(text)
        if packed is None:
            if len(self._addresses) >= _ADDRESSES_KEPT:
                self._addresses.clear()
            if ":" in text:
                packed = socket.inet_pton(socket.AF_INET6, text.partition("%")[0])
            else:
                packed = V4_PREFIX + socket.inet_pton(socket.AF_INET, text)
            self._addresses[text] = packed
        return packed


def _arrival(ancillary: list[tuple[int, int, bytes]]) -> int:
    """When the kernel says that a datagram came, in Unix nanoseconds; 0 where it does not."""
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == _SCM_TIMESTAMPNS and len(value) == 16:
            seconds, nanoseconds = struct.unpack("=qq", value)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return 0
