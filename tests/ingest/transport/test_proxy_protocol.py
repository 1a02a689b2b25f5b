"""Headers come off, are believed from trusted networks only, and never stop a datagram."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport.networks import SourceNetworks
from sensorium.ingest.transport.proxy_protocol import (
    SIGNATURE,
    Stripped,
    build_header,
    strip_headers,
)
from sensorium.model.address import V4_PREFIX, pack_address

LOOPBACK = pack_address("127.0.0.1")
STRANGER = pack_address("203.0.113.9")
ROUTER = pack_address("10.0.0.254")
ROUTER6 = pack_address("2001:db8::1")
TRUSTED = SourceNetworks(["127.0.0.0/8", "::1/128"])


def received(*payloads: bytes, sender: bytes = LOOPBACK) -> Datagrams:
    n = len(payloads)
    return Datagrams.of(
        payloads, arrival_ns=[7] * n, src_addr=[sender] * n, src_port=[9] * n, dst_port=[2055] * n
    )


def rows(datagrams: Datagrams) -> list[tuple[int, bytes, int, int, bytes]]:
    return [
        (
            int(datagrams.arrival_ns[i]),
            datagrams.src_addr[i].tobytes(),
            int(datagrams.src_port[i]),
            int(datagrams.dst_port[i]),
            datagrams.payload(i),
        )
        for i in range(len(datagrams))
    ]


def counts(stripped: Stripped) -> tuple[int, int, int]:
    return stripped.honoured, stripped.untrusted, stripped.malformed


@pytest.mark.parametrize("source", [ROUTER, ROUTER6])
def test_a_trusted_header_gives_the_datagram_its_source_ports_and_time(source: bytes) -> None:
    header = build_header(source, 40_000, 4739, 1_700_000_000_123_456_789)
    stripped = strip_headers(received(b"plain", header + b"flows", b""), TRUSTED)
    assert rows(stripped.datagrams) == [
        (7, LOOPBACK, 9, 2055, b"plain"),
        (1_700_000_000_123_456_789, source, 40_000, 4739, b"flows"),
        (7, LOOPBACK, 9, 2055, b""),
    ]
    assert counts(stripped) == (1, 0, 0)


def test_a_header_from_elsewhere_is_payload_and_counted() -> None:
    payload = build_header(ROUTER, 1, 2, 3) + b"flows"
    stripped = strip_headers(received(payload, sender=STRANGER), TRUSTED)
    assert rows(stripped.datagrams) == [(7, STRANGER, 9, 2055, payload)]
    assert counts(stripped) == (0, 1, 0)


def test_without_the_time_a_datagram_keeps_its_own() -> None:
    addresses = ROUTER[12:] + LOOPBACK[12:] + struct.pack(">HH", 5, 6)
    note = b"\x04\x00\x02hi"  # PP2_TYPE_NOOP
    head = SIGNATURE + struct.pack(">BBH", 0x21, 0x12, len(addresses) + len(note))
    stripped = strip_headers(received(head + addresses + note + b"x"), TRUSTED)
    assert rows(stripped.datagrams) == [(7, ROUTER, 5, 6, b"x")]


def test_a_relay_speaking_for_itself_keeps_its_address() -> None:
    head = SIGNATURE + struct.pack(">BBH", 0x20, 0x00, 4) + b"skip"
    stripped = strip_headers(received(head + b"x"), TRUSTED)
    assert rows(stripped.datagrams) == [(7, LOOPBACK, 9, 2055, b"x")]
    assert counts(stripped) == (1, 0, 0)


GOOD = build_header(ROUTER, 1, 2, 3)


@pytest.mark.parametrize(
    "payload",
    [
        GOOD[:-1],
        SIGNATURE + struct.pack(">BBH", 0x31, 0x12, 12) + bytes(12),
        SIGNATURE + struct.pack(">BBH", 0x21, 0x11, 36) + bytes(36),
        SIGNATURE + struct.pack(">BBH", 0x21, 0x12, 11) + bytes(11),
        SIGNATURE + struct.pack(">BBH", 0x21, 0x12, 14) + bytes(14),
        SIGNATURE + struct.pack(">BBH", 0x21, 0x12, 16) + bytes(12) + b"\xe0\x00\x01\x00",
        GOOD[:-8] + b"\xff" * 8,
    ],
)
def test_a_malformed_header_is_payload_and_counted(payload: bytes) -> None:
    stripped = strip_headers(received(payload), TRUSTED)
    assert rows(stripped.datagrams) == [(7, LOOPBACK, 9, 2055, payload)]
    assert counts(stripped) == (0, 0, 1)


def test_what_only_begins_like_a_header_is_payload() -> None:
    payload = SIGNATURE[:-1] + b"?" + bytes(20)
    stripped = strip_headers(received(payload, b"\r"), TRUSTED)
    assert [row[4] for row in rows(stripped.datagrams)] == [payload, b"\r"]
    assert counts(stripped) == (0, 0, 0)


def test_a_slab_of_nothing_is_fine() -> None:
    assert len(strip_headers(received(), TRUSTED).datagrams) == 0
    assert rows(strip_headers(received(b""), TRUSTED).datagrams) == [(7, LOOPBACK, 9, 2055, b"")]


def slow_strip(payload: bytes) -> tuple[bytes, int, int, int, bytes] | None:
    """The specification read aloud: (source, port, port, time or -1, payload); None if none."""
    if len(payload) < 16 or payload[:12] != SIGNATURE:
        return None
    command, family, length = struct.unpack(">BBH", payload[12:16])
    body, rest = payload[16 : 16 + length], payload[16 + length :]
    if len(body) < length:
        return None
    if command == 0x20:
        return (LOOPBACK, 9, 2055, -1, rest)
    size = {0x12: 4, 0x22: 16}.get(family)
    if command != 0x21 or size is None or len(body) < 2 * size + 4:
        return None
    source = V4_PREFIX + body[:4] if size == 4 else body[:16]
    ports = struct.unpack(">HH", body[2 * size : 2 * size + 4])
    tlvs, arrival = body[2 * size + 4 :], -1
    while tlvs:
        if len(tlvs) < 3:
            return None
        kind, size = tlvs[0], int.from_bytes(tlvs[1:3], "big")
        value = tlvs[3 : 3 + size]
        if len(value) < size:
            return None
        if kind == 0xE0:
            if size != 8 or value[0] & 0x80:
                return None
            arrival = int.from_bytes(value, "big")
        tlvs = tlvs[3 + size :]
    return (source, *ports, arrival, rest)


tlv = st.tuples(
    st.sampled_from([0x04, 0xE0, 0xE0, 0xEA]), st.binary(max_size=10), st.integers(-1, 1)
).map(lambda t: bytes([t[0]]) + struct.pack(">H", max(len(t[1]) + t[2], 0)) + t[1])
header = st.tuples(
    st.sampled_from([0x20, 0x21, 0x21, 0x21, 0x22]),
    st.sampled_from([0x12, 0x12, 0x22, 0x11]),
    st.binary(min_size=10, max_size=38),
    st.lists(tlv, max_size=3).map(b"".join),
    st.integers(-2, 2),
).map(
    lambda t: (
        SIGNATURE
        + struct.pack(">BBH", t[0], t[1], max(len(t[2]) + len(t[3]) + t[4], 0))
        + t[2]
        + t[3]
    )
)
lawful = st.builds(
    build_header,
    st.sampled_from([ROUTER, ROUTER6, STRANGER]),
    st.integers(0, 65535),
    st.integers(0, 65535),
    st.integers(0, 2**63 - 1),
)
payload = st.binary(max_size=40) | st.builds(bytes.__add__, header | lawful, st.binary(max_size=9))


@given(st.lists(payload, max_size=6))
def test_it_agrees_with_the_slow_reading_of_the_specification(payloads: list[bytes]) -> None:
    expected = []
    for one in payloads:
        found = slow_strip(one)
        if found is None:
            expected.append((7, LOOPBACK, 9, 2055, one))
        else:
            source, src_port, dst_port, arrival, rest = found
            expected.append((7 if arrival < 0 else arrival, source, src_port, dst_port, rest))
    stripped = strip_headers(received(*payloads), TRUSTED)
    assert rows(stripped.datagrams) == expected
    assert np.array_equal(np.diff(stripped.datagrams.offsets), [len(row[4]) for row in expected])
