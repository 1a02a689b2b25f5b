"""What can be seen of DTLS from outside: records, and the first message of a handshake."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

HEADER: Final = 13
"""Bytes of a record's header (RFC 6347 section 4.1): type, version, epoch, number, length."""
_HANDSHAKE: Final = 22
_CLIENT_HELLO: Final = 1


def hello_number(datagram: bytes) -> int:
    """The message number of an unencrypted ClientHello that a datagram begins with; else -1.

    It is 0 for a client that begins, and 1 where it has been given its cookie.
    """
    if len(datagram) < HEADER + 12 or datagram[0] != _HANDSHAKE or datagram[1] != 0xFE:
        return -1
    if datagram[3:5] != b"\0\0" or datagram[HEADER] != _CLIENT_HELLO:
        return -1
    return int.from_bytes(datagram[HEADER + 4 : HEADER + 6])


def hello_random(datagram: bytes) -> bytes:
    """What tells one ClientHello from another; a repeated one has it too."""
    first = HEADER + 12 + 2
    return datagram[first : first + 32]


def datagrams_of(records: bytes, mtu: int) -> Iterator[bytes]:
    """Whole records in as few datagrams as hold them, none longer than ``mtu`` if that can be."""
    start = at = 0
    while at + HEADER <= len(records):
        after = at + HEADER + int.from_bytes(records[at + 11 : at + HEADER])
        if after - start > mtu and at > start:
            yield records[start:at]
            start = at
        at = after
    if start < len(records):
        yield records[start:]
