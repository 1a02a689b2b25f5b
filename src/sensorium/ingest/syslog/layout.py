"""The table of positions that the parser fills and the column builder reads.

One int32 row per message. A field takes two columns, start and end, both positions in the
slab's bytes; an absent field is ``0, 0``.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

HOST: Final = 0
APP: Final = 2
PROC: Final = 4
BODY: Final = 6
VERSION: Final = 8
MSGID: Final = 10
STAMP: Final = 12
"""A timestamp that could not be read, kept as text."""
DATA: Final = 14
"""Structured data, from its first bracket to after its last."""
PRIORITY: Final = 16
"""-1 where the message has none; ``-2 - severity`` where only its tag says how severe it is."""
ODD: Final = 17
"""1 where the message has a row of extras."""
WIDTH: Final = 18

# The row of extras: start and end of what only some dialects say, each an attribute.
EXTRAS: Final = (
    "sequence",
    "clock",
    "uptime",
    "zone",
    "node",
    "cisco.facility",
    "cisco.severity",
    "cisco.mnemonic",
    "repeated",
    "topics",
    "level",
    "original_address",
)
SEQUENCE: Final = 0
CLOCK: Final = 2
UPTIME: Final = 4
ZONE: Final = 6
NODE: Final = 8
CISCO_FACILITY: Final = 10
CISCO_SEVERITY: Final = 12
CISCO_MNEMONIC: Final = 14
REPEATED: Final = 16
TOPICS: Final = 18
LEVEL: Final = 20
ORIGINAL: Final = 22
EXTRA_WIDTH: Final = 24

# What the parser counts: the bytes of four columns and of the attributes' values, the attributes
# that structured data will make and the bytes of their keys.
HOST_BYTES: Final = 0
APP_BYTES: Final = 1
PROC_BYTES: Final = 2
BODY_BYTES: Final = 3
VALUE_BYTES: Final = 4
ENTRIES: Final = 5
KEY_BYTES: Final = 6
# Messages that state no host.
NAMELESS: Final = 7
# And messages that were odd, in the order of IRREGULAR.
FIRST_REASON: Final = 8

IRREGULAR: Final = (
    "no_priority",
    "no_timestamp",
    "bad_timestamp",
    "incomplete_header",
    "structured_data",
    "truncated",
)
NO_PRIORITY: Final = FIRST_REASON
NO_TIMESTAMP: Final = FIRST_REASON + 1
BAD_TIMESTAMP: Final = FIRST_REASON + 2
INCOMPLETE_HEADER: Final = FIRST_REASON + 3
STRUCTURED_DATA: Final = FIRST_REASON + 4
TRUNCATED: Final = FIRST_REASON + 5
TOTALS: Final = FIRST_REASON + len(IRREGULAR)

# Arrays inside kernels: there numba checks types, and mypy cannot (an element is NumPy's scalar to
# it and a plain integer to numba). One dimension, contiguous.
Bytes: TypeAlias = Any
"""uint8"""
Ints: TypeAlias = Any
"""int64"""
Positions: TypeAlias = Any
"""int32"""
Flags: TypeAlias = Any
"""bool"""
