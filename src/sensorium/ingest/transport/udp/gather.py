"""What recvmmsg(2) filled in, as columns: lengths, senders, arrival times and payloads.

The structures are Linux's on 64-bit little-endian machines: ``struct mmsghdr``, of which a row of
``headers`` is one, as 16 words; ``struct cmsghdr`` (cmsg(3)), walked in a row of ``controls``;
``struct sockaddr_in`` and ``sockaddr_in6`` in a row of ``names``.
"""

from __future__ import annotations

from typing import Any, Final

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.memory import copy

NAME_LENGTH: Final = 2
CONTROL_LENGTH: Final = 10
FLAGS: Final = 12
LENGTH: Final = 14

MSG_TRUNC: Final = 0x20
UDP_GRO: Final = 104
_SOL_SOCKET: Final = 1
_SOL_UDP: Final = 17
_SCM_TIMESTAMPNS: Final = 35
_AF_INET: Final = 2
_AF_INET6: Final = 10
_CMSG_HEADER: Final = 16


@inner
def _walk(control: Any, length: int) -> tuple[int, int]:
    """The segment size that UDP_GRO states and the arrival time, 0 where there is none.

    ``control`` is uint32 words of the control buffer, ``length`` its bytes in use.
    """
    segment, arrival = 0, 0
    at, words = 0, min(length // 4, len(control))
    while at + 4 <= words:
        size = int(control[at])
        if size < _CMSG_HEADER or at + (size + 3) // 4 > words:
            break
        level, kind = control[at + 2], control[at + 3]
        if level == _SOL_UDP and kind == UDP_GRO and size >= _CMSG_HEADER + 4:
            segment = int(control[at + 4])
        elif level == _SOL_SOCKET and kind == _SCM_TIMESTAMPNS and size >= _CMSG_HEADER + 16:
            seconds = int(control[at + 4]) | (int(control[at + 5]) << 32)
            arrival = seconds * 1_000_000_000 + int(control[at + 6])
        at += (size + 7) // 8 * 2
    return segment, arrival


@kernel
def measure(
    headers: Any, controls: Any, count: int, sizes: Any, arrivals: Any
) -> tuple[int, int, int]:
    """How many datagrams and bytes ``count`` messages hold, and how many were cut short.

    Fills ``sizes``, int64 (count,), with the length of each message's datagrams, of which the
    last may be shorter, and ``arrivals`` with its time, 0 where the kernel does not say it. A
    message that was cut short has a size of -1 and is not counted among the datagrams.
    """
    datagrams, size, truncated = 0, 0, 0
    for m in range(count):
        length = int(headers[m, LENGTH])
        segment, arrivals[m] = _walk(controls[m], int(headers[m, CONTROL_LENGTH]))
        if headers[m, FLAGS] & MSG_TRUNC:
            sizes[m] = -1
            truncated += 1
            continue
        if segment <= 0 or segment > length:
            segment = length
        sizes[m] = segment
        datagrams += 1 if length == 0 else (length + segment - 1) // segment
        size += length
    return datagrams, size, truncated


@inner
def _sender(name: Any, address: Any) -> int:
    """Write a sender's 16 bytes into ``address`` and give its port; zeros if it has neither."""
    family = int(name[0]) | (int(name[1]) << 8)
    for i in range(16):
        address[i] = 0
    if family == _AF_INET:
        address[10] = address[11] = 255
        for i in range(4):
            address[12 + i] = name[4 + i]
    elif family == _AF_INET6:
        for i in range(16):
            address[i] = name[8 + i]
    else:
        return 0
    return (int(name[2]) << 8) | int(name[3])


@kernel
def gather(
    headers: Any,
    names: Any,
    scratch: int,
    stride: int,
    count: int,
    sizes: Any,
    arrivals: Any,
    now_ns: int,
    arrival_ns: Any,
    src_addr: Any,
    src_port: Any,
    offsets: Any,
    data: int,
) -> None:
    """Fill the columns of a slab of the size that :func:`measure` told.

    Message ``m`` begins at the address ``scratch + m * stride``; ``data`` is that of the slab's
    bytes. A message without a time of its own gets ``now_ns``.
    """
    d, at = 0, 0
    offsets[0] = 0
    for m in range(count):
        segment, length = sizes[m], int(headers[m, LENGTH])
        if segment < 0:
            continue
        copy(data + at, scratch + m * stride, length)
        first, end = d, at + length
        port = _sender(names[m], src_addr[d])
        while True:
            if d > first:
                src_addr[d] = src_addr[first]
            arrival_ns[d] = arrivals[m] if arrivals[m] else now_ns
            src_port[d] = port
            at = min(at + segment, end)
            d += 1
            offsets[d] = at
            if at == end:
                break
