"""Columns of text, as files have them, into rows of the signals.

What a cell does not say is 0, and an address that is none is unspecified. A row whose time cannot
be read is refused, since nothing can be asked of it later.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.ingest.exports.problem import Refusals
from sensorium.model.address import UNSPECIFIED, pack_address
from sensorium.model.signals import ADDRESS, FLOWS, LABELS, FlowType

Columns = Mapping[str, pa.Array]
Int64s = npt.NDArray[np.int64]

_INTEGER: Final = r"^[0-9]{1,19}$"
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,38}", re.ASCII)
_DECIMAL: Final = r"^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$"
_ISO: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d:\d\d([.,]\d{1,9})?)\d*"
    r" ?(?P<zone>[Zz]|UTC|[+-]\d\d:?\d\d)?$"
)
_SECOND: Final = 1_000_000_000
_FLAG_BITS: Final = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}
_ENDS: Final = (
    ("src_addr", "dst_addr"),
    ("src_port", "dst_port"),
    ("src_as", "dst_as"),
    ("src_mask", "dst_mask"),
    ("src_vlan", "dst_vlan"),
    ("src_mac", "dst_mac"),
    ("in_if", "out_if"),
)
PROTOCOLS: Final = {
    "hopopt": 0, "icmp": 1, "igmp": 2, "ggp": 3, "ipip": 4, "ipv4": 4, "st": 5, "tcp": 6,
    "cbt": 7, "egp": 8, "igp": 9, "udp": 17, "hmp": 20, "rdp": 27, "dccp": 33, "ipv6": 41,
    "ipv6-route": 43, "ipv6-frag": 44, "idrp": 45, "rsvp": 46, "gre": 47, "dsr": 48, "esp": 50,
    "ah": 51, "narp": 54, "mobile": 55, "skip": 57, "ipv6-icmp": 58, "icmp6": 58, "icmpv6": 58,
    "ipv6-nonxt": 59, "ipv6-no-nxt": 59, "ipv6-opts": 60, "eigrp": 88, "ospf": 89, "ospfigp": 89,
    "ospfig": 89, "etherip": 97, "encap": 98, "pim": 103, "ipcomp": 108, "vrrp": 112, "pgm": 113,
    "l2tp": 115, "sctp": 132, "fc": 133, "mobility": 135, "udplite": 136, "mpls-in-ip": 137,
    "manet": 138, "hip": 139, "shim6": 140,
}  # fmt: skip
"""IANA protocol numbers by the names that tools write; a number stands for itself."""


ICMP_ANSWERS: Final = {
    1: {8: 0, 13: 14, 15: 16, 10: 9, 17: 18},
    58: {128: 129, 130: 131, 133: 134, 135: 136, 139: 140, 144: 145, 146: 147},
}
"""By protocol, the types of ICMP that ask, and those that answer them."""


def missing(count: int) -> pa.Array:
    """A column of text in which no cell says anything."""
    return pa.nulls(count, pa.string())


def integers(texts: pa.Array) -> pa.Array:
    """Whole numbers (uint64); 0 where a cell holds none."""
    readable = pc.fill_null(pc.match_substring_regex(texts, _INTEGER), False)
    return pc.cast(pc.if_else(readable, texts, "0"), pa.uint64())


def decimals(texts: pa.Array) -> npt.NDArray[np.float64]:
    """Decimal numbers; NaN where a cell holds none."""
    readable = pc.fill_null(pc.match_substring_regex(texts, _DECIMAL), False)
    numbers = pc.cast(pc.if_else(readable, texts, pa.scalar(None, pa.string())), pa.float64())
    return np.asarray(numbers.to_numpy(zero_copy_only=False), np.float64)


def nanoseconds(texts: pa.Array) -> Int64s:
    """Times: seconds since the epoch with decimals, or ISO 8601 (UTC unless it says its zone).

    Milliseconds, microseconds and nanoseconds are told by their size: seconds have ten digits
    until the year 2286. Unix nanoseconds, exact to the microsecond; -1 where a cell holds no time.
    """
    numbers = decimals(texts)
    size = np.abs(numbers)
    times = np.full(len(texts), -1, np.int64)
    for scale, least in ((1e6, 0.0), (1e3, 9e9), (1.0, 9e12), (1e-3, 9e15)):
        # At each scale until the year 2255, so that nanoseconds fit.
        of_scale = (size >= least) & (size < 9e15 / scale)
        times[of_scale] = np.rint(numbers[of_scale] * scale).astype(np.int64) * 1000
    rest = np.flatnonzero(~(size < 9e18))
    if len(rest):
        times[rest] = _iso(texts.take(pa.array(rest)))
    return times


def _iso(texts: pa.Array) -> Int64s:
    encoded = pc.fill_null(texts, "").dictionary_encode()
    found = [_ISO.match(text) for text in encoded.dictionary.to_pylist()]
    distinct = np.array([-1 if match is None else _instant(match) for match in found], np.int64)
    instants: Int64s = distinct[encoded.indices.to_numpy()]
    return instants


def _instant(match: re.Match[str]) -> int:
    try:
        stated = np.datetime64(f"{match['day']}T{match['time'].replace(',', '.')}", "ns")
    except ValueError:  # a 30th of February
        return -1
    return int(stated.astype(np.int64)) - _offset_s(match["zone"]) * _SECOND


def _offset_s(zone: str | None) -> int:
    if not zone or zone in ("Z", "z", "UTC"):
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def addresses(texts: pa.Array) -> pa.Array:
    """Addresses of 16 bytes, IPv4 mapped; unspecified where a cell holds none."""
    encoded = pc.fill_null(texts, "").dictionary_encode()
    every = pa.array([packed(text) for text in encoded.dictionary.to_pylist()], ADDRESS)
    return every.take(encoded.indices)


def packed(text: str) -> bytes:
    """One address in 16 bytes, also of one number; unspecified where the text is none."""
    try:
        return pack_address(_dotted(text.partition("%")[0].partition("/")[0]))
    except ValueError:
        return UNSPECIFIED


def _dotted(text: str) -> str:
    """An address, of which rwcut writes one number where it is told to."""
    return str(ipaddress.ip_address(int(text))) if _NUMBER.fullmatch(text) else text


def versions(texts: pa.Array) -> pa.Array:
    """EtherType of each address: 0x0800, 0x86dd, or 0 where a cell holds none."""
    encoded = pc.fill_null(texts, "").dictionary_encode()
    types = [_ethertype(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(types, pa.uint16()).take(encoded.indices)


def _ethertype(text: str) -> int:
    try:
        return 0x0800 if ipaddress.ip_address(_dotted(text)).version == 4 else 0x86DD
    except ValueError:
        return 0


def protocols(texts: pa.Array) -> pa.Array:
    """Protocol numbers of names or numbers; 0 where a cell holds neither."""
    return mapped(texts, lambda text: PROTOCOLS.get(text.lower(), _byte(text)), pa.uint8())


def is_number(text: str) -> bool:
    """Whether a text is digits and nothing else: ``str.isdigit`` has superscripts among them."""
    return text.isascii() and text.isdigit()


def _byte(text: str) -> int:
    return int(text) if is_number(text) and len(text) <= 3 and int(text) < 256 else 0


def macs(texts: pa.Array) -> pa.Array:
    """MAC addresses ``aa:bb:cc:dd:ee:ff`` as 48-bit numbers; 0 where a cell holds none."""
    return mapped(texts, _mac, pa.uint64())


def _mac(text: str) -> int:
    digits = text.replace(":", "").replace("-", "").replace(".", "")
    try:
        return int(digits, 16) if len(digits) == 12 else 0
    except ValueError:
        return 0


def tcp_flags(texts: pa.Array) -> pa.Array:
    """TCP flags written as letters (``...AP.SF``, ``FS PA``), or as a number, also ``0x1b``."""
    return mapped(texts, _flags, pa.uint16())


def _flags(text: str) -> int:
    if text.startswith("0x"):
        try:
            return int(text, 16) & 0xFFFF if len(text) <= 6 else 0
        except ValueError:
            return 0
    if is_number(text):
        return int(text) & 0xFFFF if len(text) < 6 else 0
    return sum(_FLAG_BITS.get(letter, 0) for letter in set(text))


def icmp(proto: pa.Array, port: pa.Array, columns: Columns) -> dict[str, pa.Array]:
    """Of ICMP, type and code, which tools have for the destination port: as ``8.0``, or as 256
    times the type and the code.
    """
    is_icmp = np.isin(proto.to_numpy(), (1, 58))
    pair = mapped(port, _type_and_code, pa.uint16()).to_numpy()
    ends = {n: np.where(is_icmp, 0, columns[n].to_numpy()) for n in ("src_port", "dst_port")}
    told = {
        "icmp_type": np.where(is_icmp, pair >> 8, 0),
        "icmp_code": np.where(is_icmp, pair & 255, 0),
    }
    return {name: pa.array(values) for name, values in (ends | told).items()}


def icmp_answers(proto: pa.Array, asked: pa.Array) -> pa.Array:
    """The type of ICMP that comes back: the answer to what was asked, else the same."""
    protocol, kind = (np.asarray(column) for column in (proto, asked))
    came = kind.copy()
    for number, pairs in ICMP_ANSWERS.items():
        for question, answer in pairs.items():
            came[(protocol == number) & (kind == question)] = answer
    return pa.array(came)


def _type_and_code(text: str) -> int:
    kind, point, code = text.partition(".")
    numbers = (kind, code) if point else (kind,)
    if len(text) > 7 or not all(map(is_number, numbers)):
        return 0
    number = int(kind) << 8 | int(code) & 255 if point else int(kind)
    return number & 0xFFFF


def mapped(texts: pa.Array, value: Callable[[str], int], kind: pa.DataType) -> pa.Array:
    """``value`` of each distinct text (``""`` for none), in the type ``kind``."""
    encoded = pc.fill_null(texts, "").dictionary_encode()
    values = [value(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(values, kind).take(encoded.indices)


def labels(columns: Columns, count: int) -> pa.Array:
    """One map a row of the columns' names to their texts; what a cell does not say is left out."""
    named = {name: column for name, column in columns.items() if column.null_count < count}
    if not named:
        return pa.array([[]] * count, LABELS)
    said = np.stack([c.is_valid().to_numpy(zero_copy_only=False) for c in named.values()], axis=1)
    offsets = np.zeros(count + 1, np.int32)
    np.cumsum(said.sum(axis=1), out=offsets[1:])
    rows, which = np.nonzero(said)
    keys = pa.array(list(named), pa.string()).take(pa.array(which))
    everything = pa.concat_arrays([c.cast(pa.string()) for c in named.values()])
    values = everything.take(pa.array(which * count + rows))
    return pa.MapArray.from_arrays(pa.array(offsets), keys, values)


def flow_rows(kind: FlowType, columns: Columns, count: int) -> pa.RecordBatch:
    """A batch of FLOWS; columns that are not given are 0, unspecified or empty.

    Numbers keep the low bits that their column has room for.
    """
    arrays = []
    for field in FLOWS:
        given = columns.get(field.name)
        if field.name == "type":
            index = pa.array(np.zeros(count, np.int8))
            given = pa.DictionaryArray.from_arrays(index, pa.array([kind.value]))
        elif given is None:
            given = _nothing(field.type, count)
        elif pa.types.is_integer(field.type):
            given = given.cast(field.type, safe=False)
        arrays.append(given)
    return pa.RecordBatch.from_arrays(arrays, schema=FLOWS)


def _nothing(kind: pa.DataType, count: int) -> pa.Array:
    if kind == ADDRESS:
        zeros = pa.py_buffer(bytes(16 * count))
        return pa.Array.from_buffers(ADDRESS, count, [None, zeros])
    if kind == LABELS:
        return labels({}, count)
    return pa.array(np.zeros(count, kind.to_pandas_dtype()))


def timed_rows(
    batch: pa.RecordBatch, timed: Any, refused: Refusals, reverse: Columns | None = None
) -> pa.RecordBatch:
    """The rows that are ``timed`` (bool for each), others counted as ``no_time``; with ``reverse``,
    :func:`both_directions` of them.
    """
    if not timed.all():
        refused.add("no_time", int((~timed).sum()))
        keep = pa.array(timed)
        batch = batch.filter(keep)
        if reverse is not None:
            reverse = {name: column.filter(keep) for name, column in reverse.items()}
    return batch if reverse is None else both_directions(batch, reverse)


def both_directions(forward: pa.RecordBatch, reverse: Columns) -> pa.RecordBatch:
    """Each row, followed by one for its way back where that counted anything.

    ``reverse`` has the ``bytes`` and ``packets`` (and, where known, ``tcp_flags``) of the way
    back, a value for each row. As with IPFIX biflows (RFC 5103), the two ends are exchanged.
    """
    counted = pc.or_(pc.greater(reverse["bytes"], 0), pc.greater(reverse["packets"], 0))
    back = np.flatnonzero(counted.to_numpy(zero_copy_only=False))
    if not len(back):
        return forward
    columns = {name: forward.column(name) for name in FLOWS.names}
    for one, other in _ENDS:
        columns[one], columns[other] = forward.column(other), forward.column(one)
    columns["tcp_flags"] = pa.array(np.zeros(forward.num_rows, np.uint16))
    for name, column in reverse.items():
        columns[name] = column.cast(FLOWS.field(name).type, safe=False)
    backward = pa.RecordBatch.from_arrays([columns[n] for n in FLOWS.names], schema=FLOWS)
    order = np.argsort(np.concatenate([np.arange(forward.num_rows), back]), kind="stable")
    places = np.concatenate([np.arange(forward.num_rows), forward.num_rows + back])[order]
    both = pa.Table.from_batches([forward, backward]).take(pa.array(places))
    return both.combine_chunks().to_batches()[0]
