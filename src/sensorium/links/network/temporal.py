"""A small network that learns from the past of a graph which edges come next.

It is given what the memory knows of an edge (recency, habits, neighbours, the vectors' angles), and
learns to tell the edges that came from edges that did not, each as it stood at its time. Its
log-odds are added to the score that needs no training: what the past makes likely is not always
harmless. Training takes torch; what was trained is a few matrices, applied with numpy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from sensorium.errors import SensoriumError
from sensorium.links.network.memory import TalkMemory
from sensorium.links.network.names import COLUMN, FEATURES
from sensorium.links.network.negatives import absent
from sensorium.links.network.plain import PlainScorer

Array = np.ndarray[Any, Any]

_HIDDEN: Final = 48
_EPOCHS: Final = 40
_BATCH: Final = 512
_RATE: Final = 3e-3
_DECAY: Final = 1e-4
_DROPOUT: Final = 0.1
_MOST: Final = 60_000
_CLAIMED: Final = 6.0
"""Log-odds that the trained part may add or take at most."""
_KNOWN_SHARE: Final = 0.25
"""Of the edges that came, so many of those known already are learned from: they are easy."""


class Lessons:
    """Edges that came and edges that did not, as they stood before their windows; the latest."""

    def __init__(self, seed: int, most: int = _MOST) -> None:
        self._rng = np.random.default_rng(seed)
        self._known = np.zeros((0, len(FEATURES)), np.float32)
        self._came = np.zeros(0, np.float32)
        self._most = most

    def __len__(self) -> int:
        return len(self._came)

    def take(self, memory: TalkMemory, source: Array, target: Array, window: int) -> None:
        """Note a window's edges; call before the memory learns them."""
        known = memory.features(source, target, window)
        first = known[:, COLUMN["new"]] > 0
        noted = first | (self._rng.random(len(source)) < _KNOWN_SHARE)
        one, other = absent(memory, source[noted], target[noted], self._rng)
        never = memory.features(one, other, window, (source, target), absent=True)
        came = np.repeat(np.array([1.0, 0.0], np.float32), (int(noted.sum()), len(one)))
        self._known = np.concatenate([self._known, known[noted], never])[-self._most :]
        self._came = np.concatenate([self._came, came])[-self._most :]

    @property
    def rows(self) -> tuple[Array, Array]:
        """Features (n, f) and whether the edge came, float32 (n,)."""
        return self._known, self._came


@dataclass(frozen=True, slots=True, eq=False)
class TemporalScorer:
    """What was trained. ``layers`` are weights (in, out) and biases (out,), float32."""

    centre: Array
    spread: Array
    layers: tuple[tuple[Array, Array], ...]

    name = "temporal"

    def score(self, known: Array) -> Array:
        """How unlikely each edge is, float64 (n,): the plain score and the trained log-odds."""
        return np.asarray(PlainScorer().score(known) + self.claimed(known), np.float64)

    def claimed(self, known: Array) -> Array:
        """What the trained part adds, float64 (n,): its log-odds, six at most either way."""
        return np.clip(self.log_odds(known), -_CLAIMED, _CLAIMED)

    def log_odds(self, known: Array) -> Array:
        """What was trained alone: log-odds, float64 (n,), that an edge does not come."""
        values = _standard(known, self.centre, self.spread)
        for weights, biases in self.layers[:-1]:
            values = np.maximum(values @ weights + biases, 0.0)
        weights, biases = self.layers[-1]
        return np.asarray(-(values @ weights + biases)[:, 0], np.float64)


def fit(lessons: Lessons, seed: int) -> TemporalScorer:
    """Train on what was noted; needs the extra ``graph``. The same seed gives the same model."""
    torch = _torch()
    from sensorium.links.threads import one_thread

    known, came = lessons.rows
    if not 0 < came.sum() < len(came):
        raise SensoriumError(
            "there are no edges yet to learn from",
            unaffected="scores without training go on",
            next_step="train after some windows of traffic",
        )
    centre = known.mean(axis=0)
    spread = np.maximum(known.std(axis=0), 1e-3)
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]), one_thread():
        torch.manual_seed(seed)
        model = torch.nn.Sequential(
            torch.nn.Linear(known.shape[1], _HIDDEN),
            torch.nn.ReLU(),
            torch.nn.Dropout(_DROPOUT),
            torch.nn.Linear(_HIDDEN, _HIDDEN),
            torch.nn.ReLU(),
            torch.nn.Dropout(_DROPOUT),
            torch.nn.Linear(_HIDDEN, 1),
        )
        _train(
            torch,
            model,
            torch.from_numpy(_standard(known, centre, spread)),
            torch.from_numpy(came),
            generator,
        )
    layers = tuple(
        (part.weight.detach().numpy().T.copy(), part.bias.detach().numpy().copy())
        for part in model
        if isinstance(part, torch.nn.Linear)
    )
    return TemporalScorer(centre, spread, layers)


def _train(torch: Any, model: Any, rows: Any, came: Any, generator: Any) -> None:
    optimiser = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=_DECAY)
    steps = _EPOCHS * (1 + len(rows) // _BATCH)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    loss_of = torch.nn.functional.binary_cross_entropy_with_logits
    for _ in range(_EPOCHS):
        order = torch.randperm(len(rows), generator=generator)
        for batch in order.split(_BATCH):
            optimiser.zero_grad()
            loss = loss_of(model(rows[batch])[:, 0], came[batch])
            loss.backward()
            optimiser.step()
            if pace.last_epoch < steps - 1:
                pace.step()


def _standard(known: Array, centre: Array, spread: Array) -> Array:
    return np.asarray(np.clip((known - centre) / spread, -6.0, 6.0), np.float32)


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise SensoriumError(
            "training a model of the graph needs torch, which is not installed",
            unaffected="scores without training work",
            next_step='pip install "sensorium[graph]"',
        ) from error
    return torch
