"""Sampled packet headers, layer by layer, into a row's columns and attributes.

The columns hold the outermost headers, as goflow2's do: Ethernet, tags, MPLS, the first IP header
and what it carries. What travels inside a tunnel (GRE, VXLAN, Geneve, IP in IP) goes into the
``inner_`` attributes, its first Ethernet and IP headers; tunnels inside tunnels are not followed.
A header that ends early gives what is whole.
"""

from __future__ import annotations

from typing import Any

from sensorium.ingest.compiled import uncounted
from sensorium.ingest.memory import put_total
from sensorium.ingest.packet import columns as col
from sensorium.ingest.packet.attributes import MAC, NUMBER
from sensorium.ingest.packet.network import ipv4, ipv6
from sensorium.ingest.packet.notes import address, note, number
from sensorium.ingest.packet.transport import transport
from sensorium.ingest.packet.words import u8, u16, u24, u32

STOP = 0
ETHERNET = 1
IPV4 = 2
IPV6 = 3
MPLS = 4
PPP = 5
ARP = 6
PPPOE = 7

# header_protocol of sampled_header.
_BY_HEADER_PROTOCOL = (STOP, ETHERNET, STOP, STOP, STOP, STOP, STOP, PPP, STOP, STOP, STOP,
                       IPV4, IPV6, MPLS, PPP)  # fmt: skip

_MOST_LAYERS = 16
_SNAP = 0xAAAA03

_PRIORITY = NUMBER["dot1qPriority"]
_VLAN = NUMBER["dot1qVlanId"]
_CUSTOMER_VLAN = NUMBER["dot1qCustomerVlanId"]
_SESSION = NUMBER["pppoe_session_id"]
_ARP_OPERATION = NUMBER["arp_operation"]
_ARP_SENDER = NUMBER["arp_sender_address"]
_ARP_TARGET = NUMBER["arp_target_address"]
_MPLS_DEPTH = NUMBER["mplsLabelStackDepth"]
_MPLS_TTL = NUMBER["mplsTopLabelTTL"]
_INNER_SRC_MAC = NUMBER["inner_src_mac"]
_INNER_DST_MAC = NUMBER["inner_dst_mac"]
_INNER_ETYPE = NUMBER["inner_etype"]


@uncounted
def layer_of(protocol: Any) -> Any:
    """The first layer of a sampled header, STOP where its protocol is not read."""
    return _BY_HEADER_PROTOCOL[protocol] if protocol < len(_BY_HEADER_PROTOCOL) else STOP


@uncounted
def _by_ethertype(etype: Any) -> Any:
    layer = STOP
    if etype == 0x0800:
        layer = IPV4
    elif etype == 0x86DD:
        layer = IPV6
    elif etype in (0x8847, 0x8848):
        layer = MPLS
    elif etype == 0x8864:
        layer = PPPOE
    elif etype == 0x0806:
        layer = ARP
    elif etype == 0x6558:
        layer = ETHERNET
    return layer


@uncounted
def _is_tag(etype: Any) -> Any:
    """802.1Q, 802.1ad, and what was used for stacked tags before it."""
    return etype in (0x8100, 0x88A8, 0x9100, 0x9200, 0x9300)


@uncounted
def _tags(data: Any, at: Any, end: Any, etype: Any, depth: Any, row: Any, out: Any) -> Any:
    """Read VLAN tags; the type after them and its place, -1 if they are cut."""
    tags = 0
    while _is_tag(etype):
        if end - at < 4:
            return etype, -1
        tag = u16(data, at)
        if depth == 0 and tags == 0:
            put_total(row, col.SRC_VLAN, tag & 0xFFF)
            number(out, _VLAN, tag & 0xFFF)
            number(out, _PRIORITY, tag >> 13)
        elif depth == 0 and tags == 1:
            number(out, _CUSTOMER_VLAN, tag & 0xFFF)
        tags += 1
        etype = u16(data, at + 2)
        at += 4
    return etype, at


@uncounted
def _ethernet(data: Any, at: Any, end: Any, depth: Any, row: Any, out: Any) -> Any:
    if end - at < 14:
        return STOP, at
    if depth == 0:
        put_total(row, col.DST_MAC, u24(data, at) << 24 | u24(data, at + 3))
        put_total(row, col.SRC_MAC, u24(data, at + 6) << 24 | u24(data, at + 9))
    else:
        note(out, _INNER_DST_MAC, MAC, at, 0)
        note(out, _INNER_SRC_MAC, MAC, at + 6, 0)
    etype, at = _tags(data, at + 14, end, u16(data, at + 12), depth, row, out)
    if at < 0:
        return STOP, at
    if etype <= 1500:
        # IEEE 802.3: a length, and the type in a SNAP header if anywhere.
        if end - at < 8 or u24(data, at) != _SNAP:
            return STOP, at
        etype = u16(data, at + 6)
        at += 8
    if depth == 0:
        put_total(row, col.ETYPE, etype)
    else:
        number(out, _INNER_ETYPE, etype)
    return _by_ethertype(etype), at


@uncounted
def _mpls(data: Any, at: Any, end: Any, depth: Any, row: Any, out: Any) -> Any:
    """Read a label stack (RFC 3032); what it carries is guessed from its first four bits."""
    labels = 0
    while True:
        if end - at < 4:
            return STOP, at
        entry = u32(data, at)
        if depth == 0 and labels == 0:
            put_total(row, col.MPLS_LABEL, entry >> 12)
            number(out, _MPLS_TTL, entry & 0xFF)
        labels += 1
        at += 4
        if entry >> 8 & 1:
            break
    if depth == 0:
        number(out, _MPLS_DEPTH, labels)
    if at >= end:
        return STOP, at
    version = u8(data, at) >> 4
    if version == 4:
        return IPV4, at
    if version == 6:
        return IPV6, at
    return _pseudowire(data, at, end)


@uncounted
def _pseudowire(data: Any, at: Any, end: Any) -> Any:
    """Ethernet behind a control word (RFC 4448), or without one, which no label tells apart.

    The word's first two bytes are zero, and so may be an address's: what stands where a frame has
    its EtherType decides. Behind a word these are two bytes of an address, which few makers' have.
    """
    if _is_frame(data, at, end):
        return ETHERNET, at
    if end - at >= 2 and u16(data, at) == 0:
        return ETHERNET, at + 4
    return STOP, at


@uncounted
def _is_frame(data: Any, at: Any, end: Any) -> Any:
    """Whether an Ethernet header stands here that says what it carries."""
    if end - at < 14:
        return False
    etype = u16(data, at + 12)
    return _is_tag(etype) or _by_ethertype(etype) != STOP


@uncounted
def _pppoe(data: Any, at: Any, end: Any, out: Any) -> Any:
    """RFC 2516: six bytes, then PPP without its framing."""
    if end - at < 6:
        return STOP, at
    number(out, _SESSION, u16(data, at + 2))
    return PPP, at + 6


@uncounted
def _ppp(data: Any, at: Any, end: Any) -> Any:
    """PPP with or without its address and control bytes (RFC 1662), or Cisco's HDLC."""
    if end - at >= 4 and u16(data, at) in (0x0F00, 0x8F00):
        return _by_ethertype(u16(data, at + 2)), at + 4
    if end - at >= 2 and u16(data, at) == 0xFF03:
        at += 2
    if end - at < 1:
        return STOP, at
    if u8(data, at) & 1:
        # The protocol's first byte may be left out where it is zero.
        protocol = u8(data, at)
        at += 1
    elif end - at < 2:
        return STOP, at
    else:
        protocol = u16(data, at)
        at += 2
    if protocol == 0x0021:
        return IPV4, at
    if protocol == 0x0057:
        return IPV6, at
    return (MPLS, at) if protocol in (0x0281, 0x0283) else (STOP, at)


@uncounted
def _arp(data: Any, at: Any, end: Any, out: Any) -> None:
    """RFC 826, for Ethernet and IPv4."""
    if end - at < 28 or u32(data, at) != 0x00010800 or u16(data, at + 4) != 0x0604:
        return
    number(out, _ARP_OPERATION, u16(data, at + 6))
    address(out, _ARP_SENDER, data, at + 14, 4)
    address(out, _ARP_TARGET, data, at + 24, 4)


@uncounted
def _below_ip(data: Any, at: Any, end: Any, layer: Any, depth: Any, row: Any, out: Any) -> Any:
    """Read a layer that is not IP nor in it; the layer that follows and its place."""
    if layer == ETHERNET:
        layer, at = _ethernet(data, at, end, depth, row, out)
    elif layer == MPLS:
        layer, at = _mpls(data, at, end, depth, row, out)
    elif layer == PPPOE:
        layer, at = _pppoe(data, at, end, out)
    elif layer == PPP:
        layer, at = _ppp(data, at, end)
    else:
        if layer == ARP and depth == 0:
            _arp(data, at, end, out)
        layer = STOP
    return layer, at


@uncounted
def parse(data: Any, at: Any, end: Any, layer: Any, row: Any, out: Any) -> None:
    """Read a packet from ``data[at:end]`` into a row, beginning with ``layer``."""
    depth = 0
    for _ in range(_MOST_LAYERS):
        if layer == STOP:
            return
        if layer not in (IPV4, IPV6):
            layer, at = _below_ip(data, at, end, layer, depth, row, out)
            continue
        if layer == IPV4:
            at, end, proto = ipv4(data, at, end, depth, row, out)
        else:
            at, end, proto = ipv6(data, at, end, depth, row, out)
        if at < 0:
            return
        carried, at = transport(data, at, end, proto, depth, row, out)
        if at < 0 or depth:
            return
        depth = 1
        layer = _by_ethertype(carried)
