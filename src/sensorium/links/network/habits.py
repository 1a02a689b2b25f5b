"""Kernels that read a host's habits off the memory, and write them into it."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inner, kernel
from sensorium.links.network.table import edge_key, find, mixed, place

_HALF_LIFE: Final = 500.0
"""Windows after which a contact weighs half in the vectors."""
_BELIEF: Final = 20.0
"""A host's rate of first contacts is believed to be that of all hosts, as if seen so often."""
_STEP: Final = 24.0
"""Windows of idleness that begin to tell."""
_LONG: Final = 1_000.0
_TARGETS, _SOURCES, _TASTE, _COMPANY = 0, 1, 2, 3
_STRANGER: Final = -1


@kernel
def features(
    hosts: Any, edges: Any, totals: Any, source: Any, target: Any, window: int, out: Any
) -> None:
    """Fill the first 25 columns of ``out``: see :data:`~sensorium.links.network.names.FEATURES`."""
    usual = (totals[1] + 1.0) / (totals[0] + 2.0)
    against = -math.log((totals[2] + 1.0) / (totals[1] + 10.0))
    for at in range(len(source)):
        a, b = source[at], target[at]
        edge = find(edges.keys, edge_key(a, b))
        row_a, row_b = find(hosts.keys, a), find(hosts.keys, b)
        line = out[at]
        line[0] = edge < 0
        if edge >= 0:
            line[1] = math.log1p(max(window - edges.seen[edge], 0))
        line[12] = find(edges.keys, edge_key(b, a)) >= 0
        line[13] = against
        line[2] = line[3] = -math.log(usual)
        line[4] = line[5] = math.log1p(_LONG / _STEP)
        if row_a >= 0:
            counts = hosts.counts[row_a]
            line[2] = -math.log((counts[1] + _BELIEF * usual) / (counts[0] + _BELIEF))
            line[4] = _idle(hosts, row_a, window)
            line[6], line[7] = math.log1p(counts[0]), math.log1p(counts[2])
            line[23] = counts[1] / max(counts[4], 1.0)
        if row_b >= 0:
            counts = hosts.counts[row_b]
            line[3] = -math.log((counts[3] + _BELIEF * usual) / (counts[2] + _BELIEF))
            line[5] = _idle(hosts, row_b, window)
            line[8], line[9] = math.log1p(counts[0]), math.log1p(counts[2])
            line[24] = counts[3] / max(counts[5], 1.0)
        line[19], line[20] = row_a < 0, row_b < 0
        line[21] = row_a >= 0 and hosts.counts[row_a, 0] == 0
        line[22] = row_b >= 0 and hosts.counts[row_b, 2] == 0
        if row_a < 0 or row_b < 0:
            continue
        if edge < 0:
            line[10] = math.log1p(_shared(hosts, edges, row_a, b))
            line[11] = math.log1p(_alike(hosts, edges, row_a, a, b))
        one, other = hosts.vectors[row_a], hosts.vectors[row_b]
        line[14] = _cosine(one[_TARGETS], other[_TASTE])
        line[15] = _cosine(one[_COMPANY], other[_SOURCES])
        line[16] = _cosine(one[_TARGETS], other[_TARGETS])
        line[17] = _cosine(one[_SOURCES], other[_SOURCES])
        line[18] = _cosine(one[_TARGETS], other[_SOURCES])


@kernel
def unknown(edges: Any, source: Any, target: Any, out: Any) -> None:
    """Which edges are not in the table."""
    for at in range(len(source)):
        out[at] = find(edges.keys, edge_key(source[at], target[at])) < 0


@kernel
def learn(
    hosts: Any,
    edges: Any,
    totals: Any,
    source: Any,
    target: Any,
    window: int,
    taken: Any,
    held: Any,
) -> None:
    """Take edges in; ``held`` (2,) counts hosts and edges. Tables must have room for all."""
    for at in range(len(source)):
        a, b = source[at], target[at]
        row_a, row_b = _host(hosts, a, window, held), _host(hosts, b, window, held)
        hosts.counts[row_a, 0] += 1.0
        hosts.counts[row_b, 2] += 1.0
        totals[0] += 1.0
        if hosts.seen[row_a, 1] != window:
            hosts.counts[row_a, 4] += 1.0
            hosts.seen[row_a, 1] = window
        if hosts.seen[row_b, 2] != window:
            hosts.counts[row_b, 5] += 1.0
            hosts.seen[row_b, 2] = window
        if not taken[at]:
            continue
        key = edge_key(a, b)
        slot = find(edges.keys, key)
        if slot < 0:
            slot = place(edges.keys, key)
            edges.pairs[slot, 0], edges.pairs[slot, 1] = a, b
            held[1] += 1
            hosts.counts[row_a, 1] += 1.0
            hosts.counts[row_b, 3] += 1.0
            totals[1] += 1.0
            totals[2] += find(edges.keys, edge_key(b, a)) >= 0
        edges.seen[slot] = window
        _remember(hosts.out[row_a], hosts.filled[row_a], 0, b)
        _remember(hosts.into[row_b], hosts.filled[row_b], 1, a)
        _lean(hosts.vectors[row_a], hosts.vectors[row_b], a, b)


@inner
def _idle(hosts: Any, row: Any, window: Any) -> Any:
    return math.log1p(min(max(window - hosts.seen[row, 0], 0), _LONG) / _STEP)


@inner
def _host(hosts: Any, key: Any, window: Any, held: Any) -> Any:
    """The host's row, made where missing; its vectors fade by the windows it was not seen in."""
    row = find(hosts.keys, key)
    if row < 0:
        row = place(hosts.keys, key)
        held[0] += 1
    elif hosts.seen[row, 0] < window:
        hosts.vectors[row] *= np.float32(0.5 ** ((window - hosts.seen[row, 0]) / _HALF_LIFE))
    hosts.seen[row, 0] = max(hosts.seen[row, 0], window)
    return row


@inner
def _remember(ring: Any, filled: Any, side: Any, key: Any) -> None:
    for at in range(min(filled[side], len(ring))):
        if ring[at] == key:
            return
    ring[filled[side] % len(ring)] = key
    filled[side] += 1


@inner
def _lean(one: Any, other: Any, a: Any, b: Any) -> None:
    """Let a contact move the vectors of both its ends."""
    signs_a, signs_b = mixed(a), mixed(b)
    long_out, long_in = _length(one[_TARGETS]), _length(other[_SOURCES])
    for i in range(one.shape[1]):
        bit = np.uint64(i)
        if long_out > 0:
            other[_TASTE, i] += one[_TARGETS, i] / long_out
        if long_in > 0:
            one[_COMPANY, i] += other[_SOURCES, i] / long_in
        one[_TARGETS, i] += 1.0 if (signs_b >> bit) & np.uint64(1) else -1.0
        other[_SOURCES, i] += 1.0 if (signs_a >> bit) & np.uint64(1) else -1.0


@inner
def _length(vector: Any) -> Any:
    total = 0.0
    for i in range(len(vector)):
        total += vector[i] * vector[i]
    return math.sqrt(total)


@inner
def _cosine(one: Any, other: Any) -> Any:
    dot = 0.0
    for i in range(len(one)):
        dot += one[i] * other[i]
    size = _length(one) * _length(other)
    return dot / size if size > 0 else 0.0


@inner
def _weight(hosts: Any, key: Any) -> Any:
    """Adamic and Adar (2003): a neighbour in common tells less the more it has itself."""
    row = find(hosts.keys, key)
    if row < 0:
        return 1.0
    return 1.0 / math.log(2.0 + hosts.counts[row, 0] + hosts.counts[row, 2])


@inner
def _shared(hosts: Any, edges: Any, row: Any, b: Any) -> Any:
    """Neighbours of the source that are neighbours of the target too."""
    total = 0.0
    for at in range(min(hosts.filled[row, 0], hosts.out.shape[1])):
        through = hosts.out[row, at]
        if find(edges.keys, edge_key(through, b)) >= 0:
            total += _weight(hosts, through)
    for at in range(min(hosts.filled[row, 1], hosts.into.shape[1])):
        through = hosts.into[row, at]
        if (
            find(edges.keys, edge_key(through, b)) >= 0
            or find(edges.keys, edge_key(b, through)) >= 0
        ):
            total += _weight(hosts, through)
    return total


@inner
def _alike(hosts: Any, edges: Any, row: Any, a: Any, b: Any) -> Any:
    """Others that share a target with the source and talk with this one, too."""
    total = 0.0
    for at in range(min(hosts.filled[row, 0], hosts.out.shape[1])):
        middle = find(hosts.keys, hosts.out[row, at])
        if middle < 0:
            continue
        for place_in in range(min(hosts.filled[middle, 1], hosts.into.shape[1])):
            other = hosts.into[middle, place_in]
            if other != a and find(edges.keys, edge_key(other, b)) >= 0:
                of = find(hosts.keys, other)
                total += 1.0 / math.sqrt(1.0 + (hosts.counts[of, 0] if of >= 0 else 0.0))
    return total
