"""What is known of the nodes themselves: a sparse row of features for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Features:
    """One row a node: ``matrix`` SciPy CSR float32 (nodes, columns); zero where nothing is known.

    ``columns`` names each column; ``binary`` says which hold marks (has it or has it not), which
    are what two nodes can be said to share.
    """

    matrix: sp.csr_matrix
    columns: tuple[str, ...]
    binary: Array

    @classmethod
    def of(cls, matrix: Any, columns: tuple[str, ...] = ()) -> Features:
        """From any SciPy matrix or two-dimensional array; columns are numbered if not named."""
        rows = sp.csr_matrix(matrix, dtype=np.float32)
        rows.sum_duplicates()
        rows.eliminate_zeros()
        rows.sort_indices()
        if not np.isfinite(rows.data).all():
            raise ValueError("features are finite numbers")
        names = columns or tuple(f"feature {n}" for n in range(rows.shape[1]))
        if len(names) != rows.shape[1]:
            raise ValueError(f"{len(names)} names for {rows.shape[1]} columns")
        other = np.zeros(rows.shape[1], bool)
        other[rows.indices[rows.data != 1]] = True
        return cls(rows, names, ~other)

    @cached_property
    def held(self) -> Array:
        """How many nodes have each column, int64."""
        held: Array = np.bincount(self.matrix.indices, minlength=self.matrix.shape[1])
        return held

    @cached_property
    def rarity(self) -> Array:
        """What each column weighs: its inverse document frequency, float32."""
        rows = self.matrix.shape[0]
        rarity: Array = np.log((1 + rows) / (1 + self.held)).astype(np.float32) + 1
        return rarity

    @cached_property
    def normal(self) -> sp.csr_matrix:
        """Rows of length 1, rare columns weighing more."""
        return _normal(self.matrix, self.rarity)

    def rows(self, chosen: Array) -> Features:
        """The features of some nodes in this order; columns weigh what they weigh here."""
        some = Features(self.matrix[chosen], self.columns, self.binary)
        some.__dict__.update(held=self.held, rarity=self.rarity, normal=self.normal[chosen])
        return some

    def of_others(self, matrix: Any) -> Features:
        """The features of other nodes, (others, columns); columns weigh what they weigh here."""
        others = Features(sp.csr_matrix(matrix, dtype=np.float32), self.columns, self.binary)
        others.__dict__.update(held=self.held, rarity=self.rarity)
        return others

    def weighing(self, rarity: Array) -> Features:
        """The same features, whose columns weigh this, float32 (columns,).

        A model keeps the weights that it was trained with, whoever comes later.
        """
        if rarity.shape != (self.matrix.shape[1],):
            raise ValueError(f"{rarity.shape} weights for {self.matrix.shape[1]} columns")
        same = Features(self.matrix, self.columns, self.binary)
        same.__dict__.update(rarity=rarity)
        return same


def _normal(matrix: sp.csr_matrix, rarity: Array) -> sp.csr_matrix:
    scaled = matrix.multiply(rarity[None, :]).tocsr().astype(np.float32)
    length = np.sqrt(np.asarray(scaled.multiply(scaled).sum(1)).ravel())
    scaled.data /= np.repeat(np.where(length > 0, length, 1), np.diff(scaled.indptr))
    scaled.sort_indices()
    return scaled
