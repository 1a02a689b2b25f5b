"""How a link model is built and trained: one set of defaults for every graph."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """All that can be chosen; see :class:`~sensorium.links.encoders.encoder.Shape` for sizes.

    ``identity``: see :class:`~sensorium.links.models.inputs.Inputs`. ``folds``: training edges are
    predicted a fold at a time, from a graph without that fold; ``cold`` more folds take all edges
    from some nodes, which prepares for new ones: half as many as ``folds`` at least where a split
    holds out nodes. ``negatives`` a positive, of which the share ``hard`` is two hops away.
    ``batch`` edges a step; graphs of at most ``whole`` arcs are encoded whole at each step, others
    through sampled neighbourhoods of ``fan_out``, ``sampled`` edges at a time. An epoch is all
    edges once, and of a large graph so many as fill ``steps``, in as few folds as have them: what
    is learned of pairs does not grow with the graph. Training ends after ``epochs``, or after
    ``patience`` of them without a better validation MRR, and the moving average of the weights
    (``averaging`` a step) is what is kept.
    """

    encoder: str = "sage"
    decoder: str = "structural"
    width: int = 128
    layers: int = 2
    dropout: float = 0.5
    input_dropout: float = 0.5
    aggregation: str = "mean"
    heads: int = 4
    normalise: bool = False
    identity: str = "none"
    folds: int = 10
    cold: int = 1
    negatives: int = 3
    hard: float = 0.0
    batch: int = 8192
    whole: int = 500_000
    fan_out: tuple[int, ...] = (15, 10)
    sampled: int = 256
    steps: int = 32
    epochs: int = 40
    patience: int = 15
    rate: float = 0.003
    decay: float = 0.0
    averaging: float = 0.98
    valid: float = 0.05
    test: float = 0.10
    seed: int = 0
