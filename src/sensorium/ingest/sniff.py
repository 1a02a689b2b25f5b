"""Which protocol a datagram or a text speaks, told by its first bytes."""

from __future__ import annotations

import re
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.netflow import layout as at

Mask = npt.NDArray[np.bool_]

_FLOW_VERSIONS = (5, 9, 10)
_OLD_VERSIONS = {1: at.V1, 7: at.V7, 8: at.V8}
_AGGREGATION = 22
"""Where NetFlow v8's header says how its records were aggregated."""
_TOO_MANY = 1 << 16
_SFLOW_5 = (0, 0, 0, 5)
_NUMBER = rb"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|(?i:inf(?:inity)?|nan))"
# A name, labels, a value, and perhaps a time and an exemplar: "Jun 14 15:16:01 web1" is none.
_SAMPLE = re.compile(
    rb"(?:[a-zA-Z_:][a-zA-Z0-9_:]*[ \t]*(?:\{.*\})?|\{.*\})[ \t]+"
    + _NUMBER
    + rb"(?:[ \t]+-?\d+(?:\.\d+)?)?[ \t]*(?:#.*)?$"
)
_HELP = re.compile(rb"#[ \t]*(HELP|TYPE|UNIT|EOF)\b")
_LOOKED_AT = 4096


class Protocol(StrEnum):
    """What ``sensorium decode`` can print."""

    NETFLOW = "netflow"
    SFLOW = "sflow"
    SYSLOG = "syslog"
    PROMETHEUS = "prometheus"
    OTLP = "otlp"
    REMOTE_WRITE = "remote-write"


def flow_datagrams(datagrams: Datagrams) -> Mask:
    """Which datagrams begin with the version word of NetFlow v5, v9 or IPFIX; bool (n,).

    Many protocols' messages begin like NetFlow v1's, v7's or v8's: those must also have as many
    records as they say.
    """
    starts, lengths = datagrams.offsets[:-1], np.diff(datagrams.offsets)
    long_enough = lengths >= 2
    last = max(len(datagrams.data) - 1, 0)
    high = _bytes_at(datagrams, np.minimum(starts, last))
    low = _bytes_at(datagrams, np.minimum(starts + 1, last))
    mask: Mask = long_enough & (high == 0) & np.isin(low, _FLOW_VERSIONS)
    old = long_enough & (high == 0) & (low != 0) & ~mask
    if old.any():
        beyond = _bytes_at(datagrams, np.minimum(starts + 2, last))
        count = _bytes_at(datagrams, np.minimum(starts + 3, last)).astype(np.int64)
        for version, protocol in _OLD_VERSIONS.items():
            stated = at.HEADER_BYTES[protocol] + _record_bytes(datagrams, protocol) * count
            # Catalyst switches fill NetFlow v8 datagrams up.
            whole = lengths >= stated if protocol == at.V8 else lengths == stated
            whole &= (beyond == 0) & (count > 0)
            mask |= old & (low == version) & whole
    return mask


def _record_bytes(datagrams: Datagrams, protocol: int) -> npt.NDArray[np.int64]:
    """Bytes of a record of each datagram, if it is of this protocol; more than there can be
    where there is no such form.

    NetFlow v8's depend on the aggregation, a byte of the header; its version, the next, is 2, or 0.
    """
    if protocol != at.V8:
        return np.full(len(datagrams), at.RECORD_BYTES[protocol], np.int64)
    last = max(len(datagrams.data) - 1, 0)
    place = datagrams.offsets[:-1] + _AGGREGATION
    aggregation = _bytes_at(datagrams, np.minimum(place, last)).astype(np.int64)
    known = (aggregation > 0) & (aggregation <= at.AGGREGATIONS)
    known &= np.isin(_bytes_at(datagrams, np.minimum(place + 1, last)), (0, 2))
    sizes = np.array(at.RECORD_BYTES, np.int64)
    return np.where(known, sizes[np.where(known, at.V8 + aggregation - 1, 0)], _TOO_MANY)


def ends_of_sessions(datagrams: Datagrams) -> Mask:
    """Which datagrams are none, and end a transport session; bool (n,)."""
    if datagrams.session is None:
        return np.zeros(len(datagrams), np.bool_)
    mask: Mask = (datagrams.session != 0) & (np.diff(datagrams.offsets) == 0)
    return mask


def sflow_datagrams(datagrams: Datagrams) -> Mask:
    """Which datagrams begin with the version of sFlow 5, a word of 32 bits; bool (n,).

    NetFlow's version has 16 bits, of which the first eight are zero and the next are not.
    """
    starts, lengths = datagrams.offsets[:-1], np.diff(datagrams.offsets)
    last = max(len(datagrams.data) - 1, 0)
    mask: Mask = lengths >= len(_SFLOW_5)
    for index, byte in enumerate(_SFLOW_5):
        mask &= _bytes_at(datagrams, np.minimum(starts + index, last)) == byte
    return mask


def priority_datagrams(datagrams: Datagrams) -> Mask:
    """Which datagrams begin with ``<`` and a digit: syslog does, a version cannot; bool (n,)."""
    starts, lengths = datagrams.offsets[:-1], np.diff(datagrams.offsets)
    last = max(len(datagrams.data) - 1, 0)
    second = _bytes_at(datagrams, np.minimum(starts + 1, last))
    mask: Mask = (lengths > 1) & (_bytes_at(datagrams, np.minimum(starts, last)) == ord("<"))
    return mask & (second >= ord("0")) & (second <= ord("9"))


def text_datagrams(datagrams: Datagrams) -> Mask:
    """Which datagrams begin with a printable byte, as every syslog message does; bool (n,)."""
    starts, lengths = datagrams.offsets[:-1], np.diff(datagrams.offsets)
    first = _bytes_at(datagrams, np.minimum(starts, max(len(datagrams.data) - 1, 0)))
    mask: Mask = (lengths > 0) & (first >= 0x20)
    return mask


def _bytes_at(datagrams: Datagrams, places: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    if len(datagrams.data) == 0:
        return np.zeros(len(places), np.uint8)
    return datagrams.data[places]


def is_exposition(content: bytes) -> bool:
    """Whether a text reads like Prometheus exposition: its first line that says anything does.

    A comment may say anything, in either: netdata begins with one.
    """
    for line in content[:_LOOKED_AT].splitlines():
        if _HELP.match(line):
            return True
        if line.strip() and not line.startswith(b"#"):
            return bool(_SAMPLE.match(line))
    return False
