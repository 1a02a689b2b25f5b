"""Native histograms as the classic series they would have been: buckets, sum and count.

A native histogram (https://prometheus.io/docs/specs/native_histograms/) counts in buckets whose
bounds follow from a schema; each bucket that holds something becomes a sample of
``name_bucket{le="bound"}``, counted up from the lowest as classic buckets are. Their number is
small and their form nested, so they are read one by one, in Python.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final

CUSTOM: Final = -53
STALE: Final = 0x7FF0_0000_0000_0002
"""The bits of the NaN that says a series has ended."""
_HIGHEST_SCHEMA: Final = 8
_LOWEST_SCHEMA: Final = -4

Field = tuple[int, int | bytes]


class MalformedHistogramError(ValueError):
    """What is said to be a histogram is none."""


@dataclass(slots=True)
class _Side:
    """Buckets on one side of zero: spans of (offset, length), and what each bucket holds."""

    spans: list[tuple[int, int]] = field(default_factory=list)
    deltas: list[int] = field(default_factory=list)
    counts: list[float] = field(default_factory=list)

    def take(self, part: int, value: int | bytes) -> None:
        """Spans, deltas and counts are the parts, in this order."""
        if part == 1:
            self.deltas.extend(map(_zigzag, _many(value)))
        elif isinstance(value, bytes):
            if part == 0:
                self.spans.append(_span(value))
            else:
                self.counts.extend(_doubles(value))

    def complete(self) -> None:
        """Add differences up to ``counts``, whole numbers then, once all parts are there.

        MalformedHistogramError where spans and buckets cannot be right.
        """
        self.counts = self.counts or list(accumulate(self.deltas))
        if sum(length for _, length in self.spans) != len(self.counts):
            raise MalformedHistogramError("spans and buckets do not agree")
        if any(offset < 0 for offset, _ in self.spans[1:]):
            raise MalformedHistogramError("a span begins within the one before it")
        if any(count < 0 for count in self.counts):
            raise MalformedHistogramError("a bucket holds less than nothing")

    def buckets(self) -> Iterator[tuple[int, float]]:
        """(index, count) of each bucket, in order of index."""
        values = iter(self.counts)
        index = 0
        for offset, length in self.spans:
            index += offset
            for _ in range(length):
                yield index, next(values)
                index += 1


@dataclass(frozen=True, slots=True)
class Histogram:
    """One native histogram: ``buckets`` are (upper bound, count up to it), ``sum`` bits."""

    time_ms: int
    count: float
    sum_bits: int
    buckets: tuple[tuple[float, float], ...]

    @property
    def stale(self) -> bool:
        """Whether it says that its series has ended."""
        return self.sum_bits == STALE


def read_histogram(message: bytes) -> Histogram:
    """Read one; MalformedHistogramError for what cannot be one. The fields are 1.0's and 2.0's."""
    try:
        return _read(message)
    except (ValueError, IndexError, struct.error, OverflowError) as error:
        raise MalformedHistogramError(str(error)) from error


@dataclass(slots=True)
class _Message:
    """The fields of a histogram, as they come."""

    count: float = 0.0
    whole: bool = False
    zero: float = 0.0
    sum_bits: int = 0
    schema: int = 0
    threshold: float = 0.0
    time_ms: int = 0
    positive: _Side = field(default_factory=_Side)
    negative: _Side = field(default_factory=_Side)
    custom: list[float] = field(default_factory=list)

    def take(self, number: int, value: int | bytes) -> None:
        """Take one field in; one of another wire type than it has is passed over."""
        if 8 <= number <= 10:
            self.negative.take(number - 8, value)
        elif 11 <= number <= 13:
            self.positive.take(number - 11, value)
        elif isinstance(value, int):
            self._number(number, value)
        elif number in (2, 5, 7):
            name = {2: "count", 5: "threshold", 7: "zero"}[number]
            setattr(self, name, _double(value))
        elif number == 3:
            self.sum_bits = int.from_bytes(value, "little")
        elif number == 16:
            self.custom.extend(_doubles(value))

    def _number(self, number: int, value: int) -> None:
        match number:
            case 1:
                self.count, self.whole = value, True
            case 4:
                self.schema = _zigzag(value)
            case 6:
                self.zero = value
            case 15:
                self.time_ms = _signed(value)

    def complete(self) -> None:
        """Refuse what Prometheus does: counts that contradict each other, bounds that do not rise.

        Of float counts the total is not looked at, as rounding makes it differ. What was not a
        number when it was observed is in no bucket: the sum is then none either.
        """
        self.positive.complete()
        self.negative.complete()
        if self.schema == CUSTOM:
            self._check_custom()
        elif self.custom:
            raise MalformedHistogramError("bounds of its own, and a schema that says others")
        if self.whole:
            held = sum(self.positive.counts) + sum(self.negative.counts) + self.zero
            unnumbered = math.isnan(_double(self.sum_bits.to_bytes(8, "little")))
            if held > self.count or (held != self.count and not unnumbered):
                raise MalformedHistogramError("its count is not what its buckets hold")

    def _check_custom(self) -> None:
        if self.zero or self.threshold or self.negative.spans:
            raise MalformedHistogramError("bounds of its own have no zero and no negative buckets")
        rising = all(a < b for a, b in zip(self.custom, self.custom[1:], strict=False))
        if not rising or not all(map(math.isfinite, self.custom)):
            raise MalformedHistogramError("its bounds do not rise, or are not finite")


def _read(message: bytes) -> Histogram:
    read = _Message()
    for number, value in fields(message):
        read.take(number, value)
    read.complete()
    if read.schema == CUSTOM:
        bounds = tuple(_custom_buckets(read.positive, read.custom))
    elif _LOWEST_SCHEMA <= read.schema <= _HIGHEST_SCHEMA:
        bounds = tuple(_exponential_buckets(read))
    else:
        raise MalformedHistogramError(f"there is no schema {read.schema}")
    return Histogram(read.time_ms, float(read.count), read.sum_bits, bounds)


def _exponential_buckets(read: _Message) -> Iterator[tuple[float, float]]:
    """Upper bounds in order, each with the count of all that lies below it."""
    running = 0.0
    for index, held in reversed(list(read.negative.buckets())):
        running += held
        if held:
            yield -_bound(index - 1, read.schema), running
    running += read.zero
    if read.zero:
        yield read.threshold, running
    for index, held in read.positive.buckets():
        running += held
        if held:
            yield _bound(index, read.schema), running


def _custom_buckets(positive: _Side, custom: list[float]) -> Iterator[tuple[float, float]]:
    running = 0.0
    for index, held in positive.buckets():
        if not 0 <= index <= len(custom):
            raise MalformedHistogramError("a bucket has no bound")
        running += held
        if held and index < len(custom):
            yield custom[index], running


def _bound(index: int, schema: int) -> float:
    """``(2 ** (2 ** -schema)) ** index``, infinite beyond the doubles."""
    exponent = index * 2.0**-schema
    return float("inf") if exponent >= 1024 else 2.0**exponent


def fields(message: bytes) -> Iterator[Field]:
    """Each field's number, and its varint or its bytes. ValueError where it is malformed."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == 2:
            size, at = _varint(message, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise MalformedHistogramError(f"there is no wire type {kind}")
        if at + size > len(message):
            raise MalformedHistogramError("it ends too early")
        yield number, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        read = message[at]
        at += 1
        value |= (read & 0x7F) << shift
        if read < 0x80:
            return value & (1 << 64) - 1, at
    raise MalformedHistogramError("a number of more than ten bytes")


def _many(value: int | bytes) -> Iterator[int]:
    """Varints that were packed, or one that was not."""
    if isinstance(value, int):
        yield value
        return
    at = 0
    while at < len(value):
        number, at = _varint(value, at)
        yield number


def _span(message: bytes) -> tuple[int, int]:
    offset = length = 0
    for number, value in fields(message):
        if number == 1 and isinstance(value, int):
            offset = _zigzag(value)
        elif number == 2 and isinstance(value, int):
            length = value
    return offset, length


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _zigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def _double(value: bytes) -> float:
    return float(struct.unpack("<d", value)[0])


def _doubles(value: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(value) // 8}d", value)
