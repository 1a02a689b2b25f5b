"""Kernels that draw neighbours from a graph in compressed rows."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from sensorium.ingest.compiled import inner, kernel

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_R30, _R27, _R31, _R32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)
_LOW: Final = np.uint64(0xFFFFFFFF)


@inner
def _mixed(state: Any) -> Any:
    """The output of SplitMix64 (Steele, Lea & Flood 2014) at this state."""
    z = (state ^ (state >> _R30)) * _MIX_1
    z = (z ^ (z >> _R27)) * _MIX_2
    return z ^ (z >> _R31)


@kernel
def arcs_drawn(starts: Any, stops: Any, k: int) -> int:
    """How many arcs :func:`draw_arcs` writes."""
    total = 0
    for row in range(len(starts)):
        degree = stops[row] - starts[row]
        total += degree if k < 0 else min(degree, k)
    return total


@kernel
def draw_arcs(
    starts: Any, stops: Any, k: int, stream: Any, first: int, taken: Any, targets: Any, arcs: Any
) -> None:
    """Draw ``k`` arcs of each row without replacement, all of them where there are no more.

    Row ``i`` has arcs ``starts[i]`` to ``stops[i]``; those drawn are written to ``arcs``, beside
    ``first + i`` in ``targets``. Every set of ``k`` is as likely as any other (R. Floyd, in
    Bentley 1987, "A sample of brilliance"). ``taken`` has a zero for each arc of the widest row,
    and has them again afterwards.
    """
    state = _mixed(stream + _STEP)
    at = 0
    for row in range(len(starts)):
        start = starts[row]
        degree = stops[row] - start
        if k < 0 or degree <= k:
            for arc in range(start, start + degree):
                arcs[at] = arc
                targets[at] = first + row
                at += 1
            continue
        began = at
        for last in range(degree - k, degree):
            state = state + _STEP
            # A row has fewer than 2^32 arcs, so that the high half of this product is below last+1.
            position: Any = np.int64(((_mixed(state) & _LOW) * np.uint64(last + 1)) >> _R32)
            if taken[position]:
                position = last
            taken[position] = 1
            arcs[at] = start + position
            targets[at] = first + row
            at += 1
        for drawn in range(began, at):
            taken[arcs[drawn] - start] = 0


@kernel
def relabel(found: Any, row_of: Any, known: int, rows: Any, new: Any) -> int:
    """Give each node a row: ``row_of[node]``, or the next from ``known`` on where that is -1.

    ``rows`` gets the row of each of ``found``, ``new`` the nodes that had none; returns how many.
    """
    count = 0
    for at in range(len(found)):
        node = found[at]
        row = row_of[node]
        if row < 0:
            row = known + count
            row_of[node] = row
            new[count] = node
            count += 1
        rows[at] = row
    return count


@kernel
def stops_before(starts: Any, stops: Any, times: Any, before: Any) -> None:
    """Move each stop down to the first arc that is not before the row's time.

    ``times`` ascend from ``starts[i]`` to ``stops[i]``.
    """
    for row in range(len(starts)):
        low, high = starts[row], stops[row]
        while low < high:
            middle = (low + high) >> 1
            if times[middle] < before[row]:
                low = middle + 1
            else:
                high = middle
        stops[row] = low
