"""Flow records beside the packet itself: what the agent knew of its way.

sFlow version 5 section 5 (flow_data), and the sFlow documents on NAT ports, tunnels, transit
delay and dropped packets. Each reader is given a record's bytes, of which the structure's fixed
part is there; where a list or string in it is longer than the record, what follows is left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.memory import put_total, total
from sensorium.ingest.packet import columns as col
from sensorium.ingest.packet.attributes import (
    AS_PATH,
    COMMUNITIES,
    LABELS_LIST,
    LIST,
    NUMBER,
    STRING,
)
from sensorium.ingest.packet.network import put_address
from sensorium.ingest.packet.notes import address, note, number
from sensorium.ingest.packet.words import u32

UNKNOWN = 0xFFFFFFFF

_PRIORITY = NUMBER["dot1qPriority"]
_DST_PRIORITY = NUMBER["dst_priority"]
_NEXT_HOP_V4 = NUMBER["bgpNextHopIPv4Address"]
_NEXT_HOP_V6 = NUMBER["bgpNextHopIPv6Address"]
_ROUTER_AS = NUMBER["router_as"]
_PEER_AS = NUMBER["src_peer_as"]
_AS_PATH = NUMBER["as_path"]
_COMMUNITIES = NUMBER["bgp_communities"]
_LOCAL_PREF = NUMBER["local_pref"]
_SRC_USER = NUMBER["src_user"]
_DST_USER = NUMBER["dst_user"]
_URL = NUMBER["url"]
_URL_HOST = NUMBER["url_host"]
_MPLS_NEXT_HOP = NUMBER["mpls_next_hop"]
_MPLS_IN = NUMBER["mpls_in_labels"]
_MPLS_OUT = NUMBER["mpls_out_labels"]
_NAT_SRC_V4 = NUMBER["postNATSourceIPv4Address"]
_NAT_DST_V4 = NUMBER["postNATDestinationIPv4Address"]
_NAT_SRC_V6 = NUMBER["postNATSourceIPv6Address"]
_NAT_DST_V6 = NUMBER["postNATDestinationIPv6Address"]
_NAT_SRC_PORT = NUMBER["postNAPTSourceTransportPort"]
_NAT_DST_PORT = NUMBER["postNAPTDestinationTransportPort"]
_VLAN_TUNNEL = NUMBER["vlan_tunnel"]


@uncounted
def typed_address(data: Any, at: Any, end: Any) -> Any:
    """An address with its type before it: its place, its size (0 where unknown), what follows.

    Place -1 where it does not fit or is of no known type.
    """
    if end - at < 4:
        return -1, 0, at
    kind = u32(data, at)
    size = 16 if kind == 2 else 4 if kind == 1 else 0
    if kind > 2 or end - at < 4 + size:
        return -1, 0, at
    return at + 4, size, at + 4 + size


@uncounted
def opaque(data: Any, at: Any, end: Any) -> Any:
    """A string with its length before it: its place and length, and what follows; place -1."""
    if end - at < 4:
        return -1, 0, at
    length = u32(data, at)
    if length > end - at - 4:
        return -1, 0, at
    return at + 4, length, min(at + 4 + ((length + 3) & -4), end)


@uncounted
def string(out: Any, name: Any, at: Any, length: Any) -> None:
    """Note a string that is not empty."""
    if length:
        note(out, name, STRING, at, length)


@uncounted
def switch(data: Any, at: Any, row: Any, out: Any) -> None:
    """extended_switch: VLANs and priorities; all ones stand for unknown."""
    source, priority = u32(data, at), u32(data, at + 4)
    target, new_priority = u32(data, at + 8), u32(data, at + 12)
    if source <= 0xFFFF:
        put_total(row, col.SRC_VLAN, source)
    if target <= 0xFFFF:
        put_total(row, col.DST_VLAN, target)
    if priority != UNKNOWN:
        number(out, _PRIORITY, priority)
    if new_priority != UNKNOWN:
        number(out, _DST_PRIORITY, new_priority)


@uncounted
def router(data: Any, at: Any, last: Any, row: Any) -> Any:
    """extended_router: next hop and masks; whether it is whole."""
    place, size, after = typed_address(data, at, last)
    if place < 0 or last - after < 8:
        return False
    if size:
        put_address(row, col.NEXT_HOP, data, place, size)
    put_total(row, col.SRC_MASK, min(u32(data, after), 255))
    put_total(row, col.DST_MASK, min(u32(data, after + 4), 255))
    return True


@uncounted
def _as_path(data: Any, at: Any, last: Any, out: Any) -> Any:
    """The segments of an AS path: its last AS (-1 for none), and what follows (-1 if cut)."""
    segments = u32(data, at)
    at += 4
    start = at
    final = np.int64(-1)
    whole = True
    for _ in range(segments):
        if last - at < 8 or u32(data, at + 4) > (last - at - 8) // 4:
            whole = False
            break
        count = u32(data, at + 4)
        at += 8 + 4 * count
        if count:
            final = u32(data, at - 4)
    if at > start:
        note(out, _AS_PATH, AS_PATH, start, (at - start) // 4)
    return final, at if whole else -1


@uncounted
def gateway(data: Any, at: Any, last: Any, row: Any, out: Any) -> Any:
    """extended_gateway: what BGP knows of the way; whether it is whole.

    As in goflow2 the destination's AS is the path's last, or the router's own without a path; the
    source's that which is stated, or the router's own.
    """
    place, size, at = typed_address(data, at, last)
    if place < 0 or last - at < 16:
        return False
    if size:
        address(out, _NEXT_HOP_V6 if size == 16 else _NEXT_HOP_V4, data, place, size)
        if total(row, col.NEXT_HOP) == 0 and total(row, col.NEXT_HOP + 1) == 0:
            put_address(row, col.NEXT_HOP, data, place, size)
    own, source, peer = u32(data, at), u32(data, at + 4), u32(data, at + 8)
    number(out, _ROUTER_AS, own)
    number(out, _PEER_AS, peer)
    put_total(row, col.SRC_AS, source if source else own)
    final, at = _as_path(data, at + 12, last, out)
    put_total(row, col.DST_AS, final if final >= 0 else own)
    if at < 0 or last - at < 8 or u32(data, at) > (last - at - 8) // 4:
        return False
    count = u32(data, at)
    if count:
        note(out, _COMMUNITIES, COMMUNITIES, at + 4, count)
    number(out, _LOCAL_PREF, u32(data, at + 4 + 4 * count))
    return True


@uncounted
def user(data: Any, at: Any, last: Any, out: Any) -> Any:
    """extended_user: two names, each after the number of its character set."""
    for name in (_SRC_USER, _DST_USER):
        place, length, at = opaque(data, at + 4, last)
        if place < 0:
            return False
        string(out, name, place, length)
    return True


@uncounted
def url(data: Any, at: Any, last: Any, out: Any) -> Any:
    """extended_url: a URL and a host, after the direction."""
    at += 4
    for name in (_URL, _URL_HOST):
        place, length, at = opaque(data, at, last)
        if place < 0:
            return False
        string(out, name, place, length)
    return True


@uncounted
def mpls(data: Any, at: Any, last: Any, row: Any, out: Any) -> Any:
    """extended_mpls: the next hop, and the label stacks the packet came and went with."""
    place, size, at = typed_address(data, at, last)
    if place < 0:
        return False
    if size:
        address(out, _MPLS_NEXT_HOP, data, place, size)
    for name in (_MPLS_IN, _MPLS_OUT):
        if last - at < 4 or u32(data, at) > (last - at - 4) // 4:
            return False
        count = u32(data, at)
        if count:
            note(out, name, LABELS_LIST, at + 4, count)
        if count and total(row, col.MPLS_LABEL) == 0 and name == _MPLS_IN:
            put_total(row, col.MPLS_LABEL, u32(data, at + 4) >> 12)
        at += 4 + 4 * count
    return True


@uncounted
def nat(data: Any, at: Any, last: Any, out: Any) -> Any:
    """extended_nat: the addresses after translation."""
    place, size, at = typed_address(data, at, last)
    if place < 0:
        return False
    if size:
        address(out, _NAT_SRC_V6 if size == 16 else _NAT_SRC_V4, data, place, size)
    place, size, at = typed_address(data, at, last)
    if place < 0:
        return False
    if size:
        address(out, _NAT_DST_V6 if size == 16 else _NAT_DST_V4, data, place, size)
    return True


@uncounted
def nat_ports(data: Any, at: Any, out: Any) -> None:
    number(out, _NAT_SRC_PORT, u32(data, at))
    number(out, _NAT_DST_PORT, u32(data, at + 4))


@uncounted
def vlan_tunnel(data: Any, at: Any, last: Any, out: Any) -> Any:
    """extended_vlantunnel: the tags that the agent took off, as they were."""
    count = u32(data, at)
    if count > (last - at - 4) // 4:
        return False
    if count:
        note(out, _VLAN_TUNNEL, LIST, at + 4, count)
    return True


@uncounted
def named(data: Any, at: Any, last: Any, name: Any, value: Any, out: Any) -> Any:
    """A string, and a number after it where ``value`` names one."""
    place, length, at = opaque(data, at, last)
    if place < 0:
        return False
    string(out, name, place, length)
    if value >= 0:
        if last - at < 4:
            return False
        number(out, value, u32(data, at))
    return True


@uncounted
def tunnel(data: Any, at: Any, size: Any, first: Any, out: Any) -> None:
    """A sampled_ipv4 or sampled_ipv6 of a tunnel: three attributes from number ``first`` on."""
    address(out, first, data, at + 8, size)
    address(out, first + 1, data, at + 8 + size, size)
    number(out, first + 2, u32(data, at + 4))
