"""What a sender is answered: success, whole or in part, and errors it may or may not retry.

From the OTLP specification, sections "OTLP/gRPC Response" and "OTLP/HTTP Response".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from sensorium.model.signals import Signal

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
_BAD_DATA: Final = 400
_BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"
_RETRY_INFO: Final = "type.googleapis.com/google.rpc.RetryInfo"

# The name of the field that says how much was rejected, in JSON.
_REJECTED: Final = {Signal.LOGS: "rejectedLogRecords", Signal.METRICS: "rejectedDataPoints"}


class Code(IntEnum):
    """The canonical codes of ``google.rpc.Status`` that are used here."""

    OK = 0
    INVALID_ARGUMENT = 3
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


_CODES: Final = {
    400: Code.INVALID_ARGUMENT,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.UNIMPLEMENTED,
    413: Code.INVALID_ARGUMENT,
    415: Code.INVALID_ARGUMENT,
    429: Code.RESOURCE_EXHAUSTED,
    500: Code.INTERNAL,
    503: Code.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request that was taken: how many of its items were rejected, and why."""

    signal: Signal
    rejected: Mapping[str, int]

    def message(self) -> str:
        """The reasons and their numbers, for people."""
        return ", ".join(f"{reason}: {number}" for reason, number in sorted(self.rejected.items()))


def success(outcome: Outcome, media_type: str = PROTOBUF) -> bytes:
    """An Export...ServiceResponse; ``partial_success`` is set only where something was rejected."""
    number = sum(outcome.rejected.values())
    if media_type == JSON:
        partial = {_REJECTED[outcome.signal]: str(number), "errorMessage": outcome.message()}
        return json.dumps({"partialSuccess": partial} if number else {}).encode()
    if not number:
        return b""
    return _sub(1, _varint_field(1, number) + _sub(2, outcome.message().encode()))


def status(code: int, message: str, *, retry_after_s: float = 0.0) -> bytes:
    """A ``google.rpc.Status``, with a ``RetryInfo`` where there is a time to wait."""
    details = b""
    if retry_after_s > 0:
        details = _sub(3, _any(_RETRY_INFO, retry_info(retry_after_s)))
    return _varint_field(1, code) + _sub(2, message.encode("utf-8", "replace")) + details


def retry_info(retry_after_s: float) -> bytes:
    """A ``google.rpc.RetryInfo``."""
    seconds = int(retry_after_s)
    nanos = round((retry_after_s - seconds) * 1e9)
    return _sub(1, _varint_field(1, seconds) + _varint_field(2, nanos))


def error(http_status: int, message: str, media_type: str = PROTOBUF) -> bytes:
    """A ``google.rpc.Status`` for an HTTP status, in the request's encoding.

    Bad data, status 400, is described in a ``BadRequest`` among its details as well. What is no
    request at all has no field to name, so the violation has only a description.
    """
    code = _CODES.get(http_status, Code.INVALID_ARGUMENT if http_status < 500 else Code.INTERNAL)
    if media_type == JSON:
        answer: dict[str, object] = {"code": int(code), "message": message}
        if http_status == _BAD_DATA:
            violations = [{"description": message}]
            answer["details"] = [{"@type": _BAD_REQUEST, "fieldViolations": violations}]
        return json.dumps(answer).encode()
    if http_status != _BAD_DATA:
        return status(code, message)
    violation = _sub(1, _sub(2, message.encode("utf-8", "replace")))
    return status(code, message) + _sub(3, _any(_BAD_REQUEST, violation))


def _any(type_url: str, message: bytes) -> bytes:
    return _sub(1, type_url.encode()) + _sub(2, message)


def _varint(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*written, value])


def _varint_field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value) if value else b""


def _sub(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content
