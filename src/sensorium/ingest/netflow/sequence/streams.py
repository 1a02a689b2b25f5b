"""Whose sequence a datagram's number belongs to: one UDP source port of one source.

A router may run several exporting processes that share its address and observation domain; each
counts its own datagrams and sends them from its own port (a transport session over UDP is
addresses and ports, RFC 7011 section 2). But a port may also change under one process: at a
restart, behind a translated address, with every datagram. So a stream is first of all a number
that is expected next, and its port is where the newest came from:

- a known port belongs to its stream, unless another stream of the source expects exactly this
  number: then both are one that changes between ports;
- an unknown port whose number a stream of its source expects takes that stream over;
- if some are missing in between, it takes over a stream that has changed ports before. Next to
  one that has not, it begins a stream of its own with a claim: when the other stays silent while
  this one goes on, what was missing is counted as lost; when the other is heard, the two are two.

A number is that of its datagram's first unit, as a rule. softflowd's IPFIX number counts the flow
records up to and with those of its own message, and no options records; Open vSwitch's NetFlow v5
number is that of the last flow. Such a stream is known by its first messages, and its numbers are
turned into the usual ones.

There is room for so many streams and no more; those that were silent longest are forgotten.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import uncounted, uncounted_kernel
from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.sources import mixed

Int64s = npt.NDArray[np.int64]

# A stream's row. What every datagram touches shares one cache line; its gaps follow the rest.
T_PORT: Final = 0
T_EXPECTED: Final = 1
T_UPTIME: Final = 2  # -1 where the protocol has none
T_SEEN: Final = 3  # turn of its newest datagram, counted over all
T_UNCERTAIN: Final = 4  # whether units of the newest datagram may not have been read
T_STAYED: Final = 5  # datagrams since its port changed
T_OPEN: Final = 6  # whether it claims another stream or is owed units
T_AFTER: Final = 7  # -1 where numbers count the units up to the message's end, else 0
T_SOURCE: Final = 8  # -1 where the row is free
T_NEXT: Final = 9  # streams of one source, the newest first; -1 for none
T_BEFORE: Final = 10
T_MOVES: Final = 11  # how often its port changed
T_GAP: Final = 12  # the gap to be forgotten next
T_CLAIM: Final = 13  # the stream that it may be the rest of, -1 for none
T_CLAIMED: Final = 14  # units missing between the claimed stream and this
T_CLAIM_TURN: Final = 15
T_CLAIM_LEFT: Final = 16  # datagrams until the claim holds
T_OWED: Final = 17  # units counted as lost because this stream was heard no more
T_VOTES: Final = 18  # messages that may count up to their end; -1 where this is settled
T_LAST: Final = 19  # the newest number, until that is settled
T_HELD: Final = 20  # units that are lost should numbers not count up to the end
T_GAPS: Final = 24
STREAM_WIDTH: Final = T_GAPS + 2 * at.GAPS

# Kept count of in ``tallies``.
KNOWN: Final = 0
FREE: Final = 1
TURN: Final = 2
TALLIES: Final = 3

_GAPS: Final = at.GAPS
_EVICTED_PART: Final = 16
_SEARCHED: Final = 32
"""Streams of one source that are looked at, the newest first, for one that goes on."""
_WANDERS: Final = 2
_SETTLED: Final = 16
"""Port changes that show a habit, and datagrams from one port that show it gone."""
_PATIENCE: Final = 8
"""Datagrams during which a claimed stream must be silent."""
_VOTES: Final = 8
"""Messages that may leave open what numbers count; after so many, it is the usual."""
_LONG: Final = 1 << 40
_UPTIME_SLACK_MS: Final = 10_000
_UPTIME_NEAR_WRAP: Final = 0xF0000000


class Streams(NamedTuple):
    """Arrays of all streams, as kernels take them.

    ``rows`` int64 (limit, STREAM_WIDTH); a hash table by ``source << 16 | port``: ``keys`` int64
    (capacity,), -1 for free, and ``ids``; ``first`` int64 (sources,) the newest stream of each,
    -1 for none; ``free`` int64 (limit,) the rows that were given back; ``tallies`` int64 (3,).
    """

    rows: Int64s
    keys: Int64s
    ids: Int64s
    first: Int64s
    free: Int64s
    tallies: Int64s


def new_streams(sources: int, limit: int) -> Streams:
    """Room for ``limit`` streams of so many sources."""
    capacity = 1 << (2 * limit - 1).bit_length()
    return Streams(
        rows=at.aligned(limit, STREAM_WIDTH),
        keys=np.full(capacity, -1, np.int64),
        ids=np.full(capacity, -1, np.int64),
        first=np.full(sources, -1, np.int64),
        free=np.zeros(limit, np.int64),
        tallies=np.zeros(TALLIES, np.int64),
    )


def known_streams(streams: Streams) -> int:
    """How many streams are remembered."""
    return int(streams.tallies[KNOWN] - streams.tallies[FREE])


@uncounted
def rebooted(uptime: Any, before: Any) -> Any:
    """Whether an uptime went back by more than reordering and wrapping do."""
    return 0 <= uptime < before - _UPTIME_SLACK_MS and before < _UPTIME_NEAR_WRAP


@uncounted
def _place_of(keys: Any, key: Any) -> Any:
    mask = keys.shape[0] - 1
    place = mixed(key, 0, 0) & mask
    while keys[place] not in (key, -1):
        place = (place + 1) & mask
    return place


@uncounted
def _enter(streams: Any, key: Any, number: Any) -> None:
    place = _place_of(streams.keys, key)
    streams.keys[place] = key
    streams.ids[place] = number


@uncounted
def _leave(streams: Any, key: Any) -> None:
    """Take a key out, moving those after it that would not be found any more."""
    keys = streams.keys
    mask = keys.shape[0] - 1
    hole = _place_of(keys, key)
    place = (hole + 1) & mask
    while keys[place] != -1:
        home = mixed(keys[place], 0, 0) & mask
        if (place - home) & mask >= (place - hole) & mask:
            keys[hole] = keys[place]
            streams.ids[hole] = streams.ids[place]
            hole = place
        place = (place + 1) & mask
    keys[hole] = -1


@uncounted
def _forget(streams: Any, number: Any) -> None:
    """Give a stream's row back."""
    row = streams.rows[number]
    source = row[T_SOURCE]
    _leave(streams, source << 16 | row[T_PORT])
    if row[T_BEFORE] < 0:
        streams.first[source] = row[T_NEXT]
    else:
        streams.rows[row[T_BEFORE], T_NEXT] = row[T_NEXT]
    if row[T_NEXT] >= 0:
        streams.rows[row[T_NEXT], T_BEFORE] = row[T_BEFORE]
    row[T_SOURCE] = -1
    streams.free[streams.tallies[FREE]] = number
    streams.tallies[FREE] += 1


@uncounted
def _begin(streams: Any, source: Any, port: Any) -> Any:
    """A new stream; -1 if there is no room."""
    tallies = streams.tallies
    if tallies[FREE] > 0:
        tallies[FREE] -= 1
        number = streams.free[tallies[FREE]]
    elif tallies[KNOWN] < streams.free.shape[0]:
        number = tallies[KNOWN]
        tallies[KNOWN] += 1
    else:
        return np.int64(-1)
    row = streams.rows[number]
    row[:] = 0
    row[T_PORT] = port
    row[T_EXPECTED] = -1
    row[T_UPTIME] = -1
    row[T_STAYED] = _LONG
    row[T_CLAIM] = -1
    row[T_SOURCE] = source
    row[T_NEXT] = streams.first[source]
    row[T_BEFORE] = -1
    if row[T_NEXT] >= 0:
        streams.rows[row[T_NEXT], T_BEFORE] = number
    streams.first[source] = number
    _enter(streams, source << 16 | port, number)
    return number


@uncounted
def _move(streams: Any, number: Any, port: Any) -> None:
    """A stream goes on from another port."""
    row = streams.rows[number]
    _leave(streams, row[T_SOURCE] << 16 | row[T_PORT])
    row[T_PORT] = port
    row[T_STAYED] = 0
    row[T_MOVES] += 1
    if row[T_CLAIM] >= 0:
        # Who changes ports may have done so before.
        row[T_CLAIM_LEFT] = 1
    _enter(streams, row[T_SOURCE] << 16 | port, number)


@uncounted
def first_unit(row: Any, sequence: Any, counted: Any) -> Any:
    """The number of a datagram's first unit; ``counted`` are those that its number may include."""
    return (sequence - (counted & row[T_AFTER])) & 0xFFFFFFFF


@uncounted
def _ahead(row: Any, sequence: Any, counted: Any) -> Any:
    """How far a number is ahead of the one that a stream expects, signed, modulo 2^32."""
    ahead = (first_unit(row, sequence, counted) - row[T_EXPECTED]) & 0xFFFFFFFF
    return ahead - ((ahead & 0x80000000) << 1)


@uncounted
def _in_gap(row: Any, sequence: Any, counted: Any) -> Any:
    sequence = first_unit(row, sequence, counted)
    for index in range(_GAPS):
        place = T_GAPS + 2 * index
        if (sequence - row[place]) & 0xFFFFFFFF < row[place + 1]:
            return True
    return False


@uncounted
def _wanders(row: Any) -> Any:
    return row[T_MOVES] >= _WANDERS and row[T_STAYED] <= _SETTLED


@uncounted
def _going_on(
    streams: Any, source: Any, sequence: Any, counted: Any, uptime: Any, window: Any
) -> Any:
    """Of a source's streams the one that a number continues, -1 for none, and how far ahead it is.

    The nearest; a number behind continues only a gap of a stream that changes ports.
    """
    best = np.int64(-1)
    least = window + 1
    number = streams.first[source]
    for _ in range(_SEARCHED):
        if number < 0 or least == 0:
            break
        row = streams.rows[number]
        ahead = _ahead(row, sequence, counted)
        if not rebooted(uptime, row[T_UPTIME]):
            if 0 <= ahead < least:
                best, least = number, ahead
            elif -window <= ahead < 0 and _wanders(row) and _in_gap(row, sequence, counted):
                best, least = number, ahead
                break
        number = row[T_NEXT]
    return best, least


@uncounted
def _claim(streams: Any, number: Any, other: Any, units: Any) -> None:
    """Note that a new stream may be the rest of another, with units missing in between."""
    row = streams.rows[number]
    claimed = streams.rows[other]
    row[T_MOVES] = claimed[T_MOVES]
    if claimed[T_UNCERTAIN] == 0:
        row[T_OPEN] = 1
        row[T_CLAIM] = other
        row[T_CLAIMED] = units
        row[T_CLAIM_TURN] = streams.tallies[TURN]
        row[T_CLAIM_LEFT] = _PATIENCE


@uncounted
def _counts_up_to(row: Any, sequence: Any, counted: Any) -> Any:
    return row[T_VOTES] >= 0 and counted > 0 and sequence == (row[T_LAST] + counted) & 0xFFFFFFFF


@uncounted
def vote(row: Any, sequence: Any, counted: Any) -> Any:
    """Find out what a stream's numbers count; what is shown to be lost, -1: nothing yet.

    A number that is the last one and the message's own records may be a coincidence where it is
    ahead of the expected one, after loss; behind it, between two messages' first records, it is
    not. Not for a message of which something may not have been read, nor for the one after it.
    """
    ahead = _ahead(row, sequence, counted)
    if _counts_up_to(row, sequence, counted):
        if ahead < 0:
            row[T_VOTES] = -1
            row[T_AFTER] = -1
            return -1
        if ahead > 0 and row[T_VOTES] < _VOTES:
            row[T_VOTES] += 1
            row[T_HELD] += ahead
            return -1
        if ahead == 0:
            return 0
    elif ahead != 0:
        return 0
    row[T_VOTES] = -1
    return row[T_HELD]


@uncounted
def stream_of(
    streams: Any,
    source: Any,
    port: Any,
    sequence: Any,
    counted: Any,
    uptime: Any,
    window: Any,
) -> Any:
    """The stream that a datagram belongs to, a new one if none does; -1 if there is no room."""
    key = source << 16 | port
    place = _place_of(streams.keys, key)
    if streams.keys[place] == key:
        known = streams.ids[place]
        row = streams.rows[known]
        alone = row[T_NEXT] < 0 and row[T_BEFORE] < 0
        if alone or _ahead(row, sequence, counted) <= 0 or _counts_up_to(row, sequence, counted):
            return known
        other, ahead = _going_on(streams, source, sequence, counted, uptime, window)
        if ahead != 0 or other == known:
            return known
        _forget(streams, known)
        _move(streams, other, port)
        return other
    other, ahead = _going_on(streams, source, sequence, counted, uptime, window)
    if other >= 0:
        if ahead == 0 or (ahead > 0 and _wanders(streams.rows[other])):
            _move(streams, other, port)
            return other
        if ahead < 0:
            return other
    number = _begin(streams, source, port)
    if number >= 0 and other >= 0:
        _claim(streams, number, other, ahead)
    return number


@uncounted
def settle_claim(streams: Any, row: Any) -> Any:
    """Look after a stream's claim; the units that it shows to be lost."""
    claimed = streams.rows[row[T_CLAIM]]
    if claimed[T_SOURCE] != row[T_SOURCE] or claimed[T_SEEN] > row[T_CLAIM_TURN]:
        row[T_CLAIM] = -1
        return 0
    row[T_CLAIM_LEFT] -= 1
    if row[T_CLAIM_LEFT] > 0:
        return 0
    row[T_CLAIM] = -1
    claimed[T_OWED] += row[T_CLAIMED]
    claimed[T_OPEN] = 1
    return row[T_CLAIMED]


@uncounted_kernel
def forget_streams(streams: Any, numbers: Any) -> None:
    """Forget streams by their numbers."""
    for index in range(numbers.shape[0]):
        _forget(streams, numbers[index])


@uncounted_kernel
def forget_sources(streams: Any, sources: Any) -> None:
    """Forget all streams of some sources."""
    for index in range(sources.shape[0]):
        while streams.first[sources[index]] >= 0:
            _forget(streams, streams.first[sources[index]])


def evict_streams(streams: Streams) -> int:
    """Forget the streams that were silent longest, to make room; how many."""
    used = np.flatnonzero(streams.rows[: streams.tallies[KNOWN], T_SOURCE] >= 0)
    order = np.argsort(streams.rows[used, T_SEEN], kind="stable")
    chosen = used[order[: max(1, len(used) // _EVICTED_PART)]]
    forget_streams(streams, chosen)
    return len(chosen)
