"""Sums of directions into conversations: one point for each direction, one end for the client."""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import I32, I64, U64, Bool, Number
from sensorium.detect.kernels.gathering import (
    BLOCK,
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
from sensorium.detect.kernels.probing import home_of, slot_of
from sensorium.ingest.compiled import inlined, kernel

_TCP, _UDP, _ICMP = 6, 17, 1
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_KNOCK = 5
_MILLISECOND = 1_000_000

# A sign of who serves outweighs all weaker ones together; the first two are the strong ones.
_OPENED, _PORT_CLASS, _SERVED_BEFORE, _ONLY_SENDER, _BEGAN = 64, 16, 8, 4, 2

# Columns of conversations, int64 (TALK, c).
CLIENT, SERVER, PORT, OF, UP, DOWN, PACKETS_UP, PACKETS_DOWN, DURATION = 0, 1, 2, 3, 4, 5, 6, 7, 8
FAILED, ANSWERED, BEGAN = 9, 10, 11
TALK = 12


@kernel
def pair_directions(names: U64, sums: I64, slots: I32, exchanges: U64, of: I64, sides: I64) -> int:
    """Put both directions of each exchange together, each as the point told it that saw most of it.

    ``slots`` is empty, ``exchanges`` gets the keys. ``of`` (g,) gets each group's exchange, -1 of
    one without records; ``sides`` (c, 2) the groups of each: that sent by the low end, and that
    sent by the high one, -1 where nobody told of it. Returns how many exchanges there are.
    """
    found = 0
    for group in range(len(names)):
        if sums[group, RECORDS] == 0:
            of[group] = -1
            continue
        slot = slot_of(names[group, EXCHANGE], slots, exchanges)
        if slots[slot] < 0:
            slots[slot] = found
            exchanges[found] = names[group, EXCHANGE]
            sides[found, 0] = sides[found, 1] = -1
            found += 1
        at, side = slots[slot], 1 - sums[group, FORWARD]
        of[group] = at
        if sides[at, side] < 0 or _saw_more(names, sums, group, sides[at, side]):
            sides[at, side] = group
    return found


@inlined
def _saw_more(names: U64, sums: I64, one: int, other: int) -> bool:
    for column in (BYTES, PACKETS):
        if sums[one, column] != sums[other, column]:
            return bool(sums[one, column] > sums[other, column])
    return bool(names[one, POINT] < names[other, POINT])


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
    for i in range(len(services)):
        low, high = sides[i, 0], sides[i, 1]
        names = low if low >= 0 else high
        low, high = low if low >= 0 else nothing, high if high >= 0 else nothing
        at_low, at_high = rank[sums[names, LOW]], rank[sums[names, HIGH]]
        low_port, high_port = sums[names, LOW_PORT], sums[names, HIGH_PORT]
        proto = sums[names, PROTO]
        balance = _strong_signs(sums, low, high, low_port, high_port)
        if balance == 0:
            # Who has served before is looked up only where it could decide.
            balance = _weak_signs(sums, low, high, proto)
            low_service = _service(address_keys[at_low], low_port, proto)
            high_service = _service(address_keys[at_high], high_port, proto)
            if served_slots[slot_of(low_service, served_slots, served_keys)] >= 0:
                balance += _SERVED_BEFORE
            if served_slots[slot_of(high_service, served_slots, served_keys)] >= 0:
                balance -= _SERVED_BEFORE
        if balance > 0 or (balance == 0 and low_port <= high_port):
            up, down, client, server, port = high, low, at_high, at_low, low_port
        else:
            up, down, client, server, port = low, high, at_low, at_high, high_port
        talks[CLIENT, i], talks[SERVER, i] = client, server
        services[i] = _service(address_keys[server], port, proto)
        talks[PORT, i], talks[OF, i] = port, proto
        _tell(talks, i, sums, up, down, proto, nobody[server])


@inlined
def _service(host: np.uint64, port: int, proto: int) -> np.uint64:
    return joined(mixed(host), np.uint64((port << 16) | proto))


@inlined
def _strong_signs(
    sums: I64, low: Number, high: Number, low_port: Number, high_port: Number
) -> Number:
    """Whether the low end serves, if above zero, or the high end, by the strongest signs: who
    opened (a SYN without ACK, or the only SYN, or an echo request), and then the port's class."""
    balance: Number = _PORT_CLASS * _sign(_port_class(low_port) - _port_class(high_port))
    return balance + _OPENED * _sign(_opened(sums, high, low) - _opened(sums, low, high))


@inlined
def _weak_signs(sums: I64, low: Number, high: Number, proto: Number) -> Number:
    """The same by those that count less than a service known from before: who alone sent anything,
    and who began, by a millisecond or more.

    Where all are silent the lower port serves, and then the low end.
    """
    balance: Number = np.int64(0)
    if proto != _TCP:
        alone = np.int64(sums[low, PACKETS] == 0) - np.int64(sums[high, PACKETS] == 0)
        balance += _ONLY_SENDER * alone
    if sums[low, START] > 0 and sums[high, START] > 0:
        lead = sums[low, START] - sums[high, START]
        if abs(lead) >= _MILLISECOND:
            balance += _BEGAN * _sign(lead)
    return balance


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
    talks[UP, at], talks[DOWN, at] = sums[up, BYTES], sums[down, BYTES]
    talks[PACKETS_UP, at], talks[PACKETS_DOWN, at] = sums[up, PACKETS], sums[down, PACKETS]
    ended = max(sums[up, END], sums[down, END])
    talks[DURATION, at] = max(ended - began, 0)
    # Without a start from the exporter, the end is the only time that is known.
    talks[BEGAN, at] = began if began > 0 else ended
    talks[FAILED, at] = failed and not nobody
    answered = sums[down, PACKETS] > 0 or sums[up, PACKETS] > _KNOCK
    talks[ANSWERED, at] = answered and not failed


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
    names: U64,
    sums: I64,
    of: I64,
    sides: I64,
    slots: I32,
    keys: U64,
    points: U64,
    until: I64,
    used: int,
) -> int:
    """Note by which point each direction was told of, and up to when; returns how many are known.

    ``of`` and ``sides`` are those of :func:`pair_directions`. There is room for all directions.
    """
    near = np.empty(BLOCK, np.int32)
    for start in range(0, len(of), BLOCK):
        end = min(start + BLOCK, len(of))
        # Slots that are asked for next are read, so that they are near by then.
        for group in range(start, end):
            near[group - start] = slots[home_of(names[group, DIRECTION], np.uint64(len(slots) - 1))]
        for group in range(start, end):
            if of[group] < 0 or sides[of[group], 1 - sums[group, FORWARD]] != group:
                continue
            slot = slot_of(names[group, DIRECTION], slots, keys)
            at: Number = slots[slot]
            if at < 0:
                at = used
                slots[slot] = at
                keys[at] = names[group, DIRECTION]
                used += 1
            points[at], until[at] = names[group, POINT], sums[group, END]
    return used
