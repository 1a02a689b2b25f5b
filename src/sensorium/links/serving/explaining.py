"""Why somebody is suggested, told from what is public: mutual friends and shared features.

Given the public graph alone, an explanation cannot reveal a private tie: the two are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from sensorium.links.graph.compressed import Graph
    from sensorium.links.graph.features import Features
    from sensorium.links.graph.names import Names

I64 = npt.NDArray[np.int64]

NAMED: Final = 3
"""So many mutual friends and shared features are named."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """What two nodes have in common: how many friends, some of them, and the rarest features.

    ``sentence`` says it for people.
    """

    mutual: int
    friends: tuple[str, ...]
    features: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What is shown beside a suggestion."""
        said = []
        if self.mutual:
            more = self.mutual - len(self.friends)
            named = [*self.friends, f"{more:,} more"] if more else list(self.friends)
            word = "mutual friend" if self.mutual == 1 else "mutual friends"
            said.append(f"{self.mutual:,} {word}: {_listed(named)}")
        if self.features:
            said.append(f"both {_listed(list(self.features))}")
        return "; ".join(said) or "similar surroundings"


class Explainer:
    """Explains suggestions from a graph of public ties and from features, if there are any."""

    def __init__(self, public: Graph, names: Names, features: Features | None):
        self._public = public
        self._names = names
        self._features = features
        matrix = None if features is None else features.matrix
        self._held = (
            None if matrix is None else np.bincount(matrix.indices, minlength=matrix.shape[1])
        )

    def ties(self, row: int) -> I64:
        """A node's public ties."""
        public = self._public
        own: I64 = public.indices[public.indptr[row] : public.indptr[row + 1]].astype(np.int64)
        return own

    def reasons(self, ties: I64, marks: I64, other: int) -> Reasons:
        """Why ``other`` is suggested to who has these ties and these features.

        Of mutual friends those with the fewest ties are named: they say most. So do the rarest
        features.
        """
        mutual = np.intersect1d(ties, self.ties(other), assume_unique=True)
        degree = self._public.indptr[mutual + 1] - self._public.indptr[mutual]
        named = mutual[np.argsort(degree, kind="stable")[:NAMED]]
        return Reasons(len(mutual), tuple(self._names.many(named)), self._shared(marks, other))

    def marks(self, row: int) -> I64:
        """The columns of features that a node has, as far as they are marks, ascending."""
        if self._features is None:
            return np.empty(0, np.int64)
        matrix = self._features.matrix
        columns = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        kept: I64 = columns[self._features.binary[columns]].astype(np.int64)
        return kept

    def _shared(self, marks: I64, other: int) -> tuple[str, ...]:
        if self._features is None:
            return ()
        shared = np.intersect1d(marks, self.marks(other), assume_unique=True)
        rarest = shared[np.argsort(self._features.held[shared], kind="stable")[:NAMED]]
        return tuple(self._features.columns[column] for column in rarest)


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
