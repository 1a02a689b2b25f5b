"""A trained link model: what is saved, loaded, and asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sensorium.links.graph.compressed import Graph
from sensorium.links.graph.features import Features
from sensorium.links.graph.names import Names
from sensorium.links.learning.settings import Settings

if TYPE_CHECKING:
    from sensorium.links.decoders.decoder import Decoder
    from sensorium.links.encoders.encoder import Encoder
    from sensorium.links.models.embedding import Scorer

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt's scaling (1999): the probability of a link is 1 / (1 + exp(-(slope x + offset))).

    It holds where links and unlinked pairs are equally many, as in validation; among all pairs of
    a graph links are far fewer, and so are the chances.
    """

    slope: float = 1.0
    offset: float = 0.0

    def probability(self, logits: Any) -> Array:
        """float64, of the shape of ``logits``."""
        scaled = np.clip(self.slope * np.asarray(logits, np.float64) + self.offset, -700, 700)
        out: Array = 1 / (1 + np.exp(-scaled))
        return out


@dataclass(frozen=True, slots=True)
class Card:
    """What a model says of itself.

    ``split`` is how edges were divided; ``scores`` by set (``test``, ``hard``, ``suggestions``) and
    metric; ``curves`` rows of epoch, loss and validation MRR; ``data`` SHA-256 of what it was
    trained on; times in nanoseconds since 1970: ``embedded_ns`` of the vectors, ``decomposed_ns``
    of what is told of pairs by decompositions of a whole graph (0 where it is not known).
    """

    settings: Settings
    split: str
    scores: dict[str, dict[str, float]]
    curves: list[list[float]]
    best_epoch: int
    data: str
    trained_ns: int
    embedded_ns: int
    code: str
    kinds: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    decomposed_ns: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class LinkModel:
    """A network on the graph that it answers for, all known edges in it.

    Rows of ``embeddings`` (float32, (nodes, width)), of ``features`` and of ``names`` are nodes of
    ``graph``.
    """

    scorer: Scorer
    graph: Graph
    names: Names
    features: Features | None
    calibration: Calibration
    card: Card

    @property
    def encoder(self) -> Encoder:
        """Makes vectors of nodes."""
        encoder: Encoder = self.scorer.network.encoder
        return encoder

    @property
    def decoder(self) -> Decoder:
        """Makes logits of pairs."""
        decoder: Decoder = self.scorer.network.decoder
        return decoder

    @property
    def embeddings(self) -> Array:
        """The vectors of all nodes."""
        return self.scorer.vectors

    def score(self, pairs: Any) -> Array:
        """A logit for each pair of rows, float32; ``pairs`` has the shape (pairs, 2)."""
        rows = np.asarray(pairs, np.int64).reshape(-1, 2)
        return self.scorer.score(rows[:, 0], rows[:, 1])

    def probability(self, logits: Any) -> Array:
        """How likely a link is; see :class:`Calibration`."""
        return self.calibration.probability(logits)


def calibrated(positive: Array, negative: Array) -> Calibration:
    """Fit the two numbers on validation logits, by Newton's method on the log loss.

    Targets are drawn in a little (Platt's own correction), so that it ends also where logits tell
    the two apart without an error.
    """
    logits = np.concatenate([positive, negative]).astype(np.float64)
    wanted = np.empty(len(logits))
    wanted[: len(positive)] = (len(positive) + 1) / (len(positive) + 2)
    wanted[len(positive) :] = 1 / (len(negative) + 2)
    columns = np.stack([logits, np.ones_like(logits)], 1)
    at = np.zeros(2)
    for _ in range(100):
        chance = 1 / (1 + np.exp(-np.clip(columns @ at, -500, 500)))
        gradient = columns.T @ (chance - wanted)
        curvature = (columns * (chance * (1 - chance))[:, None]).T @ columns
        step = np.linalg.solve(curvature + 1e-9 * np.eye(2), gradient)
        at -= step * min(1.0, 2.0 / max(np.abs(step).max(), 1e-12))
        if np.abs(step).max() < 1e-10:
            break
    return Calibration(float(at[0]), float(at[1]))
