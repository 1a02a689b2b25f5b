"""UDP datagrams come out of captures whole, in order, with the times of capture."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.captured import read_capture
from sensorium.ingest.pcap import PcapError, is_capture
from sensorium.model.address import pack_address, unpack_address
from sensorium.observe import Observe
from tests.ingest.pcap import captures as c

NS = 1_000_000_000
IPV4 = c.ipv4(c.udp(b"hello"))
PLAIN = c.ethernet(IPV4)


def read(content: bytes, observe: Observe | None = None) -> list[tuple[bytes, str, int]]:
    return [
        (slab.payload(i), unpack_address(slab.src_addr[i].tobytes()), int(slab.arrival_ns[i]))
        for slab in read_capture(content, observe or Observe())
        for i in range(len(slab))
    ]


def outcomes(content: bytes) -> dict[str, int]:
    observe = Observe()
    read(content, observe)
    return {
        sample.labels["outcome"]: int(sample.value)
        for family in observe.registry.collect()
        for sample in family.samples
        if sample.name == "sensorium_capture_packets_total"
    }


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("nanoseconds", "fraction"), [(False, 250_000), (True, 250)])
def test_pcap_of_both_byte_orders_and_resolutions(
    order: str, nanoseconds: bool, fraction: int
) -> None:
    content = c.pcap(PLAIN, PLAIN, order=order, nanoseconds=nanoseconds)
    first = c.SECONDS * NS + fraction
    assert read(content) == [(b"hello", "192.0.2.1", first), (b"hello", "192.0.2.1", first + NS)]


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (1, PLAIN),
        (1, c.ethernet(c.ipv4(c.udp(b"hello")), tags=(0x8100,))),
        (1, c.ethernet(c.ipv4(c.udp(b"hello")), tags=(0x88A8, 0x8100))),
        (113, bytes(14) + b"\x08\x00" + c.ipv4(c.udp(b"hello"))),
        (276, b"\x08\x00" + bytes(18) + c.ipv4(c.udp(b"hello"))),
        (101, c.ipv4(c.udp(b"hello"))),
        (228, c.ipv4(c.udp(b"hello"))),
        (0, struct.pack("<I", 2) + c.ipv4(c.udp(b"hello"))),
        (0, struct.pack(">I", 2) + c.ipv4(c.udp(b"hello"))),
        (108, struct.pack(">I", 2) + c.ipv4(c.udp(b"hello"))),
        (9, b"\xff\x03\x00\x21" + c.ipv4(c.udp(b"hello"))),
        (9, b"\x00\x21" + c.ipv4(c.udp(b"hello"))),
        (104, b"\x0f\x00\x08\x00" + c.ipv4(c.udp(b"hello"))),
        (1, c.ethernet(struct.pack(">II", 7 << 12, 9 << 12 | 0x100) + IPV4, 0x8847)),
        (1, c.ethernet(b"\x11\0\0\7\0\x23\x00\x21" + IPV4, 0x8864, tags=(0x8100,))),
    ],
)
def test_every_link_type(link: int, frame: bytes) -> None:
    assert [found[:2] for found in read(c.pcap(frame, link=link))] == [(b"hello", "192.0.2.1")]


@pytest.mark.parametrize(
    ("link", "frame"),
    [
        (1, c.ethernet(c.ipv6(c.udp(b"hello")), 0x86DD)),
        (101, c.ipv6(c.udp(b"hello"))),
        (229, c.ipv6(bytes([17, 0]) + bytes(6) + c.udp(b"hello"), following=0)),
        (0, struct.pack("<I", 30) + c.ipv6(c.udp(b"hello"))),
    ],
)
def test_ipv6_with_and_without_extension_headers(link: int, frame: bytes) -> None:
    assert [found[:2] for found in read(c.pcap(frame, link=link))] == [(b"hello", "2001:db8::1")]


def test_ports_are_kept_and_padding_after_the_datagram_is_not() -> None:
    (slab,) = read_capture(c.pcap(PLAIN + bytes(13)), Observe())
    assert (slab.src_port.tolist(), slab.dst_port.tolist()) == ([50000], [2055])
    assert slab.payload(0) == b"hello"
    assert slab.src_addr[0].tobytes() == pack_address("192.0.2.1")


@pytest.mark.parametrize(
    ("frame", "link", "outcome"),
    [
        (c.ethernet(c.ipv4(b"", proto=6)), 1, "malformed"),
        (c.ethernet(c.ipv4(b"", proto=132)), 1, "malformed"),
        (c.ethernet(c.ipv4(b"", proto=1)), 1, "other_protocol"),
        (c.ethernet(b"", etype=0x0806), 1, "other_protocol"),
        (c.ethernet(c.ipv4(c.udp(b"x"), fragment=0x2000)), 1, "fragment"),
        (c.ethernet(c.ipv4(b"rest", fragment=185)), 1, "fragment"),
        (c.ethernet(c.ipv6_pieces(bytes(16), 8)[0], 0x86DD), 1, "fragment"),
        (c.ethernet(c.ipv6(bytes(7), following=44), 0x86DD), 1, "malformed"),
        (c.ethernet(c.ipv6_pieces(bytes(16), 16, following=58)[0], 0x86DD), 1, "other_protocol"),
        (c.ethernet(b"\0\0\0\0", 0x8847), 1, "malformed"),
        (b"short", 1, "malformed"),
        (c.ethernet(b"\x45"), 1, "malformed"),
        (c.ethernet(c.ipv4(c.udp(b"", length=3))), 1, "malformed"),
        (b"", 101, "malformed"),
        (PLAIN, 147, "unknown_link"),
    ],
)
def test_what_is_no_datagram_is_counted(frame: bytes, link: int, outcome: str) -> None:
    assert outcomes(c.pcap(frame, PLAIN if link == 1 else frame, link=link))[outcome] >= 1


def test_a_datagram_that_the_capture_cut_is_used_as_far_as_it_goes() -> None:
    content = c.pcap(PLAIN, cut=2)
    assert [payload for payload, _, _ in read(content)] == [b"hel"]
    assert outcomes(content) == {"cut": 1}


def test_a_capture_that_ends_inside_a_packet_gives_all_before_it() -> None:
    observe = Observe()
    assert len(read(c.pcap(PLAIN, PLAIN)[:-3], observe)) == 1
    assert observe.value("sensorium_capture_cut_short_total") == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_pcapng_of_both_byte_orders(order: str) -> None:
    content = c.section(order) + c.interface(order=order) + c.enhanced(PLAIN, 1_500_000, 0, order)
    assert read(content) == [(b"hello", "192.0.2.1", 1_500_000_000)]


def test_pcapng_resolutions_offsets_and_interfaces() -> None:
    nano = c.option(9, b"\x09") + c.option(14, struct.pack("<q", 100)) + c.option(0, b"")
    content = (
        c.section()
        + c.interface(options=nano)
        + c.interface(link=101, options=c.option(9, b"\x8a"))
        + c.enhanced(PLAIN, 5)
        + c.block(0xBAD, b"skipped")
        + c.enhanced(c.ipv4(c.udp(b"raw")), 1024, number=1)
    )
    assert read(content) == [
        (b"hello", "192.0.2.1", 100 * NS + 5),
        (b"raw", "192.0.2.1", NS),
    ]


def test_a_simple_packet_has_the_time_of_the_packet_before_it() -> None:
    content = c.section() + c.interface() + c.enhanced(PLAIN, 2_000_000) + c.simple(PLAIN)
    assert [time for _, _, time in read(content)] == [2 * NS, 2 * NS]


def test_a_new_section_has_interfaces_of_its_own() -> None:
    content = c.section() + c.interface() + c.enhanced(PLAIN, 1)
    content += c.section(">") + c.interface(link=101, order=">")
    content += c.enhanced(c.ipv4(c.udp(b"two")), 2, order=">")
    assert [payload for payload, _, _ in read(content)] == [b"hello", b"two"]


def test_a_pcapng_packet_of_no_interface_is_counted() -> None:
    content = c.section() + c.enhanced(PLAIN, 1) + c.interface() + c.enhanced(PLAIN, 1)
    assert outcomes(content) == {"malformed": 1, "datagram": 1}


def test_large_captures_come_in_slabs() -> None:
    slabs = [len(slab) for slab in read_capture(c.pcap(*[PLAIN] * 5000), Observe())]
    assert slabs == [4096, 904]


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a"])
def test_what_is_no_capture_is_refused(content: bytes) -> None:
    with pytest.raises(PcapError):
        read(content)


def test_captures_are_told_by_their_first_bytes() -> None:
    assert is_capture(c.pcap()[:4])
    assert is_capture(c.section()[:4])
    assert not is_capture(b"\x00\x05\x00\x01")


WHOLE = [
    c.pcap(PLAIN, c.ethernet(c.ipv6(c.udp(b"six")), 0x86DD)),
    c.section()
    + c.interface(options=c.option(9, b"\x09"))
    + c.enhanced(PLAIN, 7)
    + c.simple(PLAIN),
]


@given(st.sampled_from(WHOLE), st.data())
def test_damaged_captures_are_survived(content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(0, 8))):
        damaged[data.draw(st.integers(4, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))
    except PcapError:
        return
