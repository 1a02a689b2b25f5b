"""OTLP's JSON, written anew as Protocol Buffers: one decoder then reads both.

The proto3 JSON mapping with OTLP's differences: trace and span ids are hexadecimal, enums are
numbers, field names are lowerCamelCase, and unknown ones are ignored (OTLP specification, "JSON
Protobuf Encoding"). Senders that know only the mapping itself are understood too: ids in base64,
enums and fields by the names of the ``.proto``, and those that fields had before OTLP 1.0. It is
for senders of little: each value is a Python object on its way.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import struct
from collections.abc import Callable
from typing import Any, Final

from sensorium.ingest.otlp.decoded import MalformedError
from sensorium.model.signals import Signal

_DEEPEST: Final = 64
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_SEVERITIES: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_ENUMERATED: Final = {
    "AGGREGATION_TEMPORALITY_UNSPECIFIED": 0,
    "AGGREGATION_TEMPORALITY_DELTA": 1,
    "AGGREGATION_TEMPORALITY_CUMULATIVE": 2,
    "SEVERITY_NUMBER_UNSPECIFIED": 0,
    **{
        f"SEVERITY_NUMBER_{name}{step or ''}": 1 + 4 * place + max(step - 1, 0)
        for place, name in enumerate(_SEVERITIES)
        for step in (0, 2, 3, 4)
    },
}
_SPECIAL: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}

Write = Callable[[Any], bytes]


def to_protobuf(body: bytes, signal: Signal) -> bytes:
    """An export request in JSON as Protocol Buffers; MalformedError where it is none."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"the body is no JSON: {error}") from error
    try:
        return _message(_REQUESTS[signal], document, 0)
    except (ValueError, TypeError, OverflowError, struct.error, binascii.Error) as error:
        raise MalformedError(f"the body is no OTLP export request: {error}") from error


def _varint(value: int) -> bytes:
    value &= 0xFFFFFFFFFFFFFFFF
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _integer(value: Any, lowest: int, highest: int) -> int:
    """A number, or one in a string; a fraction of zero is one.

    OpenTelemetry for JavaScript wrote times as two signed halves for a while (0.44).
    """
    if isinstance(value, str):
        number = int(value)
    elif isinstance(value, dict) and value.keys() == {"low", "high"}:
        halves = [_integer(value[half], -(1 << 31), (1 << 32) - 1) for half in ("high", "low")]
        number = (halves[0] & 0xFFFFFFFF) << 32 | halves[1] & 0xFFFFFFFF
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    else:
        number = int(value)
        if number != value:
            raise ValueError(f"{value!r} is no whole number")
    if not lowest <= number <= highest:
        raise ValueError(f"{number} is out of range")
    return number


def _number(value: Any) -> float:
    if isinstance(value, str):
        return _SPECIAL[value] if value in _SPECIAL else float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _string(value: Any) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no string")
    return value.encode("utf-8", "replace")


def _id(value: Any, size: int) -> bytes:
    """An id of so many bytes: hexadecimal, else base64 of it or of its hexadecimal digits.

    Base64 of as many bytes ends with ``=``, which is no digit: the two are never confused.
    OpenTelemetry wrote the one for JavaScript (logs, until June 2023) and Dart, the other for
    Swift.
    """
    text = _string(value)
    try:
        return bytes.fromhex(text.decode())
    except ValueError:
        content = _base64(value)
    if len(content) == 2 * size:
        return bytes.fromhex(content.decode())
    if len(content) != size:
        raise ValueError(f"{value!r} is no id")
    return content


def _base64(value: Any) -> bytes:
    text = _string(value).replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


def _enum(value: Any) -> bytes:
    """A number, or the name of one; a name that is not known is no number either."""
    named = _ENUMERATED.get(value, value) if isinstance(value, str) else value
    return _varint(_integer(named, -(1 << 31), (1 << 31) - 1))


def _boolean(value: Any) -> bytes:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return _varint(int(value))


def _sint32(value: Any) -> bytes:
    number = _integer(value, -(1 << 31), (1 << 31) - 1)
    return _varint(number << 1 ^ number >> 31)


# How a value is written: its wire type, and what writes it.
_Kind = tuple[int, Write]
_STRING: Final[_Kind] = (_LENGTH, _string)
_TRACE: Final[_Kind] = (_LENGTH, lambda v: _id(v, 16))
_SPAN: Final[_Kind] = (_LENGTH, lambda v: _id(v, 8))
_BYTES: Final[_Kind] = (_LENGTH, _base64)
_BOOL: Final[_Kind] = (_VARINT, _boolean)
_UINT32: Final[_Kind] = (_VARINT, lambda v: _varint(_integer(v, 0, (1 << 32) - 1)))
_ENUM: Final[_Kind] = (_VARINT, _enum)
_INT64: Final[_Kind] = (_VARINT, lambda v: _varint(_integer(v, -(1 << 63), (1 << 63) - 1)))
_UINT64: Final[_Kind] = (_VARINT, lambda v: _varint(_integer(v, 0, (1 << 64) - 1)))
_SINT32: Final[_Kind] = (_VARINT, _sint32)
_FIXED: Final[_Kind] = (_FIXED64, lambda v: struct.pack("<Q", _integer(v, 0, (1 << 64) - 1)))
_SFIXED: Final[_Kind] = (
    _FIXED64,
    lambda v: struct.pack("<q", _integer(v, -(1 << 63), (1 << 63) - 1)),
)
_DOUBLE: Final[_Kind] = (_FIXED64, lambda v: struct.pack("<d", _number(v)))
_FLAGS: Final[_Kind] = (_FIXED32, lambda v: struct.pack("<I", _integer(v, 0, (1 << 32) - 1)))

# A message's fields by their JSON names: number, how it is written (a kind, or the name of a
# message), and whether it is repeated. From opentelemetry-proto 1.x.
_Field = tuple[int, _Kind | str, bool]
_POINT: Final[dict[str, _Field]] = {
    "startTimeUnixNano": (2, _FIXED, False),
    "timeUnixNano": (3, _FIXED, False),
}
_MESSAGES: Final[dict[str, dict[str, _Field]]] = {
    "logs": {"resourceLogs": (1, "ResourceLogs", True)},
    "metrics": {"resourceMetrics": (1, "ResourceMetrics", True)},
    "ResourceLogs": {
        "resource": (1, "Resource", False),
        "scopeLogs": (2, "ScopeLogs", True),
        "schemaUrl": (3, _STRING, False),
    },
    "ResourceMetrics": {
        "resource": (1, "Resource", False),
        "scopeMetrics": (2, "ScopeMetrics", True),
        "schemaUrl": (3, _STRING, False),
    },
    "ScopeLogs": {
        "scope": (1, "Scope", False),
        "logRecords": (2, "LogRecord", True),
        "schemaUrl": (3, _STRING, False),
    },
    "ScopeMetrics": {
        "scope": (1, "Scope", False),
        "metrics": (2, "Metric", True),
        "schemaUrl": (3, _STRING, False),
    },
    "Resource": {
        "attributes": (1, "KeyValue", True),
        "droppedAttributesCount": (2, _UINT32, False),
    },
    "Scope": {
        "name": (1, _STRING, False),
        "version": (2, _STRING, False),
        "attributes": (3, "KeyValue", True),
        "droppedAttributesCount": (4, _UINT32, False),
    },
    "KeyValue": {"key": (1, _STRING, False), "value": (2, "AnyValue", False)},
    "AnyValue": {
        "stringValue": (1, _STRING, False),
        "boolValue": (2, _BOOL, False),
        "intValue": (3, _INT64, False),
        "doubleValue": (4, _DOUBLE, False),
        "arrayValue": (5, "ArrayValue", False),
        "kvlistValue": (6, "KeyValueList", False),
        "bytesValue": (7, _BYTES, False),
    },
    "ArrayValue": {"values": (1, "AnyValue", True)},
    "KeyValueList": {"values": (1, "KeyValue", True)},
    "LogRecord": {
        "timeUnixNano": (1, _FIXED, False),
        "observedTimeUnixNano": (11, _FIXED, False),
        "severityNumber": (2, _ENUM, False),
        "severityText": (3, _STRING, False),
        "body": (5, "AnyValue", False),
        "attributes": (6, "KeyValue", True),
        "droppedAttributesCount": (7, _UINT32, False),
        "flags": (8, _FLAGS, False),
        "traceId": (9, _TRACE, False),
        "spanId": (10, _SPAN, False),
        "eventName": (12, _STRING, False),
    },
    "Metric": {
        "name": (1, _STRING, False),
        "description": (2, _STRING, False),
        "unit": (3, _STRING, False),
        "gauge": (5, "Gauge", False),
        "sum": (7, "Sum", False),
        "histogram": (9, "Histogram", False),
        "exponentialHistogram": (10, "ExponentialHistogram", False),
        "summary": (11, "Summary", False),
    },
    "Gauge": {"dataPoints": (1, "NumberDataPoint", True)},
    "Sum": {
        "dataPoints": (1, "NumberDataPoint", True),
        "aggregationTemporality": (2, _ENUM, False),
        "isMonotonic": (3, _BOOL, False),
    },
    "Histogram": {
        "dataPoints": (1, "HistogramDataPoint", True),
        "aggregationTemporality": (2, _ENUM, False),
    },
    "ExponentialHistogram": {
        "dataPoints": (1, "ExponentialHistogramDataPoint", True),
        "aggregationTemporality": (2, _ENUM, False),
    },
    "Summary": {"dataPoints": (1, "SummaryDataPoint", True)},
    "NumberDataPoint": {
        **_POINT,
        "attributes": (7, "KeyValue", True),
        "asDouble": (4, _DOUBLE, False),
        "asInt": (6, _SFIXED, False),
        "flags": (8, _UINT32, False),
    },
    "HistogramDataPoint": {
        **_POINT,
        "attributes": (9, "KeyValue", True),
        "count": (4, _FIXED, False),
        "sum": (5, _DOUBLE, False),
        "bucketCounts": (6, _FIXED, True),
        "explicitBounds": (7, _DOUBLE, True),
        "flags": (10, _UINT32, False),
        "min": (11, _DOUBLE, False),
        "max": (12, _DOUBLE, False),
    },
    "ExponentialHistogramDataPoint": {
        **_POINT,
        "attributes": (1, "KeyValue", True),
        "count": (4, _FIXED, False),
        "sum": (5, _DOUBLE, False),
        "scale": (6, _SINT32, False),
        "zeroCount": (7, _FIXED, False),
        "positive": (8, "Buckets", False),
        "negative": (9, "Buckets", False),
        "flags": (10, _UINT32, False),
        "min": (12, _DOUBLE, False),
        "max": (13, _DOUBLE, False),
        "zeroThreshold": (14, _DOUBLE, False),
    },
    "Buckets": {"offset": (1, _SINT32, False), "bucketCounts": (2, _UINT64, True)},
    "SummaryDataPoint": {
        **_POINT,
        "attributes": (7, "KeyValue", True),
        "count": (4, _FIXED, False),
        "sum": (5, _DOUBLE, False),
        "quantileValues": (6, "ValueAtQuantile", True),
        "flags": (8, _UINT32, False),
    },
    "ValueAtQuantile": {"quantile": (1, _DOUBLE, False), "value": (2, _DOUBLE, False)},
}


def _original(field: str) -> str:
    """A field's name as the ``.proto`` has it: ``time_unix_nano`` for ``timeUnixNano``."""
    return re.sub("[A-Z]", lambda capital: "_" + capital[0].lower(), field)


# What fields were called up to opentelemetry-proto 0.18.
_FORMER: Final = {
    "instrumentationLibraryLogs": "scopeLogs",
    "instrumentationLibraryMetrics": "scopeMetrics",
    "instrumentationLibrary": "scope",
    "logs": "logRecords",
}
_ORIGINAL: Final = {
    **{_original(field): field for fields in _MESSAGES.values() for field in fields},
    **{_original(former): field for former, field in _FORMER.items()},
    **_FORMER,
}
_REQUESTS: Final = {Signal.LOGS: "logs", Signal.METRICS: "metrics"}


def _message(name: str, document: Any, depth: int) -> bytes:
    """A message of this name; what it does not have is passed over, ``null`` is as if absent.

    A list of values may stand for the message that holds nothing else: opentelemetry-proto's own
    example of an event was written so.
    """
    known = _MESSAGES[name]
    if isinstance(document, list) and list(known) == ["values"]:
        document = {"values": document}
    if not isinstance(document, dict):
        raise TypeError(f"{name} is no object")
    if depth > _DEEPEST:
        raise ValueError("values lie too deep in one another")
    written: list[bytes] = []
    for key, value in document.items():
        field = key if key in known else _ORIGINAL.get(key)
        if value is None or field not in known or (field != key and field in document):
            continue
        number, kind, repeated = known[field]
        if repeated and not isinstance(value, list):
            raise TypeError(f"{key} is no list")
        if isinstance(kind, str):
            contents = [_message(kind, one, depth + 1) for one in (value if repeated else [value])]
            written += [_varint(number << 3 | _LENGTH) + _sized(one) for one in contents]
        elif repeated:
            packed = b"".join(map(kind[1], value))
            written.append(_varint(number << 3 | _LENGTH) + _sized(packed) if packed else b"")
        else:
            content = kind[1](value)
            tag = _varint(number << 3 | kind[0])
            written.append(tag + (_sized(content) if kind[0] == _LENGTH else content))
    return b"".join(written)


def _sized(content: bytes) -> bytes:
    return _varint(len(content)) + content
