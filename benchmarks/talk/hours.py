"""Distinct edges by the hour: DARPA's, and the messages of a students' network."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.edges import corpus

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
F64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

ROOT = Path(__file__).resolve().parents[2]
TRAINED_BEFORE = "06/17/1998"
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Hours:
    """``n`` edges in order of ``hour``; those of the ``history`` are there to be learned from.

    ``kind`` is what an edge is part of, 0 being nothing.
    """

    source: U64
    target: U64
    hour: I64
    history: Bool
    kind: I64

    @property
    def odd(self) -> Bool:
        """Those to be found."""
        return self.kind > 0

    def windows(self) -> Iterator[slice]:
        """The rows of each hour."""
        edges = np.flatnonzero(np.diff(self.hour)) + 1
        bounds = [0, *edges.tolist(), len(self.hour)]
        return map(slice, bounds[:-1], bounds[1:])


def darpa(edges: corpus.Edges) -> Hours:
    """Each pair once an hour, an attack's where any of its edges in that hour is."""
    names = [minute[:13] for minute in edges.minutes]
    distinct = list(dict.fromkeys(names))
    place = {name: at for at, name in enumerate(distinct)}
    hour = np.array([place[name] for name in names])[edges.tick]
    nodes = len(edges.nodes)
    keys, row = np.unique((hour * nodes + edges.source) * nodes + edges.target, return_inverse=True)
    kind = np.zeros(len(keys), np.int64)
    np.maximum.at(kind, row, edges.attack)
    hours = keys // nodes**2
    early = np.array([name[:10] < TRAINED_BEFORE for name in distinct])
    return Hours(_keys(keys // nodes % nodes), _keys(keys % nodes), hours, early[hours], kind)


def messages_file() -> Path:
    """Where the messages lie: beside the checkout, or where SENSORIUM_TEST_DATA says."""
    root = Path(os.environ.get("SENSORIUM_TEST_DATA", ROOT.parent / "shared" / "data"))
    return root / "graph" / "uci-messages" / "edges.csv"


@dataclass(frozen=True, slots=True)
class Messages:
    """Who wrote to whom, and when (Unix seconds), in order of time."""

    source: I64
    target: I64
    when: I64

    def __len__(self) -> int:
        return len(self.source)


def messages(path: Path) -> Messages:
    """All messages."""
    rows = np.loadtxt(path, delimiter=",", dtype=np.int64)
    return Messages(*rows[np.argsort(rows[:, 2], kind="stable")].T)


def first_contacts(of: Messages) -> Messages:
    """The first message of each pair in each direction, which is all that papers keep."""
    _, first = np.unique(of.source * (of.target.max() + 1) + of.target, return_index=True)
    rows = np.sort(first)
    return Messages(of.source[rows], of.target[rows], of.when[rows])


def with_odd(of: Messages, source: I64, target: I64, when: I64) -> Hours:
    """Messages and those put in, in order of time; the earlier half of the former is history."""
    half = len(of) // 2
    time = np.concatenate([of.when, when])
    order = np.argsort(time, kind="stable")
    kind = np.repeat([0, 1], (len(of), len(when)))
    history = np.arange(len(time)) < half
    return Hours(
        _keys(np.concatenate([of.source, source])[order]),
        _keys(np.concatenate([of.target, target])[order]),
        time[order] // _HOUR_S,
        history[order],
        kind[order],
    )


def _keys(nodes: I64) -> U64:
    """Keys of nodes; none is 0."""
    return nodes.astype(np.uint64) + np.uint64(1)
