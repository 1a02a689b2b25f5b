"""From datagrams to messages: their bounds in the slab, and well-formed UTF-8 everywhere.

RFC 5426 puts one message in a datagram. Some senders put several, a line each, so a datagram is
cut before each line that begins with a PRI; other line ends belong to the message (stack traces).
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.syslog.layout import Bytes, Flags, Ints
from sensorium.ingest.syslog.memory import byte, word
from sensorium.ingest.syslog.rfc5424 import priority_at
from sensorium.ingest.syslog.search import zeros

_FEEDS: Final = 10 * 0x0101010101010101
_MARK: Final = b"\xef\xbb\xbf"
_LONGER_FORM: Final = re.compile(
    rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}"
)
_HIGHS: Final = -0x7F7F7F7F7F7F7F80


@inner
def _strip(data: int, start: int, end: int) -> tuple[int, int]:
    """Drop line ends and NULs at both ends, and spaces before."""
    while end > start and (
        byte(data, end - 1) == 10 or byte(data, end - 1) == 13 or byte(data, end - 1) == 0
    ):
        end -= 1
    while start < end and (
        byte(data, start) == 10 or byte(data, start) == 13 or byte(data, start) == 0
    ):
        start += 1
    return start, end


@inner
def _limit(data: int, start: int, end: int, longest: int) -> int:
    """The end of a message of at most ``longest`` bytes that cuts no UTF-8 sequence."""
    if end - start <= longest:
        return end
    end = start + longest
    while end > start and byte(data, end) & 0xC0 == 0x80:
        end -= 1
    return end


@kernel
def split(
    bytes_: Bytes,
    offsets: Ints,
    line_ends: Ints,
    longest: int,
    starts: Ints,
    ends: Ints,
    origins: Ints,
) -> tuple[int, int, int]:
    """Write each message's bounds and the index of its datagram.

    ``line_ends`` are the positions of all line feeds; the outputs have room for one message per
    datagram and per line feed. Returns the numbers of messages, of datagrams without any, and of
    messages that were cut to ``longest``.
    """
    data = bytes_.ctypes.data
    count = empty = cut = 0
    line = 0
    for origin in range(len(offsets) - 1):
        end = offsets[origin + 1]
        start = offsets[origin]
        before = count
        while line < len(line_ends) and line_ends[line] < start:
            line += 1
        while start < end:
            stop = end
            while line < len(line_ends) and line_ends[line] < end:
                after = line_ends[line] + 1
                line += 1
                if priority_at(data, after, end)[0] >= 0:
                    stop = after
                    break
            first, last = _strip(data, start, stop)
            start = stop
            if first == last:
                continue
            limit = _limit(data, first, last, longest)
            cut += limit != last
            starts[count], ends[count], origins[count] = first, limit, origin
            count += 1
        empty += count == before
    return count, empty, cut


@inner
def _sequence_length(data: int, i: int, end: int) -> int:
    """The length of the well-formed UTF-8 sequence at ``i`` (Unicode table 3-7); 0 if none."""
    lead = byte(data, i)
    if lead < 0x80:
        return 1
    if lead < 0xC2 or lead > 0xF4:
        return 0
    length = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if end - i < length:
        return 0
    low, high = 0x80, 0xBF
    if lead == 0xE0:
        low = 0xA0
    elif lead == 0xED:
        high = 0x9F
    elif lead == 0xF0:
        low = 0x90
    elif lead == 0xF4:
        high = 0x8F
    if byte(data, i + 1) < low or byte(data, i + 1) > high:
        return 0
    for k in range(2, length):
        if byte(data, i + k) & 0xC0 != 0x80:
            return 0
    return length


@kernel
def survey(bytes_: Bytes) -> tuple[bool, bool]:
    """Whether any byte is not ASCII, and whether any is a line feed."""
    data, size = bytes_.ctypes.data, len(bytes_)
    whole = size >> 3
    seen = feeds = 0
    for i in range(whole):
        eight = word(data, i * 8)
        seen |= eight
        feeds |= zeros(eight ^ _FEEDS)
    for i in range(whole * 8, size):
        seen |= byte(data, i)
        feeds |= byte(data, i) == 10
    return seen & _HIGHS != 0, feeds != 0


@kernel
def malformed_utf8(bytes_: Bytes, offsets: Ints, malformed: Flags) -> int:
    """Mark the datagrams that are not well-formed UTF-8; how many there are."""
    data = bytes_.ctypes.data
    count = 0
    for d in range(len(offsets) - 1):
        i, end = offsets[d], offsets[d + 1]
        while i < end:
            if end - i >= 8 and word(data, i) & _HIGHS == 0:
                i += 8
                continue
            length = _sequence_length(data, i, end)
            if length == 0:
                malformed[d] = True
                count += 1
                break
            i += length
    return count


def _readable(text: bytes) -> str:
    """Text with U+FFFD for what is not UTF-8.

    One that has a character in another than its shortest form is no UTF-8 at all (RFC 5424
    section 6.4): then for everything but ASCII, and the mark that says that it was.
    """
    if _LONGER_FORM.search(text):
        parts = text.split(_MARK)
        return _MARK.decode().join(part.decode("ascii", "replace") for part in parts)
    return text.decode("utf-8", "replace")


def with_replacements(data: Bytes, offsets: Ints, malformed: Flags) -> Any:
    """The slab with U+FFFD for what is not UTF-8 in the marked datagrams: bytes and offsets."""
    whole = data.tobytes()
    pieces = []
    at = 0
    lengths = np.diff(offsets)
    for d in np.flatnonzero(malformed).tolist():
        start, end = int(offsets[d]), int(offsets[d + 1])
        repaired = _readable(whole[start:end]).encode()
        pieces += [whole[at:start], repaired]
        lengths[d] = len(repaired)
        at = end
    pieces.append(whole[at:])
    new_offsets = np.full(len(offsets), offsets[0], np.int64)
    new_offsets[1:] += np.cumsum(lengths)
    return np.frombuffer(b"".join(pieces), np.uint8), new_offsets
