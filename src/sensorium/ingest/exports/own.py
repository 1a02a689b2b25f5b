"""Flows, samples and logs as JSON objects: in our own names, and logs in everyone's."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.ingest.exports import rows
from sensorium.ingest.exports.problem import Refusals
from sensorium.ingest.series import series_id
from sensorium.model.address import UNSPECIFIED
from sensorium.model.signals import ADDRESS, FLOWS, LABELS, LOGS, METRICS, FlowType, Signal

Record = dict[str, Any]
Decoded = tuple[Signal, pa.RecordBatch]

_ADDRESSES = tuple(f.name for f in FLOWS if f.type == ADDRESS)
_MACS = ("src_mac", "dst_mac")
_NUMBERS = tuple(f.name for f in FLOWS if pa.types.is_integer(f.type) and f.name not in _MACS)
_FLOW_COLUMNS = frozenset(FLOWS.names)
_KINDS = frozenset(kind.value for kind in FlowType)
# Where programs put what the OpenTelemetry log data model calls so.
_TIME = (
    *("time_ns", "@timestamp", "timestamp", "time", "ts", "datetime", "date", "asctime", "@t"),
    *("__REALTIME_TIMESTAMP", "eventTime", "t.$date"),
)
_BODY = (
    *("body", "message", "msg", "log", "event", "text", "short_message", "MESSAGE", "@m", "@mt"),
    "textPayload",
)
_SEVERITY = (
    *("severity_text", "severity", "level", "loglevel", "log.level", "lvl", "levelname", "@l"),
    "PRIORITY",
)
_HOST = ("host", "hostname", "host.name", "source_host", "node", "_HOSTNAME")
_APP = (
    *("app", "service", "service.name", "application", "logger", "program", "appname"),
    *("SYSLOG_IDENTIFIER", "_COMM"),
)
_PROCESS = ("proc_id", "pid", "process_id", "process.pid", "_PID", "SYSLOG_PID")
_SEVERITIES = {
    "trace": 1, "debug": 5, "info": 9, "information": 9, "informational": 9, "notice": 10,
    "warn": 13, "warning": 13, "error": 17, "err": 17, "critical": 21, "crit": 21, "alert": 22,
    "fatal": 21, "emerg": 24, "emergency": 24, "panic": 24,
}  # fmt: skip
# Levels as numbers: syslog's (GELF, the journal), and those of bunyan and pino.
_LEVELS = {
    "0": "emerg", "1": "alert", "2": "crit", "3": "err", "4": "warning", "5": "notice",
    "6": "info", "7": "debug", "10": "trace", "20": "debug", "30": "info", "40": "warn",
    "50": "error", "60": "fatal",
}  # fmt: skip


def at(record: Any, path: Sequence[str]) -> Any:
    """The value under a path of keys; None where there is none."""
    for key in path:
        if not isinstance(record, dict):
            return None
        record = record.get(key)
    return record


def told(value: Any) -> str | None:
    """A JSON value as text, None for null: strings bare, lists and objects as JSON."""
    if value is None or isinstance(value, str):
        return None if value is None else _clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return _clean(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _clean(text: str) -> str:
    """Without the lone surrogates that JSON can escape and UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()


def flows(records: list[Record], refused: Refusals) -> Decoded:
    """Flows in the names of the ``flows`` table; keys that are none of its columns are attributes.

    Times are Unix nanoseconds, or ISO 8601 as goflow2 can be told to write them. A flow without
    start or end has that of its other times.
    """
    count = len(records)

    def column(name: str) -> pa.Array:
        return pa.array([told(record.get(name)) for record in records], pa.string())

    columns = {name: rows.integers(column(name)) for name in _NUMBERS}
    columns |= {name: rows.addresses(column(name)) for name in _ADDRESSES}
    columns |= {name: rows.macs(column(name)) for name in _MACS}
    received, end, start = (
        _times(columns[name], column(name))
        for name in ("time_received_ns", "time_flow_end_ns", "time_flow_start_ns")
    )
    latest = np.maximum(np.maximum(received, end), start)
    columns["time_received_ns"] = pa.array(np.where(received, received, latest))
    columns["time_flow_end_ns"] = pa.array(np.where(end, end, latest))
    columns["time_flow_start_ns"] = pa.array(np.where(start, start, np.where(end, end, latest)))
    proto = np.asarray(rows.protocols(column("proto")))
    columns["proto"] = pa.array(proto)
    types = rows.integers(column("etype"))
    columns["etype"] = pa.array(
        np.where(np.asarray(types), types, rows.versions(column("src_addr")))
    )
    columns["attributes"] = pa.array([list(_extra(record)) for record in records], LABELS)
    kinds = [kind if (kind := str(record.get("type"))) in _KINDS else "JSON" for record in records]
    batch = rows.flow_rows(FlowType.JSON, columns, count)
    batch = batch.set_column(
        0, FLOWS.field("type"), pa.array(kinds).dictionary_encode().cast(FLOWS.field("type").type)
    )
    return Signal.FLOWS, rows.timed_rows(batch, latest > 0, refused)


def _times(numbers: pa.Array, texts: pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    counted = np.asarray(numbers).astype(np.uint64)
    times = np.where(counted < 1 << 63, counted, 0).astype(np.int64)
    written = pc.fill_null(pc.match_substring(texts, ":"), False).to_numpy(zero_copy_only=False)
    if written.any():
        times[written] = np.maximum(rows.nanoseconds(texts.filter(pa.array(written))), 0)
    return times


def _extra(record: Record) -> Iterator[tuple[str, str]]:
    given = record.get("attributes")
    if isinstance(given, dict):
        yield from ((name, text) for name, v in given.items() if (text := told(v)) is not None)
    for name, value in record.items():
        if name not in _FLOW_COLUMNS and (text := told(value)) is not None:
            yield _clean(name), text


def samples(records: list[Record], refused: Refusals) -> Decoded:
    """Samples as ``sensorium decode`` prints them: name, labels, value, time_ns, kind."""
    kept = []
    for record in records:
        value, time_ns = _number(record["value"]), _nanoseconds(record)
        given = record.get("labels")
        if value is None or time_ns is None or not isinstance(given, dict | None):
            refused.add("no_time" if time_ns is None else "malformed")
            continue
        labels = sorted((_clean(k), told(v) or "") for k, v in (given or {}).items())
        name = _clean(record["name"])
        row = time_ns, series_id(name, labels), name, labels, value, told(record.get("kind")) or ""
        kept.append(dict(zip(METRICS.names, row, strict=True)))
    return Signal.METRICS, pa.RecordBatch.from_pylist(kept, schema=METRICS)


def _number(value: Any) -> float | None:
    """A sample's value: a number, or the texts that stand for what JSON has no number for."""
    if isinstance(value, str):
        return {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf}.get(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def logs(records: list[Record], refused: Refusals) -> Decoded:
    """Log records: the keys that programs use for time, text, severity, host and program.

    Everything else becomes an attribute; a record without a text keeps the whole object as its
    body. One without a time is refused.
    """
    kept = []
    for record in records:
        time_ns = _nanoseconds(record)
        if time_ns is None:
            refused.add("no_time")
            continue
        kept.append(log_row(record, time_ns))
    return Signal.LOGS, pa.RecordBatch.from_pylist(kept, schema=LOGS)


def log_row(record: Record, time_ns: int) -> Record:
    """One row of LOGS."""
    used: set[str] = {name for name in _TIME if name in record}
    text = _first(record, _BODY, used)
    severity = _first(record, _SEVERITY, used) or ""
    severity = _LEVELS.get(severity, severity)
    host, app = _first(record, _HOST, used), _first(record, _APP, used)
    process = _first(record, _PROCESS, used)
    number = record.get("severity_number")
    if not (isinstance(number, int) and 0 <= number <= 24):
        number = _SEVERITIES.get(severity.lower(), 0)
    observed = record.get("observed_time_ns")
    nested = used - record.keys()
    used.update(LOGS.names)
    given = record.get("attributes")
    others = {**(given if isinstance(given, dict) else {})}
    others |= {name: value for name, value in record.items() if name not in used}
    source = record.get("source_address")
    return {
        "time_ns": time_ns,
        "observed_time_ns": observed if _is_instant(observed) else time_ns,
        "source_address": rows.packed(source) if isinstance(source, str) else UNSPECIFIED,
        "severity_number": number,
        "severity_text": severity,
        "host": host or "",
        "app": app or "",
        "proc_id": process or "",
        "body": told(record) if text is None else text,
        "attributes": [] if text is None else [a for a in flattened(others) if a[0] not in nested],
        "template_id": 0,
    }


def flattened(value: Record, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Nested objects as dotted names; null is left out, lists are JSON."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from flattened(inner, f"{prefix}{_clean(name)}.")
        elif (text := told(inner)) is not None:
            yield f"{prefix}{_clean(name)}", text


def under(record: Record, name: str) -> Any:
    """The value of a key, or of a key in a nested object where the name has a point."""
    value = record.get(name)
    return at(record, name.split(".")) if value is None and "." in name else value


def _first(record: Record, names: Sequence[str], used: set[str]) -> str | None:
    for name in names:
        value = under(record, name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            used.add(name)
            return told(value)
    return None


def _nanoseconds(record: Record) -> int | None:
    """When: nanoseconds under ``time_ns``, else seconds, milliseconds and so on, or ISO 8601."""
    for name in _TIME:
        value = under(record, name)
        if _is_instant(value) and name == "time_ns":
            return int(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 2**63:
            # Told by size: seconds of this century have ten digits, milliseconds thirteen...
            scale = next((s for s in (10**9, 10**6, 10**3) if value * s < 1 << 62), 1)
            # A number with decimals is exact to the microsecond, at most.
            return value * scale if isinstance(value, int) else round(value * scale / 1e3) * 1000
        if isinstance(value, str) and value:
            time_ns = int(rows.nanoseconds(pa.array([_clean(value)]))[0])
            if time_ns >= 0:
                return time_ns
    return None


def _is_instant(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 63
