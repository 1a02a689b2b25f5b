"""JSON objects: flows of other tools and of clouds, samples, and logs of any program.

Each object is told by its keys: ``ip_src`` with ``ip_dst`` is pmacct's, ``event_type`` is
Suricata's, ``id.orig_h`` with what only connections have Zeek's, ``src4_addr`` with ``first``
(``t_first`` in version 1.6) is nfdump's, ``src_addr`` with ``dst_addr`` is a flow in the names of
the ``flows`` table (which are those of goflow2's messages, and what ``sensorium decode`` prints),
``SrcAddr`` with ``TimeReceived`` one of goflow2's version 1, ``srcaddr`` with ``dstaddr`` is of
AWS, ``connection`` with ``src_ip`` of Google, ``flowTuples`` are Azure's, information elements are
ipfixcol2's or nProbe's, ``source.ip`` with ``destination.ip`` and a count the Elastic Common
Schema's, ``name`` with ``value`` is a sample, and any other object a log record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pyarrow as pa

from sensorium.ingest.exports import (
    clouds,
    ecs,
    elements,
    goflow2,
    nfdump,
    own,
    pmacct,
    suricata,
    vpc,
    zeek,
)
from sensorium.ingest.exports.objects import on_lines, over_lines
from sensorium.ingest.exports.problem import Refusals
from sensorium.model.signals import FlowType, Signal

Record = dict[str, Any]
Batches = Iterator[tuple[Signal, pa.RecordBatch]]
_MOST = 20_000
# What conn.log alone has; which of it depends on how Zeek is set.
_ONLY_CONNECTIONS = ("conn_state", "history", "orig_pkts", "orig_ip_bytes", "missed_bytes")


def read_lines(file: BinaryIO, refused: Refusals) -> Batches:
    """The records of all lines; a line that is no JSON object is counted and passed over."""
    return _together(on_lines(file, refused), refused)


def read_documents(file: BinaryIO, refused: Refusals) -> Batches:
    """The same of objects that are written over several lines, or in a list."""
    return _together(over_lines(file, refused), refused)


def _together(objects: Iterator[Record], refused: Refusals) -> Batches:
    """Records stand in the order of the file, up to :data:`_MOST` of one kind in a batch."""
    kind: Kind | None = None
    records: list[Record] = []
    for record in objects:
        spoken = _kind(record)
        if records and (spoken is not kind or len(records) >= _MOST):
            yield from _batches(kind, records, refused)
            records = []
        kind = spoken
        records.append(record)
    if records:
        yield from _batches(kind, records, refused)


Kind = Callable[[list[Record], Refusals], tuple[Signal, pa.RecordBatch]]


def _batches(kind: Kind | None, records: list[Record], refused: Refusals) -> Batches:
    if kind is not None:
        signal, batch = kind(records, refused)
        if batch.num_rows:
            yield signal, batch


def _kind(record: Record) -> Kind:
    if "event_type" in record and not pmacct.speaks(record):
        return suricata.kind(record)
    for speaks, kind in _FLOWS:
        if speaks(record):
            return kind
    sampled = "value" in record and isinstance(record.get("name"), str) and "body" not in record
    return own.samples if sampled else own.logs


def _connections(records: list[Record], refused: Refusals) -> tuple[Signal, pa.RecordBatch]:
    records = [_scoped(record) for record in records]
    names = dict.fromkeys(name for record in records for name in record)
    columns = {name: texts(records, name) for name in names}
    return Signal.FLOWS, zeek.connections(columns, len(records), refused)


def _nfdump(records: list[Record], refused: Refusals) -> tuple[Signal, pa.RecordBatch]:
    records = [nfdump.plain(record) for record in records]
    names = dict.fromkeys(name for record in records for name in record)
    table = pa.table({name: texts(records, name) for name in names})
    return Signal.FLOWS, nfdump.flows(table, refused, FlowType.JSON)


def _is_flow_log(record: Record) -> bool:
    return "srcaddr" in record and "dstaddr" in record


def _flow_logs(records: list[Record], refused: Refusals) -> tuple[Signal, pa.RecordBatch]:
    records = [{name.replace("_", "-"): v for name, v in record.items()} for record in records]
    names = dict.fromkeys(name for record in records for name in record)
    table = pa.table({name: texts(records, name) for name in names})
    return Signal.FLOWS, vpc.flows(table, refused)


def _is_connection(record: Record) -> bool:
    """Whether a record of Zeek's is of a connection, whatever parts the names of its ends."""
    ended = "id.orig_h" in record or "id_orig_h" in record or isinstance(record.get("id"), dict)
    of_path = record.get("_path", "conn") in zeek.PATHS
    return ended and of_path and any(name in record for name in _ONLY_CONNECTIONS)


def _scoped(record: Record) -> Record:
    """A connection with its ends under Zeek's usual names."""
    ends = record.get("id")
    if isinstance(ends, dict):
        record = {**record, **{f"id.{name}": value for name, value in ends.items()}}
        del record["id"]
    return {zeek.plain_name(name): value for name, value in record.items()}


def texts(records: list[Record], *path: str) -> pa.Array:
    """One value of each record as text, by its path of keys; null where it is not there."""
    return pa.array([own.told(own.at(record, path)) for record in records], pa.string())


_FLOWS: tuple[tuple[Callable[[Record], bool], Kind], ...] = (
    (pmacct.speaks, pmacct.flows),
    (_is_connection, _connections),
    (nfdump.speaks, _nfdump),
    (goflow2.speaks, goflow2.flows),
    (_is_flow_log, _flow_logs),
    (clouds.is_google, clouds.google_flows),
    (clouds.is_azure, clouds.azure_flows),
    (elements.speaks, elements.flows),
    (ecs.speaks, ecs.flows),
)
"""Whose flow an object may be, and what reads it."""
