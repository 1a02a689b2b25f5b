"""Sequence numbers: what was lost on the way, came late, or began anew, per source.

The unit is the protocol's: NetFlow v5 counts flows, v9 packets, IPFIX data records (of templates
and options templates alike). A number ahead of the expected one is a gap of so many units; one
within the window behind is a datagram that came late, and pays back what its gap was counted as,
so that lost less late is what never came. Anything farther off, or an uptime that went back, is a
restart.
"""

from __future__ import annotations

from typing import Any

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.compiled import kernel

LOST = 0
LATE = 1
RESTARTED = 2
EVENTS = ("lost", "late", "restarted")

UNCERTAIN = 1 << 40
"""Added to a datagram's records where not all of them could be counted."""

_H_PROTOCOL = at.H_PROTOCOL
_H_SOURCE = at.H_SOURCE
_H_SEQUENCE = at.H_SEQUENCE
_H_UPTIME_MS = at.H_UPTIME_MS
_V9 = at.V9
_FARTHEST_AHEAD = 1 << 24
_UPTIME_SLACK_MS = 10_000
_UPTIME_NEAR_WRAP = 0xF0000000


@kernel
def follow(heads: Any, records: Any, expected: Any, uptimes: Any, window: Any, events: Any) -> Any:
    """Follow the numbers of a slab's datagrams; the number of events.

    ``expected`` and ``uptimes`` int64 (sources,) hold -1 where nothing is known yet; ``events``
    int64 (sources, 3) is counted into.
    """
    happened = 0
    for i in range(records.shape[0]):
        source = heads[i, _H_SOURCE]
        if source < 0:
            continue
        packets = heads[i, _H_PROTOCOL] == _V9
        units = 1 if packets else records[i]
        sequence = heads[i, _H_SEQUENCE]
        uptime = heads[i, _H_UPTIME_MS]
        before = uptimes[source]
        rebooted = 0 <= uptime < before - _UPTIME_SLACK_MS and before < _UPTIME_NEAR_WRAP
        late = False
        if expected[source] >= 0:
            ahead = (sequence - expected[source]) & 0xFFFFFFFF
            ahead -= (ahead & 0x80000000) << 1
            late = -window <= ahead < 0
            if rebooted or ahead < -window or ahead > _FARTHEST_AHEAD:
                events[source, RESTARTED] += 1
                happened += 1
                late = False
            elif late:
                events[source, LATE] += units & 0xFFFFFFFF
                happened += 1
            elif ahead > 0:
                events[source, LOST] += ahead
                happened += 1
        if not late:
            expected[source] = -1 if units >= UNCERTAIN else (sequence + units) & 0xFFFFFFFF
            uptimes[source] = uptime
    return happened
