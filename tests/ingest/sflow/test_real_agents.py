"""Datagrams of real agents decode to the values that Telegraf states for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sensorium.model.address import unpack_address
from tests.ingest.sflow import agents as a

Fields = dict[str, Any]

PROTOCOLS = {6: "tcp", 17: "udp", 0: "hopopt", 58: "ipv6-icmp"}
ETYPES = {0x0800: "IPv4", 0x86DD: "IPv6"}
KINDS = {"1": "ETHERNET-ISO8023"}
FLAGS = {"64": "......D.", "0": "........"}

COUNTERS = {
    "in_bytes": "in_octets_total", "out_bytes": "out_octets_total",
    "in_unicast_packets_total": "in_unicast_packets_total",
    "in_mcast_packets_total": "in_multicast_packets_total",
    "in_broadcast_packets_total": "in_broadcast_packets_total",
    "in_dropped_packets": "in_discards_total", "in_errors": "in_errors_total",
    "in_unknown_protocol": "in_unknown_protocols_total",
    "out_unicast_packets_total": "out_unicast_packets_total",
    "out_mcast_packets_total": "out_multicast_packets_total",
    "out_broadcast_packets_total": "out_broadcast_packets_total",
    "out_dropped_packets": "out_discards_total", "out_errors": "out_errors_total",
    "promiscuous": "promiscuous", "speed": "speed_bits_per_second", "interface_type": "type",
}  # fmt: skip
ETHERNET = {
    "collision_frames_multi": "multiple_collision_frames_total",
    "collision_frames_single": "single_collision_frames_total",
    "collisions_excessive": "excessive_collisions_total",
    "collisions_late": "late_collisions_total", "deferred": "deferred_transmissions_total",
    "errors_alignment": "alignment_errors_total",
    "errors_carrier_sense": "carrier_sense_errors_total", "errors_fcs": "fcs_errors_total",
    "errors_frame_too_long": "frame_too_longs_total",
    "errors_internal_mac_rx": "internal_mac_receive_errors_total",
    "errors_internal_mac_tx": "internal_mac_transmit_errors_total",
    "errors_sqetest": "sqe_test_errors_total", "errors_symbols": "symbol_errors_total",
}  # fmt: skip
UNKNOWN = 0xFFFFFFFF


def influx(text: str) -> list[Fields]:
    """Telegraf's expected fields: unsigned integers as int, strings without their quotes."""
    found = []
    for line in text.splitlines():
        if line.startswith("netflow,"):
            body = line.split(" ", 1)[1].rsplit(" ", 1)[0]
            found.append({})
            for part in body.replace('", ', '",').split(","):
                name, value = part.split("=", 1)
                found[-1][name] = value.strip('"') if '"' in value else int(value.rstrip("u"))
    return found


def mac(value: int) -> str:
    return value.to_bytes(6, "big").hex(":")


def as_telegraf(row: dict[str, Any]) -> Fields:
    """A row and its attributes under the names that Telegraf gives them."""
    kept = row["attributes"]
    numbers = {
        "seq_number": "sample_sequence_number", "sampling_drops": "drops", "sys_uptime": "uptime",
        "in_total_packets": "sample_pool", "ip_total_len": "ipPayloadLength", "ttl": "ipTTL",
        "ipv4_id": "fragmentIdentification", "ipv4_inet_header_len": "ipv4IHL",
        "ipv4_total_len": "totalLengthIPv4", "ipv6_total_len": "payloadLengthIPv6",
        "fragment_offset": "fragmentOffset", "vlan_src_priority": "dot1qPriority",
        "vlan_dst_priority": "dst_priority", "out_queue": "egress_queue", "reason": "drop_reason",
    }  # fmt: skip
    fields: Fields = {name: int(kept[ours]) for name, ours in numbers.items() if ours in kept}
    # What is all ones is unknown, and no attribute of ours.
    fields.setdefault("vlan_src_priority", UNKNOWN)
    fields |= {
        "agent_ip": unpack_address(row["sampler_address"]),
        "agent_subid": row["observation_domain_id"],
        "src": unpack_address(row["src_addr"]), "dst": unpack_address(row["dst_addr"]),
        "src_port": row["src_port"], "dst_port": row["dst_port"], "src_tos": row["ip_tos"],
        "protocol": PROTOCOLS[row["proto"]], "l2_bytes": row["bytes"],
        "in_snmp": row["in_if"], "out_snmp": row["out_if"],
        "sampling_interval": row["sampling_rate"],
        "vlan_src": row["src_vlan"], "vlan_dst": row["dst_vlan"],
        "in_src_mac": mac(row["src_mac"]), "out_dst_mac": mac(row["dst_mac"]),
        "direction": ("ingress", "egress")[row["flow_direction"]],
        "datalink_frame_type": ETYPES.get(row["etype"]),
        "l2_protocol": KINDS.get(kept.get("header_protocol")),
        "fragment_flags": FLAGS.get(kept.get("fragmentFlags")),
        # Of the agent's address there, which is IPv4 in all cases but those of IPv6 packets.
        "ip_version": ETYPES.get(row["etype"], "IPv4"),
    }  # fmt: skip
    return fields


def excepted(name: str, stated: Fields) -> bool:
    """What Telegraf states and the bytes do not say.

    Of packets that were sampled on their way out, it takes the data source for both interfaces.
    And it knows no protocol behind an IPv6 header's hop-by-hop options.
    """
    if stated.get("direction") == "egress" and name in ("in_snmp", "out_snmp"):
        return True
    return name == "protocol" and stated["protocol"] == "hopopt"


CASES = ("sflow_issue_15375", "sflow_issue_15918", "sflow_issue_18876", "sflow_v5_example")


@pytest.mark.parametrize("case", CASES)
def test_every_field_that_telegraf_states_is_decoded(case: str, real_data: Path) -> None:
    folder = real_data / "netflow" / "telegraf" / case
    bench = a.Bench()
    decoded = bench.decode(*(path.read_bytes() for path in sorted(folder.glob("*.bin"))))
    assert bench.dropped() == {}
    flows = [{**r, "attributes": dict(r["attributes"])} for r in decoded.flows.to_pylist()]
    expected = influx((folder / "expected.out").read_text())
    stated_flows = [fields for fields in expected if "interface" not in fields]
    stated_counters = [fields for fields in expected if "interface" in fields]
    assert len(flows) == len(stated_flows)
    for row, stated in zip(flows, stated_flows, strict=True):
        ours = as_telegraf(row)
        wrong = {n: (v, ours.get(n)) for n, v in stated.items()
                 if ours.get(n) != v and not excepted(n, stated)}  # fmt: skip
        assert wrong == {}
    values = {row["name"]: row["value"] for row in decoded.metrics.to_pylist()}
    labels = [dict(row["labels"]) for row in decoded.metrics.to_pylist()]
    for stated in stated_counters:
        check_counters(stated, values, labels)
    assert bool(stated_counters) == bool(values)


def check_counters(stated: Fields, values: dict[str, float], labels: list[dict[str, str]]) -> None:
    for kind, names in (("interface", COUNTERS), ("ethernet", ETHERNET)):
        for name, ours in names.items():
            if name in stated:
                unknown = stated[name] == UNKNOWN
                found = values.get(f"sflow_{kind}_{ours}")
                assert found == (None if unknown else stated[name]), name
    assert values["sflow_interface_oper_up"] == (stated["status"] == "up")
    assert {one["instance"] for one in labels} == {stated["agent_ip"]}
    assert {one["sub_agent"] for one in labels} == {str(stated["agent_subid"])}
    assert {one["ifindex"] for one in labels if "ifindex" in one} == {str(stated["interface"])}
    assert {one.get("port") for one in labels} >= {stated.get("port_name")}
