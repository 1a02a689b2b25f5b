"""IPFIX files (RFC 5655): messages that follow each other, as YAF and SiLK write them."""

from __future__ import annotations

import re
import struct
from typing import Final

from sensorium.ingest.datagrams import LARGEST_DATAGRAM, Datagrams
from sensorium.model.address import UNSPECIFIED

_VERSION: Final = 10
_HEADER: Final = 16
_START: Final = struct.Struct(">HHI")
_NAMED: Final = re.compile(r"\.(ipfix|yaf)(\.\w+)?$", re.IGNORECASE)
_SECOND: Final = 1_000_000_000


def ipfix_messages(content: bytes, arrival_ns: int, name: str) -> Datagrams | None:
    """The messages of an IPFIX file as datagrams of unknown source; None if it is no such file.

    One is called ``.ipfix`` or ``.yaf``, or is larger than a datagram, and begins with a whole
    message; a smaller one under another name is one datagram, as others save them. Each message
    arrived when it was exported, or at ``arrival_ns`` where it does not say; what is left after
    the last whole one is a datagram too, so that it is accounted for.
    """
    if len(content) <= LARGEST_DATAGRAM and not _NAMED.search(name):
        return None
    ends: list[int] = []
    arrivals: list[int] = []
    at = 0
    while len(content) - at >= _HEADER:
        version, length, exported = _START.unpack_from(content, at)
        if version != _VERSION or length < _HEADER or length > len(content) - at:
            break
        at += length
        ends.append(at)
        arrivals.append(exported * _SECOND or arrival_ns)
    if not ends:
        return None
    if at < len(content):
        ends.append(len(content))
        arrivals.append(arrival_ns)
    parts = [content[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return Datagrams.of(parts, arrival_ns=arrivals, src_addr=[UNSPECIFIED] * len(parts))
