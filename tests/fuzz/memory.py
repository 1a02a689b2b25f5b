"""Loads and stores of kernels, each held against AddressSanitizer's map of what may be touched.

The runner preloads the sanitizer's library, so that every allocation of the process (NumPy's,
Arrow's and Python's) has poisoned ground around it and stays poisoned for a while after it is
freed. Kernels run as plain Python; what they do to memory goes through here.
"""

from __future__ import annotations

import ctypes
import struct
from typing import Any

from tests.fuzz.machine import Int64, wrapped

_WHOLE = 1 << 47


class OutOfBoundsError(AssertionError):
    """A kernel touched memory that it was not given: a finding."""


def _everything() -> Any:
    return memoryview((ctypes.c_ubyte * _WHOLE).from_address(0)).cast("B")


def _poison() -> Any:
    library = ctypes.PyDLL(None)
    try:
        ask = library.__asan_region_is_poisoned
    except AttributeError as error:
        raise SystemExit("run by `make fuzz-coverage`: it preloads the sanitizer") from error
    ask.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    ask.restype = ctypes.c_void_p
    scale, offset = ctypes.c_size_t(), ctypes.c_size_t()
    library.__asan_get_shadow_mapping(ctypes.byref(scale), ctypes.byref(offset))
    if scale.value != 3:
        raise SystemExit("the sanitizer maps memory in another way than is known here")
    shadow = memoryview((ctypes.c_ubyte * (_WHOLE >> 3)).from_address(offset.value)).cast("B")
    return ask, shadow


_memory = _everything()
_is_poisoned, _shadow = _poison()


def check(address: int, size: int, what: str) -> None:
    """OutOfBoundsError unless these bytes all belong to something that is alive."""
    if size <= 0:
        if size < 0:
            raise OutOfBoundsError(f"a {what} of {size} bytes")
        return
    if not 4096 <= address < _WHOLE - size:
        raise OutOfBoundsError(f"a {what} of {size} bytes at {address:#x}, which is no address")
    if size <= 8 and not (_shadow[address >> 3] or _shadow[address + size - 1 >> 3]):
        return
    bad = _is_poisoned(address, size)
    if bad is not None:
        raise OutOfBoundsError(
            f"a {what} of {size} bytes at {address:#x}: from byte {bad - address} on it is not ours"
        )


def load(address: int, size: int, *, big: bool = False, signed: bool = True) -> Int64:
    """An integer of ``size`` bytes."""
    address = int(address)
    check(address, size, "load")
    value = int.from_bytes(
        _memory[address : address + size], "big" if big else "little", signed=signed
    )
    return wrapped(value)


def store(address: int, size: int, value: int) -> None:
    """Write an integer's low bytes."""
    address = int(address)
    check(address, size, "store")
    low = int(value) & ((1 << (8 * size)) - 1)
    _memory[address : address + size] = low.to_bytes(size, "little")


def copy(target: int, source: int, count: int) -> None:
    """Copy bytes; where the two overlap, ``memcpy`` is not defined."""
    target, source, count = int(target), int(source), int(count)
    check(source, count, "copy from")
    check(target, count, "copy to")
    if count and abs(target - source) < count:
        raise OutOfBoundsError(f"a copy of {count} bytes onto itself")
    _memory[target : target + count] = bytes(_memory[source : source + count])


def _lowest_byte(marks: int) -> Int64:
    if marks == 0:
        raise OutOfBoundsError("the lowest byte of no mark")
    return Int64(((int(marks) & -int(marks)).bit_length() - 1) >> 3)


def _float_of(bits: int) -> float:
    value: float = struct.unpack("<d", struct.pack("<q", wrapped(int(bits))))[0]
    return value


def _bits_of(number: float) -> Int64:
    return Int64(struct.unpack("<q", struct.pack("<d", number))[0])


def patch_shared(memory: Any) -> None:
    """Put these in place of :mod:`sensorium.ingest.memory`'s."""
    memory.byte = lambda data, at: load(data + at, 1, signed=False)
    memory.word = lambda data, at: load(data + at, 8)
    memory.position = lambda row, column: load(row + 4 * column, 4)
    memory.total = lambda totals, index: load(totals + 8 * index, 8)
    memory.put_byte = lambda data, at, value: store(data + at, 1, value)
    memory.put_word = lambda data, at, value: store(data + at, 8, value)
    memory.put_position = lambda row, column, value: store(row + 4 * column, 4, value)
    memory.put_total = lambda totals, index, value: store(totals + 8 * index, 8, value)
    memory.copy = copy
    memory.lowest_byte = _lowest_byte
    memory.float_of = _float_of
    memory.bits_of = _bits_of


def patch_netflow(wire: Any) -> None:
    """Put these in place of :mod:`sensorium.ingest.netflow.wire`'s."""
    for bits in (8, 16, 32, 64):
        size = bits // 8
        setattr(wire, f"load_u{bits}", _loader(size, big=True))
        setattr(wire, f"store_u{bits}", lambda at, value, size=size: store(at, size, value))
        if bits > 8:
            setattr(wire, f"native_u{bits}", _loader(size, big=False))
    wire.lane = lambda lanes, index: load(lanes + 8 * index, 8)
    wire.set_lane = lambda lanes, index, value: store(lanes + 8 * index, 8, value)


def _loader(size: int, *, big: bool) -> Any:
    return lambda at: load(at, size, big=big, signed=False)
