"""Many datagrams in one system call: recvmmsg(2) with UDP_GRO (udp(7)), on Linux."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport.udp.gather import (
    CONTROL_LENGTH,
    FLAGS,
    NAME_LENGTH,
    gather,
    measure,
)
from sensorium.ingest.transport.udp.reading import Reading

_LARGEST: Final = 65_536
# A row is a little longer than the largest message, so that rows do not share cache sets.
_STRIDE: Final = _LARGEST + 33 * 64
_NAME_BYTES: Final = 32
_CONTROL_BYTES: Final = 128
_MOST: Final = 1_024
_FEWEST: Final = 32
# About what stays in a processor's cache between the kernel's copy and ours.
_SLAB_BYTES: Final = 1 << 20
_ROOMS: Final = 32


@cache
def receive_many() -> Callable[..., int] | None:
    """The C library's recvmmsg; None where there is none, or its structures are not as here."""
    fits = sys.platform == "linux" and sys.byteorder == "little"
    if not fits or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    try:
        function = ctypes.CDLL(None, use_errno=True).recvmmsg
    except (OSError, AttributeError):
        return None
    pointer, number = ctypes.c_void_p, ctypes.c_int
    function.argtypes = (number, pointer, ctypes.c_uint, number, pointer)
    function.restype = number
    called: Callable[..., int] = function
    return called


class BatchedReader:
    """Reads up to a thousand messages at a time, each of one or, with UDP_GRO, more datagrams.

    ``receive`` is recvmmsg or what does the same. Memory is touched only as far as messages
    reach: some MiB for plain datagrams, 66 MiB at most.
    """

    def __init__(self, receive: Callable[..., int], clock_ns: Callable[[], int]) -> None:
        self._receive = receive
        self._clock_ns = clock_ns
        self._scratch = np.empty((_MOST, _STRIDE), np.uint8)
        self._names = np.zeros((_MOST, _NAME_BYTES), np.uint8)
        self._controls = np.zeros((_MOST, _CONTROL_BYTES // 4), np.uint32)
        self._iovecs = np.zeros((_MOST, 2), np.uint64)
        self._headers = np.zeros((_MOST, 16), np.uint32)
        self._sizes = np.zeros(_MOST, np.int64)
        self._arrivals = np.zeros(_MOST, np.int64)
        self._wanted = _MOST // 4
        self._rooms: list[npt.NDArray[np.uint8]] = []
        self._point()
        self._slab(0, 0)  # compiles, where nobody has before: not while datagrams wait

    def _point(self) -> None:
        self._iovecs[:, 0] = _rows(self._scratch)
        self._iovecs[:, 1] = _LARGEST
        # msg_name, msg_namelen, msg_iov, msg_iovlen, msg_control, msg_controllen, msg_flags,
        # msg_len; each eight bytes with its padding.
        words = self._headers.view(np.uint64)
        words[:, 0] = _rows(self._names)
        words[:, 2] = _rows(self._iovecs)
        words[:, 3] = 1
        words[:, 4] = _rows(self._controls)

    def read(self, opened: socket.socket, port: int) -> Reading:
        """One system call's worth; see :class:`SocketReader`."""
        wanted, headers = self._wanted, self._headers
        headers[:wanted, NAME_LENGTH] = _NAME_BYTES
        headers[:wanted, CONTROL_LENGTH] = _CONTROL_BYTES
        headers[:wanted, FLAGS] = 0
        count = self._receive(
            opened.fileno(), headers.ctypes.data, wanted, socket.MSG_DONTWAIT, None
        )
        error = ""
        if count < 0:
            number, count = ctypes.get_errno(), 0
            if number not in (errno.EAGAIN, errno.EINTR):
                error = os.strerror(number)
        datagrams, truncated = self._slab(count, port)
        if count:
            each = len(datagrams.data) // count + 1
            self._wanted = min(max(_SLAB_BYTES // each, _FEWEST), _MOST)
        return Reading(datagrams, count < wanted, truncated, error)

    def _slab(self, count: int, port: int) -> tuple[Datagrams, int]:
        headers, sizes, arrivals = self._headers, self._sizes, self._arrivals
        n, size, truncated = measure(headers, self._controls, count, sizes, arrivals)
        slab = Datagrams(
            arrival_ns=np.empty(n, np.int64),
            src_addr=np.empty((n, 16), np.uint8),
            src_port=np.empty(n, np.uint16),
            dst_port=np.full(n, port, np.uint16),
            offsets=np.empty(n + 1, np.int64),
            data=self._room(size),
        )
        gather(
            headers,
            self._names,
            self._scratch.ctypes.data,
            _STRIDE,
            count,
            sizes,
            arrivals,
            self._clock_ns(),
            slab.arrival_ns,
            slab.src_addr,
            slab.src_port,
            slab.offsets,
            slab.data.ctypes.data,
        )
        return slab, truncated

    def _room(self, size: int) -> npt.NDArray[np.uint8]:
        """Memory for a slab's bytes: for a large one, that of one which nobody holds any more.

        Fresh memory costs more than the copy into it, as the kernel has to clear it first.
        """
        if not _SLAB_BYTES // 2 <= size <= 2 * _SLAB_BYTES:
            return np.empty(size, np.uint8)
        for room in self._rooms:
            # Every view of it, in whatever thread, refers to it: then there are more than these.
            if sys.getrefcount(room) == _REFERENCES:
                return room[:size]
        room = np.empty(2 * _SLAB_BYTES, np.uint8)
        if len(self._rooms) < _ROOMS:
            self._rooms.append(room)
        return room[:size]


# The list's, the loop's, and that of the question.
_REFERENCES: Final = 3


def _rows(array: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """The address of each row."""
    stride = array.strides[0]
    first = array.ctypes.data
    return np.arange(len(array), dtype=np.uint64) * np.uint64(stride) + np.uint64(first)
