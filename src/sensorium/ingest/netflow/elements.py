"""Which information element fills which column of FLOWS.

Names and numbers are those of the IANA "IP Flow Information Export (IPFIX) Entities" registry
(https://www.iana.org/assignments/ipfix); NetFlow v9 (RFC 3954 section 8) shares its numbers below
128. Where a template has several elements for one column, the one named first here wins, and of
duplicates in one template the first. Elements of enterprises count where there are none of
IANA's for a column, as some exporters have it: Cisco's AVC knows flows by client and server (its
"AVC Metric Definition Guide"), SonicWall's IPFIX with extensions by initiator and responder (the
names of columns that it exports itself).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

REVERSE_PEN = 29305
"""The enterprise number that marks the reverse direction of a biflow (RFC 5103 section 6.1)."""

VARIABLE_LENGTH = 65535
"""The field length that says "the length precedes each value" (RFC 7011 section 7)."""


class Kind(IntEnum):
    """How an element's bytes become a column's value."""

    UNSIGNED = 0
    """An unsigned integer of 1 to 8 bytes."""
    UNSIGNED_IF_SET = 1
    """The same, but zero leaves what another element wrote."""
    IPV4 = 2
    """4 bytes, written as an IPv4-mapped IPv6 address."""
    IPV4_IF_SET = 3
    """The same, but 0.0.0.0 leaves a non-zero IPv6 address that was written before."""
    IPV6 = 4
    """16 bytes."""
    TYPE_AND_CODE = 5
    """ICMP type in the high byte and code in the low one."""
    LABEL = 6
    """An MPLS label stack entry: the label is the first 20 of 24 bits."""
    IP_VERSION = 7
    """4 or 6, written as an EtherType."""
    UPTIME = 8
    """Milliseconds of the exporter's sysUpTime."""
    SECONDS = 9
    """Seconds since the Unix epoch."""
    MILLISECONDS = 10
    """Milliseconds since the Unix epoch."""
    NTP_MICROSECONDS = 11
    """NTP timestamp whose lowest 11 bits mean nothing (RFC 7011 section 6.1.9)."""
    NTP_NANOSECONDS = 12
    """NTP timestamp (RFC 7011 section 6.1.10)."""
    BEFORE_EXPORT = 13
    """Microseconds before the message's export time."""
    DURATION_MS = 14
    """Milliseconds from the flow's start to its end."""
    DURATION_US = 15
    """Microseconds from the flow's start to its end."""
    TYPE_AND_CODE_IF_SET = 16
    """ICMP type and code, but zero leaves what another element wrote."""
    CLEAR = 17
    """No element: zero."""
    IPV6_IF_SET = 18
    """16 bytes, but :: leaves what another element wrote."""


@dataclass(frozen=True, slots=True)
class Element:
    """An information element that a column can come from; ``enterprise`` 0 is IANA."""

    id: int
    name: str
    kind: Kind = Kind.UNSIGNED
    enterprise: int = 0


_CISCO = 9
_SONICWALL = 8741

SOURCES: dict[str, tuple[Element, ...]] = {
    "bytes": (
        Element(1, "octetDeltaCount"),
        Element(23, "postOctetDeltaCount"),
        Element(85, "octetTotalCount"),
        Element(171, "postOctetTotalCount"),
        Element(231, "initiatorOctets"),
        Element(352, "layer2OctetDeltaCount"),
        Element(8338, "ciscoClientBytesNetwork", enterprise=_CISCO),
        Element(170, "sonicWallInitiatorDeltaOctets", enterprise=_SONICWALL),
        Element(14, "sonicWallInitiatorOctets", enterprise=_SONICWALL),
    ),
    "packets": (
        Element(2, "packetDeltaCount"),
        Element(24, "postPacketDeltaCount"),
        Element(86, "packetTotalCount"),
        Element(172, "postPacketTotalCount"),
        Element(298, "initiatorPackets"),
        Element(9265, "numClientPackets", enterprise=_CISCO),
        Element(169, "sonicWallInitiatorDeltaPackets", enterprise=_SONICWALL),
        Element(13, "sonicWallInitiatorPackets", enterprise=_SONICWALL),
    ),
    "src_addr": (
        Element(8, "sourceIPv4Address", Kind.IPV4),
        Element(27, "sourceIPv6Address", Kind.IPV6),
        Element(44, "sourceIPv4Prefix", Kind.IPV4),
        Element(170, "sourceIPv6Prefix", Kind.IPV6),
        Element(12236, "ciscoClientIPv4Address", Kind.IPV4, _CISCO),
        Element(12238, "ciscoClientIPv6Address", Kind.IPV6, _CISCO),
        Element(5, "sonicWallInitiatorIPv4Address", Kind.IPV4, _SONICWALL),
    ),
    "dst_addr": (
        Element(12, "destinationIPv4Address", Kind.IPV4),
        Element(28, "destinationIPv6Address", Kind.IPV6),
        Element(45, "destinationIPv4Prefix", Kind.IPV4),
        Element(169, "destinationIPv6Prefix", Kind.IPV6),
        Element(12237, "ciscoServerIPv4Address", Kind.IPV4, _CISCO),
        Element(12239, "ciscoServerIPv6Address", Kind.IPV6, _CISCO),
        Element(6, "sonicWallResponderIPv4Address", Kind.IPV4, _SONICWALL),
    ),
    "next_hop": (
        Element(15, "ipNextHopIPv4Address", Kind.IPV4),
        Element(62, "ipNextHopIPv6Address", Kind.IPV6),
        Element(18, "bgpNextHopIPv4Address", Kind.IPV4),
        Element(63, "bgpNextHopIPv6Address", Kind.IPV6),
    ),
    "src_port": (
        Element(7, "sourceTransportPort"),
        Element(180, "udpSourcePort"),
        Element(182, "tcpSourcePort"),
        Element(12240, "ciscoClientL4Port", enterprise=_CISCO),
        Element(11, "sonicWallInitiatorPort", enterprise=_SONICWALL),
    ),
    "dst_port": (
        Element(11, "destinationTransportPort"),
        Element(181, "udpDestinationPort"),
        Element(183, "tcpDestinationPort"),
        Element(12241, "ciscoServerL4Port", enterprise=_CISCO),
        Element(12, "sonicWallResponderPort", enterprise=_SONICWALL),
    ),
    "proto": (
        Element(4, "protocolIdentifier"),
        Element(20, "sonicWallProtocolType", enterprise=_SONICWALL),
    ),
    "tcp_flags": (Element(6, "tcpControlBits"),),
    "ip_tos": (Element(5, "ipClassOfService"), Element(55, "postIpClassOfService")),
    "in_if": (
        Element(10, "ingressInterface"),
        Element(252, "ingressPhysicalInterface"),
        Element(9, "sonicWallInitiatorInterface", enterprise=_SONICWALL),
    ),
    "out_if": (
        Element(14, "egressInterface"),
        Element(253, "egressPhysicalInterface"),
        Element(10, "sonicWallResponderInterface", enterprise=_SONICWALL),
    ),
    "src_as": (Element(16, "bgpSourceAsNumber"),),
    "dst_as": (Element(17, "bgpDestinationAsNumber"),),
    "src_mask": (Element(9, "sourceIPv4PrefixLength"), Element(29, "sourceIPv6PrefixLength")),
    "dst_mask": (
        Element(13, "destinationIPv4PrefixLength"),
        Element(30, "destinationIPv6PrefixLength"),
    ),
    # Before icmp_type: an element that holds both has the last word on the code.
    "icmp_code": (Element(177, "icmpCodeIPv4"), Element(179, "icmpCodeIPv6")),
    "icmp_type": (
        Element(32, "icmpTypeCodeIPv4", Kind.TYPE_AND_CODE),
        Element(139, "icmpTypeCodeIPv6", Kind.TYPE_AND_CODE),
        Element(176, "icmpTypeIPv4"),
        Element(178, "icmpTypeIPv6"),
    ),
    "src_vlan": (Element(58, "vlanId"), Element(243, "dot1qVlanId")),
    "dst_vlan": (Element(59, "postVlanId"), Element(254, "postDot1qVlanId")),
    "mpls_label": (Element(70, "mplsTopLabelStackSection", Kind.LABEL),),
    "src_mac": (Element(56, "sourceMacAddress"), Element(81, "postSourceMacAddress")),
    "dst_mac": (Element(80, "destinationMacAddress"), Element(57, "postDestinationMacAddress")),
    "flow_direction": (Element(61, "flowDirection"),),
    "etype": (Element(256, "ethernetType"), Element(60, "ipVersion", Kind.IP_VERSION)),
    "time_flow_start_ns": (
        Element(156, "flowStartNanoseconds", Kind.NTP_NANOSECONDS),
        Element(154, "flowStartMicroseconds", Kind.NTP_MICROSECONDS),
        Element(152, "flowStartMilliseconds", Kind.MILLISECONDS),
        Element(22, "flowStartSysUpTime", Kind.UPTIME),
        Element(150, "flowStartSeconds", Kind.SECONDS),
        Element(158, "flowStartDeltaMicroseconds", Kind.BEFORE_EXPORT),
        Element(17, "sonicWallFlowStartTime", Kind.SECONDS, _SONICWALL),
    ),
    "time_flow_end_ns": (
        Element(157, "flowEndNanoseconds", Kind.NTP_NANOSECONDS),
        Element(155, "flowEndMicroseconds", Kind.NTP_MICROSECONDS),
        Element(153, "flowEndMilliseconds", Kind.MILLISECONDS),
        Element(21, "flowEndSysUpTime", Kind.UPTIME),
        Element(151, "flowEndSeconds", Kind.SECONDS),
        Element(159, "flowEndDeltaMicroseconds", Kind.BEFORE_EXPORT),
        Element(325, "observationTimeNanoseconds", Kind.NTP_NANOSECONDS),
        Element(324, "observationTimeMicroseconds", Kind.NTP_MICROSECONDS),
        Element(323, "observationTimeMilliseconds", Kind.MILLISECONDS),
        Element(322, "observationTimeSeconds", Kind.SECONDS),
        Element(18, "sonicWallFlowEndTime", Kind.SECONDS, _SONICWALL),
    ),
    "duration": (
        Element(162, "flowDurationMicroseconds", Kind.DURATION_US),
        Element(161, "flowDurationMilliseconds", Kind.DURATION_MS),
    ),
    "sampling_rate": (
        Element(34, "samplingInterval"),
        Element(50, "samplerRandomInterval"),
        Element(305, "samplingPacketInterval"),
    ),
    "sampling_space": (Element(306, "samplingPacketSpace"),),
    "sampler": (Element(302, "selectorId"), Element(48, "samplerId")),
}
"""Column to elements, most telling first. ``duration``, ``sampling_space`` and ``sampler`` are
scratch columns: other columns are computed from them and they do not leave the decoder."""

DUAL_FAMILY = frozenset(
    {"src_addr", "dst_addr", "next_hop", "src_mask", "dst_mask", "icmp_type", "icmp_code"}
)
"""Columns whose IPv4 and IPv6 elements may stand side by side, one of them zero per record."""

SPARED = frozenset({"in_if", "out_if", "next_hop", "src_vlan", "dst_vlan"})
"""Columns whose next element counts where the one before it is zero, which says nothing there."""

MIRRORED = {
    "src_addr": "dst_addr",
    "src_port": "dst_port",
    "src_as": "dst_as",
    "src_mask": "dst_mask",
    "src_mac": "dst_mac",
    "in_if": "out_if",
    "src_vlan": "dst_vlan",
}
"""Columns that change places in the reverse direction of a biflow (RFC 5103 section 5)."""
