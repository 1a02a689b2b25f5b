"""The arcs that messages pass over, in the forms that convolutions take."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any

import numpy as np
import torch

from sensorium.links.graph.compressed import Graph

Array = np.ndarray[Any, Any]


class Arcs:
    """Compressed rows of who hears whom: row u hears ``indices[indptr[u]:indptr[u + 1]]``.

    ``reach``: of a sampled neighbourhood, how many of the first rows are within so many hops of
    what was asked about, from none to as many as there are layers; a layer computes no others.
    ``among``: how many nodes there are, where only the first ones hear.
    ``kinds`` are the arcs' types, int64, or None. Convolutions that only add and average work on
    :attr:`matrix`, seven times as fast on a processor as on :attr:`index`.
    """

    def __init__(
        self,
        indptr: Any,
        indices: Any,
        kinds: Any = None,
        device: str = "cpu",
        reach: tuple[int, ...] = (),
        among: int | None = None,
    ) -> None:
        self.reach, self.among = reach, among
        self.indptr = _whole(indptr, device)
        self.indices = _whole(indices, device)
        self.kinds = None if kinds is None else _whole(kinds, device)

    @classmethod
    def of(cls, graph: Graph, device: str = "cpu") -> Arcs:
        """The arcs of a graph; of an undirected one, both of each edge."""
        return cls(graph.indptr, graph.indices, graph.kinds, device)

    def to(self, device: str) -> Arcs:
        """The same on a device; itself where it is there already."""
        if str(self.indptr.device) == device:
            return self
        kinds = None if self.kinds is None else self.kinds.cpu().numpy()
        return Arcs(
            self.indptr.cpu().numpy(), self.indices.cpu().numpy(), kinds, device, self.reach
        )

    def heard_by(self, layer: int, layers: int) -> Arcs:
        """The arcs to those rows, the first ones, that ``layer`` of so many has to compute."""
        if len(self.reach) != layers + 1:
            return self
        rows = self.reach[layers - layer - 1]
        heard = int(self.indptr[rows])
        kinds = None if self.kinds is None else self.kinds[:heard]
        device = str(self.indptr.device)
        return Arcs(
            self.indptr[: rows + 1],
            self.indices[:heard],
            kinds,
            device,
            among=self.reach[layers - layer],
        )

    @property
    def nodes(self) -> int:
        """How many nodes hear."""
        return len(self.indptr) - 1

    @cached_property
    def degree(self) -> torch.Tensor:
        """How many each node hears, float32 (nodes,)."""
        return self.indptr.diff().float()

    @cached_property
    def index(self) -> torch.Tensor:
        """int64 (2, arcs): from whom, and to whom, a message goes."""
        rows = torch.arange(self.nodes, device=self.indptr.device)
        return torch.stack([self.indices, rows.repeat_interleave(self.indptr.diff())])

    @cached_property
    def matrix(self) -> torch.Tensor:
        """A sparse matrix of ones, (nodes, all): row u has a one where it hears from."""
        ones = torch.ones(len(self.indices), device=self.indptr.device)
        with warnings.catch_warnings():
            # torch calls its own sparse layout a beta, once a process.
            warnings.simplefilter("ignore", UserWarning)
            return torch.sparse_csr_tensor(
                self.indptr, self.indices, ones, (self.nodes, self.among or self.nodes)
            )


def _whole(numbers: Any, device: str) -> torch.Tensor:
    if not isinstance(numbers, torch.Tensor):
        numbers = np.asarray(numbers, np.int64)
    return torch.as_tensor(numbers, dtype=torch.int64, device=device)
