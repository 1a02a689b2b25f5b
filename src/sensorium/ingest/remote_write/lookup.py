"""Find the series that label sets belong to, and write rows' names and labels: the kernels."""

from __future__ import annotations

from typing import Any, Final

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.memory import copy, position, put_position
from sensorium.ingest.remote_write.wire import hashed, same

MISSING: Final = -1
_SEED: Final = 0x51_7C_C1_B7_27_22_0A_95


@inner
def _is_series(
    body: int, text_at: Any, text_size: Any, start: int, stop: int, arena: int, at: int, sizes: Any
) -> bool:
    """Whether texts are those kept at ``at`` of the arena, whose sizes begin ``sizes``."""
    for i in range(stop - start):
        size = text_size[start + i]
        if sizes[i] != size:
            return False
        if not same(body, text_at[start + i], arena, at, size):
            return False
        at += size
    return True


@kernel
def find(
    body: int,
    text_at: Any,
    text_size: Any,
    first_text: Any,
    table: Any,
    arena: int,
    known: Any,
    raw_sizes: Any,
    hashes: Any,
    slots: Any,
) -> None:
    """Fill ``slots`` (int32, s) with each label set's slot, :data:`MISSING` where it is new.

    ``known`` (int64, slots x 4) has each slot's hash, where its texts are in the arena, where
    their sizes begin in ``raw_sizes`` (int32), and how many there are. ``table`` (int32, a power
    of two) holds slots plus one by hash, 0 where it is free. ``hashes`` (int64, s) come out.
    """
    mask = len(table) - 1
    for i in range(len(slots)):
        start, stop = first_text[i], first_text[i + 1]
        value = _SEED
        for text in range(start, stop):
            value = hashed(body, text_at[text], text_size[text], value)
        hashes[i] = value
        slots[i] = MISSING
        at = value & mask
        while table[at] != 0:
            slot = table[at] - 1
            if known[slot, 0] == value and known[slot, 3] == stop - start:
                sizes = raw_sizes[known[slot, 2] : known[slot, 2] + stop - start]
                if _is_series(body, text_at, text_size, start, stop, arena, known[slot, 1], sizes):
                    slots[i] = slot
                    break
            at = (at + 1) & mask


@kernel
def enter(table: Any, known: Any, first: int, stop: int) -> None:
    """Put slots ``first`` to ``stop`` into the table, which has room for them."""
    mask = len(table) - 1
    for slot in range(first, stop):
        at = known[slot, 0] & mask
        while table[at] != 0:
            at = (at + 1) & mask
        table[at] = slot + 1


@kernel
def write_texts(slots: Any, arena: int, text: Any, ends: int, data: int) -> None:
    """One text for each row: ``text`` (int64, slots x 2) says where each slot's is, and its size.

    ``ends`` is the address of int32 (n + 1) with a leading 0, ``data`` of the bytes.
    """
    at = 0
    for i in range(len(slots)):
        slot = slots[i]
        size = text[slot, 1]
        copy(data + at, arena + text[slot, 0], size)
        at += size
        put_position(ends, i + 1, at)


@kernel
def write_labels(
    slots: Any, arena: int, text: Any, lists: Any, sizes: int, ends: int, data: int
) -> None:
    """Each row's labels' names, or their values, one text after the other.

    ``text`` says where a slot's texts lie together, ``lists`` (int64, slots x 2) where their
    sizes begin in the int32 array at ``sizes`` and how many there are.
    """
    at = entry = 0
    for i in range(len(slots)):
        slot = slots[i]
        copy(data + at, arena + text[slot, 0], text[slot, 1])
        first = lists[slot, 0]
        for k in range(lists[slot, 1]):
            at += position(sizes, first + k)
            entry += 1
            put_position(ends, entry, at)
