"""Records that hold a piece of a packet instead of its fields: what its headers say, in columns.

Juniper's inline monitoring and IOS XR export what they sample as dataLinkFrameSection (RFC 7133)
and hardly anything beside it. Where a template has no addresses, what it leaves of the columns is
filled from the packet, as sFlow's are.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.memory import total
from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.records import next_record
from sensorium.ingest.netflow.wire import (
    lane,
    load_u8,
    set_lane,
    store_u8,
    store_u16,
    store_u32,
    store_u64,
)
from sensorium.ingest.packet import attributes as noted
from sensorium.ingest.packet import columns as col
from sensorium.ingest.packet.layers import ETHERNET, IPV4, IPV6, parse
from sensorium.ingest.packet.notes import begin_row

Int64s = npt.NDArray[np.int64]

# Elements that are a piece of a packet, and the layer that it begins with; 0 is that of IP.
SECTIONS: Final = {315: ETHERNET, 104: ETHERNET, 313: 0}
FRAME_SIZE: Final = 312

_FILLED: Final = (
    *("src_addr", "dst_addr", "src_port", "dst_port", "proto", "tcp_flags", "ip_tos", "etype"),
    *("icmp_type", "icmp_code", "src_vlan", "mpls_label", "src_mac", "dst_mac"),
)
PACKET_COLUMNS: Final = frozenset(at.COLUMN[name] for name in (*_FILLED, "bytes", "packets"))
"""What a packet fills."""

# Of each column of flows: where it stands in a packet's row, and its size in bytes.
_SOURCE = np.array([getattr(col, name.upper()) for name in _FILLED], np.int64)
_TARGET = np.array([at.COLUMN[name] for name in _FILLED], np.int64)
_SIZE = np.array([at.SIZES[at.COLUMN[name]] for name in _FILLED], np.int64)

_W_START = at.W_START
_W_END = at.W_END
_W_ROW = at.W_ROW
_W_ROWS = at.W_ROWS
_W_PROGRAM = at.W_PROGRAM
_P_KIND = at.P_KIND
_P_LENGTH = at.P_LENGTH
_P_SECTION_SEGMENT = at.P_SECTION_SEGMENT
_P_SECTION_OFFSET = at.P_SECTION_OFFSET
_P_SECTION_WIDTH = at.P_SECTION_WIDTH
_P_SECTION_LAYER = at.P_SECTION_LAYER
_P_SECTION_COLUMNS = at.P_SECTION_COLUMNS
_LANES = at.LANES
_FIXED = at.FIXED
_BYTES = at.COLUMN["bytes"]
_PACKETS = at.COLUMN["packets"]
_N_USED = noted.N_USED
_E_NAME = noted.E_NAME
_E_VALUE = noted.E_VALUE
_ENTRY_WIDTH = noted.ENTRY_WIDTH
_LENGTH_V4 = noted.NUMBER["totalLengthIPv4"]
_LENGTH_V6 = noted.NUMBER["payloadLengthIPv6"]
_HEADER_V6 = 40


@inner
def _store(target: Any, size: Any, packet: Any, source: Any) -> None:
    if size == 16:
        store_u64(target, total(packet, source))
        store_u64(target + 8, total(packet, source + 1))
    elif size == 8:
        store_u64(target, total(packet, source))
    elif size == 4:
        store_u32(target, total(packet, source))
    elif size == 2:
        store_u16(target, total(packet, source))
    else:
        store_u8(target, total(packet, source))


@inner
def _ip_length(notes: Any, used: Any) -> Any:
    """Bytes of the packet from its IP header on, as that says; 0 where there is none."""
    length = 0
    for index in range(used):
        name = total(notes, index * _ENTRY_WIDTH + _E_NAME)
        value = total(notes, index * _ENTRY_WIDTH + _E_VALUE)
        length = value if name == _LENGTH_V4 else value + _HEADER_V6
    return length


@inner
def _read(
    source: Any,
    width: Any,
    layer: Any,
    wanted: Any,
    columns: Any,
    row: Any,
    packet: Any,
    state: Any,
    notes: Any,
) -> None:
    """Fill the columns in the bit set ``wanted`` of a row from the packet at ``source``."""
    for index in range(packet.shape[0]):
        packet[index] = 0
    state[_N_USED] = 0
    begin_row(state.ctypes.data)
    if layer == 0 and width > 0:
        layer = IPV6 if load_u8(source) >> 4 == 6 else IPV4
    here = packet.ctypes.data
    parse(source, 0, width, layer, here, state.ctypes.data)
    for index in range(_TARGET.shape[0]):
        column = _TARGET[index]
        if wanted >> column & 1:
            _store(columns[column] + _SIZE[index] * row, _SIZE[index], here, _SOURCE[index])
    if wanted >> _BYTES & 1:
        store_u64(columns[_BYTES] + 8 * row, _ip_length(notes, state[_N_USED]))
    if wanted >> _PACKETS & 1:
        store_u64(columns[_PACKETS] + 8 * row, 1)


@kernel
def _read_sections(
    work: Any,
    programs: Any,
    segments: Any,
    base: Any,
    lengths: Any,
    columns: Any,
    packet: Any,
    state: Any,
    notes: Any,
) -> None:
    for turn in range(work.shape[0]):
        item = work[turn]
        program = programs[item[_W_PROGRAM]]
        width = program[_P_SECTION_WIDTH]
        if width == 0:
            continue
        start = item[_W_START]
        for row in range(item[_W_ROW], item[_W_ROW] + item[_W_ROWS]):
            segment = _LANES * program[_P_SECTION_SEGMENT]
            if program[_P_KIND] == _FIXED:
                set_lane(base, 0, start)
                after = start + program[_P_LENGTH]
            else:
                after = next_record(program, segments, start, item[_W_END], base, lengths, 0)
            source = lane(base, segment) + program[_P_SECTION_OFFSET]
            size = width
            if width < 0:
                size = lane(lengths, segment)
                source -= size
            _read(
                source, size, program[_P_SECTION_LAYER], program[_P_SECTION_COLUMNS],
                columns, row, packet, state, notes,
            )  # fmt: skip
            start = after


def read_sections(
    work: Int64s,
    programs: Int64s,
    segments: Int64s,
    places: tuple[int, int],
    columns: Int64s,
) -> None:
    """Fill the rows of all work whose records hold a piece of a packet.

    ``columns`` are the addresses of the columns' first values, ``places`` those of lanes.
    """
    book = noted.Notebook(2, header=True)
    book.state[noted.N_UNWANTED :] = -1
    for name in (_LENGTH_V4, _LENGTH_V6):
        book.state[noted.N_UNWANTED + (name >> 5)] &= ~(1 << (name & 31))
    packet = np.zeros(col.WIDTH, np.int64)
    _read_sections(
        *(work, programs, segments, *places, columns),
        *(packet, book.state, int(book.table.ctypes.data)),
    )
