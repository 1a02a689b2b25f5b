"""Why somebody is suggested, told from what is public: mutual friends and shared features.

Given the public graph alone, an explanation cannot reveal a private tie: the two are not in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from sensorium.links.serving.reach import in_both, sharing

if TYPE_CHECKING:
    from sensorium.links.graph.compressed import Graph
    from sensorium.links.graph.features import Features
    from sensorium.links.graph.names import Names

I32 = npt.NDArray[np.int32]
Rows = npt.NDArray[np.integer[Any]]

NAMED: Final = 3
"""So many mutual friends and shared features are named."""
_ASKED: Final = 100
"""So many ties of a suggestion are looked at for those who share ties with who asks."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """What two nodes have in common: how many friends, some of them, and the rarest features.

    Where there is neither, ``through`` names some to whom the other is tied and who have ties in
    common with the one: users who chose what one chose, and also this. ``sentence`` says it for
    people.
    """

    mutual: int
    friends: tuple[str, ...]
    features: tuple[str, ...]
    through: tuple[str, ...] = ()

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
        if self.through and not said:
            said.append(f"tied to {_listed(list(self.through))}, with shared ties")
        return "; ".join(said) or "similar surroundings"


class Explainer:
    """Explains suggestions from a graph of public ties and from features, if there are any."""

    def __init__(self, public: Graph, names: Names, features: Features | None):
        self._public = public
        self._names = names
        self._features = features

    def ties(self, row: int) -> I32:
        """A node's public ties, ascending."""
        public = self._public
        own: I32 = public.indices[public.indptr[row] : public.indptr[row + 1]]
        return own

    def reasons(self, ties: Rows, marks: Rows, other: int) -> Reasons:
        """Why ``other`` is suggested to who has these ties and these features.

        Of mutual friends those with the fewest ties are named: they say most. So do the rarest
        features.
        """
        own = np.asarray(ties, np.int32)
        mutual = in_both(own, self.ties(other))
        degree = self._public.indptr[mutual + 1] - self._public.indptr[mutual]
        named = mutual[np.argsort(degree, kind="stable")[:NAMED]]
        shared = self._shared(marks, other)
        through: tuple[str, ...] = ()
        if not len(mutual) and not shared and other not in own:
            public = self._public
            rows = sharing(public.indptr, public.indices, own, self.ties(other)[:_ASKED], NAMED)
            through = tuple(self._names.many(rows))
        return Reasons(len(mutual), tuple(self._names.many(named)), shared, through)

    def marks(self, row: int) -> I32:
        """The columns of features that a node has, as far as they are marks, ascending."""
        if self._features is None:
            return np.empty(0, np.int32)
        matrix = self._features.matrix
        columns = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        kept: I32 = columns[self._features.binary[columns]].astype(np.int32, copy=False)
        return kept

    def _shared(self, marks: Rows, other: int) -> tuple[str, ...]:
        if self._features is None:
            return ()
        shared = in_both(np.asarray(marks, np.int32), self.marks(other))
        rarest = shared[np.argsort(self._features.held[shared], kind="stable")[:NAMED]]
        return tuple(self._features.columns[column] for column in rarest)


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
