"""Sequence numbers: what was lost on the way, came late or twice, or began anew.

Numbers are followed by stream (see :mod:`streams`) and counted for the stream's source. The unit
is the protocol's: NetFlow v5, v7 and v8 count flows, v9 packets, IPFIX data records (of templates
and options templates alike); v1 has no numbers. A number ahead of the expected one is a gap of so
many units. One behind it, within the window, is a datagram that came late if it lies in a gap that
is remembered, and fills it; else it came twice. Anything farther off, or an uptime that went back,
is a restart.

What an IPFIX message held that could not be read (data whose template is missing, a broken set)
shows in the next message's number: it is counted as unread and not as lost, and what is read of
it later, when its template has come, as replayed. So for every source at any time::

    sent = records - duplicates + (lost - late) + (unread - replayed) + cut

in units, where ``cut`` are records that a datagram announces and ends before; in v9
a record is a packet. Only what is missing between a stream and one that may be its rest shows some
datagrams later.
"""

from __future__ import annotations

from typing import Any

from sensorium.ingest.compiled import uncounted, uncounted_kernel
from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.sequence import streams as st
from sensorium.ingest.netflow.sequence.streams import (
    first_unit,
    rebooted,
    settle_claim,
    stream_of,
    vote,
)

EVENTS = ("lost", "late", "duplicate", "restarted", "unread", "replayed")
"""What is counted, in the order of the columns from :data:`layout.C_LOST` on."""

UNCERTAIN = 1 << 40
"""Added to a datagram's records where not all of them could be counted."""

_H_PROTOCOL = at.H_PROTOCOL
_H_SOURCE = at.H_SOURCE
_H_SEQUENCE = at.H_SEQUENCE
_H_EXPORT_NS = at.H_EXPORT_NS
_H_ARRIVAL_NS = at.H_ARRIVAL_NS
_H_UPTIME_MS = at.H_UPTIME_MS
_H_SAMPLING = at.H_SAMPLING
_H_LENGTH = at.H_LENGTH
_H_UNREAD = at.H_UNREAD
_H_PORT = at.H_PORT
_C_DATAGRAMS = at.C_DATAGRAMS
_C_BYTES = at.C_BYTES
_C_RECORDS = at.C_RECORDS
_C_LOST = at.C_LOST
_C_LATE = at.C_LATE
_C_DUPLICATE = at.C_DUPLICATE
_C_RESTARTED = at.C_RESTARTED
_C_UNREAD = at.C_UNREAD
_C_SEEN_NS = at.C_SEEN_NS
_C_SKEW_NS = at.C_SKEW_NS
_C_RATE = at.C_RATE
_T_PORT = st.T_PORT
_T_EXPECTED = st.T_EXPECTED
_T_UPTIME = st.T_UPTIME
_T_SEEN = st.T_SEEN
_T_UNCERTAIN = st.T_UNCERTAIN
_T_STAYED = st.T_STAYED
_T_OPEN = st.T_OPEN
_T_AFTER = st.T_AFTER
_T_CLAIM = st.T_CLAIM
_T_OWED = st.T_OWED
_T_VOTES = st.T_VOTES
_T_LAST = st.T_LAST
_T_GAP = st.T_GAP
_T_GAPS = st.T_GAPS
_TURN = st.TURN
_GAPS = at.GAPS
_V1 = at.V1
_V9 = at.V9
_IPFIX = at.IPFIX
_RECORD_BITS = at.RECORD_BITS
_FARTHEST_AHEAD = 1 << 24


@uncounted
def _remember(row: Any, start: Any, units: Any) -> None:
    """Keep a gap, in the place of the one that was kept longest."""
    place = _T_GAPS + 2 * row[_T_GAP]
    row[place] = start
    row[place + 1] = units
    row[_T_GAP] = (row[_T_GAP] + 1) % _GAPS


@uncounted
def _fill(row: Any, sequence: Any, units: Any) -> Any:
    """Take units out of the gap they lie in; how many were missing there."""
    for index in range(_GAPS):
        place = _T_GAPS + 2 * index
        start = row[place]
        length = row[place + 1]
        before = (sequence - start) & 0xFFFFFFFF
        if length == 0 or before >= length:
            continue
        filled = min(units, length - before)
        after = length - before - filled
        row[place + 1] = before
        if before == 0:
            row[place] = (sequence + filled) & 0xFFFFFFFF
            row[place + 1] = after
        elif after > 0:
            _remember(row, (sequence + filled) & 0xFFFFFFFF, after)
        return filled
    return 0


@uncounted
def _meet(head: Any, records: Any, count: Any) -> None:
    """Count a datagram for its source."""
    count[_C_DATAGRAMS] += 1
    count[_C_BYTES] += head[_H_LENGTH]
    count[_C_RECORDS] += records
    if head[_H_ARRIVAL_NS] >= count[_C_SEEN_NS]:
        count[_C_SEEN_NS] = head[_H_ARRIVAL_NS]
        count[_C_SKEW_NS] = head[_H_EXPORT_NS] - head[_H_ARRIVAL_NS]
        count[_C_RATE] = head[_H_SAMPLING]


@uncounted
def _judge(row: Any, count: Any, sequence: Any, units: Any, restarted: Any, window: Any) -> Any:
    """Count what a number tells that is not the expected one; whether its datagram came late."""
    ahead = (sequence - row[_T_EXPECTED]) & 0xFFFFFFFF
    ahead -= (ahead & 0x80000000) << 1
    if restarted or ahead < -window or ahead > _FARTHEST_AHEAD:
        count[_C_RESTARTED] += 1
        row[_T_GAPS : _T_GAPS + 2 * _GAPS] = 0
    elif ahead < 0:
        filled = _fill(row, sequence, units)
        count[_C_LATE] += filled
        count[_C_DUPLICATE] += units - filled
        return True
    elif row[_T_UNCERTAIN] != 0:
        count[_C_UNREAD] += ahead
    else:
        count[_C_LOST] += ahead
        _remember(row, row[_T_EXPECTED], ahead)
    return False


@uncounted
def _settle(streams: Any, row: Any, count: Any) -> Any:
    """Count what was missing between two streams, or that it was not; whether anything was."""
    owed = row[_T_OWED]
    count[_C_LATE] += owed
    row[_T_OWED] = 0
    if row[_T_CLAIM] >= 0:
        lost = settle_claim(streams, row)
        count[_C_LOST] += lost
        owed += lost
    if row[_T_CLAIM] < 0:
        row[_T_OPEN] = 0
    return owed != 0


@uncounted
def _units(protocol: Any, read: Any, records: Any, unread: Any) -> Any:
    """Units of a datagram, and those of them that its number may already include."""
    if protocol == _V9:
        return 1, 0
    if protocol == _IPFIX:
        return read, read - (records >> 20 & _RECORD_BITS)
    return read + unread, read + unread


@uncounted
def _check(
    row: Any,
    count: Any,
    sequence: Any,
    counted: Any,
    units: Any,
    uptime: Any,
    window: Any,
    readable: Any,
) -> Any:
    """Hold a number against the expected one; whether it was late, and if anything was counted."""
    restarted = rebooted(uptime, row[_T_UPTIME])
    happened = False
    if readable and row[_T_VOTES] >= 0 and row[_T_UNCERTAIN] == 0:
        lost = vote(row, sequence, counted)
        if lost < 0 and row[_T_AFTER] != 0:
            row[_T_GAPS : _T_GAPS + 2 * _GAPS] = 0
            return False, False
        if lost < 0:
            _remember(row, row[_T_EXPECTED], (sequence - row[_T_EXPECTED]) & 0xFFFFFFFF)
            return False, False
        count[_C_LOST] += lost
        happened = lost > 0
    first = first_unit(row, sequence, counted)
    if restarted or row[_T_EXPECTED] != first:
        return _judge(row, count, first, units, restarted, window), True
    return False, happened


@uncounted_kernel
def follow(heads: Any, records: Any, streams: Any, counts: Any, window: Any, progress: Any) -> None:
    """Count a slab's datagrams and follow their numbers, from ``progress[0]`` on.

    It stops where there is no room for a stream, and counts in ``progress[1]`` how often numbers
    were not as expected. ``counts`` int64 (sources, ...) is counted into.
    """
    for i in range(progress[0], records.shape[0]):
        head = heads[i]
        source = head[_H_SOURCE]
        if source < 0:
            continue
        sequence = head[_H_SEQUENCE]
        protocol = head[_H_PROTOCOL]
        read = records[i] & _RECORD_BITS
        if protocol == _V1:
            _meet(head, read, counts[source])
            continue
        uptime = head[_H_UPTIME_MS]
        units, counted = _units(protocol, read, records[i], head[_H_UNREAD])
        number = streams.first[source]
        if (
            number < 0
            or streams.rows[number, _T_PORT] != head[_H_PORT]
            or first_unit(streams.rows[number], sequence, counted)
            != streams.rows[number, _T_EXPECTED]
        ):
            number = stream_of(streams, source, head[_H_PORT], sequence, counted, uptime, window)
            if number < 0:
                progress[0] = i
                return
        row = streams.rows[number]
        streams.tallies[_TURN] += 1
        row[_T_SEEN] = streams.tallies[_TURN]
        row[_T_STAYED] += 1
        count = counts[source]
        _meet(head, read, count)
        if row[_T_AFTER] != 0:
            units = counted
        late = False
        unread = protocol == _IPFIX and (records[i] >= UNCERTAIN or head[_H_UNREAD] != 0)
        if row[_T_EXPECTED] >= 0:
            late, happened = _check(
                row,
                count,
                sequence,
                counted,
                units,
                uptime,
                window,
                protocol != _V9 and not unread,
            )
            progress[1] += happened
            progress[1] += row[_T_OPEN] != 0 and _settle(streams, row, count)
        if not late:
            row[_T_EXPECTED] = (sequence + (units if row[_T_AFTER] == 0 else 0)) & 0xFFFFFFFF
            row[_T_UPTIME] = uptime
            row[_T_UNCERTAIN] = 1 if unread else 0
            if row[_T_VOTES] >= 0:
                row[_T_LAST] = sequence
    progress[0] = records.shape[0]
