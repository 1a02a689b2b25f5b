"""What is spoken on a captured connection, told by the first bytes of a direction."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Spoken(StrEnum):
    """The ``protocol`` label of ``sensorium_capture_streams``."""

    IPFIX = "ipfix"
    NETFLOW = "netflow"
    """NetFlow v9, which Cisco's routers send over SCTP."""
    SYSLOG = "syslog"
    HTTP = "http"
    HTTP2 = "http2"
    TLS = "tls"
    UNKNOWN = "unknown"


NEEDED: Final = 24
"""Bytes that tell all that can be told."""

_SYSLOG_PORTS: Final = frozenset({514, 601, 1468, 1514, 5140, 5514})
_PRIORITY: Final = re.compile(rb"([1-9][0-9]{0,6} )?<[0-9]{1,3}>")
_REQUEST: Final = re.compile(rb"(GET|POST|PUT|HEAD|OPTIONS|DELETE|PATCH) [/h*]")
_PREFACE: Final = b"PRI * HTTP/2.0"
_TLS: Final = re.compile(rb"[\x14-\x17]\x03[\x00-\x04]")
_TEMPLATES: Final = (2, 3)


def told(start: bytes, port: int) -> Spoken:
    """What begins so, sent to this port."""
    if _is_ipfix(start):
        return Spoken.IPFIX
    if start.startswith(_PREFACE):
        return Spoken.HTTP2
    if _REQUEST.match(start) or start.startswith(b"HTTP/1."):
        return Spoken.HTTP
    if _PRIORITY.match(start) or (port in _SYSLOG_PORTS and is_text(start)):
        return Spoken.SYSLOG
    return Spoken.TLS if _TLS.match(start) else Spoken.UNKNOWN


def told_message(message: bytes) -> Spoken:
    """What a message of SCTP is."""
    if message[:2] == b"\0\x09":
        return Spoken.NETFLOW
    return Spoken.IPFIX if message[:2] == b"\0\x0a" else Spoken.UNKNOWN


def is_text(start: bytes) -> bool:
    """Whether a text begins so: with a letter, a digit or a sign."""
    return 0x20 < start[0] < 0x7F if start else False


def _is_ipfix(start: bytes) -> bool:
    """Whether a message of RFC 7011 begins so: the header and that of the first set fit."""
    if start[:2] != b"\0\x0a" or len(start) < 4:
        return False
    length = int.from_bytes(start[2:4], "big")
    if len(start) < 20:
        return length >= 16
    set_id, set_length = int.from_bytes(start[16:18], "big"), int.from_bytes(start[18:20], "big")
    return (set_id in _TEMPLATES or set_id >= 256) and 4 <= set_length <= length - 16
