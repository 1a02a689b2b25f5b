"""Flow records into sums, one for each direction of an exchange at each point that saw it.

One pass over the columns of a batch: addresses get numbers, each record finds the sums it
belongs to in a hash table, and nothing is sorted. Columns are those of ``model.signals.FLOWS``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.detect.arrays import I32, I64, U64, Number
from sensorium.detect.kernels.mixing import joined, mixed
from sensorium.detect.kernels.probing import slot_of
from sensorium.ingest.compiled import inner, kernel

# Columns of the sums, int64 (g, SUMS).
LOW, HIGH, LOW_PORT, HIGH_PORT, PROTO, FORWARD = 0, 1, 2, 3, 4, 5
BYTES, PACKETS, FLAGS, ECHO, START, END, RECORDS, TOLD_UNTIL = 6, 7, 8, 9, 10, 11, 12, 13
SUMS = 14
# Columns of their names, uint64 (g, NAMES).
EXCHANGE, DIRECTION, POINT, TOLD_BY = 0, 1, 2, 3
NAMES = 4
# Columns of what is kept of each record: exporter, source, target, interfaces, bytes, packets.
KEPT = 7

_ICMP, _ECHO_REQUEST = 1, 8
_UNTOLD = np.int64(-(2**63))
_8, _16, _32 = np.uint64(8), np.uint64(16), np.uint64(32)
_BYTES = np.uint64(0x00FF00FF00FF00FF)
_PAIRS = np.uint64(0x0000FFFF0000FFFF)


@inner
def _big_endian(word: np.uint64) -> np.uint64:
    x = np.uint64(((word >> _8) & _BYTES) | ((word & _BYTES) << _8))
    x = np.uint64(((x >> _16) & _PAIRS) | ((x & _PAIRS) << _16))
    return np.uint64((x >> _32) | (x << _32))


@inner
def _number(
    row: Number, halves: U64, slots: I32, upper: U64, lower: U64, keys: U64, used: I64
) -> Number:
    """The number of an address, given when it is first seen; ``halves`` (n, 2) are its bytes."""
    first, second = _big_endian(halves[row, 0]), _big_endian(halves[row, 1])
    key = joined(mixed(first), second)
    at = slot_of(key, slots, keys)
    code = slots[at]
    if code < 0:
        code = np.int32(used[0])
        slots[at] = code
        upper[code], lower[code], keys[code] = first, second, key
        used[0] += 1
    return np.int64(code)


@inner
def _service_port(proto: Number, port: Number) -> Number:
    """The port, where the protocol has any: TCP, UDP, SCTP, DCCP and UDP-Lite."""
    if proto in (6, 17, 132, 33, 136):
        return port
    return 0


@kernel
def gather(
    start: int,
    columns: Any,
    rows: I32,
    addresses: Any,
    groups: Any,
    told: Any,
    kept: I64,
    used: I64,
) -> int:
    """Take the records from ``start`` on in, until all are or the addresses' table is half full.

    Returns the first that was not taken. ``rows`` are those of the batch, all where it is empty.
    ``addresses`` are slots, upper and lower halves, and keys; ``groups`` slots, keys, names and
    sums; ``told`` what was counted before: slots, keys, points, until when, and the time before
    which it does not matter; ``kept`` (n, KEPT) what is kept of each record. ``used`` counts
    addresses, groups and records.
    """
    # Arrays come out of their tuples once: to take one out in the loop counts a reference.
    samplers, sources, targets, domains, rates, sports, dports, protos, flags = columns[:9]
    sizes, packets, starts, ends, in_ifs, out_ifs, sides, icmp_types = columns[9:]
    a_slots, upper, lower, a_keys = addresses
    g_slots, g_keys, names, sums = groups
    t_slots, t_keys, t_points, t_until, since = told
    many = len(rows) if len(rows) else len(domains)
    exporter: Number = -1
    domain: Number = -1
    in_if: Number = -1
    out_if: Number = -1
    side: Number = -1
    point = np.uint64(0)
    for i in range(start, many):
        if 2 * (used[0] + 3) > len(a_slots):
            return i
        row = rows[i] if len(rows) else np.int32(i)
        by = _number(row, samplers, a_slots, upper, lower, a_keys, used)
        source = _number(row, sources, a_slots, upper, lower, a_keys, used)
        target = _number(row, targets, a_slots, upper, lower, a_keys, used)
        if by != exporter or not (
            domains[row] == domain
            and in_ifs[row] == in_if
            and out_ifs[row] == out_if
            and sides[row] == side
        ):
            exporter, domain, side = by, np.int64(domains[row]), np.int64(sides[row])
            in_if, out_if = np.int64(in_ifs[row]), np.int64(out_ifs[row])
            point = _point(a_keys[by], domain, in_if, out_if, side)
        kept[used[2], 0], kept[used[2], 1], kept[used[2], 2] = by, source, target
        proto, to = np.int64(protos[row]), np.int64(dports[row])
        sport, dport = _service_port(proto, np.int64(sports[row])), _service_port(proto, to)
        forward = _forward(source, target, upper, lower, sport, dport)
        if not forward:
            source, target, sport, dport = target, source, dport, sport
        exchange = joined(mixed(a_keys[source]), a_keys[target])
        exchange = joined(exchange, np.uint64((sport << 32) | (dport << 16) | proto))
        direction = joined(mixed(exchange), np.uint64(forward))
        key = joined(mixed(direction), point)
        slot = slot_of(key, g_slots, g_keys)
        group = np.int64(g_slots[slot])
        if group < 0:
            group = used[1]
            g_slots[slot], g_keys[group] = group, key
            used[1] += 1
            names[group, EXCHANGE], names[group, DIRECTION] = exchange, direction
            names[group, POINT] = point
            ends_of = source, target, sport, dport, proto, forward
            _begin(group, ends_of, names, sums, t_slots, t_keys, t_points, t_until, since)
        scale = np.int64(max(rates[row], 1))
        size, count = np.int64(sizes[row]) * scale, np.int64(packets[row]) * scale
        echo = _is_echo(proto, np.int64(icmp_types[row]), to)
        flag = np.int64(flags[row])
        _add(group, names, sums, starts[row], ends[row], size, count, flag, echo)
        kept[used[2], 3], kept[used[2], 4] = in_if, out_if
        kept[used[2], 5], kept[used[2], 6] = size, count
        used[2] += 1
    return many


@inner
def _point(
    exporter: np.uint64, domain: Number, in_if: Number, out_if: Number, side: Number
) -> np.uint64:
    """The key of where traffic was observed: exporter, domain, interfaces, direction."""
    key = joined(mixed(exporter), np.uint64(domain))
    return joined(joined(key, np.uint64((in_if << 32) ^ out_if)), np.uint64(side))


@inner
def _forward(
    source: Number, target: Number, upper: U64, lower: U64, sport: Number, dport: Number
) -> bool:
    """Whether the source is the low end of the exchange: by address, and then by port."""
    if source == target:
        return bool(sport <= dport)
    if upper[source] != upper[target]:
        return bool(upper[source] < upper[target])
    return bool(lower[source] < lower[target])


@inner
def _begin(
    group: Number,
    ends: Any,
    names: U64,
    sums: I64,
    t_slots: I32,
    t_keys: U64,
    t_points: U64,
    t_until: I64,
    since: Number,
) -> None:
    """Name a group, and recall what was told of its direction in windows before."""
    sums[group, LOW], sums[group, HIGH], sums[group, LOW_PORT] = ends[0], ends[1], ends[2]
    sums[group, HIGH_PORT], sums[group, PROTO], sums[group, FORWARD] = ends[3], ends[4], ends[5]
    for column in range(BYTES, SUMS):
        sums[group, column] = 0
    sums[group, TOLD_UNTIL] = _UNTOLD
    row = t_slots[slot_of(names[group, DIRECTION], t_slots, t_keys)]
    if row >= 0 and t_until[row] >= since:
        names[group, TOLD_BY], sums[group, TOLD_UNTIL] = t_points[row], t_until[row]


@inner
def _is_echo(proto: Number, icmp_type: Number, port: Number) -> bool:
    """Whether it asks for an echo: exporters put ICMP's type and code into the destination port
    where no field carries them."""
    if proto == _ICMP:
        return bool(max(icmp_type, port >> 8) == _ECHO_REQUEST)
    return bool(icmp_type == _ECHO_REQUEST)


@inner
def _add(
    group: Number,
    names: U64,
    sums: I64,
    began: Number,
    ended: Number,
    size: Number,
    packets: Number,
    flags: Number,
    echo: Any,
) -> None:
    # Time that another point has told of already is not told again.
    if 0 < began < sums[group, TOLD_UNTIL] and names[group, TOLD_BY] != names[group, POINT]:
        return
    if sums[group, RECORDS] == 0:
        sums[group, START], sums[group, END] = began, ended
    sums[group, RECORDS] += 1
    sums[group, BYTES] += size
    sums[group, PACKETS] += packets
    sums[group, FLAGS] |= flags
    sums[group, ECHO] |= np.int64(echo)
    sums[group, START] = min(sums[group, START], began)
    sums[group, END] = max(sums[group, END], ended)
