"""Samples and the records beside the packet: interfaces, routes, translations, drops."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest

from sensorium.model.address import UNSPECIFIED, pack_address
from tests.ingest.sflow import agents as a

FRAME = a.header(a.ethernet(0x0800, a.ipv4(6, a.tcp())), length=1500)


def row(*records: bytes, **sample: object) -> dict:
    (found,) = a.Bench().rows(a.datagram(a.flow_sample(*records, **sample)))
    return found


def test_a_sample_is_one_packet_of_the_frames_length_and_nothing_is_multiplied() -> None:
    found = row(FRAME, rate=2048)
    assert (found["bytes"], found["packets"], found["sampling_rate"]) == (1500, 1, 2048)
    assert found["time_flow_start_ns"] == found["time_flow_end_ns"] == a.ARRIVAL_NS
    assert found["sampler_address"] == pack_address(a.AGENT)


def test_an_agent_that_does_not_say_who_it_is_is_its_sender() -> None:
    for agent in ("", "0.0.0.0", "::"):
        (found,) = a.Bench().rows(a.datagram(a.flow_sample(), agent=agent))
        assert found["sampler_address"] == pack_address(a.SENDER)


def faces(received: int, sent: int) -> tuple:
    found = row(interfaces=(received, sent))
    attributes = found["attributes"]
    said = attributes.get("in_interface"), attributes.get("out_interface")
    return found["in_if"], found["out_if"], *said, attributes.get("drop_reason")


def test_interfaces_that_are_not_one_are_told_in_attributes() -> None:
    assert faces(7, 8) == (7, 8, None, None, None)
    assert faces(0x3FFFFFFF, 8) == (0, 8, "internal", None, None)
    assert faces(7, 0x3FFFFFFF) == (7, 0, None, "internal", None)
    assert faces(7, 0x40000102) == (7, 0, None, "discarded", "258")
    assert faces(7, 0x80000005) == (7, 0, None, "multiple 5", None)


def test_the_data_source_says_on_which_side_the_sampler_stood() -> None:
    assert row(source=3, interfaces=(3, 4))["flow_direction"] == 0
    assert row(source=4, interfaces=(3, 4))["flow_direction"] == 1
    assert row(source=9, interfaces=(3, 0x80000002))["flow_direction"] == 1
    assert row(source=9, interfaces=(0, 4))["flow_direction"] == 0


def test_discarded_packets_have_their_reason() -> None:
    queue = a.opaque(1036, a.words(6))
    trap = a.opaque(1041, a.string(b"l2_drops") + a.string(b"blackhole"))
    acl = a.opaque(1037, a.words(12) + a.string(b"deny-all") + a.words(1))
    (found,) = a.Bench().rows(a.datagram(a.discarded_packet(FRAME, queue, trap, acl, reason=259)))
    kept = found["attributes"]
    assert (kept["drop_reason"], kept["egress_queue"], kept["drops"]) == ("259", "6", "7")
    assert (kept["hw_trap_group"], kept["hw_trap"]) == ("l2_drops", "blackhole")
    assert (kept["acl_number"], kept["acl_name"], kept["acl_direction"]) == ("12", "deny-all", "1")
    assert (found["sampling_rate"], found["dst_port"]) == (1, 80)


def test_vlans_of_the_switch_count_before_the_tag() -> None:
    frame = a.header(a.ethernet(0x0800, a.ipv4(6, a.tcp()), (0x8100, 99)))
    for records in ([frame, switch(10, 20)], [switch(10, 20), frame]):
        found = row(*records)
        assert (found["src_vlan"], found["dst_vlan"]) == (10, 20)
        assert found["attributes"]["dot1qVlanId"] == "99"
    assert row(switch(0xFFFFFFFF, 20))["src_vlan"] == 0


def switch(source: int, target: int) -> bytes:
    return a.opaque(1001, a.words(source, 0xFFFFFFFF, target, 5))


def test_routes_and_as_paths_are_read() -> None:
    router = a.opaque(1002, a.typed_address("203.0.113.1") + a.words(24, 16))
    path = a.words(2, 2, 2, 64501, 64502, 1, 2, 64503, 64504)
    body = a.typed_address("203.0.113.9") + a.words(64496, 64499, 64498) + path
    body += a.words(2, 64496 << 16 | 100, 64496 << 16 | 200, 150)
    found = row(FRAME, a.opaque(1003, body), router)
    assert found["next_hop"] == pack_address("203.0.113.1")
    assert (found["src_mask"], found["dst_mask"]) == (24, 16)
    assert (found["src_as"], found["dst_as"]) == (64499, 64504)
    kept = found["attributes"]
    assert kept["as_path"] == "64501 64502 {64503 64504}"
    assert kept["bgp_communities"] == "64496:100 64496:200"
    assert kept["bgpNextHopIPv4Address"] == "203.0.113.9"
    assert (kept["router_as"], kept["src_peer_as"], kept["local_pref"]) == ("64496", "64498", "150")


def test_without_a_path_the_ends_are_in_the_routers_own_as() -> None:
    body = a.typed_address("2001:db8::9") + a.words(64496, 0, 0, 0, 0, 100)
    found = row(a.opaque(1003, body))
    assert (found["src_as"], found["dst_as"]) == (64496, 64496)
    assert found["next_hop"] == pack_address("2001:db8::9")
    assert "as_path" not in found["attributes"]


def test_labels_translations_users_and_tunnels_are_attributes() -> None:
    mpls = a.opaque(1006, a.typed_address("203.0.113.1") + a.words(2, 16 << 12, 17 << 12, 0))
    nat = a.opaque(1007, a.typed_address("198.51.100.7") + a.typed_address("2001:db8::7"))
    ports = a.opaque(1020, a.words(40000, 443))
    user = a.opaque(1004, a.words(3) + a.string(b"eve") + a.words(3) + a.string(b""))
    vni = a.opaque(1030, a.words(5001))
    outer = a.opaque(1023, a.words(100, 17) + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + bytes(16))
    found = row(mpls, nat, ports, user, vni, outer)
    kept = found["attributes"]
    assert found["mpls_label"] == 16
    assert kept["mpls_in_labels"] == "16 17"
    assert kept["mpls_next_hop"] == "203.0.113.1"
    assert kept["postNATSourceIPv4Address"] == "198.51.100.7"
    assert kept["postNATDestinationIPv6Address"] == "2001:db8::7"
    assert kept["postNAPTSourceTransportPort"] == "40000"
    assert kept["src_user"] == "eve"
    assert "dst_user" not in kept
    assert kept["vni_ingress"] == "5001"
    assert (kept["tunnel_egress_dst_addr"], kept["tunnel_egress_proto"]) == ("10.0.0.2", "17")


def test_packets_told_by_their_fields_need_no_header() -> None:
    macs = a.MACS[6:] + bytes(2) + a.MACS[:6] + bytes(2)
    frame = a.opaque(2, a.words(1514) + macs + a.words(0x0800))
    fields = a.words(1500, 17) + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + a.words(53, 5353, 0, 0xB8)
    found = row(frame, a.opaque(3, fields))
    assert (found["bytes"], found["proto"], found["etype"]) == (1514, 17, 0x0800)
    assert (found["src_port"], found["dst_port"], found["ip_tos"]) == (53, 5353, 0xB8)
    assert found["src_mac"] == int.from_bytes(a.MACS[6:], "big")
    addresses = pack_address("2001:db8::1") + UNSPECIFIED
    found = row(a.opaque(4, a.words(60, 58) + addresses + a.words(135, 0, 0, 0)))
    assert (found["icmp_type"], found["src_port"], found["etype"]) == (135, 0, 0x86DD)


@pytest.mark.parametrize(("padding", "stated"), [(0, 20), (2, 20), (2, 24)])
def test_mac_addresses_may_be_padded_or_not_and_the_padding_counted_or_not(
    padding: int, stated: int
) -> None:
    # S6720 switches of one release state 20 bytes.
    pad = bytes(padding)
    body = a.words(1514) + a.MACS[6:] + pad + a.MACS[:6] + pad + a.words(0x0800)
    fields = a.words(1500, 17) + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + a.words(53, 5353, 0, 0)
    found = row(a.opaque(2, body, length=stated), a.opaque(3, fields))
    assert found["src_mac"] == int.from_bytes(a.MACS[6:], "big")
    assert found["dst_mac"] == int.from_bytes(a.MACS[:6], "big")
    assert (found["bytes"], found["etype"], found["dst_port"]) == (1514, 0x0800, 5353)


def test_where_a_header_cannot_be_read_the_packets_fields_count() -> None:
    fields = a.words(1500, 17) + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + a.words(53, 5353, 0, 0)
    found = row(a.header(a.MACS, protocol=0), a.opaque(3, fields))
    assert (found["proto"], found["dst_port"]) == (17, 5353)


def test_delays_and_times_are_attributes() -> None:
    time = a.opaque(1043, struct.pack(">Q", 1 << 63))
    found = row(a.opaque(1039, a.words(900)), a.opaque(1040, a.words(4096)), time)
    kept = found["attributes"]
    assert (kept["transit_delay_ns"], kept["queue_depth_bytes"]) == ("900", "4096")
    assert kept["packet_time_ns"] == str(1 << 63)


def socket(kind: int = 2100, *, local: str = "10.0.0.2", remote: str = "10.0.0.1") -> bytes:
    ends = ip_address(local).packed + ip_address(remote).packed
    return a.opaque(kind, a.words(6) + ends + a.words(80, 51000))


def test_a_transaction_is_a_request_from_the_remote_end_of_its_socket() -> None:
    text = [b"/cart?x=1", b"shop.example", b"", b"curl/8", b"203.0.113.4", b"eve", b"text/html"]
    request = a.words(4, 1001) + b"".join(map(a.string, text))
    request += struct.pack(">QQII", 20, 4096, 1500, 404)
    found = row(a.opaque(2206, request), socket())
    assert (found["src_addr"], found["dst_addr"]) == (
        pack_address("10.0.0.1"),
        pack_address("10.0.0.2"),
    )
    assert (found["src_port"], found["dst_port"], found["proto"]) == (51000, 80, 6)
    assert (found["etype"], found["bytes"]) == (0x0800, 0)
    kept = found["attributes"]
    assert (kept["httpRequestMethod"], kept["http_version"]) == ("POST", "1001")
    assert (kept["httpRequestTarget"], kept["httpRequestHost"]) == ("/cart?x=1", "shop.example")
    assert (kept["httpUserAgent"], kept["http_forwarded_for"]) == ("curl/8", "203.0.113.4")
    assert (kept["http_user"], kept["httpContentType"]) == ("eve", "text/html")
    assert (kept["request_bytes"], kept["response_bytes"]) == ("20", "4096")
    assert (kept["operation_duration_us"], kept["httpStatusCode"]) == ("1500", "404")
    assert "http_referer" not in kept
    assert (kept["socket_local_port"], kept["socket_remote_addr"]) == ("80", "10.0.0.1")


def test_a_socket_beside_a_packet_says_nothing_of_its_ends() -> None:
    found = row(socket(2101, local="2001:db8::1", remote="2001:db8::2"), a.header(a.ethernet(
        0x0800, a.ipv4(17, a.udp(53, 99)))))  # fmt: skip
    assert (found["src_port"], found["dst_port"], found["etype"]) == (53, 99, 0x0800)
    assert found["attributes"]["socket_local_addr"] == "2001:db8::1"
    found = row(socket(2101, local="2001:db8::1", remote="2001:db8::2"))
    assert (found["dst_addr"], found["etype"]) == (pack_address("2001:db8::1"), 0x86DD)


def test_operations_of_applications_say_what_was_asked_by_whom() -> None:
    context = [a.string(text) for text in (b"payment", b"charge", b"cc=visa")]
    body = b"".join(context) + a.string(b"no funds") + struct.pack(">QQII", 1, 2, 3, 5)
    parent = b"".join(map(a.string, (b"shop", b"order", b"")))
    key = a.words(1, 7) + a.string(b"user:1") + a.words(1, 100, 30, 5)
    found = row(a.opaque(2202, body), a.opaque(2203, parent), a.opaque(2200, key),
                a.opaque(2204, a.string(b"customer 1")),
                a.opaque(2205, a.string(b"bank")))  # fmt: skip
    kept = found["attributes"]
    assert (kept["application"], kept["operation"], kept["operation_attributes"]) == (
        "payment",
        "charge",
        "cc=visa",
    )
    assert (kept["status_description"], kept["operation_status"]) == ("no funds", "5")
    assert (kept["parent_application"], kept["parent_operation"]) == ("shop", "order")
    assert (kept["initiator"], kept["target"]) == ("customer 1", "bank")
    assert (kept["memcache_key"], kept["memcache_value_bytes"]) == ("user:1", "100")


def test_wireless_tunnels_and_connections_are_told_of() -> None:
    wlan = a.string(b"guests") + a.MACS[:6] + bytes(2) + a.words(4)
    received = wlan + a.words(36) + struct.pack(">Q", 866_000_000) + a.words(40, 0xFFFFFFFF, 25)
    outer = a.words(1500) + a.MACS[6:] + bytes(2) + a.MACS[:6] + bytes(2) + a.words(0x0800)
    state = a.words(2, 1448, 1448, 3, 0, 1, 1500, 12_000, 900, 10, 3, 0xFFFFFFFF)
    found = row(a.opaque(1014, received), a.opaque(1021, outer), a.opaque(1028, a.words(50)),
                a.opaque(2209, state), a.opaque(1019, a.words(3, 17)),
                a.opaque(1010, a.string(b"lsp") + a.words(24)),
                a.opaque(1011, a.words(32)))  # fmt: skip
    kept = found["attributes"]
    assert (kept["wlanSSID"], kept["wlan_bssid"]) == ("guests", "02:00:00:00:00:0a")
    assert (kept["wlanChannelId"], kept["wlan_speed_bps"]) == ("36", "866000000")
    assert (kept["wlan_rsni"], kept["wlan_duration_us"]) == ("40", "25")
    assert "wlan_rcpi" not in kept
    assert (kept["tunnel_egress_src_mac"], kept["tunnel_egress_etype"]) == (
        "02:00:00:00:00:0b",
        "2048",
    )
    assert (kept["decapsulate_ingress_offset"], kept["queue_length"]) == ("50", "17")
    assert (kept["tcp_direction"], kept["tcp_rtt_us"], kept["tcp_retrans"]) == ("2", "12000", "1")
    assert "tcp_min_rtt_us" not in kept
    assert (kept["mpls_ftn_name"], kept["mpls_ftn_mask"]) == ("lsp", "24")
    assert kept["mpls_fec_prefix_length"] == "32"


def test_a_plain_record_that_ends_early_gives_what_is_whole() -> None:
    bench = a.Bench()
    cut = a.opaque(2203, a.string(b"shop") + a.words(99) + a.string(b"order"))
    (found,) = bench.rows(a.datagram(a.flow_sample(cut, a.opaque(2209, a.words(1)))))
    assert found["attributes"]["parent_application"] == "shop"
    assert "parent_operation" not in found["attributes"]
    assert bench.dropped() == {"bad_flow_record": 2}
