"""A slow, obvious sFlow decoder: one cursor, one dict a row. Written from the specification."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from sensorium.model.address import UNSPECIFIED
from sensorium.model.signals import ADDRESS, FLOWS

Row = dict[str, Any]


class CutError(Exception):
    """The bytes end before what is asked for."""


class Cursor:
    """Reads big-endian values from a piece of bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, count: int) -> bytes:
        if count > len(self.data):
            raise CutError
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def number(self, size: int = 4) -> int:
        return int.from_bytes(self.take(size), "big")

    def padded(self, count: int) -> bytes:
        taken = self.take(count)
        self.data = self.data[-count % 4 :]
        return taken

    def address(self) -> bytes:
        kind = self.number()
        if kind > 2:
            raise CutError
        return self.take((0, 4, 16)[kind])


def mapped(address: bytes) -> bytes:
    """16 bytes; what is unspecified is all zero."""
    if not any(address):
        return UNSPECIFIED
    return address if len(address) == 16 else bytes(10) + b"\xff\xff" + address


def written(address: bytes) -> str:
    if len(address) == 16 and address[:12] == bytes(10) + b"\xff\xff":
        address = address[12:]
    return str(IPv4Address(address) if len(address) == 4 else IPv6Address(address))


def blank() -> Row:
    row: Row = {
        name: UNSPECIFIED if kind == ADDRESS else 0
        for name, kind in zip(FLOWS.names, FLOWS.types, strict=True)
    }
    return row | {"type": "SFLOW_5", "attributes": {}, "packets": 1}


def decode(payload: bytes, arrival_ns: int, sender: bytes) -> tuple[list[Row], list[Row]]:
    """Flows, and metrics as name, ifindex and value."""
    flows: list[Row] = []
    metrics: list[Row] = []
    cursor = Cursor(payload)
    try:
        if cursor.number() != 5:
            return [], []
        agent = mapped(cursor.address())
        agent = sender if agent == UNSPECIFIED else agent
        sub_agent, sequence, uptime, samples = (cursor.number() for _ in range(4))
        head = {"sampler_address": agent, "observation_domain_id": sub_agent,
                "sequence_num": sequence, "time_received_ns": arrival_ns,
                "time_flow_start_ns": arrival_ns, "time_flow_end_ns": arrival_ns}  # fmt: skip
        for _ in range(samples):
            kind, length = cursor.number(), cursor.number()
            body = Cursor(cursor.padded(length))
            if kind in (1, 3, 5):
                flows += flow(kind, body, head, uptime)
            elif kind in (2, 4):
                metrics += counters(kind, body)
    except CutError:
        pass
    return flows, metrics


def flow(kind: int, body: Cursor, head: Row, uptime: int) -> list[Row]:
    """The row of a sample, none where its header is cut."""
    row = blank() | head
    attributes = row["attributes"]
    try:
        number = body.number()
        if kind == 1:
            source = body.number()
            kind_of, index = source >> 24, source & 0xFFFFFF
        else:
            kind_of, index = body.number(), body.number()
        if kind == 5:
            drops, received, sent = (body.number() for _ in range(3))
            in_format = out_format = 0
            row["sampling_rate"] = 1
            attributes["drop_reason"] = str(body.number())
        else:
            row["sampling_rate"] = body.number()
            attributes["sample_pool"] = str(body.number())
            drops = body.number()
            if kind == 1:
                received, sent = body.number(), body.number()
                in_format, received = received >> 30, received & 0x3FFFFFFF
                out_format, sent = sent >> 30, sent & 0x3FFFFFFF
            else:
                in_format, received, out_format, sent = (body.number() for _ in range(4))
        records = body.number()
    except CutError:
        return []
    attributes |= {"sample_sequence_number": str(number), "drops": str(drops),
                   "source_id": f"{kind_of}:{index}", "uptime": str(uptime)}  # fmt: skip
    if in_format == 0 and received == 0x3FFFFFFF:
        attributes["in_interface"] = "internal"
    elif in_format == 0:
        row["in_if"] = received
    if out_format == 1:
        attributes["out_interface"] = "discarded"
        attributes["drop_reason"] = str(sent)
    elif out_format == 2:
        attributes["out_interface"] = f"multiple {sent}"
    elif out_format == 0 and sent == 0x3FFFFFFF:
        attributes["out_interface"] = "internal"
    elif out_format == 0:
        row["out_if"] = sent
    row["flow_direction"] = int(
        kind_of == 0 and index != received and (index == sent or received != 0)
    )
    read_records(body, records, row)
    return [row]


def read_records(body: Cursor, records: int, row: Row) -> None:
    packet: dict[int, bytes] = {}
    vlans = labels = False
    for _ in range(records):
        try:
            kind, length = body.number(), body.number()
            short = kind == 2 and length == 20 and len(body.data) >= 24
            if short and not any(body.data[10:12]):
                length = 24
            record = body.padded(length)
        except CutError:
            break
        if kind in (1, 2, 3, 4) and len(record) >= {1: 16, 2: 20, 3: 32, 4: 56}[kind]:
            packet.setdefault(kind, record)
        elif kind in READERS and len(record) >= READERS[kind][0]:
            try:
                READERS[kind][1](Cursor(record), row)
            except CutError:
                continue
    vlans = bool(row["src_vlan"] or row["dst_vlan"])
    labels = row["mpls_label"]
    kept = row["src_vlan"]
    if 1 in packet:
        sampled_header(Cursor(packet[1]), row)
        if vlans:
            row["src_vlan"] = kept
        if labels:
            row["mpls_label"] = labels
        if Cursor(packet[1]).number() in (1, 7, 11, 12, 13, 14):
            return
    if 2 in packet:
        layout, size = (">I6s2x6s2xI", 24) if len(packet[2]) >= 24 else (">I6s6sI", 20)
        length, source, target, etype = struct.unpack(layout, packet[2][:size])
        row["bytes"], row["etype"] = length, etype & 0xFFFF
        row["src_mac"], row["dst_mac"] = (
            int.from_bytes(source, "big"),
            int.from_bytes(target, "big"),
        )
    if 3 in packet or 4 in packet:
        sampled_ip(Cursor(packet.get(3) or packet[4]), 4 if 3 in packet else 16, row)


def sampled_ip(record: Cursor, size: int, row: Row) -> None:
    length = record.number()
    row["bytes"] = row["bytes"] or length
    row["proto"] = record.number() & 0xFF
    row["etype"] = 0x0800 if size == 4 else 0x86DD
    row["src_addr"], row["dst_addr"] = mapped(record.take(size)), mapped(record.take(size))
    first, second, flags, tos = (record.number() for _ in range(4))
    if row["proto"] in (1, 58):
        row["icmp_type"], row["icmp_code"] = first & 0xFF, second & 0xFF
    else:
        row["src_port"], row["dst_port"] = first & 0xFFFF, second & 0xFFFF
    row["tcp_flags"], row["ip_tos"] = flags & 0xFFFF, tos & 0xFF


def switch(record: Cursor, row: Row) -> None:
    source, priority, target, new_priority = (record.number() for _ in range(4))
    if source <= 0xFFFF:
        row["src_vlan"] = source
    if target <= 0xFFFF:
        row["dst_vlan"] = target
    if priority != 0xFFFFFFFF:
        row["attributes"].setdefault("dot1qPriority", str(priority))
    if new_priority != 0xFFFFFFFF:
        row["attributes"].setdefault("dst_priority", str(new_priority))


def router(record: Cursor, row: Row) -> None:
    hop, source, target = record.address(), record.number(), record.number()
    if hop:
        row["next_hop"] = mapped(hop)
    row["src_mask"], row["dst_mask"] = min(source, 255), min(target, 255)


def gateway(record: Cursor, row: Row) -> None:
    attributes = row["attributes"]
    hop = record.address()
    if len(record.data) < 16:
        raise CutError
    if hop:
        name = "bgpNextHopIPv4Address" if len(hop) == 4 else "bgpNextHopIPv6Address"
        attributes.setdefault(name, written(hop))
        if row["next_hop"] == UNSPECIFIED:
            row["next_hop"] = mapped(hop)
    own, source, peer, segments = (record.number() for _ in range(4))
    attributes.setdefault("router_as", str(own))
    attributes.setdefault("src_peer_as", str(peer))
    row["src_as"], row["dst_as"] = source or own, own
    path = []
    some = False
    try:
        for _ in range(segments):
            kind, count = record.number(), record.number()
            numbers = [str(int.from_bytes(n, "big")) for n in chunks(record.take(4 * count))]
            some = True
            if numbers:
                row["dst_as"] = int(numbers[-1])
                path.append("{" + " ".join(numbers) + "}" if kind == 1 else " ".join(numbers))
    finally:
        if some:
            attributes.setdefault("as_path", " ".join(path))
    count = record.number()
    if len(record.data) < 4 * count + 4:
        raise CutError
    communities = [f"{n[0] << 8 | n[1]}:{n[2] << 8 | n[3]}" for n in chunks(record.take(4 * count))]
    if communities:
        attributes.setdefault("bgp_communities", " ".join(communities))
    attributes.setdefault("local_pref", str(record.number()))


def chunks(data: bytes) -> list[bytes]:
    return [data[i : i + 4] for i in range(0, len(data), 4)]


def nat(record: Cursor, row: Row) -> None:
    for name in ("Source", "Destination"):
        address = record.address()
        if address:
            family = "IPv4" if len(address) == 4 else "IPv6"
            row["attributes"].setdefault(f"postNAT{name}{family}Address", written(address))


READERS: dict[int, tuple[int, Any]] = {
    1001: (16, switch), 1002: (12, router), 1003: (20, gateway), 1007: (8, nat),
}  # fmt: skip


def sampled_header(record: Cursor, row: Row) -> None:
    protocol, row["bytes"], _, length = (record.number() for _ in range(4))
    row["attributes"].setdefault("header_protocol", str(protocol))
    cursor = Cursor(record.data[:length])
    try:
        if protocol == 1:
            ethernet(cursor, row)
        elif protocol == 11:
            ipv4(cursor, row)
        elif protocol == 12:
            ipv6(cursor, row)
    except CutError:
        pass


def ethernet(cursor: Cursor, row: Row) -> None:
    frame = Cursor(cursor.take(14))
    row["dst_mac"], row["src_mac"], etype = frame.number(6), frame.number(6), frame.number(2)
    cursor_tags = 0
    while etype in (0x8100, 0x88A8, 0x9100, 0x9200, 0x9300):
        tag = Cursor(cursor.take(4))
        value, etype = tag.number(2), tag.number(2)
        cursor_tags += 1
        if cursor_tags == 1:
            row["src_vlan"] = value & 0xFFF
            row["attributes"].setdefault("dot1qVlanId", str(value & 0xFFF))
            row["attributes"].setdefault("dot1qPriority", str(value >> 13))
        elif cursor_tags == 2:
            row["attributes"].setdefault("dot1qCustomerVlanId", str(value & 0xFFF))
    row["etype"] = etype
    if etype == 0x0800:
        ipv4(cursor, row)
    elif etype == 0x86DD:
        ipv6(cursor, row)


def ipv4(cursor: Cursor, row: Row) -> None:
    whole = cursor.data
    head = cursor.take(20)
    if head[0] >> 4 != 4:
        return
    length, identification, fragment = struct.unpack(">HHH", head[2:8])
    row |= {"etype": 0x0800, "proto": head[9], "ip_tos": head[1],
            "src_addr": mapped(head[12:16]), "dst_addr": mapped(head[16:20])}  # fmt: skip
    size = 4 * (head[0] & 15)
    values = {"ipTTL": head[8], "ipv4IHL": head[0] & 15, "totalLengthIPv4": length,
              "ipPayloadLength": max(length - size, 0),
              "fragmentIdentification": identification,
              "fragmentOffset": fragment & 0x1FFF,
              "fragmentFlags": fragment >> 8 & 0xE0}  # fmt: skip
    for name, value in values.items():
        row["attributes"].setdefault(name, str(value))
    if size < 20 or size > len(whole) or fragment & 0x1FFF:
        return
    end = length if length >= size else len(whole)
    transport(Cursor(whole[size:end]), head[9], row)


def ipv6(cursor: Cursor, row: Row) -> None:
    head = cursor.take(40)
    if head[0] >> 4 != 6:
        return
    first, length = struct.unpack(">IH", head[:6])
    attributes = row["attributes"]
    payload = Cursor(cursor.data[:length] if length else cursor.data)
    proto, whole = head[6], True
    for _ in range(8):
        if proto not in (0, 43, 44, 51, 60, 135, 139, 140):
            break
        if len(payload.data) < 8:
            whole = False
            break
        if proto == 44:
            fragment = payload.take(8)
            offset, identification = struct.unpack(">HI", fragment[2:])
            attributes.setdefault("fragmentIdentification", str(identification))
            attributes.setdefault("fragmentOffset", str(offset >> 3))
            attributes.setdefault("fragmentFlags", str((offset & 1) << 5))
            proto = fragment[0]
            if offset >> 3:
                whole = False
                break
            continue
        size = 4 * (payload.data[1] + 2) if proto == 51 else 8 * (payload.data[1] + 1)
        proto = payload.data[0]
        if size > len(payload.data):
            whole = False
            break
        payload.take(size)
    else:
        whole = False
    row |= {"etype": 0x86DD, "proto": proto, "ip_tos": first >> 20 & 0xFF,
            "src_addr": head[8:24], "dst_addr": head[24:40]}  # fmt: skip
    values = {"ipTTL": head[7], "flowLabelIPv6": first & 0xFFFFF,
              "payloadLengthIPv6": length, "ipPayloadLength": length}  # fmt: skip
    for name, value in values.items():
        attributes.setdefault(name, str(value))
    if whole:
        transport(payload, proto, row)


def transport(payload: Cursor, proto: int, row: Row) -> None:
    """Tunnels are left to their own tests."""
    data = payload.data
    if proto in (6, 17, 33, 132, 136) and len(data) >= 4:
        row["src_port"], row["dst_port"] = struct.unpack(">HH", data[:4])
        if proto == 6 and len(data) >= 14:
            row["tcp_flags"] = struct.unpack(">H", data[12:14])[0] & 0xFFF
    elif proto in (1, 58) and len(data) >= 2:
        row["icmp_type"], row["icmp_code"] = data[0], data[1]
    elif proto == 2 and data:
        row["attributes"]["igmpType"] = str(data[0])


INTERFACE = (
    "type", "speed_bits_per_second:8", "direction", "status", "in_octets_total:8",
    "in_unicast_packets_total", "in_multicast_packets_total", "in_broadcast_packets_total",
    "in_discards_total", "in_errors_total", "in_unknown_protocols_total", "out_octets_total:8",
    "out_unicast_packets_total", "out_multicast_packets_total", "out_broadcast_packets_total",
    "out_discards_total", "out_errors_total", "promiscuous",
)  # fmt: skip


def counters(kind: int, body: Cursor) -> list[Row]:
    """Values of if_counters."""
    found: list[Row] = []
    try:
        body.take(8 if kind == 2 else 12)
        for _ in range(body.number()):
            form, length = body.number(), body.number()
            record = Cursor(body.padded(length))
            if form == 1 and length >= 88:
                index = record.number()
                for spec in INTERFACE:
                    name, _, size = spec.partition(":")
                    value = record.number(int(size or 4))
                    if value != (1 << 8 * int(size or 4)) - 1:
                        found += interface(index, name, value)
    except CutError:
        pass
    return found


def interface(index: int, name: str, value: int) -> list[Row]:
    pairs = [(name, value)]
    if name == "status":
        pairs = [("admin_up", value & 1), ("oper_up", value >> 1 & 1)]
    return [
        {"name": f"sflow_interface_{n}", "ifindex": str(index), "value": float(v)} for n, v in pairs
    ]
