"""What Argus' clients (ra, racluster) print with a character between fields, ``ra -c ,`` for one.

Fields as in ra's manual. Its times are read as UTC where they say a date: ``ra -u`` prints seconds
since 1970, and so does a ``RA_TIME_FORMAT`` with year, month and day; by itself ra prints none.
Without ``-n`` it prints the names of ports, which are those of ``/etc/services``.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.ingest.exports import rows
from sensorium.ingest.exports.cells import column, titled
from sensorium.ingest.exports.problem import Refusals
from sensorium.model.address import UNSPECIFIED
from sensorium.model.signals import ADDRESS, FlowType, Signal

_SEPARATOR: Final = re.compile(r"[,|;:\t]")
_INTEGERS: Final = {
    "ip_tos": "sTos",
    "src_as": "sAS",
    "dst_as": "dAS",
    "src_vlan": "sVid",
    "dst_vlan": "dVid",
}
_OWN: Final = ("man", "evt")
"""Argus' protocols of what it says of itself, which has counts in place of addresses."""
_ETHERNET: Final = {"arp": 0x0806, "2054": 0x0806, "rarp": 0x8035, "32821": 0x8035}
"""EtherTypes of protocols that have addresses of IP and are not IP, named and with ``-nn``."""
_IN_COLUMNS: Final = frozenset(
    [
        *("StartTime", "LastTime", "Proto", "SrcAddr", "DstAddr", "Sport", "Dport", "SrcMac"),
        *("DstMac", "TotPkts", "TotBytes", "SrcPkts", "DstPkts", "SrcBytes", "DstBytes"),
        *_INTEGERS.values(),
    ]
)


def read_columns(file: BinaryIO, refused: Refusals) -> Iterator[tuple[Signal, pa.RecordBatch]]:
    """The flows of ra's text, which begins with its titles; Argus' records of itself, and what
    has no address of IP at either end, are counted as ``no_flow``.
    """
    for cells in titled(file, _SEPARATOR, refused):
        yield Signal.FLOWS, _flows(cells, refused)


def _flows(cells: pa.Table, refused: Refusals) -> pa.RecordBatch:
    def named(name: str) -> pa.Array:
        return column(cells, name)

    count = cells.num_rows
    start, end = (_instants(named(name)) for name in ("StartTime", "LastTime"))
    lasted = np.clip(np.nan_to_num(rows.decimals(named("Dur"))), 0, 1e8)
    end = np.where(end < 0, start + (lasted * 1e9).astype(np.int64), end)
    proto, etype = _protocols(named("Proto"), named("SrcAddr"), named("DstAddr"))
    there, back = _counted(cells)
    ends = _ends(proto, named("Sport"), named("Dport"))
    back["icmp_type"] = rows.icmp_answers(proto, ends["icmp_type"])
    columns = {name: rows.integers(named(key)) for name, key in _INTEGERS.items()}
    columns |= there | ends
    columns |= {
        "time_received_ns": pa.array(end),
        "time_flow_start_ns": pa.array(start),
        "time_flow_end_ns": pa.array(end),
        "sampling_rate": pa.array(np.ones(count, np.uint64)),
        "src_addr": rows.addresses(named("SrcAddr")),
        "dst_addr": rows.addresses(named("DstAddr")),
        "src_mac": rows.macs(named("SrcMac")),
        "dst_mac": rows.macs(named("DstMac")),
        "proto": proto,
        "etype": etype,
        "attributes": rows.labels(_others(cells, np.isin(np.asarray(proto), (1, 58))), count),
    }
    batch = rows.flow_rows(FlowType.ARGUS_RA, columns, count)
    nowhere = pa.scalar(UNSPECIFIED, ADDRESS)
    ended = pc.or_(*(pc.not_equal(columns[n], nowhere) for n in ("src_addr", "dst_addr")))
    own = pc.is_in(named("Proto"), pa.array(_OWN))
    flowed, timed = pc.and_not(ended, own).to_numpy(zero_copy_only=False), start >= 0
    for reason, lost in (("no_flow", ~flowed), ("no_time", flowed & ~timed)):
        if lost.any():
            refused.add(reason, int(lost.sum()))
    keep = pa.array(flowed & timed)
    return rows.both_directions(batch.filter(keep), {n: c.filter(keep) for n, c in back.items()})


def _instants(texts: pa.Array) -> rows.Int64s:
    """Times, whose dates may be written with slashes: ``2011/08/10 09:46:53.047277``."""
    return rows.nanoseconds(pc.replace_substring(texts, "/", "-"))


def _protocols(names: pa.Array, *ends: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Protocol numbers, and EtherTypes: those of the ends, but for ARP, which is not IP; ``icmp``
    between IPv6 addresses is 58.
    """
    source, target = (np.asarray(rows.versions(end)) for end in ends)
    etype = np.where(source, source, target)
    proto = np.asarray(rows.protocols(names))
    proto = np.where((proto == 1) & (etype == 0x86DD), 58, proto)
    other = np.asarray(rows.mapped(names, lambda name: _ETHERNET.get(name, 0), pa.uint16()))
    etype = np.where(other, other, etype)
    return pa.array(proto), pa.array(etype)


def _counted(cells: pa.Table) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
    """Bytes and packets there and back; where only their sum is known, all went there."""
    there, back = {}, {}
    for name, end in (("bytes", "Bytes"), ("packets", "Pkts")):
        sent, came, both = (column(cells, f"{side}{end}") for side in ("Src", "Dst", "Tot"))
        total, first, second = (
            np.asarray(rows.integers(counted)).astype(np.int64) for counted in (both, sent, came)
        )
        knows = [counted.is_valid().to_numpy(zero_copy_only=False) for counted in (sent, came)]
        rest = np.maximum(total - second, 0)
        there[name] = pa.array(np.where(knows[0], first, np.where(knows[1], rest, total)))
        rest = np.maximum(total - first, 0)
        back[name] = pa.array(np.where(knows[1], second, np.where(knows[0], rest, 0)))
    return there, back


def _ends(proto: pa.Array, sport: pa.Array, dport: pa.Array) -> dict[str, pa.Array]:
    """Ports, which may be hexadecimal; of ICMP the first is code and type, ``0x0303``."""
    is_icmp = np.isin(np.asarray(proto), (1, 58))
    ports = [np.asarray(rows.mapped(texts, _port, pa.uint16())) for texts in (sport, dport)]
    return {
        "src_port": pa.array(np.where(is_icmp, 0, ports[0])),
        "dst_port": pa.array(np.where(is_icmp, 0, ports[1])),
        "icmp_type": pa.array(np.where(is_icmp, ports[0] & 255, 0)),
        "icmp_code": pa.array(np.where(is_icmp, ports[0] >> 8, 0)),
    }


def _port(text: str) -> int:
    try:
        number = int(text, 16) if text.startswith("0x") else int(text)
    except ValueError:
        number = _named_port(text)
    return number if 0 <= number <= 0xFFFF else 0


def _named_port(name: str) -> int:
    """The port that this machine knows by a name, as ra's machine did; 0 for none."""
    try:
        return socket.getservbyname(name)
    except (OSError, ValueError):
        return 0


def _is_unread(text: str) -> bool:
    """Whether a port is told, and is none that is known."""
    return not _port(text) and text.strip("0x") != ""


def _others(cells: pa.Table, is_icmp: npt.NDArray[np.bool_]) -> dict[str, pa.Array]:
    """What has no column, under ra's titles; of ICMP the identifier that the second port is, and
    names of ports that are not known here.
    """
    nothing = pa.scalar(None, pa.string())
    found = {
        name: column(cells, name) for name in cells.column_names if name and name not in _IN_COLUMNS
    }
    for name in ("Sport", "Dport"):
        texts = column(cells, name)
        kept = rows.mapped(texts, _is_unread, pa.bool_()).to_numpy(zero_copy_only=False)
        kept = np.where(is_icmp, name == "Dport", kept)
        found[name] = pc.if_else(pa.array(kept), texts, nothing)
    return found
