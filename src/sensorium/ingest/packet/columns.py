"""Where each column's value sits in a row as the kernel writes it: int64, addresses two of them."""

from __future__ import annotations

from typing import Final

TIME: Final = 0  # when the datagram came
ENTRIES_END: Final = 1  # the entry after its last attribute
SAMPLING_RATE: Final = 2
SRC_ADDR: Final = 3
DST_ADDR: Final = 5
NEXT_HOP: Final = 7
SRC_PORT: Final = 9
DST_PORT: Final = 10
PROTO: Final = 11
TCP_FLAGS: Final = 12
BYTES: Final = 13
PACKETS: Final = 14
IN_IF: Final = 15
OUT_IF: Final = 16
SRC_AS: Final = 17
DST_AS: Final = 18
SRC_MASK: Final = 19
DST_MASK: Final = 20
ETYPE: Final = 21
SRC_VLAN: Final = 22
DST_VLAN: Final = 23
MPLS_LABEL: Final = 24
ICMP_TYPE: Final = 25
ICMP_CODE: Final = 26
IP_TOS: Final = 27
FLOW_DIRECTION: Final = 28
SRC_MAC: Final = 29
DST_MAC: Final = 30
SAMPLER_ADDRESS: Final = 31
OBSERVATION_DOMAIN_ID: Final = 33
SEQUENCE_NUM: Final = 34
WIDTH: Final = 35

TIMES: Final = ("time_received_ns", "time_flow_start_ns", "time_flow_end_ns")
"""Columns that are the same: a sample is one packet, of which is known when word of it came."""
