"""Flow records that are fields after each other, all of them attributes: read by a table.

sFlow version 5 section 5 (MPLS FTN and LDP FEC), sFlow 802.11, Tunnel, Host, HTTP, Application and
Memcache Structures, and the queue lengths and TCP state of the sFlow discussion, as
https://sflow.org/developers/structures.php lists them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.packet import attributes as kinds
from sensorium.ingest.packet.attributes import NUMBER
from sensorium.ingest.packet.notes import address, note, number
from sensorium.ingest.packet.words import u32, u64
from sensorium.ingest.sflow.records import UNKNOWN, opaque, string

_SOCKET: Final = (
    "{0}_proto {0}_local_addr:ipv{1} {0}_remote_addr:ipv{1} {0}_local_port {0}_remote_port"
)
_TUNNEL: Final = "- {0}_src_mac:mac {0}_dst_mac:mac {0}_etype"
_WLAN: Final = "wlanSSID:text wlan_bssid:mac wlan_version "

# Fields without a type are 32-bit numbers, ``-`` is passed over.
_FIELDS: Final = {
    1010: "mpls_ftn_name:text mpls_ftn_mask",
    1011: "mpls_fec_prefix_length",
    1014: _WLAN + "wlanChannelId wlan_speed_bps:long wlan_rsni wlan_rcpi wlan_duration_us",
    1015: _WLAN + "wlan_transmissions wlan_duration_us wlan_retransmission_us wlanChannelId"
    " wlan_speed_bps:long wlan_power_mw",
    1019: "queue_index queue_length",
    1021: _TUNNEL.format("tunnel_egress"),
    1022: _TUNNEL.format("tunnel_ingress"),
    1027: "decapsulate_egress_offset",
    1028: "decapsulate_ingress_offset",
    2100: _SOCKET.format("socket", 4),
    2101: _SOCKET.format("socket", 6),
    2102: _SOCKET.format("proxy", 4),
    2103: _SOCKET.format("proxy", 6),
    2200: "memcache_protocol memcache_command memcache_key:text memcache_keys memcache_value_bytes"
    " operation_duration_us memcache_status",
    2202: "application:text operation:text operation_attributes:text status_description:text"
    " request_bytes:long response_bytes:long operation_duration_us operation_status",
    2203: "parent_application:text parent_operation:text parent_attributes:text",
    2204: "initiator:text",
    2205: "target:text",
    2206: "httpRequestMethod:method http_version httpRequestTarget:text httpRequestHost:text"
    " http_referer:text httpUserAgent:text http_forwarded_for:text http_user:text"
    " httpContentType:text request_bytes:long response_bytes:long operation_duration_us"
    " httpStatusCode",
    2209: "tcp_direction tcp_snd_mss tcp_rcv_mss tcp_unacked tcp_lost tcp_retrans tcp_pmtu"
    " tcp_rtt_us tcp_rttvar_us tcp_snd_cwnd tcp_reordering tcp_min_rtt_us",
}  # fmt: skip

_TYPES: Final = ("", "long", "text", "mac", "method", "ipv4", "ipv6", "-")
_WORD, _LONG, _TEXT, _MAC, _METHOD, _IPV4, _IPV6, _PASSED = range(len(_TYPES))
_SIZES: Final = np.array([4, 8, 4, 8, 4, 4, 16, 4], np.int64)
"""Bytes of each type: a MAC address has two of padding, a text at least its length."""
_MAC_KIND, _WORD_KIND = kinds.MAC, kinds.WORD
_FIRST_METHOD: Final = kinds.SPELT.index("OTHER")
_LAST_METHOD: Final = kinds.SPELT.index("CONNECT") - _FIRST_METHOD

_STEPS: Final = [
    (kind, NUMBER.get(name, 0), _TYPES.index("-" if name == "-" else type_))
    for kind, fields in _FIELDS.items()
    for name, _, type_ in (field.partition(":") for field in fields.split())
]
_NAME = np.array([name for _, name, _ in _STEPS], np.int64)
_TYPE = np.array([type_ for _, _, type_ in _STEPS], np.int64)

LARGEST_FORMAT: Final = max(_FIELDS)
LEAST: Final = {
    kind: sum(int(_SIZES[type_]) for one, _, type_ in _STEPS if one == kind) for kind in _FIELDS
}
"""Bytes that a record of each format has at least."""
_BEGIN = np.zeros(LARGEST_FORMAT + 1, np.int64)
_END = np.zeros(LARGEST_FORMAT + 1, np.int64)
for _kind in _FIELDS:
    _places = [place for place, (one, _, _) in enumerate(_STEPS) if one == _kind]
    _BEGIN[_kind], _END[_kind] = _places[0], _places[-1] + 1


@uncounted
def is_plain(kind: Any) -> Any:
    """Whether records of a format are read here."""
    return kind <= LARGEST_FORMAT and _END[kind] > 0


@uncounted
def _fixed(data: Any, name: Any, type_: Any, place: Any, out: Any) -> None:
    """Note a field of a known size; numbers of all ones are unknown."""
    if type_ == _WORD:
        value = u32(data, place)
        if value != UNKNOWN:
            number(out, name, value)
    elif type_ == _LONG:
        value = u64(data, place)
        if value != -1:
            number(out, name, value)
    elif type_ == _MAC:
        note(out, name, _MAC_KIND, place, 0)
    elif type_ == _METHOD:
        method = u32(data, place)
        note(out, name, _WORD_KIND, _FIRST_METHOD + (method if method <= _LAST_METHOD else 0), 0)
    elif type_ != _PASSED:
        address(out, name, data, place, _SIZES[type_])


@uncounted
def plain(data: Any, kind: Any, place: Any, last: Any, out: Any) -> Any:
    """Note the fields of a record that ends at ``last``; whether it is whole."""
    for step in range(_BEGIN[kind], _END[kind]):
        if _TYPE[step] == _TEXT:
            start, length, place = opaque(data, place, last)
            if start < 0:
                return False
            string(out, _NAME[step], start, length)
            continue
        size = _SIZES[_TYPE[step]]
        if last - place < size:
            return False
        _fixed(data, _NAME[step], _TYPE[step], place, out)
        place += size
    return True
