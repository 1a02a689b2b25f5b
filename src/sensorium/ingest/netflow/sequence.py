"""Sequence numbers: what was lost on the way, came late or twice, or began anew, per source.

The unit is the protocol's: NetFlow v5 counts flows, v9 packets, IPFIX data records (of templates
and options templates alike). A number ahead of the expected one is a gap of so many units. One
behind it, within the window, is a datagram that came late if it lies in a gap that is remembered,
and fills it; else it came twice. Anything farther off, or an uptime that went back, is a restart.

What an IPFIX message held that could not be read (data whose template is missing, a broken set)
shows in the next message's number: it is counted as unread and not as lost, and what is read of
it later, when its template has come, as replayed. So for every source at any time::

    sent = records - duplicates + (lost - late) + (unread - replayed) + cut

in units, where ``cut`` are v5's records that a datagram announces and ends before; in v9 a record
is a packet.
"""

from __future__ import annotations

from typing import Any

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.compiled import inner, kernel

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
_C_GAP = at.C_GAP
_C_UNCERTAIN = at.C_UNCERTAIN
_GAPS = at.GAPS
_V5 = at.V5
_V9 = at.V9
_IPFIX = at.IPFIX
_FARTHEST_AHEAD = 1 << 24
_UPTIME_SLACK_MS = 10_000
_UPTIME_NEAR_WRAP = 0xF0000000


@inner
def _remember(gaps: Any, count: Any, start: Any, units: Any) -> None:
    """Keep a gap, in the place of the one that was kept longest."""
    place = 2 * count[_C_GAP]
    gaps[place] = start
    gaps[place + 1] = units
    count[_C_GAP] = (count[_C_GAP] + 1) % _GAPS


@inner
def _fill(gaps: Any, count: Any, sequence: Any, units: Any) -> Any:
    """Take units out of the gap they lie in; how many were missing there."""
    for index in range(_GAPS):
        start = gaps[2 * index]
        length = gaps[2 * index + 1]
        before = (sequence - start) & 0xFFFFFFFF
        if length == 0 or before >= length:
            continue
        filled = min(units, length - before)
        after = length - before - filled
        gaps[2 * index + 1] = before
        if before == 0:
            gaps[2 * index] = (sequence + filled) & 0xFFFFFFFF
            gaps[2 * index + 1] = after
        elif after > 0:
            _remember(gaps, count, (sequence + filled) & 0xFFFFFFFF, after)
        return filled
    return 0


@inner
def _meet(head: Any, records: Any, count: Any) -> None:
    """Count a datagram for its source."""
    count[_C_DATAGRAMS] += 1
    count[_C_BYTES] += head[_H_LENGTH]
    count[_C_RECORDS] += records
    if head[_H_ARRIVAL_NS] >= count[_C_SEEN_NS]:
        count[_C_SEEN_NS] = head[_H_ARRIVAL_NS]
        count[_C_SKEW_NS] = head[_H_EXPORT_NS] - head[_H_ARRIVAL_NS]
        count[_C_RATE] = head[_H_SAMPLING]


@inner
def _behind(gaps: Any, count: Any, sequence: Any, units: Any) -> None:
    filled = _fill(gaps, count, sequence, units)
    count[_C_LATE] += filled
    count[_C_DUPLICATE] += units - filled


@kernel
def follow(
    heads: Any,
    records: Any,
    expected: Any,
    uptimes: Any,
    window: Any,
    counts: Any,
    gaps: Any,
) -> Any:
    """Count a slab's datagrams and follow their numbers; how often these were not as expected.

    ``expected`` and ``uptimes`` int64 (sources,) hold -1 where nothing is known yet; ``counts``
    int64 (sources, ...) is counted into; ``gaps`` int64 (sources, 32) holds starts and lengths.
    """
    happened = 0
    for i in range(records.shape[0]):
        head = heads[i]
        source = head[_H_SOURCE]
        if source < 0:
            continue
        count = counts[source]
        read = records[i] & (UNCERTAIN - 1)
        _meet(head, read, count)
        protocol = head[_H_PROTOCOL]
        units = 1 if protocol == _V9 else read + head[_H_UNREAD] if protocol == _V5 else read
        sequence = head[_H_SEQUENCE]
        uptime = head[_H_UPTIME_MS]
        before = uptimes[source]
        rebooted = 0 <= uptime < before - _UPTIME_SLACK_MS and before < _UPTIME_NEAR_WRAP
        late = False
        if expected[source] >= 0:
            ahead = (sequence - expected[source]) & 0xFFFFFFFF
            ahead -= (ahead & 0x80000000) << 1
            late = -window <= ahead < 0
            happened += ahead != 0
            if rebooted or ahead < -window or ahead > _FARTHEST_AHEAD:
                count[_C_RESTARTED] += 1
                gaps[source] = 0
                happened += 1
                late = False
            elif late:
                _behind(gaps[source], count, sequence, units)
            elif ahead > 0 and count[_C_UNCERTAIN] != 0:
                count[_C_UNREAD] += ahead
            elif ahead > 0:
                count[_C_LOST] += ahead
                _remember(gaps[source], count, expected[source], ahead)
        if not late:
            expected[source] = (sequence + units) & 0xFFFFFFFF
            uptimes[source] = uptime
            unread = records[i] >= UNCERTAIN or head[_H_UNREAD] != 0
            count[_C_UNCERTAIN] = 1 if unread and protocol == _IPFIX else 0
    return happened
