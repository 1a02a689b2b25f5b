"""The slow twin of the kernels that make conversations: sorts, groups and whole columns."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from sensorium.detect.arrays import I64, U8, U64, Bool
from sensorium.detect.flows.window import Addresses, Conversations
from sensorium.detect.groups import Groups
from sensorium.detect.keys import address_keys, combine
from sensorium.model.address import V4_PREFIX

_ADDRESS_COLUMNS = ("src_addr", "dst_addr", "sampler_address")
_V4 = np.frombuffer(V4_PREFIX, np.uint8)
_MILLISECOND = 1_000_000

# A sign outweighs all weaker ones together.
_OPENED = 64
_PORT_CLASS = 16
_SERVED_BEFORE = 8
_ONLY_SENDER = 4
_BEGAN = 2
_TCP, _UDP, _ICMP, _ICMP6 = 6, 17, 1, 58
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_REMEMBER_NS = 120_000_000_000
_KNOCK = 5


@dataclass(frozen=True, slots=True)
class Records:
    """Every flow record, with where it was observed."""

    exporter: I64
    source: I64
    target: I64
    source_port: I64
    target_port: I64
    proto: I64
    flags: I64
    icmp_type: I64
    bytes: I64
    packets: I64
    in_if: I64
    out_if: I64
    start: I64
    end: I64
    point: U64

    def __len__(self) -> int:
        return len(self.exporter)


def read_records(batch: pa.RecordBatch) -> tuple[Addresses, Records]:
    """Turn a window's rows of the flows schema into arrays.

    Volumes are multiplied by the sampling rate where it is known; the number of records is not.
    """
    addresses, (source, target, exporter) = _intern(batch)
    scale = np.maximum(_column(batch, "sampling_rate"), 1)
    in_if, out_if = _column(batch, "in_if"), _column(batch, "out_if")
    proto = _column(batch, "proto")
    with_ports = np.isin(proto, (6, 17, 132, 33, 136))
    target_port = _column(batch, "dst_port")
    # Exporters put ICMP's type and code into the destination port where no field carries them.
    icmp_type = np.maximum(_column(batch, "icmp_type"), np.where(proto == 1, target_port >> 8, 0))
    point = combine(
        addresses.keys[exporter],
        _column(batch, "observation_domain_id").astype(np.uint64),
        ((in_if << 32) ^ out_if).astype(np.uint64),
        _column(batch, "flow_direction").astype(np.uint64),
    )
    return addresses, Records(
        exporter=exporter,
        source=source,
        target=target,
        source_port=np.where(with_ports, _column(batch, "src_port"), 0),
        target_port=np.where(with_ports, target_port, 0),
        proto=proto,
        flags=_column(batch, "tcp_flags"),
        icmp_type=icmp_type,
        bytes=_column(batch, "bytes") * scale,
        packets=_column(batch, "packets") * scale,
        in_if=in_if,
        out_if=out_if,
        start=_column(batch, "time_flow_start_ns"),
        end=_column(batch, "time_flow_end_ns"),
        point=point,
    )


def _column(batch: pa.RecordBatch, name: str) -> I64:
    column = batch.column(name)
    if column.null_count:
        column = column.fill_null(0)
    return np.asarray(column.to_numpy(zero_copy_only=False), np.int64)


def _intern(batch: pa.RecordBatch) -> tuple[Addresses, list[I64]]:
    columns = [batch.column(name) for name in _ADDRESS_COLUMNS]
    encoded = pa.concat_arrays(columns).fill_null(bytes(16)).dictionary_encode()
    dictionary = encoded.dictionary
    packed = np.frombuffer(b"".join(dictionary.to_pylist()), np.uint8).reshape(-1, 16)
    order = np.lexsort(packed.T[::-1])
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    codes = rank[encoded.indices.to_numpy(zero_copy_only=False)]
    packed = packed[order]
    addresses = Addresses(packed, address_keys(packed), _is_group(packed))
    return addresses, np.split(codes, len(_ADDRESS_COLUMNS))


def _is_group(packed: U8) -> Bool:
    mapped = (packed[:, :12] == _V4).all(axis=1)
    first = packed[:, 12]
    v4 = mapped & (((first >= 224) & (first < 240)) | (packed[:, 12:] == 255).all(axis=1))
    v4 |= mapped & (packed[:, 12:] == 0).all(axis=1)
    return np.asarray(v4 | (packed[:, 0] == 0xFF) | (packed == 0).all(axis=1), np.bool_)


@dataclass(frozen=True, slots=True)
class Side:
    """What one end sent in each of ``n`` conversations; ``flags`` are all TCP flags seen and
    ``echo`` is 1 for an ICMP echo request. All int64 (n,), times in nanoseconds."""

    bytes: I64
    packets: I64
    flags: I64
    echo: I64
    start: I64
    end: I64

    @staticmethod
    def choose(condition: Bool, yes: Side, no: Side) -> Side:
        """Row by row from one of two sides."""
        return Side(
            *(np.where(condition, getattr(yes, f.name), getattr(no, f.name)) for f in fields(Side))
        )


def low_is_server(
    low: Side, high: Side, *, low_port: I64, high_port: I64, proto: I64, known: I64
) -> Bool:
    """Decide for each conversation whether its low end is the server.

    ``known`` is +1 where only the low end is a service that has answered before, -1 where only
    the high end is. Signs, strongest first: who opened (a SYN without ACK, or the only SYN, or
    an echo request); the port's class (below 1024, below 32768, ephemeral); a service known
    from before; who alone sent anything; who began, by a millisecond or more. Where all are
    silent the lower port serves, and then the low end.
    """
    balance = _PORT_CLASS * np.sign(_port_class(low_port) - _port_class(high_port))
    balance += _OPENED * np.sign(_opened(high, low) - _opened(low, high))
    balance += _SERVED_BEFORE * known
    connectionless = proto != 6
    alone = (low.packets == 0).astype(np.int64) - (high.packets == 0)
    balance += _ONLY_SENDER * np.where(connectionless, alone, 0)
    lead = np.where((low.start > 0) & (high.start > 0), low.start - high.start, 0)
    balance += _BEGAN * np.sign(np.where(np.abs(lead) >= _MILLISECOND, lead, 0))
    served: Bool = (balance > 0) | ((balance == 0) & (low_port <= high_port))
    return served


def _opened(side: Side, other: Side) -> I64:
    """How strongly the flags say that this side opened: 3, 2, 1 or 0."""
    syn = (side.flags & _SYN) > 0
    bare = syn & ((side.flags & _ACK) == 0)
    only = syn & (other.packets > 0) & ((other.flags & _SYN) == 0)
    return np.maximum(np.where(bare, 3, 0), np.maximum(np.where(only, 2, 0), side.echo))


def _port_class(port: I64) -> I64:
    """2 for system ports, 1 for registered ones, 0 for those that systems hand to clients."""
    return np.where(port == 0, 0, np.where(port < 1024, 2, np.where(port < 32768, 1, 0)))


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
        began=np.where(starts > 0, starts, np.maximum(up.end, down.end)),
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
