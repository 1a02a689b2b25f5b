"""Loads, stores and copies on raw addresses: what the kernels are made of.

A kernel takes arrays, and hands their addresses to the functions it calls for every message: an
array is seven arguments to a machine, and numba looks at each index for being negative. Nothing
is checked here: the caller MUST have proved that the bytes lie inside a live array. All values
are ``int64``; eight bytes at a time (:func:`word`) come little-endian, as text is searched.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_I64 = ir.IntType(64)
_LITTLE_ENDIAN = sys.byteorder == "little"


def _pointer(builder: Any, bits: int, address: Any, at: Any, scale: int) -> Any:
    # A pointer moved by an index, not a number: so the compiler sees what a loop walks over.
    base = builder.inttoptr(address, ir.IntType(8 * scale).as_pointer())
    place = builder.gep(base, [at])
    return place if 8 * scale == bits else builder.bitcast(place, ir.IntType(bits).as_pointer())


def _loader(bits: int, scale: int, *, signed: bool = False) -> Any:
    @intrinsic
    def load(_context: Any, _address: Any, _at: Any) -> Any:
        def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            value = builder.load(_pointer(builder, bits, args[0], args[1], scale), align=1)
            if bits == 64:
                return value if _LITTLE_ENDIAN or scale == 8 else builder.bswap(value)
            return builder.sext(value, _I64) if signed else builder.zext(value, _I64)

        return types.int64(types.int64, types.int64), generate

    return load


def _storer(bits: int, scale: int) -> Any:
    @intrinsic
    def store(_context: Any, _address: Any, _at: Any, _value: Any) -> Any:
        def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            value = args[2] if bits == 64 else builder.trunc(args[2], ir.IntType(bits))
            builder.store(value, _pointer(builder, bits, args[0], args[1], scale), align=1)
            return ctx.get_dummy_value()

        return types.void(types.int64, types.int64, types.int64), generate

    return store


def _copy(_context: Any, _target: Any, _source: Any, _count: Any) -> Any:
    def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        target, source = (builder.inttoptr(a, ir.IntType(8).as_pointer()) for a in args[:2])
        _raw_memcpy(builder, target, source, args[2], 1)
        return ctx.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


def _lowest(_context: Any, _value: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        bit = builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))
        return builder.lshr(bit, ir.Constant(_I64, 3))

    return types.int64(types.int64), generate


# numba's own code generation carries no types.
_raw_memcpy: Any = cgutils.raw_memcpy

byte = cast("Callable[[int, int], int]", _loader(8, 1))
"""``byte(data, at)``: one byte."""
word = cast("Callable[[int, int], int]", _loader(64, 1))
"""``word(data, at)``: eight bytes, the first lowest."""
position = cast("Callable[[int, int], int]", _loader(32, 4, signed=True))
"""``position(row, column)``: an element of an int32 array."""
put_byte = cast("Callable[[int, int, int], None]", _storer(8, 1))
"""``put_byte(data, at, value)``."""
put_word = cast("Callable[[int, int, int], None]", _storer(64, 1))
"""``put_word(data, at, value)``: eight bytes."""
put_position = cast("Callable[[int, int, int], None]", _storer(32, 4))
"""``put_position(row, column, value)``: into an int32 array."""
total = cast("Callable[[int, int], int]", _loader(64, 8))
"""``total(totals, index)``: an element of an int64 array."""
put_total = cast("Callable[[int, int, int], None]", _storer(64, 8))
"""``put_total(totals, index, value)``: into an int64 array."""
copy = cast("Callable[[int, int, int], None]", intrinsic(_copy))
"""``copy(target, source, count)``: bytes, by the C library's ``memcpy``."""
lowest_byte = cast("Callable[[int], int]", intrinsic(_lowest))
"""``lowest_byte(marks)``: the index of the lowest byte that is not 0; ``marks`` is not 0."""


def _cast(to_float: bool) -> Any:
    @intrinsic
    def reinterpret(_context: Any, _value: Any) -> Any:
        def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return builder.bitcast(args[0], ir.DoubleType() if to_float else _I64)

        if to_float:
            return types.float64(types.int64), generate
        return types.int64(types.float64), generate

    return reinterpret


float_of = cast("Callable[[int], float]", _cast(True))
"""``float_of(bits)``: the double with these 64 bits."""
bits_of = cast("Callable[[float], int]", _cast(False))
"""``bits_of(number)``: the 64 bits of a double."""
