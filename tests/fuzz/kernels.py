"""Kernels as plain Python that computes and indexes as the compiled ones do."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.fuzz.machine import Int64, wrapped


class Lent(np.ndarray):
    """An array as a kernel sees it: elements are :class:`Int64`, and too large ones are cut."""

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return _scalar(found) if isinstance(found, np.generic) else found

    def __setitem__(self, index: Any, value: Any) -> None:
        try:
            super().__setitem__(index, value)
        except OverflowError:
            bits = 8 * self.dtype.itemsize
            low = int(value) & ((1 << bits) - 1)
            if self.dtype.kind == "i" and low >> (bits - 1):
                low -= 1 << bits
            super().__setitem__(index, low)

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))


def _scalar(value: Any) -> Any:
    """A NumPy scalar as kernels have it; uint64, which is not mixed with others, as it is."""
    if isinstance(value, np.uint64):
        return value
    return wrapped(int(value)) if isinstance(value, np.integer) else value.item()


def lent(value: Any) -> Any:
    """An argument as a kernel gets it."""
    if type(value) is np.ndarray:
        return value.view(Lent)
    if isinstance(value, np.generic):
        return _scalar(value)
    if isinstance(value, tuple):
        parts = map(lent, value)
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return wrapped(value) if type(value) is int else value


class _Numpy:
    """NumPy as kernels use it: arrays that are made are lent."""

    class uint64:  # noqa: N801  named as NumPy's
        dtype = np.dtype(np.uint64)

        def __new__(cls, value: int) -> Any:
            return np.uint64(int(value) & ((1 << 64) - 1))

    @staticmethod
    def int64(value: int) -> Int64:
        return wrapped(int(value))

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def zeros(shape: Any, kind: Any) -> Any:
        return np.zeros(shape, _kind(kind)).view(Lent)

    @staticmethod
    def empty(shape: Any, kind: Any) -> Any:
        return np.empty(shape, _kind(kind)).view(Lent)


_numpy = _Numpy()


def _kind(kind: Any) -> Any:
    return np.int64 if kind is _Numpy.int64 else kind


def plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """In place of ``compiled.kernel``."""
    return _Kernel(function, lends=True)


def plain_inner(function: Callable[..., Any]) -> Callable[..., Any]:
    """In place of ``compiled.inner``."""
    return _Kernel(function, lends=False)


class _Kernel:
    """A function whose globals are those of its file, with arrays lent and NumPy replaced.

    They are taken at the first call, when the file has been read to its end.
    """

    def __init__(self, function: Callable[..., Any], *, lends: bool) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._lends = lends
        self._run: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        run = self._run or self._prepare()
        if self._lends:
            return run(*map(lent, arguments))
        return run(*arguments)

    def _prepare(self) -> Callable[..., Any]:
        function: Any = self._function
        names = {
            name: _numpy if value is np else lent(value) if isinstance(value, np.ndarray) else value
            for name, value in function.__globals__.items()
        }
        self._run = types.FunctionType(
            function.__code__, names, function.__name__, function.__defaults__, function.__closure__
        )
        return self._run
