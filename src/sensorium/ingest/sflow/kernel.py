"""The decode kernel: each flow sample and discarded packet into one row of FLOWS."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.ingest.compiled import kernel, uncounted
from sensorium.ingest.memory import put_total, total
from sensorium.ingest.packet import columns as col
from sensorium.ingest.packet.attributes import MULTIPLE, N_ROOM, N_USED, NAMES, NUMBER, WORD
from sensorium.ingest.packet.layers import STOP, layer_of, parse
from sensorium.ingest.packet.network import put_address
from sensorium.ingest.packet.notes import begin_row, note, number, pair
from sensorium.ingest.packet.words import u16, u24, u32, u64
from sensorium.ingest.sflow import layout as at
from sensorium.ingest.sflow import plain, records
from sensorium.ingest.sflow.reasons import CODE, Drop
from sensorium.ingest.sflow.tally import drop

_RECORD_CUT = CODE[Drop.RECORD_CUT]
_UNKNOWN_FLOW_RECORD = CODE[Drop.UNKNOWN_FLOW_RECORD]
_BAD_FLOW_RECORD = CODE[Drop.BAD_FLOW_RECORD]
_UNKNOWN_HEADER_PROTOCOL = CODE[Drop.UNKNOWN_HEADER_PROTOCOL]

_N_ROOM = N_ROOM
_N_USED = N_USED
_SAMPLE_WIDTH = at.SAMPLE_WIDTH
_HEAD_WIDTH = at.HEAD_WIDTH
_H_AGENT = at.H_AGENT
_H_ARRIVAL_NS = at.H_ARRIVAL_NS
_H_ADDRESS_HIGH = at.H_ADDRESS_HIGH
_H_ADDRESS_LOW = at.H_ADDRESS_LOW
_H_SUB_AGENT = at.H_SUB_AGENT
_H_SEQUENCE = at.H_SEQUENCE
_H_UPTIME_MS = at.H_UPTIME_MS
_S_HEAD = at.S_HEAD
_S_KIND = at.S_KIND
_S_START = at.S_START
_S_END = at.S_END
_S_RECORDS = at.S_RECORDS
_S_SEQUENCE = at.S_SEQUENCE
_S_SOURCE_TYPE = at.S_SOURCE_TYPE
_S_SOURCE_INDEX = at.S_SOURCE_INDEX
_S_RATE = at.S_RATE
_S_POOL = at.S_POOL
_S_DROPS = at.S_DROPS
_S_INPUT_FORMAT = at.S_INPUT_FORMAT
_S_INPUT = at.S_INPUT
_S_OUTPUT_FORMAT = at.S_OUTPUT_FORMAT
_S_OUTPUT = at.S_OUTPUT
_S_REASON = at.S_REASON
_COUNTERS = at.COUNTERS
_DISCARD = at.DISCARD
_ONE_INTERFACE = at.ONE_INTERFACE
_DISCARDED = at.DISCARDED
_SEVERAL = at.MULTIPLE
_INTERNAL = at.INTERNAL

_HEADER_PROTOCOL = NUMBER["header_protocol"]
_SAMPLE_SEQUENCE = NUMBER["sample_sequence_number"]
_POOL = NUMBER["sample_pool"]
_DROPS = NUMBER["drops"]
_UPTIME = NUMBER["uptime"]
_SOURCE_ID = NUMBER["source_id"]
_IN_INTERFACE = NUMBER["in_interface"]
_OUT_INTERFACE = NUMBER["out_interface"]
_REASON = NUMBER["drop_reason"]
_TUNNEL_NAME = NUMBER["mpls_tunnel_name"]
_TUNNEL_ID = NUMBER["mpls_tunnel_id"]
_VC_NAME = NUMBER["mpls_vc_name"]
_VC_ID = NUMBER["mpls_vc_id"]
_TUNNEL_EGRESS = NUMBER["tunnel_egress_src_addr"]
_TUNNEL_INGRESS = NUMBER["tunnel_ingress_src_addr"]
_VNI_EGRESS = NUMBER["vni_egress"]
_VNI_INGRESS = NUMBER["vni_ingress"]
_EGRESS_QUEUE = NUMBER["egress_queue"]
_ACL_NUMBER = NUMBER["acl_number"]
_ACL_NAME = NUMBER["acl_name"]
_ACL_DIRECTION = NUMBER["acl_direction"]
_FUNCTION = NUMBER["function"]
_TRANSIT_DELAY = NUMBER["transit_delay_ns"]
_QUEUE_DEPTH = NUMBER["queue_depth_bytes"]
_TRAP_GROUP = NUMBER["hw_trap_group"]
_TRAP = NUMBER["hw_trap"]
_LINUX_REASON = NUMBER["linux_drop_reason"]
_PACKET_TIME = NUMBER["packet_time_ns"]

_WORD_INTERNAL, _WORD_DISCARDED = 0, 1

# Formats of flow_data, enterprise 0: the packet itself.
_HEADER, _ETHERNET, _IPV4, _IPV6 = 1, 2, 3, 4
_BARE_ETHERNET, _PADDED_ETHERNET = 20, 24
_ENDS = 5  # where the ends of these records stand, after their places
_MOST_ENTRIES = len(NAMES)

_SOCKET = 0  # of a transaction that has no packet: its socket's place, and bytes of an address
_SOCKET_IPV4, _SOCKET_IPV6 = 2100, 2101

# Bytes that a record of each format has at least; 0 for formats that are not read.
LEAST = np.zeros(plain.LARGEST_FORMAT + 1, np.int64)
for _format, _bytes in {
    1: 16, 2: 20, 3: 32, 4: 56, 1001: 16, 1002: 12, 1003: 20, 1004: 16, 1005: 12, 1006: 12,
    1007: 8, 1008: 12, 1009: 12, 1012: 4, 1020: 8, 1023: 32, 1024: 32, 1025: 56, 1026: 56,
    1029: 4, 1030: 4, 1036: 4, 1037: 12, 1038: 4, 1039: 4, 1040: 4, 1041: 8, 1042: 4, 1043: 8,
    **plain.LEAST,
}.items():  # fmt: skip
    LEAST[_format] = _bytes


@uncounted
def _interfaces(sample: Any, row: Any, out: Any) -> None:
    """In and out interfaces, and which of them the sampler stood at.

    An interface's column stays 0 where there is not exactly one: the agent itself, none because
    the packet was dropped, or several.
    """
    received, sent = total(sample, _S_INPUT), total(sample, _S_OUTPUT)
    if total(sample, _S_INPUT_FORMAT) == _ONE_INTERFACE and received != _INTERNAL:
        put_total(row, col.IN_IF, received)
    elif total(sample, _S_INPUT_FORMAT) == _ONE_INTERFACE:
        note(out, _IN_INTERFACE, WORD, _WORD_INTERNAL, 0)
    if total(sample, _S_OUTPUT_FORMAT) == _DISCARDED:
        note(out, _OUT_INTERFACE, WORD, _WORD_DISCARDED, 0)
        number(out, _REASON, sent)
    elif total(sample, _S_OUTPUT_FORMAT) == _SEVERAL:
        note(out, _OUT_INTERFACE, MULTIPLE, sent, 0)
    elif total(sample, _S_OUTPUT_FORMAT) == _ONE_INTERFACE and sent != _INTERNAL:
        put_total(row, col.OUT_IF, sent)
    elif total(sample, _S_OUTPUT_FORMAT) == _ONE_INTERFACE:
        note(out, _OUT_INTERFACE, WORD, _WORD_INTERNAL, 0)
    # Packets are sampled at the data source, going in or out. One that is not the interface they
    # came in by, where that is known, is one that they leave by, perhaps with others.
    source = total(sample, _S_SOURCE_INDEX)
    if total(sample, _S_SOURCE_TYPE) == 0 and source != received and (source == sent or received):
        put_total(row, col.FLOW_DIRECTION, 1)


@uncounted
def _sample(sample: Any, head: Any, row: Any, out: Any) -> None:
    """What the sample says of itself."""
    put_total(row, col.TIME, total(head, _H_ARRIVAL_NS))
    put_total(row, col.SAMPLER_ADDRESS, total(head, _H_ADDRESS_HIGH))
    put_total(row, col.SAMPLER_ADDRESS + 1, total(head, _H_ADDRESS_LOW))
    put_total(row, col.OBSERVATION_DOMAIN_ID, total(head, _H_SUB_AGENT))
    put_total(row, col.SEQUENCE_NUM, total(head, _H_SEQUENCE))
    put_total(row, col.PACKETS, 1)
    put_total(row, col.SAMPLING_RATE, total(sample, _S_RATE))
    _interfaces(sample, row, out)
    number(out, _SAMPLE_SEQUENCE, total(sample, _S_SEQUENCE))
    pair(out, _SOURCE_ID, total(sample, _S_SOURCE_TYPE), total(sample, _S_SOURCE_INDEX))
    if total(sample, _S_KIND) == _DISCARD:
        number(out, _REASON, total(sample, _S_REASON))
    else:
        number(out, _POOL, total(sample, _S_POOL))
    number(out, _DROPS, total(sample, _S_DROPS))
    number(out, _UPTIME, total(head, _H_UPTIME_MS))


@uncounted
def _tunnels(data: Any, kind: Any, place: Any, out: Any) -> None:
    if kind == 1023:
        records.tunnel(data, place, 4, _TUNNEL_EGRESS, out)
    elif kind == 1024:
        records.tunnel(data, place, 4, _TUNNEL_INGRESS, out)
    elif kind == 1025:
        records.tunnel(data, place, 16, _TUNNEL_EGRESS, out)
    elif kind == 1026:
        records.tunnel(data, place, 16, _TUNNEL_INGRESS, out)
    elif kind == 1029:
        number(out, _VNI_EGRESS, u32(data, place))
    else:
        number(out, _VNI_INGRESS, u32(data, place))


@uncounted
def _dropped(data: Any, kind: Any, place: Any, last: Any, out: Any) -> Any:
    """Records of the documents on dropped packets and transit delay."""
    if kind == 1036:
        number(out, _EGRESS_QUEUE, u32(data, place))
    elif kind == 1037:
        number(out, _ACL_NUMBER, u32(data, place))
        return records.named(data, place + 4, last, _ACL_NAME, _ACL_DIRECTION, out)
    elif kind == 1038:
        return records.named(data, place, last, _FUNCTION, -1, out)
    elif kind == 1039:
        number(out, _TRANSIT_DELAY, u32(data, place))
    elif kind == 1040:
        number(out, _QUEUE_DEPTH, u32(data, place))
    elif kind == 1041:
        if not records.named(data, place, last, _TRAP_GROUP, -1, out):
            return False
        _, _, after = records.opaque(data, place, last)
        return records.named(data, after, last, _TRAP, -1, out)
    elif kind == 1042:
        return records.named(data, place, last, _LINUX_REASON, -1, out)
    else:
        number(out, _PACKET_TIME, u64(data, place))
    return True


@uncounted
def _forwarding(data: Any, kind: Any, place: Any, last: Any, row: Any, out: Any) -> Any:
    """Records of the way that a packet took through the agent; whether they are whole."""
    whole = True
    if kind == 1001:
        records.switch(data, place, row, out)
    elif kind == 1002:
        whole = records.router(data, place, last, row)
    elif kind == 1003:
        whole = records.gateway(data, place, last, row, out)
    elif kind == 1006:
        whole = records.mpls(data, place, last, row, out)
    elif kind == 1007:
        whole = records.nat(data, place, last, out)
    elif kind == 1020:
        records.nat_ports(data, place, out)
    else:
        whole = records.vlan_tunnel(data, place, last, out)
    return whole


@uncounted
def _named(data: Any, kind: Any, place: Any, last: Any, out: Any) -> Any:
    """Records of strings; whether they are whole."""
    if kind == 1004:
        return records.user(data, place, last, out)
    if kind == 1005:
        return records.url(data, place, last, out)
    if kind == 1008:
        return records.named(data, place, last, _TUNNEL_NAME, _TUNNEL_ID, out)
    return records.named(data, place, last, _VC_NAME, _VC_ID, out)


@uncounted
def _extended(data: Any, kind: Any, place: Any, last: Any, row: Any, out: Any) -> Any:
    """Read a record that is not the packet itself; whether it is whole."""
    if plain.is_plain(kind):
        return plain.plain(data, kind, place, last, out)
    if kind in (1004, 1005, 1008, 1009):
        return _named(data, kind, place, last, out)
    if kind <= 1020:
        return _forwarding(data, kind, place, last, row, out)
    if kind < 1036:
        _tunnels(data, kind, place, out)
        return True
    return _dropped(data, kind, place, last, out)


@uncounted
def _ethernet_length(data: Any, place: Any, length: Any, last: Any) -> Any:
    """Bytes of a sampled_ethernet, where the agent left the padding out of the length it states.

    Huawei's S6720 states 20 bytes. Padding is two zeros after each MAC address, with which
    hardly any other address begins.
    """
    padded = length == _BARE_ETHERNET and last - place >= _PADDED_ETHERNET
    return _PADDED_ETHERNET if padded and u16(data, place + 10) == 0 else length


@uncounted
def _sampled_ethernet(data: Any, place: Any, last: Any, row: Any) -> None:
    """sampled_ethernet: MAC addresses, each padded to eight bytes, or to none by some agents."""
    padding = 2 if last - place >= _PADDED_ETHERNET else 0
    put_total(row, col.BYTES, u32(data, place))
    put_total(row, col.SRC_MAC, u24(data, place + 4) << 24 | u24(data, place + 7))
    place += 10 + padding
    put_total(row, col.DST_MAC, u24(data, place) << 24 | u24(data, place + 3))
    put_total(row, col.ETYPE, u32(data, place + 6 + padding) & 0xFFFF)


@uncounted
def _sampled_ip(data: Any, place: Any, size: Any, row: Any) -> None:
    """sampled_ipv4 or sampled_ipv6. For ICMP the ports are type and code."""
    if total(row, col.BYTES) == 0:
        put_total(row, col.BYTES, u32(data, place))
    proto = u32(data, place + 4) & 0xFF
    put_total(row, col.ETYPE, 0x0800 if size == 4 else 0x86DD)
    put_total(row, col.PROTO, proto)
    put_address(row, col.SRC_ADDR, data, place + 8, size)
    put_address(row, col.DST_ADDR, data, place + 8 + size, size)
    place += 8 + 2 * size
    if proto in (1, 58):
        put_total(row, col.ICMP_TYPE, u32(data, place) & 0xFF)
        put_total(row, col.ICMP_CODE, u32(data, place + 4) & 0xFF)
    else:
        put_total(row, col.SRC_PORT, u16(data, place + 2))
        put_total(row, col.DST_PORT, u16(data, place + 6))
    put_total(row, col.TCP_FLAGS, u16(data, place + 10))
    put_total(row, col.IP_TOS, u32(data, place + 12) & 0xFF)


@uncounted
def _transaction(data: Any, place: Any, size: Any, row: Any) -> None:
    """extended_socket where there is no packet: a request, from the remote end to the local one."""
    put_total(row, col.ETYPE, 0x0800 if size == 4 else 0x86DD)
    put_total(row, col.PROTO, u32(data, place) & 0xFF)
    put_address(row, col.DST_ADDR, data, place + 4, size)
    put_address(row, col.SRC_ADDR, data, place + 4 + size, size)
    place += 4 + 2 * size
    put_total(row, col.DST_PORT, u16(data, place + 2))
    put_total(row, col.SRC_PORT, u16(data, place + 6))


@uncounted
def _sampled_header(
    data: Any, place: Any, last: Any, agent: Any, row: Any, out: Any, tally: Any
) -> Any:
    """sampled_header: the protocol, the frame's length, what was stripped, and the bytes.

    Whether its protocol is one that is read.
    """
    protocol = u32(data, place)
    number(out, _HEADER_PROTOCOL, protocol)
    put_total(row, col.BYTES, u32(data, place + 4))
    layer = layer_of(protocol)
    if layer == STOP:
        drop(tally, agent, _UNKNOWN_HEADER_PROTOCOL)
        return False
    length = u32(data, place + 12)
    if length > last - place - 16:
        # Whatever the length claims, the record says how much there is.
        drop(tally, agent, _BAD_FLOW_RECORD)
        length = last - place - 16
    vlan = total(row, col.SRC_VLAN)
    label = total(row, col.MPLS_LABEL)
    parse(data, place + 16, place + 16 + length, layer, row, out)
    # What the agent says of VLANs and labels is of the packet as it came to it: it counts first.
    if total(row, col.DST_VLAN) or vlan:
        put_total(row, col.SRC_VLAN, vlan)
    if label:
        put_total(row, col.MPLS_LABEL, label)
    return True


@uncounted
def _packet(data: Any, places: Any, agent: Any, row: Any, out: Any, tally: Any) -> None:
    """Read the packet from the record that says most of it."""
    if total(places, _HEADER) and _sampled_header(
        data, total(places, _HEADER), total(places, _ENDS + _HEADER), agent, row, out, tally
    ):
        return
    if total(places, _ETHERNET):
        _sampled_ethernet(data, total(places, _ETHERNET), total(places, _ENDS + _ETHERNET), row)
    if total(places, _IPV4):
        _sampled_ip(data, total(places, _IPV4), 4, row)
    elif total(places, _IPV6):
        _sampled_ip(data, total(places, _IPV6), 16, row)
    elif total(places, _SOCKET):
        _transaction(data, total(places, _SOCKET), total(places, _ENDS + _SOCKET), row)


@uncounted
def _row(
    data: Any,
    sample: Any,
    head: Any,
    row: Any,
    out: Any,
    places: Any,
    tally: Any,
) -> None:
    agent = total(head, _H_AGENT)
    begin_row(out)
    for kind in range(5):
        put_total(places, kind, 0)
    _sample(sample, head, row, out)
    start, last = total(sample, _S_START), total(sample, _S_END)
    for _ in range(total(sample, _S_RECORDS)):
        if last - start < 8 or u32(data, start + 4) > last - start - 8:
            drop(tally, agent, _RECORD_CUT)
            break
        kind, length = u32(data, start), u32(data, start + 4)
        start += 8
        if kind == _ETHERNET:
            length = _ethernet_length(data, start, length, last)
        after = start + length
        if kind >= LEAST.shape[0] or LEAST[kind] == 0:
            drop(tally, agent, _UNKNOWN_FLOW_RECORD)
        elif length < LEAST[kind]:
            drop(tally, agent, _BAD_FLOW_RECORD)
        elif kind < 5:
            if total(places, kind) == 0:
                put_total(places, kind, start)
                put_total(places, _ENDS + kind, after)
        elif not _extended(data, kind, start, after, row, out):
            drop(tally, agent, _BAD_FLOW_RECORD)
        elif kind in (_SOCKET_IPV4, _SOCKET_IPV6) and total(places, _SOCKET) == 0:
            put_total(places, _SOCKET, start)
            put_total(places, _ENDS + _SOCKET, 4 if kind == _SOCKET_IPV4 else 16)
        start = min(start + ((length + 3) & -4), last)
    _packet(data, places, agent, row, out, tally)


@kernel
def execute(
    data: Any, samples: Any, heads: Any, rows: Any, out: Any, tally: Any, progress: Any
) -> None:
    """Decode samples into ``rows`` from ``progress`` (int64 (2,): next sample, next row) on.

    ``data`` is the address of the slab's first byte, ``out`` a notebook's state, ``tally`` a
    tally's. Ends early where the notebook may not have room for another row's attributes; call
    again with more.
    """
    places = np.zeros(2 * _ENDS, np.int64)
    notebook = out.ctypes.data
    while progress[0] < samples.shape[0]:
        sample = samples.ctypes.data + 8 * _SAMPLE_WIDTH * progress[0]
        if total(sample, _S_KIND) != _COUNTERS:
            if out[_N_ROOM] - out[_N_USED] < _MOST_ENTRIES:
                return
            row = rows.ctypes.data + 8 * col.WIDTH * progress[1]
            head = heads.ctypes.data + 8 * _HEAD_WIDTH * total(sample, _S_HEAD)
            _row(data, sample, head, row, notebook, places.ctypes.data, tally.ctypes.data)
            put_total(row, col.ENTRIES_END, out[_N_USED])
            progress[1] += 1
        progress[0] += 1
