"""Conversations from unidirectional records that several exporters may have sent.

One exchange reaches us as two records, one per direction, and once from every router on its
way. Volumes must be counted once, and both directions must agree on who is the client.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sensorium.detect.arrays import I64, U64, Bool
from sensorium.detect.flows.orientation import Side, low_is_server
from sensorium.detect.flows.window import Addresses, Conversations, Records
from sensorium.detect.groups import Groups
from sensorium.detect.keys import combine

_TCP, _UDP, _ICMP, _ICMP6 = 6, 17, 1, 58
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_REMEMBER_NS = 120_000_000_000
_KNOCK = 5


@dataclass(slots=True)
class Counted:
    """Directions of conversations counted lately: by which point, and up to which time.

    A second exporter's record of time already counted may fall just across a window's end;
    without this memory that conversation would count twice.
    """

    keys: U64
    point: U64
    until: I64

    @staticmethod
    def nothing() -> Counted:
        """No conversation counted yet."""
        return Counted(np.empty(0, np.uint64), np.empty(0, np.uint64), np.empty(0, np.int64))

    def repeats(self, keys: U64, point: U64, start: I64) -> Bool:
        """Which records tell of time that another point has told of already."""
        if not len(self.keys):
            return np.zeros(len(keys), np.bool_)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known: Bool = (self.keys[at] == keys) & (start > 0)
        return np.asarray(known & (self.point[at] != point) & (start < self.until[at]), np.bool_)

    def then(self, keys: U64, point: U64, until: I64, now: int) -> Counted:
        """The memory after a window; what ended long before ``now`` is dropped."""
        kept = (self.until >= now - _REMEMBER_NS) & ~np.isin(self.keys, keys)
        merged = np.concatenate([self.keys[kept], keys])
        order = np.argsort(merged, kind="stable")
        return Counted(
            merged[order],
            np.concatenate([self.point[kept], point])[order],
            np.concatenate([self.until[kept], until])[order],
        )


def converse(
    addresses: Addresses, records: Records, counted: Counted, served: U64, start_ns: int
) -> tuple[Conversations, Counted]:
    """Pair the records of a window into conversations.

    ``served`` are the sorted keys of services that have answered before. Returns the
    conversations and the memory for the next window.
    """
    source, target = records.source, records.target
    forward = (source < target) | (
        (source == target) & (records.source_port <= records.target_port)
    )
    low, high = np.where(forward, source, target), np.where(forward, target, source)
    low_port = np.where(forward, records.source_port, records.target_port)
    high_port = np.where(forward, records.target_port, records.source_port)
    ports = ((low_port << 32) | (high_port << 16) | records.proto).astype(np.uint64)
    exchange = combine(addresses.keys[low], addresses.keys[high], ports)
    direction = combine(exchange, forward.astype(np.uint64))

    fresh = np.flatnonzero(~counted.repeats(direction, records.point, records.start))
    chosen, totals = _one_point(direction[fresh], fresh, records)
    memory = counted.then(totals.keys, totals.point, totals.end, start_ns)

    groups = Groups.of(exchange[chosen])
    sides = [_side(totals, groups, forward[chosen] == wanted) for wanted in (True, False)]
    ends = [
        groups.first(column[chosen]) for column in (low, low_port, high, high_port, records.proto)
    ]
    return _orient(addresses, ends, sides, served), memory


@dataclass(frozen=True, slots=True)
class _Totals:
    """Sums per direction of a conversation, from the one point chosen for it."""

    keys: U64
    point: U64
    bytes: I64
    packets: I64
    flags: I64
    echo: I64
    start: I64
    end: I64


def _one_point(direction: U64, rows: I64, records: Records) -> tuple[I64, _Totals]:
    """Sum each direction at each point, then keep the point that saw most of it.

    Returns one record's row per direction, for its names, and the sums, in order of key.
    """
    point = records.point[rows]
    seen = Groups.of(combine(direction, point))
    row = seen.first(rows)
    sums = _Totals(
        keys=seen.first(direction),
        point=seen.first(point),
        bytes=seen.reduce(np.add, records.bytes[rows]),
        packets=seen.reduce(np.add, records.packets[rows]),
        flags=seen.reduce(np.bitwise_or, records.flags[rows]),
        echo=seen.reduce(np.maximum, (records.icmp_type[rows] == 8).astype(np.int64)),
        start=seen.reduce(np.minimum, records.start[rows]),
        end=seen.reduce(np.maximum, records.end[rows]),
    )
    order = np.lexsort((sums.point, -sums.packets, -sums.bytes, sums.keys))
    first = np.ones(len(order), np.bool_)
    first[1:] = sums.keys[order][1:] != sums.keys[order][:-1]
    best = order[first]
    names = ("keys", "point", "bytes", "packets", "flags", "echo", "start", "end")
    return row[best], _Totals(**{name: getattr(sums, name)[best] for name in names})


def _side(totals: _Totals, groups: Groups, mine: Bool) -> Side:
    """What one end of each conversation sent; zero where it sent nothing."""
    at = groups.codes[mine]

    def spread(column: I64) -> I64:
        out = np.zeros(len(groups), np.int64)
        out[at] = column[mine]
        return out

    return Side(
        bytes=spread(totals.bytes),
        packets=spread(totals.packets),
        flags=spread(totals.flags),
        echo=spread(totals.echo),
        start=spread(totals.start),
        end=spread(totals.end),
    )


def _orient(addresses: Addresses, ends: list[I64], sides: list[Side], served: U64) -> Conversations:
    low, low_port, high, high_port, proto = ends
    low_service = service_keys(addresses, low, low_port, proto)
    high_service = service_keys(addresses, high, high_port, proto)
    known = np.isin(low_service, served).astype(np.int64) - np.isin(high_service, served)
    swap = low_is_server(*sides, low_port=low_port, high_port=high_port, proto=proto, known=known)
    up = Side.choose(swap, sides[1], sides[0])
    down = Side.choose(swap, sides[0], sides[1])
    starts = np.where(up.start > 0, up.start, down.start)
    server = np.where(swap, low, high)
    failed = _failed(up, down, proto)
    return Conversations(
        client=np.where(swap, high, low),
        server=server,
        port=np.where(swap, low_port, high_port),
        proto=proto,
        bytes_up=up.bytes,
        bytes_down=down.bytes,
        packets_up=up.packets,
        packets_down=down.packets,
        duration=np.maximum(np.maximum(up.end, down.end) - starts, 0),
        failed=failed & ~addresses.group[server],
        answered=~failed & ((down.packets > 0) | (up.packets > _KNOCK)),
        service=np.where(swap, low_service, high_service),
    )


def service_keys(addresses: Addresses, host: I64, port: I64, proto: I64) -> U64:
    """Keys of services: a host, a port and a protocol."""
    return combine(addresses.keys[host], ((port << 16) | proto).astype(np.uint64))


def _failed(up: Side, down: Side, proto: I64) -> Bool:
    silent = down.packets == 0
    # A client acknowledges only what it was sent: then there was an answer, though no exporter
    # told of it. A router that exports what it forwards does not export what it says itself.
    opening = ((up.flags & _SYN) > 0) & ~(silent & ((up.flags & _ACK) > 0))
    refused = ((down.flags & _RST) > 0) & ((down.flags & _SYN) == 0)
    # Without flags from the exporter an opening cannot be seen, only that nobody answered.
    tcp = (proto == _TCP) & ((opening & (silent | refused)) | ((up.flags == 0) & silent))
    # Logs and telemetry are sent by UDP without any answer, in more packets than a knock takes.
    udp = (proto == _UDP) & silent & (up.packets <= _KNOCK)
    echo = (proto == _ICMP) & (up.echo > 0) & silent
    return np.asarray(tcp | udp | echo, np.bool_)
