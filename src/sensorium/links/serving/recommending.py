"""Suggestions for one node: candidates found, ranked by the model, explained.

A :class:`Recommender` is one version of one graph and never changes; a newer one takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from sensorium.errors import UsageError
from sensorium.links.serving.candidates import CandidateSource
from sensorium.links.serving.explaining import Explainer, Reasons
from sensorium.links.serving.index import EmbeddingIndex
from sensorium.links.serving.reach import in_both

if TYPE_CHECKING:
    from sensorium.links.graph.compressed import Graph
    from sensorium.links.graph.features import Features
    from sensorium.links.graph.names import Names
    from sensorium.links.serving.rules import Rules

F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]

_NOBODY: I64 = np.empty(0, np.int64)
_FUSED = 60.0
"""The constant of reciprocal rank fusion (Cormack, Clarke & Büttcher 2009)."""


class Scores(Protocol):
    """What is asked about pairs: a trained network on one graph."""

    @property
    def vectors(self) -> F32:
        """The vectors of all nodes, (nodes, width)."""

    def score(self, source: Any, target: Any) -> F32:
        """A logit for each pair of rows."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody who might be tied to who asked: how likely that is, and why it is said."""

    node: str
    score: float
    probability: float
    reasons: Reasons


@dataclass(frozen=True, slots=True)
class Welcomed:
    """Somebody who is suggested to a newcomer, and how likely a tie is, where that can be said."""

    node: str
    probability: float | None
    reasons: Reasons


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many candidates to rank: friends of friends, and nodes near by embedding."""

    friends: int = 100
    nearest: int = 50


class Recommender:
    """Answers for one graph. Calls may come from several threads.

    ``graph`` has all ties, ``public`` those that may be told from, which are all that ``scores``
    may know of. ``probability`` makes probabilities of logits; ``embed_newcomer`` a vector of the
    ties and the features of somebody who is not in the graph. ``newcomers`` gives logits of pairs
    of somebody without ties, from a vector, columns of features and rows, where the model was
    calibrated on such pairs.
    """

    def __init__(
        self,
        names: Names,
        graph: Graph,
        public: Graph,
        features: Features | None,
        rules: Rules,
        scores: Scores,
        probability: Callable[[F32], F32],
        index: EmbeddingIndex,
        embed_newcomer: Callable[[I64, I64], F32],
        sizes: Sizes,
        newcomers: Callable[[F32, I64, I64], F32 | None] | None = None,
    ):
        self.names = names
        self.graph = graph
        self._public = public
        self.index = index
        self.scores = scores
        self._features = features
        self._rules = rules
        self._probability = probability
        self._embed_newcomer = embed_newcomer
        self._sizes = sizes
        self._newcomers = newcomers
        self._source = CandidateSource(graph, public, index, rules)
        self._explainer = Explainer(public, names, features)

    def recommend(
        self, node: str, top: int, exclude: Sequence[str] = (), *, explained: bool = True
    ) -> list[Suggestion]:
        """The ``top`` most likely ties of a node, the likeliest first; fewer where there are none.

        Raises UsageError for a node that the graph does not have. Names in ``exclude`` that it
        does not have are passed over.
        """
        row = self.names.row(node)
        return self._suggestions(*self.ranked(row, top, self._excluded(exclude)), row, explained)

    def warm(self) -> None:
        """Make what the first answer needs: names by row, room to count in, kernels loaded."""
        if self.graph.nodes:
            self.recommend(self.names.name(0), 1)

    def ranked(self, row: int, top: int, exclude: I64 = _NOBODY) -> tuple[I64, F32]:
        """Rows and logits of the ``top`` most likely ties of a row, the likeliest first."""
        vector = self.scores.vectors[row]
        sizes = self._sizes
        found = self._source.of(row, vector, exclude, friends=sizes.friends, nearest=sizes.nearest)
        logits = self.scores.score(np.full(len(found), row), found)
        order = np.lexsort((found, -logits))[:top]
        return found[order], logits[order]

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[float, float]]:
        """Logit and probability of each pair.

        Raises UsageError for unknown nodes, and for a node with itself.
        """
        source = self.names.rows([one for one, _ in pairs])
        target = self.names.rows([other for _, other in pairs])
        same = np.flatnonzero(source == target)
        if len(same):
            place = int(same[0])
            raise UsageError(
                f"pair {place + 1:,} is {pairs[place][0]!r} with itself",
                next_step="leave it out: a tie is between two",
            )
        logits = self.scores.score(source, target)
        chances = self._probability(logits)
        return list(zip(logits.tolist(), chances.tolist(), strict=True))

    def explain(self, node: str, other: str) -> Reasons:
        """What two nodes have in common. Raises UsageError for unknown nodes."""
        row, to = self.names.row(node), self.names.row(other)
        explainer = self._explainer
        return explainer.reasons(explainer.ties(row), explainer.marks(row), to)

    def tied(self, node: str, other: str) -> bool:
        """Whether two nodes have a tie that may be told of. Raises UsageError for unknown nodes."""
        return bool(self._public.has([self.names.row(node)], [self.names.row(other)])[0])

    def welcome(
        self, friends: Sequence[str], features: Sequence[str], top: int, exclude: Sequence[str] = ()
    ) -> list[Welcomed]:
        """Suggestions for somebody who is not in the graph yet, from ties and features.

        The encoder makes a vector of both. Friends of friends and those near by the vector are
        ranked together by reciprocal rank fusion. Who has no tie is told by features as a node
        without ties is, and where the model was calibrated on such nodes the likeliest come first,
        with a probability. No split holds out nodes with a part of their ties, so that for a
        newcomer who has some nothing is calibrated. Raises UsageError for unknown friends,
        features, and where there is neither.
        """
        ties = np.unique(self.names.rows(friends)) if friends else _NOBODY
        marks = self._columns(features)
        if not len(ties) and not len(marks):
            raise UsageError(
                "nothing is known of somebody without ties and without features",
                next_step="give a friend or a feature",
            )
        vector = self._embed_newcomer(ties, marks)
        barred = self._excluded(exclude)
        source, sizes = self._source, self._sizes
        near = source.of_newcomer(ties, vector, barred, friends=0, nearest=sizes.nearest)
        if not len(ties) and self._newcomers is not None:
            logits = self._newcomers(vector, marks, near)
            if logits is not None:
                best = np.lexsort((near, -logits))[:top]
                chances = self._probability(logits[best]).tolist()
                return self._welcomed(near[best].tolist(), chances, ties, marks)
        known = source.of_newcomer(ties, vector, barred, friends=sizes.friends, nearest=0)
        weight = np.array([len(self._mutual(ties, row)) for row in known], np.float64)
        known = known[np.argsort(-weight, kind="stable")]
        fused: dict[int, float] = {}
        for rows in (known, near):
            for place, row in enumerate(rows.tolist()):
                fused[row] = fused.get(row, 0.0) + 1 / (_FUSED + place)
        first = sorted(fused, key=lambda row: (-fused[row], row))[:top]
        return self._welcomed(first, [None] * len(first), ties, marks)

    def _welcomed(
        self, rows: list[int], chances: list[float | None], ties: I64, marks: I64
    ) -> list[Welcomed]:
        explain = self._explainer.reasons
        return [
            Welcomed(self.names.name(row), chance, explain(ties, marks, row))
            for row, chance in zip(rows, chances, strict=True)
        ]

    def _mutual(self, ties: I64, row: int) -> I64:
        mutual: I64 = in_both(ties.astype(np.int32), self._explainer.ties(row))
        return mutual

    def _suggestions(self, rows: I64, logits: F32, row: int, explained: bool) -> list[Suggestion]:
        explainer = self._explainer
        ties, marks = explainer.ties(row), explainer.marks(row)
        chances = self._probability(logits)
        nothing = Reasons(0, (), ())
        return [
            Suggestion(
                name,
                float(logit),
                float(chance),
                explainer.reasons(ties, marks, int(other)) if explained else nothing,
            )
            for other, name, logit, chance in zip(
                rows, self.names.many(rows), logits, chances, strict=True
            )
        ]

    def _excluded(self, names: Sequence[str]) -> I64:
        if not names:
            return _NOBODY
        rows = self.names.find(list(names))
        known: I64 = rows[rows >= 0]
        return known

    def _columns(self, features: Sequence[str]) -> I64:
        columns = () if self._features is None else self._features.columns
        place = {name: column for column, name in enumerate(columns)} if features else {}
        unknown = next((name for name in features if name not in place), None)
        if unknown is not None:
            raise UsageError(
                f"there is no feature {unknown!r}",
                next_step="as the features file has them: 'column: value'"
                if columns
                else "this model was trained without features",
            )
        return np.unique([place[name] for name in features]).astype(np.int64)
