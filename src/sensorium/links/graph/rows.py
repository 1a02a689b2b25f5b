"""Compiled work on compressed rows: ordering arcs, merging repeated ones, finding one."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensorium.ingest.compiled import kernel

Array = np.ndarray[Any, Any]


@kernel
def order_by(keys: Array, order: Array, buckets: int) -> Array:
    """``order`` sorted stably by ``keys[order]`` (0 to ``buckets`` - 1), in linear time."""
    starts = np.zeros(buckets + 1, np.int64)
    for n in range(len(order)):
        starts[keys[order[n]] + 1] += 1
    for bucket in range(buckets):
        starts[bucket + 1] += starts[bucket]
    out = np.empty(len(order), np.int64)
    for n in range(len(order)):
        key = keys[order[n]]
        out[starts[key]] = order[n]
        starts[key] += 1
    return out


@kernel
def firsts(source: Array, target: Array, order: Array) -> Array:
    """For each place in ``order``: the place where its run of equal (source, target) begins."""
    out = np.empty(len(order), np.int64)
    first = 0
    for n in range(len(order)):
        if n and not (
            source[order[n]] == source[order[first]] and target[order[n]] == target[order[first]]
        ):
            first = n
        out[n] = first
    return out


@kernel
def positions(indptr: Array, indices: Array, source: Array, target: Array) -> Array:
    """Where each arc lies in ``indices``, by binary search in its row; -1 where it is not."""
    out = np.empty(len(source), np.int64)
    for n in range(len(source)):
        low, high = indptr[source[n]], indptr[source[n] + 1]
        end = high
        while low < high:
            middle = (low + high) // 2
            if indices[middle] < target[n]:
                low = middle + 1
            else:
                high = middle
        out[n] = low if low < end and indices[low] == target[n] else -1
    return out
