"""Which end of a flow record is the server."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

PORTED = (6, 17, 132)
"""TCP, UDP and SCTP: the protocols whose ports say who serves."""

SRC_IS_SERVER = """multiIf(
            proto = 6 AND bitAnd(tcp_flags, 18) = 2, 0,
            proto = 6 AND bitAnd(tcp_flags, 22) = 20 AND packets <= 2, 1,
            proto NOT IN (6, 17, 132), 0,
            src_port != dst_port, src_port < dst_port,
            src_addr < dst_addr)"""
"""The rule of :func:`source_is_server` in SQL: 1 where the source is the server, else 0."""

_TCP = 6
_SYN, _RST, _ACK = 0x02, 0x04, 0x10


def source_is_server(batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """One bool per flow record: the source serves the destination.

    Whoever sent a SYN without an ACK is the client; a short reply of RST and ACK alone comes
    from the server that refused. Else the lower port serves, since clients are given ports from
    the top of the range; equal ports (NTP's 123 to 123) go by the smaller address, so that both
    directions agree. Where a protocol has no ports, the source is the client.
    """
    proto = _numbers(batch, "proto")
    source, target = _numbers(batch, "src_port"), _numbers(batch, "dst_port")
    flags, packets = _numbers(batch, "tcp_flags"), _numbers(batch, "packets")
    tcp = proto == _TCP
    asks = tcp & ((flags & (_SYN | _ACK)) == _SYN)
    refuses = tcp & ((flags & (_SYN | _RST | _ACK)) == (_RST | _ACK)) & (packets <= 2)
    lower = (source < target) | ((source == target) & _smaller(batch))
    served: npt.NDArray[np.bool_] = ~asks & (refuses | (np.isin(proto, PORTED) & lower))
    return served


def _numbers(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.integer]:
    column = batch.column(name)
    if column.null_count:
        column = column.fill_null(0)
    return np.asarray(column.to_numpy(zero_copy_only=False))


def address_words(column: pa.Array) -> npt.NDArray[np.uint64]:
    """Addresses as two big-endian words each: an (n, 2) uint64 array that sorts as they do."""
    if column.null_count:
        column = column.fill_null(b"\x00" * 16)
    raw = np.frombuffer(column.buffers()[1], ">u8").reshape(-1, 2)
    return raw[column.offset : column.offset + len(column)].astype(np.uint64)


def _smaller(batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    source = address_words(batch.column("src_addr"))
    target = address_words(batch.column("dst_addr"))
    tie = source[:, 0] == target[:, 0]
    smaller: npt.NDArray[np.bool_] = (source[:, 0] < target[:, 0]) | (
        tie & (source[:, 1] < target[:, 1])
    )
    return smaller
