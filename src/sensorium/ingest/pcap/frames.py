"""What a capture file holds, whichever its format: frames as they were on a link."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class PcapError(ValueError):
    """The bytes are no capture, or one whose very header cannot be read."""


class CutShortError(Exception):
    """The capture ends inside a packet or block; all before it has been read."""


class Link(IntEnum):
    """Link-layer header types (https://www.tcpdump.org/linktypes.html) whose payload is found."""

    NULL = 0
    ETHERNET = 1
    PPP = 9
    RAW_BSD = 12
    RAW_OPENBSD = 14
    RAW = 101
    CISCO_HDLC = 104
    LOOP = 108
    LINUX_COOKED = 113
    IPV4 = 228
    IPV6 = 229
    LINUX_COOKED_2 = 276


class Frame(NamedTuple):
    """One captured frame: Unix nanoseconds, link type and as many bytes as were kept."""

    time_ns: int
    link: int
    data: memoryview
