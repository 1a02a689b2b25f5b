"""Sends one stream's datagrams over and over at a stated rate, many in one system call.

Run by :mod:`benchmarks.wire_receive` as a process of its own. Sequence numbers go on, so that no
collector has cause to complain. Each line on standard input, ``port rate seconds gso``, is one
run; the answer is one line, ``datagrams seconds``.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.wire_decode import Stream, streams

UDP_SEGMENT = 103
# No more than this leaves at once: a burst of a few hundred datagrams, as from a busy exporter.
BURST = 256
GSO_BYTES = 65_000
# Where a stream's sequence number stands, and whether it counts records (or else datagrams).
SEQUENCES = {"NetFlow v5": (16, True), "NetFlow v9": (12, False), "IPFIX": (8, True)}


class Volley:
    """The datagrams of a stream, laid out so that one sendmmsg(2) sends many."""

    def __init__(self, stream: Stream, per_message: int, records: int) -> None:
        self._offset, of_records = SEQUENCES[stream.name]
        self._step = records if of_records else 1
        length = len(stream.payloads[0])
        count = BURST // per_message * per_message
        self._data = np.frombuffer(b"".join(stream.payloads[:count]), np.uint8).copy()
        self._data.shape = (count, length)
        self.datagrams, self.per_message = count, per_message
        messages = count // per_message
        self._iovecs = np.zeros((messages, 2), np.uint64)
        self._iovecs[:, 0] = self._data.ctypes.data + np.arange(messages) * per_message * length
        self._iovecs[:, 1] = per_message * length
        self._headers = np.zeros((messages, 8), np.uint64)
        self._headers[:, 2] = self._iovecs.ctypes.data + np.arange(messages) * 16
        self._headers[:, 3] = 1
        self._sent = 0
        libc: Any = ctypes.CDLL(None, use_errno=True)
        self._sendmmsg: Callable[..., int] = libc.sendmmsg

    def send(self, opened: socket.socket) -> int:
        """Send all of them once; how many the kernel took."""
        numbers = (self._sent + np.arange(self.datagrams)) * self._step
        self._data[:, self._offset : self._offset + 4] = (
            numbers.astype(">u4").view(np.uint8).reshape(-1, 4)
        )
        at, messages = 0, len(self._headers)
        while at < messages:
            address = ctypes.c_void_p(self._headers.ctypes.data + at * 64)
            took = self._sendmmsg(opened.fileno(), address, messages - at, 0)
            if took < 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            at += took
        self._sent += self.datagrams
        return self.datagrams


def run(
    stream: Stream, records: int, port: int, rate: float, seconds: float, *, gso: bool
) -> tuple[int, float]:
    """Send at ``rate`` datagrams a second; how many were sent, in how many seconds."""
    length = len(stream.payloads[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
        opened.connect(("127.0.0.1", port))
        for payload in stream.setup:
            opened.send(payload)
        if gso:
            opened.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, length)
        volley = Volley(stream, GSO_BYTES // length if gso else 1, records)
        sent, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < seconds:
            ahead = sent / rate - elapsed
            if ahead > 0:
                time.sleep(min(ahead, 0.001))
            else:
                sent += volley.send(opened)
        return sent, time.perf_counter() - start


def main() -> None:
    name, records, core = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if core >= 0:
        os.sched_setaffinity(0, {core})
    (stream,) = (stream for stream in streams() if stream.name == name)
    for line in sys.stdin:
        port, rate, seconds, gso = line.split()
        sent, took = run(stream, records, int(port), float(rate), float(seconds), gso=gso == "1")
        print(sent, took, flush=True)


if __name__ == "__main__":
    main()
