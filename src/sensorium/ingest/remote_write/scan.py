"""Take a write request apart into columns: one kernel, run to count and then to fill.

The messages are ``prometheus.WriteRequest`` (remote-write 1.0) and
``io.prometheus.write.v2.Request`` (2.0), as https://prometheus.io/docs/specs/ gives them. Their
labels come out the same: pairs of texts, each by its place in the body. Fields that are not known
are passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.ingest.compiled import inner, kernel
from sensorium.ingest.memory import position, put_position, put_total, total, word
from sensorium.ingest.remote_write.wire import BYTES, length, skip, varint

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]

V1: Final = 1
V2: Final = 2
PADDING: Final = 8
"""Bytes that must lie behind a body, for whole words to be read at its end."""

# What is counted; the first five are also where the next one goes.
SERIES: Final = 0
TEXTS: Final = 1
SAMPLES: Final = 2
HISTOGRAMS: Final = 3
FAMILIES: Final = 4
EXEMPLARS: Final = 5
CREATED: Final = 6
SYMBOLS: Final = 7
COUNTS: Final = 8

# Where the columns' addresses are.
TEXT_AT: Final = 0
TEXT_SIZE: Final = 1
FIRST_TEXT: Final = 2
FIRST_SAMPLE: Final = 3
KIND: Final = 4
TIME: Final = 5
VALUE: Final = 6
PLACE_AT: Final = 7
PLACE_SIZE: Final = 8
PLACE_SERIES: Final = 9
FAMILY_AT: Final = 10
FAMILY_SIZE: Final = 11
FIRST_EXEMPLAR: Final = 12
SYMBOL_AT: Final = 13
SYMBOL_SIZE: Final = 14
COLUMNS: Final = 15


@inner
def _text(columns: int, counts: int, fill: int, at: int, size: int) -> None:
    row = total(counts, TEXTS)
    if fill:
        put_position(total(columns, TEXT_AT), row, at)
        put_position(total(columns, TEXT_SIZE), row, size)
    put_total(counts, TEXTS, row + 1)


@inner
def _label(data: int, at: int, end: int, columns: int, counts: int, fill: int) -> int:
    """A 1.0 label: name and value, either of which may be left out where it is empty."""
    name_at = value_at = at
    name_size = value_size = 0
    while at < end:
        tag, at = varint(data, at, end)
        if at < 0:
            return -1
        if tag in (10, 18):
            size, at = length(data, at, end)
            if at < 0:
                return -1
            if tag == 10:
                name_at, name_size = at, size
            else:
                value_at, value_size = at, size
            at += size
        else:
            at = skip(data, at, end, tag & 7)
            if at < 0:
                return -1
    _text(columns, counts, fill, name_at, name_size)
    _text(columns, counts, fill, value_at, value_size)
    return at


@inner
def _reference(columns: int, counts: int, fill: int, symbol: int) -> bool:
    """A 2.0 label's name or value, by its number in the table of symbols."""
    if symbol < 0 or symbol >= total(counts, SYMBOLS):
        return False
    if fill:
        at = position(total(columns, SYMBOL_AT), symbol)
        _text(columns, counts, fill, at, position(total(columns, SYMBOL_SIZE), symbol))
    else:
        _text(columns, counts, fill, 0, 0)
    return True


@inner
def _references(data: int, at: int, end: int, columns: int, counts: int, fill: int) -> int:
    while at < end:
        symbol, at = varint(data, at, end)
        if at < 0 or not _reference(columns, counts, fill, symbol):
            return -1
    return at


@inner
def _sample(data: int, at: int, end: int, columns: int, counts: int, fill: int) -> int:
    """A sample: a double, whose bits are kept, and milliseconds."""
    value = time = 0
    while at < end:
        tag, at = varint(data, at, end)
        if at < 0:
            return -1
        if tag == 9:
            if end - at < 8:
                return -1
            value = word(data, at)
            at += 8
        elif tag == 16:
            time, at = varint(data, at, end)
        elif tag == 24:
            begun, at = varint(data, at, end)
            put_total(counts, CREATED, total(counts, CREATED) + (begun != 0))
        else:
            at = skip(data, at, end, tag & 7)
        if at < 0:
            return -1
    row = total(counts, SAMPLES)
    if fill:
        put_total(total(columns, TIME), row, time)
        put_total(total(columns, VALUE), row, value)
    put_total(counts, SAMPLES, row + 1)
    return at


@inner
def _place(columns: int, counts: int, fill: int, at: int, size: int) -> None:
    """Note where a native histogram is; there are few, and they are read one by one."""
    row = total(counts, HISTOGRAMS)
    if fill:
        put_total(total(columns, PLACE_AT), row, at)
        put_total(total(columns, PLACE_SIZE), row, size)
        put_total(total(columns, PLACE_SERIES), row, total(counts, SERIES))
    put_total(counts, HISTOGRAMS, row + 1)


@inner
def _metadata_kind(data: int, at: int, end: int) -> tuple[int, int]:
    """The type in a 2.0 metadata message."""
    kind = 0
    while at < end:
        tag, at = varint(data, at, end)
        if at < 0:
            return 0, -1
        if tag == 8:
            kind, at = varint(data, at, end)
        else:
            at = skip(data, at, end, tag & 7)
        if at < 0:
            return 0, -1
    return kind, at


@inner
def _inside_v1(
    tag: int, data: int, at: int, size: int, columns: int, counts: int, fill: int
) -> int:
    """A message in a 1.0 series."""
    if tag == 10:
        return _label(data, at, at + size, columns, counts, fill)
    if tag == 18:
        return _sample(data, at, at + size, columns, counts, fill)
    if tag == 26:
        put_total(counts, EXEMPLARS, total(counts, EXEMPLARS) + 1)
    elif tag == 34:
        _place(columns, counts, fill, at, size)
    return at + size


@inner
def _inside_v2(
    tag: int, data: int, at: int, size: int, columns: int, counts: int, fill: int
) -> int:
    """A message in a 2.0 series, but for its metadata."""
    if tag == 10:
        return _references(data, at, at + size, columns, counts, fill)
    if tag == 18:
        return _sample(data, at, at + size, columns, counts, fill)
    if tag == 26:
        _place(columns, counts, fill, at, size)
    elif tag == 34:
        put_total(counts, EXEMPLARS, total(counts, EXEMPLARS) + 1)
    return at + size


@inner
def _number_v2(tag: int, data: int, at: int, end: int, columns: int, counts: int, fill: int) -> int:
    """A reference that was not packed, or when the series began."""
    value, at = varint(data, at, end)
    if at < 0:
        return -1
    if tag == 48:
        put_total(counts, CREATED, total(counts, CREATED) + (value != 0))
    elif not _reference(columns, counts, fill, value):
        return -1
    return at


@inner
def _series(
    data: int, at: int, end: int, version: int, columns: int, counts: int, fill: int
) -> int:
    kind = 0
    while at < end:
        tag, at = varint(data, at, end)
        if at < 0:
            return -1
        if tag & 7 == BYTES:
            size, at = length(data, at, end)
            if at < 0:
                return -1
            if version == V1:
                at = _inside_v1(tag, data, at, size, columns, counts, fill)
            elif tag == 42:
                kind, at = _metadata_kind(data, at, at + size)
            else:
                at = _inside_v2(tag, data, at, size, columns, counts, fill)
        elif version == V2 and tag in (8, 48):
            at = _number_v2(tag, data, at, end, columns, counts, fill)
        else:
            at = skip(data, at, end, tag & 7)
        if at < 0:
            return -1
    row = total(counts, SERIES)
    if fill:
        put_position(total(columns, KIND), row, kind)
        put_position(total(columns, FIRST_TEXT), row + 1, total(counts, TEXTS))
        put_position(total(columns, FIRST_SAMPLE), row + 1, total(counts, SAMPLES))
        put_position(total(columns, FIRST_EXEMPLAR), row + 1, total(counts, EXEMPLARS))
    put_total(counts, SERIES, row + 1)
    return at


@kernel
def _walk(data: int, end: int, version: int, columns: int, counts: int, fill: int) -> bool:
    """Count what is in a request, or fill the columns; False where it is malformed."""
    message = 10 if version == V1 else 42
    at = 0
    while at < end:
        tag, at = varint(data, at, end)
        if at < 0:
            return False
        if tag & 7 == BYTES:
            size, at = length(data, at, end)
            if at < 0:
                return False
            if tag == message:
                if _series(data, at, at + size, version, columns, counts, fill) < 0:
                    return False
            elif tag == 26 and version == V1:
                row = total(counts, FAMILIES)
                if fill:
                    put_total(total(columns, FAMILY_AT), row, at)
                    put_total(total(columns, FAMILY_SIZE), row, size)
                put_total(counts, FAMILIES, row + 1)
            at += size
        else:
            at = skip(data, at, end, tag & 7)
            if at < 0:
                return False
    return True


@kernel
def _symbols(data: int, end: int, columns: int, counts: int, fill: int) -> bool:
    """The table of symbols of a 2.0 request, wherever in it they stand."""
    at = row = 0
    while at < end:
        tag, at = varint(data, at, end)
        if at < 0:
            return False
        if tag == 34:
            size, at = length(data, at, end)
            if at < 0:
                return False
            if fill:
                put_position(total(columns, SYMBOL_AT), row, at)
                put_position(total(columns, SYMBOL_SIZE), row, size)
            row += 1
            at += size
        else:
            at = skip(data, at, end, tag & 7)
            if at < 0:
                return False
    put_total(counts, SYMBOLS, row)
    return True


@dataclass(frozen=True, slots=True)
class Scanned:
    """A request of ``s`` series, ``n`` samples and ``h`` native histograms, in columns.

    ``body`` has :data:`PADDING` bytes more than the request. Texts, two for each label, are by
    place and size in it; series ``i`` has texts ``first_text[i]`` to ``first_text[i + 1]`` and
    samples ``first_sample[i]`` to ``first_sample[i + 1]`` (int32, s + 1), and so for exemplars,
    of which no more than the number is kept. ``kinds`` (int32, s)
    are 2.0's metric types. ``times`` int64 (n,) milliseconds; ``values`` int64 (n,), the bits of
    doubles. Histograms and metadata are (place, size) int64; ``histogram_series`` int64 (h,).
    """

    body: npt.NDArray[np.uint8]
    text_at: I32
    text_size: I32
    first_text: I32
    first_sample: I32
    first_exemplar: I32
    kinds: I32
    times: I64
    values: I64
    histogram_at: I64
    histogram_size: I64
    histogram_series: I64
    family_at: I64
    family_size: I64
    created: int

    def part(self, at: int, size: int) -> bytes:
        """Bytes of the body."""
        return self.body[at : at + size].tobytes()


def scan(body: bytes, version: int, max_samples: int) -> Scanned | None:
    """Take a request apart; None where it is no such message.

    TooManySamplesError beyond ``max_samples``, before memory is taken for them.
    """
    data = np.zeros(len(body) + PADDING, np.uint8)
    data[: len(body)] = np.frombuffer(body, np.uint8)
    address, end = data.ctypes.data, len(body)
    counts, columns = np.zeros(COUNTS, np.int64), np.zeros(COLUMNS, np.int64)
    where = (columns.ctypes.data, counts.ctypes.data)
    symbols = np.zeros((2, 0), np.int32)
    if version == V2:
        if not _symbols(address, end, *where, 0):
            return None
        symbols = np.zeros((2, int(counts[SYMBOLS])), np.int32)
        columns[SYMBOL_AT], columns[SYMBOL_SIZE] = symbols[0].ctypes.data, symbols[1].ctypes.data
        _symbols(address, end, *where, 1)
    if not _walk(address, end, version, *where, 0):
        return None
    if counts[SAMPLES] > max_samples:
        raise TooManySamplesError(int(counts[SAMPLES]))
    found = _allocate(data, counts)
    _point_to(columns, found)
    counts[:SYMBOLS] = 0
    _walk(address, end, version, *where, 1)
    return found


class TooManySamplesError(Exception):
    """A request has more samples than allowed; the argument says how many."""


def _allocate(data: npt.NDArray[np.uint8], counts: I64) -> Scanned:
    series, texts, samples, histograms, families = (int(n) for n in counts[:EXEMPLARS])
    return Scanned(
        body=data,
        text_at=np.empty(texts, np.int32),
        text_size=np.empty(texts, np.int32),
        first_text=np.zeros(series + 1, np.int32),
        first_sample=np.zeros(series + 1, np.int32),
        first_exemplar=np.zeros(series + 1, np.int32),
        kinds=np.empty(series, np.int32),
        times=np.empty(samples, np.int64),
        values=np.empty(samples, np.int64),
        histogram_at=np.empty(histograms, np.int64),
        histogram_size=np.empty(histograms, np.int64),
        histogram_series=np.empty(histograms, np.int64),
        family_at=np.empty(families, np.int64),
        family_size=np.empty(families, np.int64),
        created=int(counts[CREATED]),
    )


def _point_to(columns: I64, found: Scanned) -> None:
    placed: dict[int, npt.NDArray[Any]] = {
        TEXT_AT: found.text_at,
        TEXT_SIZE: found.text_size,
        FIRST_TEXT: found.first_text,
        FIRST_SAMPLE: found.first_sample,
        FIRST_EXEMPLAR: found.first_exemplar,
        KIND: found.kinds,
        TIME: found.times,
        VALUE: found.values,
        PLACE_AT: found.histogram_at,
        PLACE_SIZE: found.histogram_size,
        PLACE_SERIES: found.histogram_series,
        FAMILY_AT: found.family_at,
        FAMILY_SIZE: found.family_size,
    }
    for index, column in placed.items():
        columns[index] = column.ctypes.data
