"""Whole numbers as kernels compute with them: 64 bits, signed, wrapping round.

A kernel that runs as plain Python would otherwise compute with numbers of any size, and reach
states that the compiled one cannot.
"""

from __future__ import annotations

from typing import Any

_HALF = 1 << 63
_ALL = (1 << 64) - 1


class UndefinedError(AssertionError):
    """What compiled code does here is not defined: a finding."""


class Int64(int):
    """An int64. Results are ``Int64`` again, so that whatever comes of memory stays one."""

    # NumPy's scalars then leave an operation to this class.
    __array_ufunc__ = None

    def __invert__(self) -> Int64:
        return Int64(~int(self))

    def __neg__(self) -> Int64:
        return wrapped(-int(self))

    def __index__(self) -> int:
        return int(self)

    def __hash__(self) -> int:
        return int.__hash__(self)


def wrapped(value: int) -> Int64:
    """A number's low 64 bits, signed."""
    if -_HALF <= value < _HALF:
        return Int64(value)
    value &= _ALL
    return Int64(value - (1 << 64) if value >= _HALF else value)


def _arithmetic(name: str) -> Any:
    plain = getattr(int, name)

    def operate(self: Int64, other: Any) -> Any:
        result = plain(self, other)
        if result is NotImplemented:
            result = plain(self, _plain(other))
            if result is NotImplemented:
                return result
        return Int64(result) if -_HALF <= result < _HALF else wrapped(result)

    return operate


def _shift(name: str, *, reflected: bool) -> Any:
    plain = getattr(int, name)

    def operate(self: Int64, other: Any) -> Any:
        other = _plain(other)
        distance = int(self) if reflected else other
        if isinstance(distance, int) and not 0 <= distance < 64:
            raise UndefinedError(f"a shift by {distance} bits")
        result = plain(self, other)
        return result if result is NotImplemented else wrapped(result)

    return operate


def _plain(value: Any) -> Any:
    """NumPy's integers as Python's; anything else as it is."""
    return value if isinstance(value, int | float) else getattr(value, "item", lambda: value)()


def _comparison(name: str) -> Any:
    plain = getattr(int, name)

    def compare(self: Int64, other: Any) -> Any:
        return plain(self, other if isinstance(other, int) else _plain(other))

    return compare


for _name in "eq ne lt le gt ge".split():
    setattr(Int64, f"__{_name}__", _comparison(f"__{_name}__"))
for _name in "add sub mul and or xor floordiv mod".split():
    for _method in (f"__{_name}__", f"__r{_name}__"):
        setattr(Int64, _method, _arithmetic(_method))
for _name in ("lshift", "rshift"):
    setattr(Int64, f"__{_name}__", _shift(f"__{_name}__", reflected=False))
    setattr(Int64, f"__r{_name}__", _shift(f"__r{_name}__", reflected=True))
