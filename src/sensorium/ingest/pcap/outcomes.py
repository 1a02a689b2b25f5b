"""What becomes of captured packets."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The ``outcome`` label of ``sensorium_capture_packets``."""

    DATAGRAM = "datagram"
    PIECE = "piece"
    """A piece of an IP packet that was put together; the last to come counts as the datagram."""
    DATA = "data"
    """A TCP segment or SCTP packet with data, the first copy of it."""
    CONTROL = "control"
    """A TCP segment or SCTP packet without data: an acknowledgement, a handshake, an end."""
    REPEATED = "repeated"
    """A TCP segment or SCTP packet whose data had come before."""
    OTHER_PROTOCOL = "other_protocol"
    """Neither UDP nor TCP nor SCTP over IP."""
    FRAGMENT = "fragment"
    """A piece of an IP packet whose other pieces are not in the capture, or do not fit."""
    CUT = "cut"
    """The capture kept only a part of the packet; that part is used."""
    MALFORMED = "malformed"
    UNKNOWN_LINK = "unknown_link"


class NotFoundError(Exception):
    """A packet holds nothing that is read, for the reason that its outcome is."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def u16(data: memoryview, at: int) -> int:
    """A big-endian number of two bytes; NotFoundError beyond the end."""
    if at + 2 > len(data):
        raise NotFoundError(Outcome.MALFORMED)
    return data[at] << 8 | data[at + 1]


def u32(data: memoryview, at: int) -> int:
    """A big-endian number of four bytes; NotFoundError beyond the end."""
    return u16(data, at) << 16 | u16(data, at + 2)
