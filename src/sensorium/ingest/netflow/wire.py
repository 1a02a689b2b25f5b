"""Loads and stores on raw addresses, the two primitives every kernel is made of.

NumPy views cannot read a big-endian word at any address without a copy, and numba's arrays add a
bounds branch to each access; these compile to one ``mov`` and one ``bswap``. They check nothing:
the caller MUST have proved that the bytes lie inside a live buffer.

All values are ``int64`` (a ``u64`` keeps its bit pattern), because numba turns ``int64`` with
``uint64`` into a float.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_I64 = ir.IntType(64)


def _loader(bits: int, *, swap: bool = True) -> Any:
    word = ir.IntType(bits)

    @intrinsic
    def load(_context: Any, _address: Any) -> Any:
        def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            pointer = builder.inttoptr(args[0], word.as_pointer())
            value = builder.load(pointer, align=1)
            if swap and bits > 8:
                value = builder.bswap(value)
            return value if bits == 64 else builder.zext(value, _I64)

        return types.int64(types.int64), generate

    return load


def _storer(bits: int) -> Any:
    word = ir.IntType(bits)

    @intrinsic
    def store(_context: Any, _address: Any, _value: Any) -> Any:
        def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            pointer = builder.inttoptr(args[0], word.as_pointer())
            narrowed = args[1] if bits == 64 else builder.trunc(args[1], word)
            builder.store(narrowed, pointer, align=bits // 8)
            return ctx.get_dummy_value()

        return types.void(types.int64, types.int64), generate

    return store


load_u8 = _loader(8)
load_u16 = _loader(16)
load_u32 = _loader(32)
load_u64 = _loader(64)

native_u16 = _loader(16, swap=False)
native_u32 = _loader(32, swap=False)
native_u64 = _loader(64, swap=False)

store_u8 = _storer(8)
store_u16 = _storer(16)
store_u32 = _storer(32)
store_u64 = _storer(64)


def _lane() -> Any:
    @intrinsic
    def load(_context: Any, _lanes: Any, _index: Any) -> Any:
        def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            pointer = builder.inttoptr(args[0], _I64.as_pointer())
            return builder.load(builder.gep(pointer, [args[1]]), align=8)

        return types.int64(types.int64, types.int64), generate

    return load


def _set_lane() -> Any:
    @intrinsic
    def store(_context: Any, _lanes: Any, _index: Any, _value: Any) -> Any:
        def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            pointer = builder.inttoptr(args[0], _I64.as_pointer())
            builder.store(args[2], builder.gep(pointer, [args[1]]), align=8)
            return ctx.get_dummy_value()

        return types.void(types.int64, types.int64, types.int64), generate

    return store


lane = _lane()
"""``lane(address, i)``: the ``i``-th of the machine's int64 from an address on."""

set_lane = _set_lane()
"""``set_lane(address, i, value)`` writes it."""
