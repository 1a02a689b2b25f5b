"""IPv4 (RFC 791) and IPv6 (RFC 8200) headers of sampled packets."""

from __future__ import annotations

from typing import Any

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.memory import put_total, word
from sensorium.ingest.packet import columns as col
from sensorium.ingest.packet.attributes import NUMBER
from sensorium.ingest.packet.notes import address, number
from sensorium.ingest.packet.words import mapped, u8, u16, u32

_TTL = NUMBER["ipTTL"]
_IHL = NUMBER["ipv4IHL"]
_TOTAL_LENGTH = NUMBER["totalLengthIPv4"]
_PAYLOAD_LENGTH_V6 = NUMBER["payloadLengthIPv6"]
_PAYLOAD_LENGTH = NUMBER["ipPayloadLength"]
_IDENTIFICATION = NUMBER["fragmentIdentification"]
_FRAGMENT_OFFSET = NUMBER["fragmentOffset"]
_FRAGMENT_FLAGS = NUMBER["fragmentFlags"]
_FLOW_LABEL = NUMBER["flowLabelIPv6"]
_INNER_SRC = NUMBER["inner_src_addr"]
_INNER_DST = NUMBER["inner_dst_addr"]
_INNER_PROTO = NUMBER["inner_proto"]

_MOST_EXTENSIONS = 8
_FRAGMENT = 44
_AUTHENTICATION = 51


@uncounted
def put_address(row: Any, column: Any, data: Any, at: Any, size: Any) -> None:
    """Write an address of 4 (mapped into IPv6) or 16 bytes; the unspecified IPv4 is zero."""
    put_total(row, column, word(data, at) if size == 16 else 0)
    put_total(row, column + 1, word(data, at + 8) if size == 16 else mapped(data, at))


@uncounted
def _ipv4_fields(data: Any, at: Any, out: Any) -> None:
    fragment = u16(data, at + 6)
    length, words = u16(data, at + 2), u8(data, at) & 0xF
    number(out, _TTL, u8(data, at + 8))
    number(out, _IHL, words)
    number(out, _TOTAL_LENGTH, length)
    number(out, _PAYLOAD_LENGTH, max(length - 4 * words, 0))
    number(out, _IDENTIFICATION, u16(data, at + 4))
    number(out, _FRAGMENT_OFFSET, fragment & 0x1FFF)
    number(out, _FRAGMENT_FLAGS, fragment >> 8 & 0xE0)


@uncounted
def ipv4(data: Any, at: Any, end: Any, depth: Any, row: Any, out: Any) -> Any:
    """Read a header; where its payload is (-1 for nowhere), where that ends, its protocol."""
    if end - at < 20 or u8(data, at) >> 4 != 4:
        return -1, end, 0
    proto = u8(data, at + 9)
    if depth == 0:
        put_total(row, col.ETYPE, 0x0800)
        put_total(row, col.PROTO, proto)
        put_total(row, col.IP_TOS, u8(data, at + 1))
        put_address(row, col.SRC_ADDR, data, at + 12, 4)
        put_address(row, col.DST_ADDR, data, at + 16, 4)
        _ipv4_fields(data, at, out)
    else:
        number(out, _INNER_PROTO, proto)
        address(out, _INNER_SRC, data, at + 12, 4)
        address(out, _INNER_DST, data, at + 16, 4)
    header = 4 * (u8(data, at) & 0xF)
    if header < 20 or header > end - at or u16(data, at + 6) & 0x1FFF:
        # No room for the header it claims, or a later fragment, which has no ports.
        return -1, end, proto
    length = u16(data, at + 2)
    # Short frames are padded; a length of zero was left to the sender's hardware.
    last = min(end, at + length) if length >= header else end
    return at + header, last, proto


@uncounted
def _is_extension(proto: Any) -> Any:
    """Headers that are an extension by RFC 8200, 4302, 6275, 7401 and 5533."""
    return proto in (0, 43, _FRAGMENT, _AUTHENTICATION, 60, 135, 139, 140)


@uncounted
def _extensions(data: Any, at: Any, end: Any, proto: Any, depth: Any, out: Any) -> Any:
    """Pass over extension headers; the payload's place (-1 for nowhere) and its protocol."""
    for _ in range(_MOST_EXTENSIONS):
        if not _is_extension(proto):
            return at, proto
        if end - at < 8:
            return -1, proto
        following = u8(data, at)
        if proto == _FRAGMENT:
            offset = u16(data, at + 2)
            if depth == 0:
                number(out, _IDENTIFICATION, u32(data, at + 4))
                number(out, _FRAGMENT_OFFSET, offset >> 3)
                number(out, _FRAGMENT_FLAGS, (offset & 1) << 5)
            if offset >> 3:
                return -1, following
            at += 8
        elif proto == _AUTHENTICATION:
            at += 4 * (u8(data, at + 1) + 2)
        else:
            at += 8 * (u8(data, at + 1) + 1)
        proto = following
        if at > end:
            return -1, proto
    return -1, proto


@uncounted
def ipv6(data: Any, at: Any, end: Any, depth: Any, row: Any, out: Any) -> Any:
    """Read a header; where its payload is (-1 for nowhere), where that ends, its protocol.

    The protocol is that after the extension headers, as far as they are there.
    """
    if end - at < 40 or u8(data, at) >> 4 != 6:
        return -1, end, 0
    length = u16(data, at + 4)
    last = min(end, at + 40 + length) if length else end
    after, proto = _extensions(data, at + 40, last, u8(data, at + 6), depth, out)
    if depth == 0:
        put_total(row, col.ETYPE, 0x86DD)
        put_total(row, col.PROTO, proto)
        put_total(row, col.IP_TOS, u16(data, at) >> 4 & 0xFF)
        put_address(row, col.SRC_ADDR, data, at + 8, 16)
        put_address(row, col.DST_ADDR, data, at + 24, 16)
        number(out, _TTL, u8(data, at + 7))
        number(out, _FLOW_LABEL, u32(data, at) & 0xFFFFF)
        number(out, _PAYLOAD_LENGTH_V6, length)
        number(out, _PAYLOAD_LENGTH, length)
    else:
        number(out, _INNER_PROTO, proto)
        address(out, _INNER_SRC, data, at + 8, 16)
        address(out, _INNER_DST, data, at + 24, 16)
    return after, last, proto
