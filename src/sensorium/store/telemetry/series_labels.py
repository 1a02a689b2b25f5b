"""The labels of samples, written once for each series of an insert.

A sample's labels are those of the series' sample before, and ClickHouse takes longer to read and to
merge a map of six strings than all else of a sample. So samples are stored with one text, the
labels as a JSON object, of which an insert brings each once; ``labels`` is read from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME = "series_labels"
"""The column that holds the text."""

# Bytes that a JSON string cannot hold as they are.
_SPECIAL = np.zeros(256, np.bool_)
_SPECIAL[[*range(32), ord('"'), ord("\\")]] = True
_SPECIALS = r'["\\\x00-\x1f]'


def with_labels_as_text(table: pa.Table) -> pa.Table:
    """``labels`` (a map) replaced by :data:`NAME`, and what is a series' own brought once for each.

    Name and labels follow from ``series_id`` (see :mod:`sensorium.ingest.series`); a series' first
    row speaks for all of its rows. A table without labels is returned as it is.
    """
    if "labels" not in table.column_names:
        return table
    series = table.column("series_id").combine_chunks().dictionary_encode()
    index = series.indices
    first = _first_rows(index.to_numpy(), len(series.dictionary))
    columns = {name: table.column(name) for name in table.column_names if name != "labels"}
    labels = table.column("labels").combine_chunks().take(first)
    columns[NAME] = _of_each(_texts(labels), index)
    if "name" in columns:
        columns["name"] = _of_each(columns["name"].combine_chunks().take(first), index)
    if "kind" in columns:
        columns["kind"] = columns["kind"].combine_chunks().dictionary_encode()
    return pa.table(columns)


def _of_each(told: pa.Array, index: pa.Array) -> pa.DictionaryArray:
    """What is told of each series, for the series of each row; the dictionary's values differ."""
    known = told.dictionary_encode()
    return pa.DictionaryArray.from_arrays(known.indices.take(index), known.dictionary)


def _first_rows(index: NDArray[np.int32], count: int) -> pa.Array:
    """Of each number below ``count``, the first row that has it."""
    first = np.empty(count, np.int64)
    first[index[::-1]] = np.arange(len(index) - 1, -1, -1)
    return pa.array(first)


def _texts(labels: pa.MapArray) -> pa.Array:
    """Each map as a JSON object of strings, its entries in their order."""
    offsets = labels.offsets
    start, end = offsets[0].as_py(), offsets[len(labels)].as_py()
    keys, values = (
        _escaped(part.slice(start, end - start)) for part in (labels.keys, labels.items)
    )
    entries = pc.binary_join_element_wise('"', keys, '":"', values, '"', "")
    objects = pa.ListArray.from_arrays(pc.subtract(offsets, offsets[0]), entries)
    return pc.binary_join_element_wise("{", pc.binary_join(objects, ","), "}", "")


def _escaped(texts: pa.Array) -> pa.Array:
    """What stands between the quotes of a JSON string."""
    held = np.frombuffer(texts.buffers()[2] or b"", np.uint8)
    if not _SPECIAL[held].any():  # perhaps of neighbours' texts, which costs time and no more
        return texts
    special = pc.match_substring_regex(texts, _SPECIALS)
    escaped = [orjson.dumps(text)[1:-1].decode() for text in texts.filter(special).to_pylist()]
    return pc.replace_with_mask(texts, special, pa.array(escaped, pa.string()))
