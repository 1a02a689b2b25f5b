"""Packets of TCP and SCTP, built by hand."""

from __future__ import annotations

import struct

from tests.ingest.pcap import captures as c

CLIENT, SERVER = 40_000, 4739
SYN, FIN, RST, ACK = 2, 1, 4, 16


def tcp(
    number: int,
    payload: bytes = b"",
    flags: int = ACK,
    ports: tuple[int, int] = (CLIENT, SERVER),
    source: str = "192.0.2.1",
) -> bytes:
    """A frame with a segment; ``source`` sends to 192.0.2.9."""
    head = struct.pack(">HHIIBBHHH", *ports, number & 0xFFFFFFFF, 0, 5 << 4, flags, 1024, 0, 0)
    return c.ethernet(c.ipv4(head + payload, source, proto=6))


def conversation(
    stream: bytes, size: int = 1000, first: int = 7, port: int = SERVER, client: int = CLIENT
) -> list[bytes]:
    """Frames of one direction: its beginning, its bytes in segments, its end."""
    ports = (client, port)
    parts = [
        tcp(first + 1 + at, stream[at : at + size], ports=ports)
        for at in range(0, len(stream), size)
    ]
    end = tcp(first + 1 + len(stream), flags=FIN | ACK, ports=ports)
    return [tcp(first, flags=SYN, ports=ports), *parts, end]


def sctp(*chunks: bytes, tag: int = 99, source: str = "192.0.2.1") -> bytes:
    """A frame with an SCTP packet."""
    head = struct.pack(">HHII", CLIENT, SERVER, tag, 0)
    return c.ethernet(c.ipv4(head + b"".join(chunks), source, proto=132))


def chunk(kind: int, flags: int, value: bytes) -> bytes:
    return struct.pack(">BBH", kind, flags, 4 + len(value)) + value + bytes(-len(value) % 4)


def user_data(number: int, data: bytes, flags: int = 3, stream: int = 0) -> bytes:
    """A DATA chunk; a message is whole where flags are 3, begins with 2 and ends with 1."""
    return chunk(0, flags, struct.pack(">IHHI", number & 0xFFFFFFFF, stream, 0, 0) + data)


def interleaved(number: int, message: int, data: bytes, flags: int) -> bytes:
    """An I-DATA chunk of RFC 8260."""
    head = struct.pack(">IHHII", number & 0xFFFFFFFF, 0, 0, message, 0)
    return chunk(64, flags, head + data)


def init(first: int) -> bytes:
    return chunk(1, 0, struct.pack(">IIHHI", 1, 1 << 16, 1, 1, first & 0xFFFFFFFF))
