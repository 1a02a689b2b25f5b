"""From a stream's bytes to messages: the framing of RFC 6587, as kernels over a chunk.

Octet counting (section 3.4.1) and non-transparent framing (3.4.2) may be mixed on one connection:
a frame that begins with a digit from 1 to 9, more digits and a space is counted, any other ends
at the trailer. Where that is a line feed a NUL ends a frame too, as some senders have it: no text
holds one. What a chunk cuts off is carried over by the caller, so that the same bytes give the same
messages however they were divided.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.syslog.instants import is_digit
from sensorium.ingest.syslog.layout import Bytes, Ints
from sensorium.ingest.syslog.memory import byte, copy, lowest_byte, put_total, total, word
from sensorium.ingest.syslog.octets import CARRIAGE_RETURN, LINE_FEED, NUL, SPACE
from sensorium.ingest.syslog.search import zeros

LINES_ONLY: Final = 0
"""Every frame ends at the trailer, whatever it begins with."""
MIXED: Final = 1
COUNTED_ONLY: Final = 2
"""As ``MIXED``, and a frame without a count is an error: kept as a line, and counted."""

# What a connection remembers between chunks, and what is counted, in one int64 array.
SKIP: Final = 0
"""Bytes of a counted frame that are still to be passed over."""
SKIP_LINE: Final = 1
"""1 while everything up to the next trailer is to be passed over."""
COUNTED: Final = 2
LINES: Final = 3
OVERSIZED: Final = 4
NOT_COUNTED: Final = 5
STATE: Final = 6

# The RFC sets no limit to MSG-LEN. A longer number is no count, or nothing one could wait for.
COUNT_DIGITS: Final = 7
_COUNT: Final = re.compile(rb"[1-9][0-9]{0,%d} " % (COUNT_DIGITS - 1))

_ONES: Final = 0x0101010101010101


@inner
def _trailer_at(data: int, at: int, end: int, trailer: int) -> int:
    """The position of the next ``trailer`` byte, or NUL where that is a line feed; or ``end``."""
    other = NUL if trailer == LINE_FEED else trailer
    i, wanted, also = at, trailer * _ONES, other * _ONES
    while end - i >= 8:
        eight = word(data, i)
        found = zeros(eight ^ wanted) | zeros(eight ^ also)
        if found != 0:
            return i + lowest_byte(found)
        i += 8
    while i < end and byte(data, i) != trailer and byte(data, i) != other:
        i += 1
    return i


@inner
def _cut(data: int, start: int, longest: int) -> int:
    """Where to cut a frame that is longer than ``longest`` bytes, between characters of UTF-8."""
    end = start + longest
    lowest = end - 3
    while end > lowest and byte(data, end) & 0xC0 == 0x80:
        end -= 1
    return end


@inner
def _count_at(data: int, at: int, end: int) -> tuple[int, int]:
    """MSG-LEN at ``at`` and where the message begins; 0 where there is none, -1 if not yet told."""
    if not 49 <= byte(data, at) <= 57:
        return 0, at
    length, i = 0, at
    while i < end and i < at + COUNT_DIGITS and is_digit(byte(data, i)):
        length = length * 10 + byte(data, i) - 48
        i += 1
    if i == end:
        return -1, at
    return (length, i + 1) if byte(data, i) == SPACE else (0, at)


@inner
def _pass_over(data: int, at: int, end: int, trailer: int, state: int) -> int:
    """Go past what is left of a frame that was cut; the position after, or ``end``."""
    left = total(state, SKIP)
    if left > 0:
        passed = min(left, end - at)
        put_total(state, SKIP, left - passed)
        at += passed
    if total(state, SKIP_LINE) > 0:
        at = _trailer_at(data, at, end, trailer)
        if at < end:
            at += 1
            put_total(state, SKIP_LINE, 0)
    return at


@kernel
def find_frames(
    bytes_: Bytes,
    at: int,
    end: int,
    rules: Ints,
    state: Ints,
    starts: Ints,
    ends: Ints,
    count: int,
) -> tuple[int, int]:
    """Write the bounds of the messages in ``bytes_[at:end]`` from number ``count`` on.

    ``rules`` are the mode, the trailer byte and the longest message in bytes; ``state`` has STATE
    elements. Returns the number after the last message and the position up to which the bytes
    are done with; the rest, at most ``longest`` and a count, must stand before the next chunk.
    The outputs have room for one message in two bytes.
    """
    data, mode, trailer, longest = bytes_.ctypes.data, rules[0], rules[1], rules[2]
    while True:
        at = _pass_over(data, at, end, trailer, state.ctypes.data)
        if at >= end:
            return count, at
        length, start = (0, at) if mode == LINES_ONLY else _count_at(data, at, end)
        if length < 0:
            return count, at
        if length > 0:
            if end - start < min(length, longest + 1):
                return count, at
            starts[count], ends[count] = start, start + length
            at = start + length
            state[COUNTED] += 1
            if length > longest:
                ends[count] = _cut(data, start, longest)
                at = start + longest
                state[SKIP] = length - longest
                state[OVERSIZED] += 1
            count += 1
            continue
        limit = min(end, at + longest + 1)
        stop = _trailer_at(data, at, limit, trailer)
        if stop == limit and limit - at <= longest:
            return count, at
        starts[count], ends[count] = at, stop
        if stop == limit:
            ends[count] = _cut(data, at, longest)
            state[SKIP_LINE] = 1
            state[OVERSIZED] += 1
            stop = at + longest - 1
        # A line end after a counted frame, or an empty line, is no message.
        if ends[count] - at > 1 or (ends[count] > at and byte(data, at) != CARRIAGE_RETURN):
            count += 1
            state[LINES] += 1
            if mode == COUNTED_ONLY:
                state[NOT_COUNTED] += 1
        at = stop + 1


@kernel
def gather(bytes_: Bytes, starts: Ints, ends: Ints, count: int, out: Bytes, offsets: Ints) -> None:
    """Copy ``count`` messages end to end into ``out``; ``offsets`` (count + 1,) stand between."""
    data, target, at = bytes_.ctypes.data, out.ctypes.data, 0
    first, last = starts.ctypes.data, ends.ctypes.data
    for m in range(count):
        offsets[m] = at
        length = total(last, m) - total(first, m)
        copy(target + at, data + total(first, m), length)
        at += length
    offsets[count] = at


@dataclass(slots=True)
class FrameRules:
    """How a listener's connections are framed.

    ``mode`` is one of the constants above, ``trailer`` a byte's value, ``longest`` the bytes kept
    of a message, 8 or more.
    """

    mode: int = MIXED
    trailer: int = 10
    longest: int = 65_535
    packed: npt.NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        """Keep them as the kernel takes them."""
        self.packed = np.array([self.mode, self.trailer, self.longest], np.int64)

    def remainder(self, carried: bytes) -> bytes:
        """The message that a connection's end left unfinished, without its count."""
        match = None if self.mode == LINES_ONLY else _COUNT.match(carried)
        return carried[match.end() :] if match else carried


def new_state() -> Any:
    """The state of a connection that has sent nothing yet."""
    return np.zeros(STATE, np.int64)
