"""Where each value sits in the kernels' tables: datagram heads, samples, agents, data sources.

numba compiles these as constants, so they are plain ints and not enums.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = 5

# A datagram's head: one row of int64 apiece.
H_AGENT: Final = 0  # dense number of (agent address, sub-agent), -1 where refused
H_SEQUENCE: Final = 1
H_UPTIME_MS: Final = 2
H_ADDRESS_HIGH: Final = 3  # of the agent, as it lies in memory
H_ADDRESS_LOW: Final = 4
H_SUB_AGENT: Final = 5
H_ROWS: Final = 6  # samples that become rows
H_EPOCH: Final = 7  # restarts of the agent up to then
H_ARRIVAL_NS: Final = 8
HEAD_WIDTH: Final = 9

# A sample: START and END are places in the slab of its first record and after its last byte.
S_HEAD: Final = 0
S_KIND: Final = 1
S_START: Final = 2
S_END: Final = 3
S_RECORDS: Final = 4
S_SEQUENCE: Final = 5
S_SOURCE_TYPE: Final = 6
S_SOURCE_INDEX: Final = 7
S_RATE: Final = 8
S_POOL: Final = 9
S_DROPS: Final = 10
S_INPUT_FORMAT: Final = 11
S_INPUT: Final = 12
S_OUTPUT_FORMAT: Final = 13
S_OUTPUT: Final = 14
S_REASON: Final = 15
SAMPLE_WIDTH: Final = 16

# Kinds of samples.
FLOW: Final = 0
DISCARD: Final = 1
COUNTERS: Final = 2

# Formats of interfaces in a sample, and what stands for the agent itself.
ONE_INTERFACE: Final = 0
DISCARDED: Final = 1
MULTIPLE: Final = 2
INTERNAL: Final = 0x3FFFFFFF

# What is known of an agent: one row of int64 apiece.
A_DATAGRAMS: Final = 0
A_BYTES: Final = 1
A_ROWS: Final = 2
A_RATE: Final = 3
A_LAST_SEEN: Final = 4
A_UPTIME_MS: Final = 5
AGENT_WIDTH: Final = 6

# What happened to sequence numbers, counted per agent: of datagrams, then of samples.
LOST: Final = 0
LATE: Final = 1
DUPLICATE: Final = 2
RESTARTED: Final = 3
EVENTS: Final = ("lost", "late", "duplicate", "restarted")
SAMPLE_EVENTS: Final = 4
AGENT_DROPS: Final = 8
EVENT_WIDTH: Final = 9

# A run of sequence numbers: NEXT is the one expected, SEEN a bit for each of the last 62 seen.
Q_KNOWN: Final = 0
Q_NEXT: Final = 1
Q_SEEN: Final = 2
Q_DROPS: Final = 3
Q_EPOCH: Final = 4  # the agent's restarts when the run began
RUN_WIDTH: Final = 5
