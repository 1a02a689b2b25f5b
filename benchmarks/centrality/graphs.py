"""Graphs on disk, and one made as networks are: cores, access switches, many hosts."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[2]
Edges = npt.NDArray[np.int64]


def folder() -> Path:
    """Where the graphs lie: beside the checkout, or where SENSORIUM_TEST_DATA says."""
    return Path(os.environ.get("SENSORIUM_TEST_DATA", ROOT.parent / "shared" / "data")) / "graph"


def stored(name: str) -> Edges:
    """The edges of one of the folder's graphs, (n, 2)."""
    return np.loadtxt(folder() / name / "edges.csv", np.int64, delimiter=",", usecols=(0, 1))


def campus(hosts: int, seed: int = 0) -> Edges:
    """Two cores, a pair of links from each access switch, forty hosts behind each of those."""
    random = np.random.default_rng(seed)
    switches = -(-hosts // 40)
    edges = [(0, 1)]
    for switch in range(2, 2 + switches):
        edges += [(0, switch), (1, switch)]
        if random.random() < 0.2:
            edges.append((switch, int(random.integers(2, 2 + switches))))
    first = 2 + switches
    edges += [(2 + host // 40, first + host) for host in range(hosts)]
    return np.array(edges, np.int64)
