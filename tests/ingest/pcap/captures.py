"""Capture files built by hand."""

from __future__ import annotations

import struct

from sensorium.model.address import pack_address

SECONDS = 1_700_000_000


def udp(payload: bytes, ports: tuple[int, int] = (50000, 2055), length: int | None = None) -> bytes:
    size = 8 + len(payload) if length is None else length
    return struct.pack(">HHHH", *ports, size, 0) + payload


def ipv4(
    body: bytes, source: str = "192.0.2.1", proto: int = 17, fragment: int = 0, number: int = 1
) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), number, fragment, 64, proto, 0)
    return head + pack_address(source)[12:] + pack_address("192.0.2.9")[12:] + body


def ipv6(body: bytes, source: str = "2001:db8::1", following: int = 17) -> bytes:
    head = struct.pack(">IHBB", 6 << 28, len(body), following, 64)
    return head + pack_address(source) + pack_address("2001:db8::9") + body


def ipv4_pieces(datagram: bytes, size: int, number: int = 1) -> list[bytes]:
    """A datagram in packets of ``size`` bytes, a multiple of eight, and what is left."""
    return [
        ipv4(
            datagram[at : at + size],
            fragment=at // 8 | (0x2000 if at + size < len(datagram) else 0),
            number=number,
        )
        for at in range(0, len(datagram), size)
    ]


def ipv6_pieces(datagram: bytes, size: int, number: int = 1, following: int = 17) -> list[bytes]:
    """The same for IPv6."""
    return [
        ipv6(
            struct.pack(">BBHI", following, 0, at | (at + size < len(datagram)), number)
            + datagram[at : at + size],
            following=44,
        )
        for at in range(0, len(datagram), size)
    ]


def ethernet(packet: bytes, etype: int = 0x0800, tags: tuple[int, ...] = ()) -> bytes:
    labels = b"".join(struct.pack(">HH", tag, 5) for tag in tags)
    return bytes(12) + labels + struct.pack(">H", etype) + packet


def pcap(
    *frames: bytes, link: int = 1, order: str = "<", nanoseconds: bool = False, cut: int = 0
) -> bytes:
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    content = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)
    for index, frame in enumerate(frames):
        kept = frame[: len(frame) - cut]
        header = (SECONDS + index, 250, len(kept), len(frame))
        content += struct.pack(order + "IIII", *header) + kept
    return content


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int = 1, options: bytes = b"", order: str = "<") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, 0) + options, order)


def enhanced(frame: bytes, ticks: int, number: int = 0, order: str = "<") -> bytes:
    head = (number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame))
    return block(6, struct.pack(order + "IIIII", *head) + frame, order)


def simple(frame: bytes, order: str = "<") -> bytes:
    return block(3, struct.pack(order + "I", len(frame)) + frame, order)
