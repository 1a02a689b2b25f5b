"""Flow records into sums, one for each direction of an exchange at each point that saw it.

One pass over the columns of a batch: addresses get numbers, each record finds the sums it
belongs to in a hash table, and nothing is sorted. Columns are those of ``model.signals.FLOWS``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.detect.arrays import I32, I64, U64, Number
from sensorium.detect.kernels.mixing import STEP, joined, mixed
from sensorium.detect.kernels.probing import home_of, slot_of
from sensorium.ingest.compiled import inlined, kernel

# Columns of the sums, int64 (g, SUMS).
LOW, HIGH, LOW_PORT, HIGH_PORT, PROTO, FORWARD = 0, 1, 2, 3, 4, 5
BYTES, PACKETS, FLAGS, ECHO, START, END, RECORDS, TOLD_UNTIL = 6, 7, 8, 9, 10, 11, 12, 13
SUMS = 14
# Columns of their names, uint64 (g, NAMES).
EXCHANGE, DIRECTION, POINT, TOLD_BY = 0, 1, 2, 3
NAMES = 4
# Of a record in a block, behind what its group takes over; the key of its group stands fourth.
FROM, TO, DOMAIN, SIDE = 6, 7, 8, 9
OF, KEY = PROTO, TOLD_BY
ENDS = 10
# Records that are looked up together.
BLOCK = 256
# What is kept of records, int64 (KEPT, n): exporter, source, target, interfaces, bytes, packets.
KEPT = 7

_ICMP, _ECHO_REQUEST = 1, 8
_UNTOLD = np.int64(-(2**63))
_UNASKED = np.int64(-(2**63) + 1)
_8, _16, _32 = np.uint64(8), np.uint64(16), np.uint64(32)
_BYTES = np.uint64(0x00FF00FF00FF00FF)
_PAIRS = np.uint64(0x0000FFFF0000FFFF)


@inlined
def _big_endian(word: Number) -> np.uint64:
    x = np.uint64(((word >> _8) & _BYTES) | ((word & _BYTES) << _8))
    x = np.uint64(((x >> _16) & _PAIRS) | ((x & _PAIRS) << _16))
    return np.uint64((x >> _32) | (x << _32))


@inlined
def _address_slot(
    first: Number, second: Number, slots: I32, firsts: U64, seconds: U64
) -> np.uint64:
    """The slot of an address, given as the two words that its bytes are, or where it belongs."""
    # Addresses of one network differ in a few bits: those are brought down before they are spread.
    spread = np.uint64(second * STEP)
    spread = np.uint64(np.uint64(spread ^ (spread >> _32)) + first)
    last = np.uint64(len(slots) - 1)
    at = home_of(spread, last)
    code = slots[at]
    while code >= 0 and (firsts[code] != first or seconds[code] != second):
        at = np.uint64(np.uint64(at + np.uint64(1)) & last)
        code = slots[at]
    return at


@inlined
def _number(
    row: Number, words: U64, slots: I32, firsts: U64, seconds: U64, keys: U64, used: I64
) -> Number:
    """The number of an address, given when it is first seen; ``words`` (n, 2) are its bytes."""
    first, second = words[row, 0], words[row, 1]
    at = _address_slot(first, second, slots, firsts, seconds)
    code = slots[at]
    if code < 0:
        code = np.int32(used[0])
        slots[at] = code
        firsts[code], seconds[code] = first, second
        keys[code] = joined(mixed(_big_endian(first)), _big_endian(second))
        used[0] += 1
    return np.int64(code)


@kernel
def enter_addresses(count: int, slots: I32, firsts: U64, seconds: U64) -> None:
    """Give the first ``count`` addresses their slots in a larger table."""
    for code in range(count):
        slots[_address_slot(firsts[code], seconds[code], slots, firsts, seconds)] = code


@inlined
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
    ``addresses`` are slots, first and second words, and keys; ``groups`` slots, keys, names and
    sums; ``told`` what was counted before: slots, keys, points, until when, and the time before
    which it does not matter; ``kept`` (KEPT, n) what is kept of records. ``used`` counts
    addresses, groups and records.
    """
    # Arrays come out of their tuples once: to take one out in the loop counts a reference.
    samplers, sources, targets, domains, rates, sports, dports, protos, flags = columns[:9]
    sizes, packets, starts, ends, in_ifs, out_ifs, sides, icmp_types = columns[9:]
    a_slots, firsts, seconds, a_keys = addresses
    g_slots, g_keys, names, sums = groups
    t_slots, t_keys, t_points, t_until, since = told
    many = len(rows) if len(rows) else len(domains)
    # A block at a time, so that the lookups of many records wait for memory together.
    places, told_of = np.empty((BLOCK, ENDS), np.int64), np.empty((BLOCK, 4), np.uint64)
    at = start
    while at < many:
        if 2 * (used[0] + 3 * BLOCK) > len(a_slots):
            return at
        end, record = min(at + BLOCK, many), used[2]
        for i in range(at, end):
            row = rows[i] if len(rows) else np.int32(i)
            k = record + i - at
            kept[0, k] = _number(row, samplers, a_slots, firsts, seconds, a_keys, used)
            kept[1, k] = _number(row, sources, a_slots, firsts, seconds, a_keys, used)
            kept[2, k] = _number(row, targets, a_slots, firsts, seconds, a_keys, used)
            scale = np.int64(max(rates[row], 1))
            kept[3, k], kept[4, k] = np.int64(in_ifs[row]), np.int64(out_ifs[row])
            kept[5, k], kept[6, k] = np.int64(sizes[row]) * scale, np.int64(packets[row]) * scale
            places[i - at, OF] = protos[row]
            places[i - at, FROM], places[i - at, TO] = sports[row], dports[row]
            places[i - at, DOMAIN], places[i - at, SIDE] = domains[row], sides[row]
        _name(end - at, record, kept, places, told_of, firsts, seconds, a_keys)
        used[3] += _touch(end - at, told_of, g_slots, t_slots)
        for i in range(at, end):
            row = rows[i] if len(rows) else np.int32(i)
            k = i - at
            group = _group(k, places, told_of, g_slots, g_keys, names, sums, used)
            if sums[group, TOLD_UNTIL] == _UNASKED:
                _recall(group, names, sums, t_slots, t_keys, t_points, t_until, since)
            echo = _is_echo(places[k, OF], np.int64(icmp_types[row]), places[k, TO])
            size, count = kept[5, record + k], kept[6, record + k]
            flag = np.int64(flags[row])
            _add(group, names, sums, starts[row], ends[row], size, count, flag, echo)
        used[2] += end - at
        at = end
    return many


@inlined
def _name(
    many: Number,
    record: Number,
    kept: I64,
    places: I64,
    told_of: U64,
    firsts: U64,
    seconds: U64,
    keys: U64,
) -> None:
    """Name the exchange, direction, point and group of each record of a block."""
    before: Number = -1
    point = np.uint64(0)
    for k in range(many):
        by, source, target = kept[0, record + k], kept[1, record + k], kept[2, record + k]
        in_if, out_if = kept[3, record + k], kept[4, record + k]
        if before < 0 or not (
            kept[0, before] == by
            and kept[3, before] == in_if
            and kept[4, before] == out_if
            and places[k, DOMAIN] == places[k - 1, DOMAIN]
            and places[k, SIDE] == places[k - 1, SIDE]
        ):
            point = _point(keys[by], places[k, DOMAIN], in_if, out_if, places[k, SIDE])
        before = record + k
        proto = places[k, OF]
        sport, dport = _service_port(proto, places[k, FROM]), _service_port(proto, places[k, TO])
        forward = _forward(source, target, firsts, seconds, sport, dport)
        if not forward:
            source, target, sport, dport = target, source, dport, sport
        exchange = joined(mixed(keys[source]), keys[target])
        exchange = joined(exchange, np.uint64((sport << 32) | (dport << 16) | proto))
        direction = joined(mixed(exchange), np.uint64(forward))
        told_of[k, EXCHANGE], told_of[k, DIRECTION], told_of[k, POINT] = exchange, direction, point
        told_of[k, KEY] = joined(mixed(direction), point)
        places[k, LOW], places[k, HIGH], places[k, FORWARD] = source, target, forward
        places[k, LOW_PORT], places[k, HIGH_PORT] = sport, dport


@inlined
def _touch(many: Number, told_of: U64, groups: I32, told: I32) -> Number:
    """Read the slots that are asked for next, so that they are near by then."""
    seen: Number = np.int64(0)
    for k in range(many):
        seen += groups[home_of(told_of[k, KEY], np.uint64(len(groups) - 1))]
        seen += told[home_of(told_of[k, DIRECTION], np.uint64(len(told) - 1))]
    return seen


@inlined
def _group(
    k: Number,
    places: I64,
    told_of: U64,
    slots: I32,
    keys: U64,
    names: U64,
    sums: I64,
    used: I64,
) -> Number:
    """The group of a record, named when it is first seen."""
    slot = slot_of(told_of[k, KEY], slots, keys)
    group = np.int64(slots[slot])
    if group >= 0:
        return group
    group = used[1]
    slots[slot], keys[group] = group, told_of[k, KEY]
    used[1] += 1
    for column in range(TOLD_BY):
        names[group, column] = told_of[k, column]
    for column in range(BYTES):
        sums[group, column] = places[k, column]
    for column in range(BYTES, SUMS):
        sums[group, column] = 0
    sums[group, TOLD_UNTIL] = _UNASKED
    return group


@inlined
def _point(
    exporter: np.uint64, domain: Number, in_if: Number, out_if: Number, side: Number
) -> np.uint64:
    """The key of where traffic was observed: exporter, domain, interfaces, direction."""
    key = joined(mixed(exporter), np.uint64(domain))
    return joined(joined(key, np.uint64((in_if << 32) ^ out_if)), np.uint64(side))


@inlined
def _forward(
    source: Number, target: Number, firsts: U64, seconds: U64, sport: Number, dport: Number
) -> bool:
    """Whether the source is the low end of the exchange: by address, and then by port."""
    if source == target:
        return bool(sport <= dport)
    if firsts[source] != firsts[target]:
        return bool(_big_endian(firsts[source]) < _big_endian(firsts[target]))
    return bool(_big_endian(seconds[source]) < _big_endian(seconds[target]))


@inlined
def _recall(
    group: Number,
    names: U64,
    sums: I64,
    slots: I32,
    keys: U64,
    points: U64,
    until: I64,
    since: Number,
) -> None:
    """What was told of a group's direction in windows before: by which point, and up to when."""
    sums[group, TOLD_UNTIL] = _UNTOLD
    row = slots[slot_of(names[group, DIRECTION], slots, keys)]
    if row >= 0 and until[row] >= since:
        names[group, TOLD_BY], sums[group, TOLD_UNTIL] = points[row], until[row]


@inlined
def _is_echo(proto: Number, icmp_type: Number, port: Number) -> bool:
    """Whether it asks for an echo: exporters put ICMP's type and code into the destination port
    where no field carries them."""
    if proto == _ICMP:
        return bool(max(icmp_type, port >> 8) == _ECHO_REQUEST)
    return bool(icmp_type == _ECHO_REQUEST)


@inlined
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
