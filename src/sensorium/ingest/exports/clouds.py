"""Flow logs of Google's and Azure's virtual networks in JSON, as they lie in storage or come from
their loggers.

Fields as in Google's page *About VPC Flow Logs records* and in Microsoft's of NSG flow logs
(versions 1 and 2) and of virtual network flow logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from sensorium.ingest.exports import elements, own
from sensorium.ingest.exports.problem import Refusals
from sensorium.model.signals import Signal

Record = dict[str, Any]
Row = tuple[dict[str, str], list[tuple[str, str]]]

_CONNECTION: Final = {
    "src_ip": "src_addr",
    "dest_ip": "dst_addr",
    "src_port": "src_port",
    "dest_port": "dst_port",
    "protocol": "proto",
}
_COUNTED: Final = {
    "bytes_sent": "bytes",
    "packets_sent": "packets",
    "start_time": "time_flow_start_ns",
    "end_time": "time_flow_end_ns",
}
_LETTERS: Final = {"T": "6", "U": "17"}
_ENDS: Final = ("src_addr", "dst_addr", "src_port", "dst_port")
_COUNTS: Final = ("packets", "bytes", "back_packets", "back_bytes")
_LEAST: Final = 8
_MOST: Final = 13


def is_google(record: Record) -> bool:
    """Whether an object is a record of Google's VPC flow logs."""
    connection = _payload(record).get("connection")
    return isinstance(connection, dict) and "src_ip" in connection and "dest_ip" in connection


def google_flows(records: list[Record], refused: Refusals) -> tuple[Signal, pa.RecordBatch]:
    """Rows of FLOWS. What the source reports goes out of it: its direction is egress."""
    return _rows([_google(record) for record in records], refused)


def _payload(record: Record) -> Record:
    payload = record.get("jsonPayload")
    return payload if isinstance(payload, dict) else record


def _google(record: Record) -> Row:
    payload = _payload(record)
    connection = {n: own.told(payload["connection"].get(n)) for n in _CONNECTION}
    counted = {name: own.told(payload.get(name)) for name in _COUNTED}
    reporter = str(payload.get("reporter", ""))
    cells = {_CONNECTION[n]: text for n, text in connection.items() if text is not None}
    cells |= {_COUNTED[n]: text for n, text in counted.items() if text is not None}
    cells["flow_direction"] = str(int(reporter.startswith("SRC")))
    received = own.told(record.get("receiveTimestamp")) or own.told(record.get("timestamp"))
    if received is not None:
        cells["exported"] = received
    known = {"connection", "jsonPayload", "receiveTimestamp", "timestamp", *_COUNTED}
    others = {**{n: v for n, v in record.items() if payload is not record}, **payload}
    return cells, list(own.flattened({n: v for n, v in others.items() if n not in known}))


def is_azure(record: Record) -> bool:
    """Whether an object is a record of Azure's flow logs, which has many flows."""
    return isinstance(own.at(record, ("properties", "flows")), list) or isinstance(
        own.at(record, ("flowRecords", "flows")), list
    )


def azure_flows(records: list[Record], refused: Refusals) -> tuple[Signal, pa.RecordBatch]:
    """Rows of FLOWS: one for each tuple, and one for what came back.

    A tuple that has too few or too many parts is counted as ``malformed``.
    """
    found = []
    for record in records:
        for shared, mac, text in _tuples(record):
            row = _azure(shared, mac, text)
            if row is None:
                refused.add("malformed")
            else:
                found.append(row)
    return _rows(found, refused)


def _tuples(record: Record) -> Iterator[tuple[Record, Any, Any]]:
    """Each tuple, with what its record and its rule say, and the network card's address."""
    kept = {n: v for n, v in record.items() if n not in ("properties", "flowRecords", "time")}
    for group in _listed(own.at(record, ("properties", "flows"))):
        for card in _listed(group.get("flows")):
            shared = {**kept, "rule": group.get("rule")}
            for text in _all(card.get("flowTuples")):
                yield shared, card.get("mac"), text
    for resource in _listed(own.at(record, ("flowRecords", "flows"))):
        for group in _listed(resource.get("flowGroups")):
            shared = {**kept, "aclID": resource.get("aclID"), "rule": group.get("rule")}
            for text in _all(group.get("flowTuples")):
                yield shared, record.get("macAddress"), text


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _listed(value: Any) -> list[Record]:
    return [one for one in _all(value) if isinstance(one, dict)]


def _azure(shared: Record, mac: Any, text: Any) -> Row | None:
    """A tuple of either kind: network security groups have letters for the protocol, a decision,
    and from version 2 on a state and counts; virtual networks numbers, a state and an encryption.
    """
    parts = text.split(",") if isinstance(text, str) else []
    if not _LEAST <= len(parts) <= _MOST:
        return None
    time, *ends, protocol, direction = parts[:7]
    cells = {"time_flow_end_ns": time, **dict(zip(_ENDS, ends, strict=True))}
    cells["proto"] = _LETTERS.get(protocol, protocol)
    cells["flow_direction"] = str(int(direction == "O"))
    cells["back_direction"] = str(int(direction == "I"))
    cells["src_mac" if direction == "O" else "dst_mac"] = own.told(mac) or ""
    cells |= {name: count for name, count in zip(_COUNTS, parts[9:], strict=False) if count}
    named = ("decision", "state") if protocol in _LETTERS else ("state", "encryption")
    said = dict(zip(named, parts[7:9], strict=False))
    return cells, list(own.flattened({**shared, **said}))


def _rows(found: list[Row], refused: Refusals) -> tuple[Signal, pa.RecordBatch]:
    cells = [row for row, _ in found]
    others = [[pair for pair in rest if pair[1]] for _, rest in found]
    return Signal.FLOWS, elements.rows_of(cells, others, refused)
