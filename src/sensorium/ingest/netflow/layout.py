"""Where each value sits in the kernels' tables: columns of rows, datagram heads, sets, work.

numba compiles these as constants, so they are plain ints and not enums.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.model.signals import FLOWS

SCRATCH: Final = ("duration", "sampling_space", "sampler")
NAMES: Final = (*(field.name for field in FLOWS if not pa.types.is_map(field.type)), *SCRATCH)
COLUMN: Final = {name: index for index, name in enumerate(NAMES)}


def _size(name: str) -> int:
    if name in SCRATCH:
        return 8
    kind = FLOWS.field(name).type
    return 1 if pa.types.is_dictionary(kind) else int(kind.bit_width) // 8


SIZES: Final = tuple(_size(name) for name in NAMES)
"""Bytes of one value, in order of the columns."""

TYPE: Final = COLUMN["type"]
TIME_RECEIVED: Final = COLUMN["time_received_ns"]
TIME_START: Final = COLUMN["time_flow_start_ns"]
TIME_END: Final = COLUMN["time_flow_end_ns"]
SAMPLER_ADDRESS: Final = COLUMN["sampler_address"]
DOMAIN: Final = COLUMN["observation_domain_id"]
SEQUENCE: Final = COLUMN["sequence_num"]
SAMPLING_RATE: Final = COLUMN["sampling_rate"]
SRC_ADDR: Final = COLUMN["src_addr"]
DST_ADDR: Final = COLUMN["dst_addr"]
SRC_PORT: Final = COLUMN["src_port"]
DST_PORT: Final = COLUMN["dst_port"]
BYTES: Final = COLUMN["bytes"]
PROTO: Final = COLUMN["proto"]
IN_IF: Final = COLUMN["in_if"]
ETYPE: Final = COLUMN["etype"]
ICMP_TYPE: Final = COLUMN["icmp_type"]
ICMP_CODE: Final = COLUMN["icmp_code"]
DURATION: Final = COLUMN["duration"]
SAMPLING_SPACE: Final = COLUMN["sampling_space"]
SAMPLER: Final = COLUMN["sampler"]

ALWAYS: Final = (
    TYPE,
    TIME_RECEIVED,
    TIME_START,
    TIME_END,
    SAMPLER_ADDRESS,
    DOMAIN,
    SEQUENCE,
    SAMPLING_RATE,
)
"""Columns that come from the datagram's head or have a fallback there: every row has them."""

# Protocols, in FlowType's order: also the dictionary index of the ``type`` column.
V1: Final = 0
V5: Final = 1
V7: Final = 2
V8: Final = 3
V9: Final = 4
IPFIX: Final = 5
UNKNOWN: Final = 6

WITHOUT_TEMPLATES: Final = 4
"""So many of them, the first ones, have records of fixed forms instead of templates."""

AGGREGATIONS: Final = 14
"""NetFlow v8 has a form for each way to aggregate, numbered from 1; every other has one."""

HEADER_BYTES: Final = (16, 24, 24, 28, 20, 16)
"""By protocol number."""
RECORD_BYTES: Final = (48, 48, 52, 28, 28, 32, 32, 40, 32, 40, 44, 32, 32, 32, 32, 40, 40)
MOST_RECORDS: Final = (24, 30, 27, 51, 51, 45, 45, 36, 45, 36, 32, 45, 45, 45, 45, 36, 36)
"""By form: bytes of a record, and how many a datagram may have. Of NetFlow v8 as many as an
Ethernet frame has room for.
"""

# A datagram's head: one row of int64 apiece.
H_PROTOCOL: Final = 0
H_SOURCE: Final = 1  # dense id of (exporter, protocol, domain), -1 where refused
H_DOMAIN: Final = 2
H_SEQUENCE: Final = 3
H_EXPORT_NS: Final = 4
H_UPTIME_MS: Final = 5  # -1 where the protocol has none
H_ARRIVAL_NS: Final = 6
H_ADDRESS_HIGH: Final = 7
H_ADDRESS_LOW: Final = 8
H_SAMPLING: Final = 9  # NetFlow v5's own sampling interval
H_LENGTH: Final = 10  # bytes of the datagram
H_UNREAD: Final = 11  # Records announced and not there; IPFIX: 1 if any may be unread
H_PORT: Final = 12  # the UDP port that it came from
H_SESSION: Final = 13  # the transport session, 0 for plain datagrams
HEAD_WIDTH: Final = 14

# What is counted for each source. What every datagram touches comes first, in one cache line.
C_DATAGRAMS: Final = 0
C_BYTES: Final = 1
C_RECORDS: Final = 2
C_SEEN_NS: Final = 3
C_SKEW_NS: Final = 4  # export time less arrival; 0 where the exporter says no time
C_RATE: Final = 5  # NetFlow v5's own sampling interval
C_LOST: Final = 6
C_LATE: Final = 7
C_DUPLICATE: Final = 8
C_RESTARTED: Final = 9
C_UNREAD: Final = 10
C_REPLAYED: Final = 11
C_DROPS: Final = 12  # by reason from here on
COUNTS_WIDTH: Final = 32

GAPS: Final = 16
"""Gaps in a stream's sequence that are remembered, so that a late datagram fills its own."""

# A set: START and END are addresses of its first byte after the set header and after its last.
S_HEAD: Final = 0
S_ID: Final = 1
S_START: Final = 2
S_END: Final = 3
SET_WIDTH: Final = 4

# Set ids as the walk writes them, IPFIX's 2 and 3 made v9's 0 and 1.
TEMPLATE_SET: Final = 0
OPTIONS_TEMPLATE_SET: Final = 1
FIRST_DATA_SET: Final = 256
RECORD_SET: Final = 65536
"""Records of a fixed form; its number is added."""

# A piece of work: the records of one data set, whose program is known.
W_HEAD: Final = 0
W_START: Final = 1
W_END: Final = 2
W_ROW: Final = 3
W_ROWS: Final = 4
W_PROGRAM: Final = 5
W_RATE: Final = 6  # the rate of records that name no sampler
W_SAMPLING: Final = 7  # row of the sampling table
W_ANCHOR: Final = 8  # sysUpTime at export, -1 where unknown
W_WIDE: Final = 9  # row of the sampling table for the whole exporter
WORK_WIDTH: Final = 10

# An operation of a program: one element of a record into one column. A record is segments of
# fixed length with one variable-length field between two of them.
O_KIND: Final = 0
O_SEGMENT: Final = 1
O_OFFSET: Final = 2  # from the segment's start
O_WIDTH: Final = 3  # -1: the variable-length field before the segment
O_COLUMN: Final = 4
O_SIZE: Final = 5
OP_WIDTH: Final = 6

# A program: what to do with the records of one template.
P_KIND: Final = 0
P_LENGTH: Final = 1  # of a record; the least where it varies
P_SEGMENTS: Final = 2  # its segments' lengths in the segment table
P_SEGMENTS_END: Final = 3
P_OPS: Final = 4
P_OPS_END: Final = 5
P_REVERSE_OPS_END: Final = 6  # reverse operations follow the forward ones
P_STEPS: Final = 7
P_PACKETS_SEGMENT: Final = 8  # where a biflow counts its reverse packets; width 0 for nowhere
P_PACKETS_OFFSET: Final = 9
P_PACKETS_WIDTH: Final = 10
P_BYTES_SEGMENT: Final = 11  # the same for its reverse bytes
P_BYTES_OFFSET: Final = 12
P_BYTES_WIDTH: Final = 13
P_ATTRIBUTES: Final = 14  # its elements without a column in the attributes table
P_ATTRIBUTES_END: Final = 15
P_NAMES_LENGTH: Final = 16  # characters of all their names
P_BOOT: Final = 17  # where a record says itself when its exporter booted, -1 for nowhere
P_SECTION_SEGMENT: Final = 18  # where a piece of a packet stands; width 0 for nowhere
P_SECTION_OFFSET: Final = 19
P_SECTION_WIDTH: Final = 20
P_SECTION_LAYER: Final = 21  # what it begins with
P_SECTION_COLUMNS: Final = 22  # what is filled from it, a bit set
PROGRAM_WIDTH: Final = 23

# An element that fills no column: what it is, where it stands, and its name among all names.
A_TYPE: Final = 0
A_SEGMENT: Final = 1  # -1: the offset is from the set's first record, for a header before records
A_OFFSET: Final = 2
A_WIDTH: Final = 3  # -1 as for operations
A_NAME: Final = 4
A_NAME_LENGTH: Final = 5
ATTRIBUTE_WIDTH: Final = 6

# What is added to a datagram's records for each record of its options data.
OPTION: Final = 1 << 20
RECORD_BITS: Final = OPTION - 1

LANES: Final = 512
"""Records that the kernel decodes at a time, column by column."""

FIXED: Final = 0
WALKED: Final = 1  # records vary in length, or have two directions
OPTIONS: Final = 2  # counted, carries nothing that changes a flow
OPTIONS_READ: Final = 3  # read by Python: sampling rates, boot time

# What is computed from columns after a record's own values are in.
STEP_START_UPTIME: Final = 1
STEP_ICMP_FROM_PORT: Final = 2
STEP_ETYPE: Final = 4
STEP_SAMPLING: Final = 8
STEP_DURATION: Final = 16
STEP_HAS_START: Final = 32
STEP_HAS_END: Final = 64
STEP_SPACE: Final = 128
STEP_SAMPLER: Final = 256
STEP_ETYPE_IPV4: Final = 512
STEP_ETYPE_IF_UNSET: Final = 1024
STEP_TIMES_MAY_MISS: Final = 2048
STEP_END_UPTIME: Final = 4096


def aligned(rows: int, width: int) -> npt.NDArray[np.int64]:
    """Zeros, int64 (rows, width), that begin with a cache line."""
    flat = np.zeros(rows * width + 8, np.int64)
    first = -flat.ctypes.data % 64 // 8
    return flat[first : first + rows * width].reshape(rows, width)
