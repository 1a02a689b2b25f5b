"""Kernels that read a host's habits off the memory, and write them into it."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inlined, kernel
from sensorium.links.network.table import edge_key, find, mixed, place

_HALF_LIFE: Final = 500.0
"""Windows after which a contact weighs half in the vectors."""
_BELIEF: Final = 20.0
"""A host's rate of first contacts is believed to be that of all hosts, as if seen so often."""
_STEP: Final = 24.0
"""Windows of idleness that begin to tell."""
_LONG: Final = 1_000.0
_ASKED: Final = 1 << 12
"""Pairs of targets of which is remembered who talks with both, and whether the one talks with the
other, while features are made."""
_TARGETS, _SOURCES, _TASTE, _COMPANY = 0, 1, 2, 3
_NEVER: Final = -(1 << 40)


@kernel
def features(
    hosts: Any, edges: Any, totals: Any, source: Any, target: Any, window: int, out: Any
) -> None:
    """Fill the first 25 columns of ``out``: see :data:`~sensorium.links.network.names.FEATURES`."""
    # Arrays come out of their tuples once: to take one out in the loop counts a reference.
    slots, keys, counts, seen, outward, inward, filled, vectors = hosts
    edge_slots, known, edge_seen, _ = edges
    usual = (totals[1] + 1.0) / (totals[0] + 2.0)
    against = -math.log((totals[2] + 1.0) / (totals[1] + 10.0))
    rare, idle = -math.log(usual), math.log1p(_LONG / _STEP)
    ring = inward.shape[1]
    asked, many = np.zeros(_ASKED, np.uint64), np.empty(_ASKED, np.int64)
    others, weights = np.empty((_ASKED, ring), np.uint64), np.empty((_ASKED, ring))
    common = asked, many, others, weights, np.empty(_ASKED)
    for at in range(len(source)):
        a, b = source[at], target[at]
        edge = find(edge_slots, known, edge_key(a, b))
        row_a, row_b = find(slots, keys, a), find(slots, keys, b)
        out[at, 0] = edge < 0
        if edge >= 0:
            out[at, 1] = math.log1p(max(window - edge_seen[edge], 0))
        out[at, 12] = find(edge_slots, known, edge_key(b, a)) >= 0
        out[at, 13] = against
        out[at, 2] = out[at, 3] = rare
        out[at, 4] = out[at, 5] = idle
        if row_a >= 0:
            first, edges_out = counts[row_a, 1], counts[row_a, 0]
            out[at, 2] = -math.log((first + _BELIEF * usual) / (edges_out + _BELIEF))
            out[at, 4] = _idle(seen[row_a, 0], window)
            out[at, 6], out[at, 7] = math.log1p(edges_out), math.log1p(counts[row_a, 2])
            out[at, 23] = first / max(counts[row_a, 4], 1.0)
        if row_b >= 0:
            first, edges_in = counts[row_b, 3], counts[row_b, 2]
            out[at, 3] = -math.log((first + _BELIEF * usual) / (edges_in + _BELIEF))
            out[at, 5] = _idle(seen[row_b, 0], window)
            out[at, 8], out[at, 9] = math.log1p(counts[row_b, 0]), math.log1p(edges_in)
            out[at, 24] = first / max(counts[row_b, 5], 1.0)
        out[at, 19], out[at, 20] = row_a < 0, row_b < 0
        out[at, 21] = row_a >= 0 and counts[row_a, 0] == 0
        out[at, 22] = row_b >= 0 and counts[row_b, 2] == 0
        if row_a < 0 or row_b < 0:
            continue
        if edge < 0:
            rings = outward, inward, filled
            shared = _shared(slots, keys, counts, rings, edge_slots, known, common, row_a, b)
            alike = _alike(slots, keys, counts, rings, edge_slots, known, common, row_a, a, b)
            out[at, 10], out[at, 11] = math.log1p(shared), math.log1p(alike)
        if vectors.shape[2] > 0:
            _angles(vectors, row_a, row_b, at, out)


@kernel
def unknown(edges: Any, source: Any, target: Any, out: Any) -> None:
    """Which edges are not in the table."""
    edge_slots, known, _, _ = edges
    for at in range(len(source)):
        out[at] = find(edge_slots, known, edge_key(source[at], target[at])) < 0


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
    slots, keys, counts, seen, outward, inward, filled, vectors = hosts
    edge_slots, known, edge_seen, pairs = edges
    for at in range(len(source)):
        a, b = source[at], target[at]
        row_a = _host(slots, keys, seen, vectors, a, window, held)
        row_b = _host(slots, keys, seen, vectors, b, window, held)
        counts[row_a, 0] += 1
        counts[row_b, 2] += 1
        totals[0] += 1.0
        if seen[row_a, 1] != window:
            counts[row_a, 4] += 1
            seen[row_a, 1] = window
        if seen[row_b, 2] != window:
            counts[row_b, 5] += 1
            seen[row_b, 2] = window
        if not taken[at]:
            continue
        key = edge_key(a, b)
        edge = find(edge_slots, known, key)
        if edge < 0:
            edge = held[1]
            held[1] += 1
            place(edge_slots, known, key, edge)
            pairs[edge, 0], pairs[edge, 1] = a, b
            counts[row_a, 1] += 1
            counts[row_b, 3] += 1
            totals[1] += 1.0
            totals[2] += find(edge_slots, known, edge_key(b, a)) >= 0
        edge_seen[edge] = window
        _remember(outward, filled, row_a, 0, b)
        _remember(inward, filled, row_b, 1, a)
        if vectors.shape[2] > 0:
            _lean(vectors, row_a, row_b, a, b)


@inlined
def _idle(seen: Any, window: Any) -> Any:
    return math.log1p(min(max(window - seen, 0), _LONG) / _STEP)


@inlined
def _host(slots: Any, keys: Any, seen: Any, vectors: Any, key: Any, window: Any, held: Any) -> Any:
    """The host's row, made where missing; its vectors fade by the windows it was not seen in."""
    row = find(slots, keys, key)
    if row < 0:
        row = held[0]
        held[0] += 1
        place(slots, keys, key, row)
        seen[row, 0] = seen[row, 1] = seen[row, 2] = _NEVER
    elif seen[row, 0] < window and vectors.shape[2] > 0:
        left = np.float32(0.5 ** ((window - seen[row, 0]) / _HALF_LIFE))
        for kind in range(vectors.shape[1]):
            for i in range(vectors.shape[2]):
                vectors[row, kind, i] *= left
    seen[row, 0] = max(seen[row, 0], window)
    return row


@inlined
def _remember(rings: Any, filled: Any, row: Any, side: Any, key: Any) -> None:
    size = rings.shape[1]
    for at in range(min(filled[row, side], size)):
        if rings[row, at] == key:
            return
    rings[row, filled[row, side] % size] = key
    filled[row, side] += 1


@inlined
def _lean(vectors: Any, one: Any, other: Any, a: Any, b: Any) -> None:
    """Let a contact move the vectors of both its ends."""
    signs_a, signs_b = mixed(a), mixed(b)
    targets, sources = 0.0, 0.0
    for i in range(vectors.shape[2]):
        targets += vectors[one, _TARGETS, i] * vectors[one, _TARGETS, i]
        sources += vectors[other, _SOURCES, i] * vectors[other, _SOURCES, i]
    targets, sources = math.sqrt(targets), math.sqrt(sources)
    for i in range(vectors.shape[2]):
        bit = np.uint64(i)
        if targets > 0:
            vectors[other, _TASTE, i] += vectors[one, _TARGETS, i] / targets
        if sources > 0:
            vectors[one, _COMPANY, i] += vectors[other, _SOURCES, i] / sources
        vectors[one, _TARGETS, i] += 1.0 if (signs_b >> bit) & np.uint64(1) else -1.0
        vectors[other, _SOURCES, i] += 1.0 if (signs_a >> bit) & np.uint64(1) else -1.0


@inlined
def _angles(vectors: Any, one: Any, other: Any, at: Any, out: Any) -> None:
    """The cosines of both ends' vectors. One loop, so that no sum waits for another."""
    aa = cc = ss = bb = tt = rr = 0.0
    at_, cr, ab, sr, ar = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(vectors.shape[2]):
        targets, sources = vectors[one, _TARGETS, i], vectors[one, _SOURCES, i]
        company, taste = vectors[one, _COMPANY, i], vectors[other, _TASTE, i]
        b_targets, b_sources = vectors[other, _TARGETS, i], vectors[other, _SOURCES, i]
        aa += targets * targets
        ss += sources * sources
        cc += company * company
        tt += taste * taste
        bb += b_targets * b_targets
        rr += b_sources * b_sources
        at_ += targets * taste
        cr += company * b_sources
        ab += targets * b_targets
        sr += sources * b_sources
        ar += targets * b_sources
    aa, ss, cc = math.sqrt(aa), math.sqrt(ss), math.sqrt(cc)
    tt, bb, rr = math.sqrt(tt), math.sqrt(bb), math.sqrt(rr)
    out[at, 14], out[at, 15] = _cosine(at_, aa * tt), _cosine(cr, cc * rr)
    out[at, 16], out[at, 17] = _cosine(ab, aa * bb), _cosine(sr, ss * rr)
    out[at, 18] = _cosine(ar, aa * rr)


@inlined
def _cosine(dot: Any, size: Any) -> Any:
    return dot / size if size > 0 else 0.0


@inlined
def _weight(slots: Any, keys: Any, counts: Any, key: Any) -> Any:
    """Adamic and Adar (2003): a neighbour in common tells less the more it has itself."""
    row = find(slots, keys, key)
    if row < 0:
        return 1.0
    return 1.0 / math.log(2.0 + counts[row, 0] + counts[row, 2])


@inlined
def _shared(
    slots: Any,
    keys: Any,
    counts: Any,
    rings: Any,
    edge_slots: Any,
    known: Any,
    common: Any,
    row: Any,
    b: Any,
) -> Any:
    """Neighbours of the source that are neighbours of the target too."""
    out, into, filled = rings
    total = 0.0
    for at in range(min(filled[row, 0], out.shape[1])):
        slot = _between(slots, keys, counts, rings, edge_slots, known, common, out[row, at], b)
        total += common[4][slot]
    for at in range(min(filled[row, 1], into.shape[1])):
        through = into[row, at]
        if (
            find(edge_slots, known, edge_key(through, b)) >= 0
            or find(edge_slots, known, edge_key(b, through)) >= 0
        ):
            total += _weight(slots, keys, counts, through)
    return total


@inlined
def _alike(
    slots: Any,
    keys: Any,
    counts: Any,
    rings: Any,
    edge_slots: Any,
    known: Any,
    common: Any,
    row: Any,
    a: Any,
    b: Any,
) -> Any:
    """Others that share a target with the source and talk with this one, too."""
    out, _, filled = rings
    _, many, others, weights, _ = common
    total = 0.0
    for at in range(min(filled[row, 0], out.shape[1])):
        slot = _between(slots, keys, counts, rings, edge_slots, known, common, out[row, at], b)
        for nth in range(many[slot]):
            if others[slot, nth] != a:
                total += weights[slot, nth]
    return total


@inlined
def _between(
    slots: Any,
    keys: Any,
    counts: Any,
    rings: Any,
    edge_slots: Any,
    known: Any,
    common: Any,
    through: Any,
    b: Any,
) -> Any:
    """The place in ``common`` of what lies between two targets.

    Many ask the same of two targets: ``common`` has who talks with both, and the weight of the
    first where it talks with the second, of the last that were asked of, by the key of an edge
    from one to the other.
    """
    _, into, filled = rings
    asked, many, others, weights, linked = common
    pair = edge_key(through, b)
    slot = pair & np.uint64(len(asked) - 1)
    if asked[slot] == pair:
        return slot
    asked[slot], many[slot], linked[slot] = pair, 0, 0.0
    middle = find(slots, keys, through)
    if find(edge_slots, known, pair) >= 0:
        linked[slot] = _weight(slots, keys, counts, through)
    for nth in range(min(filled[middle, 1], into.shape[1]) if middle >= 0 else 0):
        other = into[middle, nth]
        if find(edge_slots, known, edge_key(other, b)) >= 0:
            of = find(slots, keys, other)
            weight = 1.0 / math.sqrt(1.0 + (counts[of, 0] if of >= 0 else 0.0))
            others[slot, many[slot]], weights[slot, many[slot]] = other, weight
            many[slot] += 1
    return slot
