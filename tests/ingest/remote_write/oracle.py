"""Remote-write decoded the slow, obvious way: with the protobuf library, record by record."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from sensorium.ingest.series import series_id
from tests.ingest.remote_write.messages import V1, V2

Row = tuple[int, int, str, tuple[tuple[str, str], ...], int]
"""Nanoseconds, series id, name, labels, and the bits of the value."""


def rows_of(body: bytes, version: int) -> tuple[list[Row], int]:
    """All rows of float samples, and how many samples belong to no valid series."""
    rows: list[Row] = []
    refused = 0
    for labels, samples in series_of(body, version):
        named = name_and_labels(labels)
        for sample in samples:
            if named is None or abs(sample.timestamp) >= 9_223_372_036_854:
                refused += 1
                continue
            (bits,) = struct.unpack("<q", struct.pack("<d", sample.value))
            name, pairs = named
            rows.append((sample.timestamp * 1_000_000, series_id(name, pairs), name, pairs, bits))
    return rows, refused


def series_of(body: bytes, version: int) -> Iterator[tuple[list[tuple[str, str]], Iterable[Any]]]:
    if version == 1:
        for series in V1["WriteRequest"].FromString(body).timeseries:
            yield [(label.name, label.value) for label in series.labels], series.samples
        return
    request = V2["Request"].FromString(body)
    for series in request.timeseries:
        texts = [request.symbols[number] for number in series.labels_refs]
        yield list(zip(texts[::2], texts[1::2], strict=True)), series.samples


def name_and_labels(
    labels: list[tuple[str, str]],
) -> tuple[str, tuple[tuple[str, str], ...]] | None:
    """The metric's name and its sorted labels; None where they are not valid."""
    names = [name for name, _ in labels]
    if "" in names or len(set(names)) < len(names):
        return None
    kept = {name: value for name, value in labels if value}
    name = kept.pop("__name__", "")
    return (name, tuple(sorted(kept.items()))) if name else None
