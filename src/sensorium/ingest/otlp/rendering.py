"""Values of log records that no kernel writes: doubles, and lists, maps and bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sensorium.ingest.otlp import records
from sensorium.ingest.otlp.values import any_value, as_text, flattened, numbers
from sensorium.ingest.otlp.wire import SPARE

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Keys and values by address and length, int64 (m, 4); value ``i`` has those from
    ``first[i]`` to ``first[i + 1]``. ``held`` keeps alive what the addresses point to.
    """

    first: Ints
    pairs: Ints
    held: tuple[object, ...]


def render(data: Bytes, found: Ints) -> Rendered:
    """Render the values of a request's records (n, R_WIDTH), in their order.

    A map becomes an attribute an entry, ``key.entry``; as a body it is JSON.
    """
    number = found[:, records.R_KIND] == records.DOUBLE
    texts = numbers(np.ascontiguousarray(found[number, records.R_VALUE]).view(np.float64))
    nested = [_nested(data, row) for row in found[~number].tolist()]
    each = np.ones(len(found), np.int64)
    each[~number] = [len(pairs) for pairs in nested]
    first = np.zeros(len(found) + 1, np.int64)
    np.cumsum(each, out=first[1:])
    pairs = np.zeros((int(first[-1]), 4), np.int64)
    at = first[:-1][number]
    pairs[at, 0] = data.ctypes.data + np.maximum(found[number, records.R_KEY], 0)
    pairs[at, 1] = found[number, records.R_KEY + 1]
    _, offsets, letters = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[: len(texts) + 1].astype(np.int64)
    pairs[at, 2] = (letters.address if letters else 0) + ends[:-1]
    pairs[at, 3] = np.diff(ends)
    several = [text.encode("utf-8", "replace") for one in nested for pair in one for text in pair]
    joined = np.frombuffer(b"".join(several) + bytes(SPARE), np.uint8)
    lengths = np.array([len(text) for text in several], np.int64)
    starts = joined.ctypes.data + np.cumsum(lengths) - lengths
    others = np.repeat(~number, each)
    pairs[others] = np.column_stack([starts, lengths]).reshape(-1, 4)
    return Rendered(first, pairs, (texts, joined, data))


def _nested(data: Bytes, row: list[int]) -> list[tuple[str, str]]:
    kind, value, length = row[records.R_KIND], row[records.R_VALUE], row[records.R_LENGTH]
    key_at, key_length = row[records.R_KEY], row[records.R_KEY + 1]
    if kind == records.NESTED:
        found = any_value(data[value : value + length].tobytes())
    elif kind == records.BOOL:
        found = value != 0
    else:
        found = value
    if key_at < 0:
        return [("", as_text(found))]
    key = data[key_at : key_at + key_length].tobytes().decode("utf-8", "replace")
    return list(flattened(key, found))


def sizes(found: Ints, rendered: Rendered, count: int) -> Ints:
    """What the rendered values add to each of ``count`` records: pairs, key and value bytes.

    int64 (count, 4); the last column is what they add to the body.
    """
    each = np.diff(rendered.first)
    record = np.repeat(found[:, records.R_RECORD], each)
    body = np.repeat(found[:, records.R_KEY] < 0, each)
    added = np.zeros((count, 4), np.int64)
    np.add.at(added[:, 0], record[~body], 1)
    np.add.at(added[:, 1], record[~body], rendered.pairs[~body, 1])
    np.add.at(added[:, 2], record[~body], rendered.pairs[~body, 3])
    np.add.at(added[:, 3], record[body], rendered.pairs[body, 3])
    return added


def nothing() -> Rendered:
    """For records that have no such values."""
    return Rendered(np.zeros(1, np.int64), np.zeros((0, 4), np.int64), (pa.array([]),))
