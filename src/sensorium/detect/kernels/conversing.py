"""Sums of directions into conversations: one point for each direction, one end for the client."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I32, I64, U64, Bool, Number
from sensorium.detect.kernels.gathering import (
    BYTES,
    DIRECTION,
    ECHO,
    END,
    EXCHANGE,
    FLAGS,
    FORWARD,
    HIGH,
    HIGH_PORT,
    LOW,
    LOW_PORT,
    PACKETS,
    POINT,
    PROTO,
    RECORDS,
    START,
)
from sensorium.detect.kernels.mixing import joined, mixed
from sensorium.detect.kernels.probing import slot_of
from sensorium.ingest.compiled import inlined, kernel

_TCP, _UDP, _ICMP = 6, 17, 1
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_KNOCK = 5
_MILLISECOND = 1_000_000

# A sign of who serves outweighs all weaker ones together.
_OPENED, _PORT_CLASS, _SERVED_BEFORE, _ONLY_SENDER, _BEGAN = 64, 16, 8, 4, 2

# Columns of a conversation, int64 (c, TALK).
CLIENT, SERVER, PORT, OF, UP, DOWN, PACKETS_UP, PACKETS_DOWN, DURATION = 0, 1, 2, 3, 4, 5, 6, 7, 8
FAILED, ANSWERED, BEGAN = 9, 10, 11
TALK = 12


@kernel
def choose_points(names: U64, sums: I64, groups: int, slots: I32, keys: U64, best: I64) -> int:
    """For each direction the point that saw most of it; ``best`` gets their groups.

    ``slots`` is empty, ``keys`` gets the directions. Returns how many there are.
    """
    found = 0
    for group in range(groups):
        if sums[group, RECORDS] == 0:
            continue
        direction = names[group, DIRECTION]
        slot = slot_of(direction, slots, keys)
        if slots[slot] < 0:
            slots[slot] = found
            keys[found], best[found] = direction, group
            found += 1
        else:
            at = slots[slot]
            if _saw_more(names, sums, group, best[at]):
                best[at] = group
    return found


@inlined
def _saw_more(names: U64, sums: I64, one: int, other: int) -> bool:
    for column in (BYTES, PACKETS):
        if sums[one, column] != sums[other, column]:
            return bool(sums[one, column] > sums[other, column])
    return bool(names[one, POINT] < names[other, POINT])


@kernel
def pair_directions(
    names: U64, sums: I64, best: I64, slots: I32, exchanges: U64, sides: I64
) -> int:
    """Put both directions of each exchange together; ``sides`` (c, 2) gets their groups, -1 for
    one that nobody told of: that sent by the low end, and that sent by the high one."""
    found = 0
    for k in range(len(best)):
        group = best[k]
        exchange = names[group, EXCHANGE]
        slot = slot_of(exchange, slots, exchanges)
        if slots[slot] < 0:
            slots[slot] = found
            exchanges[found] = exchange
            sides[found, 0] = sides[found, 1] = -1
            found += 1
        sides[slots[slot], 1 - sums[group, FORWARD]] = group
    return found


@kernel
def orient(
    sums: I64,
    sides: I64,
    rank: I64,
    address_keys: U64,
    nobody: Bool,
    served_slots: I32,
    served_keys: U64,
    talks: I64,
    services: U64,
) -> None:
    """Tell client and server of each exchange apart.

    ``rank`` gives addresses their final numbers; ``address_keys`` and ``nobody`` are in those.
    The last row of ``sums`` stands for a side that nobody told of.
    """
    nothing = len(sums) - 1
    for i in range(len(talks)):
        low, high = sides[i, 0], sides[i, 1]
        names = low if low >= 0 else high
        low, high = low if low >= 0 else nothing, high if high >= 0 else nothing
        at_low, at_high = rank[sums[names, LOW]], rank[sums[names, HIGH]]
        low_port, high_port = sums[names, LOW_PORT], sums[names, HIGH_PORT]
        proto = sums[names, PROTO]
        low_service = _service(address_keys[at_low], low_port, proto)
        high_service = _service(address_keys[at_high], high_port, proto)
        known = 0
        if served_slots[slot_of(low_service, served_slots, served_keys)] >= 0:
            known += 1
        if served_slots[slot_of(high_service, served_slots, served_keys)] >= 0:
            known -= 1
        up, down, port, services[i] = low, high, high_port, high_service
        talks[i, CLIENT], talks[i, SERVER] = at_low, at_high
        if _low_serves(sums, low, high, low_port, high_port, proto, known):
            up, down, port, services[i] = high, low, low_port, low_service
            talks[i, CLIENT], talks[i, SERVER] = at_high, at_low
        talks[i, PORT], talks[i, OF] = port, proto
        _tell(talks, i, sums, up, down, proto, nobody[talks[i, SERVER]])


@inlined
def _service(host: np.uint64, port: int, proto: int) -> np.uint64:
    return joined(mixed(host), np.uint64((port << 16) | proto))


@inlined
def _low_serves(
    sums: I64,
    low: Number,
    high: Number,
    low_port: Number,
    high_port: Number,
    proto: Number,
    known: Number,
) -> bool:
    """Weigh the signs, strongest first: who opened (a SYN without ACK, or the only SYN, or an echo
    request); the port's class; a service known from before; who alone sent anything; who began,
    by a millisecond or more. Where all are silent the lower port serves, and then the low end."""
    balance: Number = _PORT_CLASS * _sign(_port_class(low_port) - _port_class(high_port))
    balance += _OPENED * _sign(_opened(sums, high, low) - _opened(sums, low, high))
    balance += _SERVED_BEFORE * known
    if proto != _TCP:
        alone = np.int64(sums[low, PACKETS] == 0) - np.int64(sums[high, PACKETS] == 0)
        balance += _ONLY_SENDER * alone
    if sums[low, START] > 0 and sums[high, START] > 0:
        lead = sums[low, START] - sums[high, START]
        if abs(lead) >= _MILLISECOND:
            balance += _BEGAN * _sign(lead)
    return bool(balance > 0 or (balance == 0 and low_port <= high_port))


@inlined
def _sign(value: Number) -> Number:
    return np.int64(value > 0) - np.int64(value < 0)


@inlined
def _opened(sums: I64, side: Number, other: Number) -> Number:
    """How strongly the flags say that this side opened: 3, 2, 1 or 0."""
    flags = sums[side, FLAGS]
    if flags & _SYN:
        if not flags & _ACK:
            return 3
        if sums[other, PACKETS] > 0 and not sums[other, FLAGS] & _SYN:
            return 2
    return np.int64(sums[side, ECHO])


@inlined
def _port_class(port: int) -> int:
    """2 for system ports, 1 for registered ones, 0 for those that systems hand to clients."""
    if port == 0 or port >= 32768:
        return 0
    return 2 if port < 1024 else 1


@inlined
def _tell(talks: I64, at: int, sums: I64, up: int, down: int, proto: int, nobody: bool) -> None:
    began = sums[up, START] if sums[up, START] > 0 else sums[down, START]
    failed = _failed(sums, up, down, proto)
    talks[at, UP], talks[at, DOWN] = sums[up, BYTES], sums[down, BYTES]
    talks[at, PACKETS_UP], talks[at, PACKETS_DOWN] = sums[up, PACKETS], sums[down, PACKETS]
    ended = max(sums[up, END], sums[down, END])
    talks[at, DURATION] = max(ended - began, 0)
    # Without a start from the exporter, the end is the only time that is known.
    talks[at, BEGAN] = began if began > 0 else ended
    talks[at, FAILED] = failed and not nobody
    answered = sums[down, PACKETS] > 0 or sums[up, PACKETS] > _KNOCK
    talks[at, ANSWERED] = answered and not failed


@inlined
def _failed(sums: I64, up: int, down: int, proto: int) -> bool:
    silent = sums[down, PACKETS] == 0
    sent, came = sums[up, FLAGS], sums[down, FLAGS]
    if proto == _TCP:
        # Without flags from the exporter an opening cannot be seen, only that nobody answered.
        if sent == 0 and silent:
            return True
        # A client acknowledges only what it was sent: then there was an answer, though no
        # exporter told of it. A router that exports what it forwards does not export what it
        # says itself.
        opening = sent & _SYN > 0 and not (silent and sent & _ACK > 0)
        refused = came & _RST > 0 and came & _SYN == 0
        return bool(opening and (silent or refused))
    # Logs and telemetry are sent by UDP without any answer, in more packets than a knock takes.
    if proto == _UDP:
        return bool(silent and sums[up, PACKETS] <= _KNOCK)
    return bool(proto == _ICMP and sums[up, ECHO] > 0 and silent)


@kernel
def remember_told(
    directions: U64,
    best: I64,
    names: U64,
    sums: I64,
    slots: I32,
    keys: U64,
    points: U64,
    until: I64,
    used: int,
) -> int:
    """Note by which point each direction was told of, and up to when; returns how many are known.

    There is room for all of them.
    """
    for k in range(len(directions)):
        slot = slot_of(directions[k], slots, keys)
        at: Number = slots[slot]
        if at < 0:
            at = used
            slots[slot] = at
            keys[at] = directions[k]
            used += 1
        points[at], until[at] = names[best[k], POINT], sums[best[k], END]
    return used
