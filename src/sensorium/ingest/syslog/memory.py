"""Bytes of an array without numba's care for negative indices: half the parser's time.

The caller has checked all bounds: a kernel only ever reads below the ``end`` it was given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

# numba's own code generation carries no types.
_make_array: Any = make_array
_raw_memcpy: Any = cgutils.raw_memcpy


def _byte(_context: Any, data: Any, _at: Any) -> Any:
    """``data[at]`` of a uint8 array, as int64."""
    signature = types.int64(data, types.int64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        array = _make_array(sig.args[0])(context, builder, args[0])
        value = builder.load(builder.gep(array.data, [args[1]]))
        return builder.zext(value, context.get_value_type(types.int64))

    return signature, generate


def _copy_bytes(
    _context: Any, target: Any, _target_at: Any, source: Any, _source_at: Any, _count: Any
) -> Any:
    """Copy ``count`` bytes between two uint8 arrays by the C library's ``memcpy``."""
    signature = types.void(target, types.intp, source, types.intp, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        to = _make_array(sig.args[0])(context, builder, args[0])
        of = _make_array(sig.args[2])(context, builder, args[2])
        _raw_memcpy(
            builder, builder.gep(to.data, [args[1]]), builder.gep(of.data, [args[3]]), args[4], 1
        )
        return context.get_dummy_value()

    return signature, generate


byte = cast(Callable[[Any, int], int], intrinsic(_byte))
copy_bytes = cast(Callable[[Any, int, Any, int, int], None], intrinsic(_copy_bytes))
