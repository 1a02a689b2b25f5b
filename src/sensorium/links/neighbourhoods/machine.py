"""What a processor can do and Python has no words for: to expect memory, to multiply and add."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# numba's own code generation carries no types.
named: Any = cgutils.get_or_insert_function


def _expected(_context: Any, _address: Any) -> Any:
    def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        fetch = named(builder.module, kind, "llvm.prefetch.p0")
        # For reading, to be kept in all caches, as data.
        how = [ir.Constant(number, value) for value in (0, 3, 1)]
        builder.call(fetch, [builder.inttoptr(args[0], pointer), *how])
        return ctx.get_dummy_value()

    return types.void(types.int64), generate


def _multiplied_added(_context: Any, _a: Any, _b: Any, _c: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        number = ir.FloatType()
        kind = ir.FunctionType(number, [number] * 3)
        return builder.call(named(builder.module, kind, "llvm.fmuladd.f32"), args)

    return types.float32(types.float32, types.float32, types.float32), generate


expect = cast("Callable[[int], None]", intrinsic(_expected))
"""``expect(address)``: that line of memory is wanted soon; any address will do."""
multiply_add = cast("Callable[[Any, Any, Any], Any]", intrinsic(_multiplied_added))
"""``multiply_add(a, b, c)``: a times b plus c, float32, as one step where the processor has it."""
