"""What has no column of its own: attributes by name, noted by the kernel, then written as text.

Names are those of the IANA registry of information elements where one means the same, so that
flows of IPFIX and sFlow can be asked alike; else those of the sFlow structures' fields.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.model.signals import LABELS

Int64s = npt.NDArray[np.int64]

HEADER: Final = (
    "header_protocol",
    "ipTTL",
    "ipv4IHL",
    "totalLengthIPv4",
    "payloadLengthIPv6",
    "ipPayloadLength",
    "fragmentIdentification",
    "fragmentOffset",
    "fragmentFlags",
    "flowLabelIPv6",
    "dot1qPriority",
    "mplsLabelStackDepth",
    "mplsTopLabelTTL",
)
"""What packet headers say; left out where ``header_attributes`` is off."""

NAMES: Final = (
    *HEADER,
    "sample_sequence_number",
    "sample_pool",
    "drops",
    "uptime",
    "source_id",
    "in_interface",
    "out_interface",
    "drop_reason",
    "dot1qVlanId",
    "dot1qCustomerVlanId",
    "dst_priority",
    "pppoe_session_id",
    "arp_operation",
    "arp_sender_address",
    "arp_target_address",
    "igmpType",
    "layer2SegmentId",
    "gre_key",
    "inner_src_mac",
    "inner_dst_mac",
    "inner_etype",
    "inner_src_addr",
    "inner_dst_addr",
    "inner_proto",
    "inner_src_port",
    "inner_dst_port",
    "bgpNextHopIPv4Address",
    "bgpNextHopIPv6Address",
    "router_as",
    "src_peer_as",
    "as_path",
    "bgp_communities",
    "local_pref",
    "src_user",
    "dst_user",
    "url",
    "url_host",
    "mpls_next_hop",
    "mpls_in_labels",
    "mpls_out_labels",
    "mpls_tunnel_name",
    "mpls_tunnel_id",
    "mpls_vc_name",
    "mpls_vc_id",
    "postNATSourceIPv4Address",
    "postNATDestinationIPv4Address",
    "postNATSourceIPv6Address",
    "postNATDestinationIPv6Address",
    "postNAPTSourceTransportPort",
    "postNAPTDestinationTransportPort",
    "vlan_tunnel",
    "tunnel_egress_src_addr",
    "tunnel_egress_dst_addr",
    "tunnel_egress_proto",
    "tunnel_ingress_src_addr",
    "tunnel_ingress_dst_addr",
    "tunnel_ingress_proto",
    "vni_egress",
    "vni_ingress",
    "egress_queue",
    "acl_number",
    "acl_name",
    "acl_direction",
    "function",
    "transit_delay_ns",
    "queue_depth_bytes",
    "hw_trap_group",
    "hw_trap",
    "linux_drop_reason",
    "packet_time_ns",
    "mpls_ftn_name",
    "mpls_ftn_mask",
    "mpls_fec_prefix_length",
    "wlanSSID",
    "wlan_bssid",
    "wlan_version",
    "wlanChannelId",
    "wlan_speed_bps",
    "wlan_rsni",
    "wlan_rcpi",
    "wlan_duration_us",
    "wlan_transmissions",
    "wlan_retransmission_us",
    "wlan_power_mw",
    "queue_index",
    "queue_length",
    "tunnel_egress_src_mac",
    "tunnel_egress_dst_mac",
    "tunnel_egress_etype",
    "tunnel_ingress_src_mac",
    "tunnel_ingress_dst_mac",
    "tunnel_ingress_etype",
    "decapsulate_egress_offset",
    "decapsulate_ingress_offset",
    "socket_proto",
    "socket_local_addr",
    "socket_remote_addr",
    "socket_local_port",
    "socket_remote_port",
    "proxy_proto",
    "proxy_local_addr",
    "proxy_remote_addr",
    "proxy_local_port",
    "proxy_remote_port",
    "memcache_protocol",
    "memcache_command",
    "memcache_key",
    "memcache_keys",
    "memcache_value_bytes",
    "memcache_status",
    "application",
    "operation",
    "operation_attributes",
    "status_description",
    "operation_status",
    "operation_duration_us",
    "request_bytes",
    "response_bytes",
    "parent_application",
    "parent_operation",
    "parent_attributes",
    "initiator",
    "target",
    "httpRequestMethod",
    "http_version",
    "httpRequestTarget",
    "httpRequestHost",
    "http_referer",
    "httpUserAgent",
    "http_forwarded_for",
    "http_user",
    "httpContentType",
    "httpStatusCode",
    "tcp_direction",
    "tcp_snd_mss",
    "tcp_rcv_mss",
    "tcp_unacked",
    "tcp_lost",
    "tcp_retrans",
    "tcp_pmtu",
    "tcp_rtt_us",
    "tcp_rttvar_us",
    "tcp_snd_cwnd",
    "tcp_reordering",
    "tcp_min_rtt_us",
)
NUMBER: Final = {name: index for index, name in enumerate(NAMES)}

TEXTS: Final = frozenset(
    name
    for name in NAMES
    if name.endswith(("_addr", "_address", "Address", "_mac", "_user", "_name", "_interface"))
) | {
    *("source_id", "as_path", "bgp_communities", "url", "url_host", "mpls_next_hop", "function"),
    *("mpls_in_labels", "mpls_out_labels", "vlan_tunnel", "hw_trap_group", "hw_trap"),
    *("linux_drop_reason", "wlanSSID", "wlan_bssid", "memcache_key", "application", "operation"),
    *("operation_attributes", "status_description", "parent_application", "parent_operation"),
    *("parent_attributes", "initiator", "target", "httpRequestMethod", "httpRequestTarget"),
    *("httpRequestHost", "http_referer", "httpUserAgent", "http_forwarded_for", "httpContentType"),
}
"""Attributes that are no numbers."""

BITS: Final = -(-len(NAMES) // 32)
"""Words that it takes to have a bit for each name."""

# Kinds of entries: what VALUE is.
NUMBER_KIND: Final = 0
PAIR: Final = 1  # two 32-bit numbers, written with a colon
IPV4: Final = 2  # a place in the slab, as in all that follow
IPV6: Final = 3
MAC: Final = 4
LIST: Final = 5  # COUNT 32-bit numbers
LABELS_LIST: Final = 6  # COUNT label stack entries, of which the label
COMMUNITIES: Final = 7  # COUNT BGP communities
AS_PATH: Final = 8  # COUNT segments of an AS path
STRING: Final = 9  # COUNT bytes
WORD: Final = 10  # the number of one of SPELT
MULTIPLE: Final = 11  # how many interfaces

SPELT: Final = (
    *("internal", "discarded"),
    *("OTHER", "OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT"),
)
"""Words that are values."""

# An entry: one row of int64 apiece.
E_NAME: Final = 0
E_KIND: Final = 1
E_VALUE: Final = 2
E_COUNT: Final = 3
ENTRY_WIDTH: Final = 4


# The notebook: where entries are noted, one row of int64.
N_TABLE: Final = 0  # the address of the first entry
N_ROOM: Final = 1
N_USED: Final = 2
N_NAMES: Final = 3  # bytes that the names of all entries have
N_TEXT: Final = 4  # bytes that the values of all entries have at most
N_SEEN: Final = 5  # bits of what the current row has or does not want, BITS words
N_UNWANTED: Final = N_SEEN + BITS  # bits of what no row wants
_NOTEBOOK_WIDTH: Final = N_UNWANTED + BITS


class Notebook:
    """Attributes of rows that follow each other, as the kernel notes them.

    ``table`` int64 (room, ENTRY_WIDTH); ``state`` int64 is what the kernel is given.
    """

    def __init__(self, room: int, *, header: bool) -> None:
        self.table: Int64s = np.empty((room, ENTRY_WIDTH), np.int64)
        self.state: Int64s = np.zeros(_NOTEBOOK_WIDTH, np.int64)
        self.state[N_ROOM] = room
        self.state[N_TABLE] = self.table.ctypes.data
        for number in range(0 if header else len(HEADER)):
            self.state[N_UNWANTED + (number >> 5)] |= 1 << (number & 31)

    def clear(self) -> None:
        """Begin anew with the same room."""
        self.state[[N_USED, N_NAMES, N_TEXT]] = 0

    def enlarge(self) -> None:
        """Twice the room; what was noted stays."""
        table = np.empty((2 * len(self.table), ENTRY_WIDTH), np.int64)
        table[: len(self.table)] = self.table
        self.table = table
        self.state[N_ROOM] = len(table)
        self.state[N_TABLE] = table.ctypes.data

    def noted(self) -> Int64s:
        """The entries so far."""
        return self.table[: self.state[N_USED]]


NAME_ROOM: Final = 32
"""Bytes of the longest name."""
VALUE_ROOM: Final = 39
"""Bytes that a value has at most which is no list and no string: an IPv6 address."""
ITEM_ROOM: Final = 13
"""Bytes that an item of a list, or a byte of a string, takes at most."""
NAME_LENGTHS: Final = np.array([len(name) for name in NAMES], np.int64)
NAME_TEXT: Final = np.frombuffer(
    b"".join(name.encode().ljust(NAME_ROOM, b"\0") for name in NAMES), np.int64
)
"""The names, each filled up to NAME_ROOM bytes, as words."""


class Room:
    """Memory for strings that follow each other, which Arrow takes over.

    Arrow's allocator keeps pages it has had: fresh ones of the system cost more than filling them.
    """

    def __init__(self, count: int, size: int) -> None:
        self.count = count
        self.text = pa.allocate_buffer(size)
        self.ends = pa.allocate_buffer(4 * (count + 1))
        self.places: Int64s = np.array([self.text.address, self.ends.address], np.int64)

    def array(self) -> pa.StringArray:
        """The strings."""
        return pa.Array.from_buffers(pa.string(), self.count, [None, self.ends, self.text])


def column(row_ends: Int64s, names: pa.StringArray, values: pa.StringArray) -> pa.MapArray:
    """The ``attributes`` column: row ``i`` has the entries up to ``row_ends[i]``."""
    pairs = pa.StructArray.from_arrays(
        [names, values], fields=[LABELS.key_field, LABELS.item_field]
    )
    starts = np.zeros(len(row_ends) + 1, np.int32)
    starts[1:] = row_ends
    return pa.Array.from_buffers(
        LABELS, len(row_ends), [None, pa.py_buffer(starts)], children=[pairs]
    )
