"""Training: epochs of folds, early stopping on validation MRR, a state that can be gone on with.

Of epochs with the same MRR the last one is kept: where few edges validate, all may have it.

Randomness comes from the seed and the number of the epoch alone, so that a training that was
interrupted ends as it would have without.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn

from sensorium.links.graph.features import Features
from sensorium.links.learning import checkpoint
from sensorium.links.learning.evaluation import own_ranks, reciprocal
from sensorium.links.learning.folds import Batch, Fold, batches, folded, neighbourhood
from sensorium.links.learning.settings import Settings
from sensorium.links.learning.split import Split
from sensorium.links.models.embedding import Scorer
from sensorium.links.models.inputs import Bag
from sensorium.links.models.neural import Network
from sensorium.links.neighbourhoods.sampling import NeighbourSampler
from sensorium.links.structure.views import PairView, pair_names

Array = np.ndarray[Any, Any]
Progress = Callable[[int, float, float], None]

_RIVALS: Final = 100
"""Each validation edge is ranked among so many validation negatives."""
_JUDGED: Final = 20_000
"""So many validation edges tell epochs apart; more would take longer than the epoch does."""
_SURE: Final = 100
_SETTLED: Final = 9
"""Where fewer edges than these validate, chance decides among epochs: no earlier one is taken."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One epoch: mean loss, and validation MRR."""

    epoch: int
    loss: float
    mrr: float


@dataclass(frozen=True, slots=True)
class Trained:
    """The best network found, its curves, the epoch it is of, and a scorer on the message graph."""

    network: Network
    curves: list[Curve]
    best: int
    scorer: Scorer


class Training:
    """One network being trained on one split; ``run`` goes on from ``folder``, where given.

    ``settings`` are those that are used: where the split has new nodes, ``cold`` may be more.
    """

    def __init__(self, split: Split, features: Features | None, settings: Settings) -> None:
        # Who is judged by new nodes learns of them from more than the odd one.
        least = settings.folds // 2 if len(split.new_nodes) else 0
        settings = replace(settings, cold=max(settings.cold, least))
        self.split, self.features, self.settings = split, features, settings
        torch.manual_seed(settings.seed)
        kinds = 1 if split.known.kinds is None else int(split.known.kinds.max()) + 1
        self.network = Network(
            settings,
            columns=0 if features is None else features.matrix.shape[1],
            nodes=split.known.nodes,
            kinds=kinds,
            counts=len(pair_names(features=features is not None)),
        )
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network.to(self.device)
        self.counts = self.network.decoder.counts
        self.whole = split.message.arcs <= settings.whole
        self.batch = settings.batch if self.whole else settings.sampled
        made, self.steps_a_fold = self._parts(split.message.edges)
        self.folds = folded(
            split.message,
            features,
            settings.folds,
            settings.cold,
            settings.seed,
            counts=self.counts,
            made=made,
        )
        seen = split.message.degree() > 0
        self.among = np.flatnonzero(seen) if len(split.new_nodes) else None
        view = PairView.of(split.message, features, settings.seed) if self.counts else None
        self.scorer = Scorer(self.network, split.message, features, view)
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), settings.rate, weight_decay=settings.decay
        )
        self.average = {name: of.clone() for name, of in self.network.state_dict().items()}
        self.steps = 0
        self._settle()

    def run(self, progress: Progress | None = None, folder: Path | None = None) -> Trained:
        """Train until it is done; with ``folder``, saved after every epoch."""
        curves, best, kept = self._resumed(folder)
        for epoch in range(len(curves), self.settings.epochs):
            if curves and epoch - self._reached(curves) > self.settings.patience:
                break
            loss = self._epoch(epoch)
            mrr = self._judged()
            curves.append(Curve(epoch, loss, mrr))
            # Few validation edges are soon ranked as well as they can be: before all is learned.
            if mrr >= curves[self._reached(curves)].mrr:
                best, kept = epoch, {name: of.clone() for name, of in self.average.items()}
            if folder is not None:
                self._save(folder, curves, best, kept)
            if progress is not None:
                progress(epoch, loss, mrr)
        self.network.load_state_dict(kept)
        self.scorer.refresh()
        return Trained(self.network, curves, best, self.scorer)

    def _reached(self, curves: list[Curve]) -> int:
        """The first epoch of the best validation MRR, of those that may be taken; else the last."""
        first = 0 if len(self.split.valid[0]) >= _SURE else _SETTLED
        if len(curves) <= first:
            return len(curves) - 1
        return max(range(first, len(curves)), key=lambda epoch: curves[epoch].mrr)

    def _parts(self, edges: int) -> tuple[int | None, int | None]:
        """How many folds are made and how many steps each has in an epoch; None for all."""
        chosen = self.settings
        an_epoch = chosen.steps * self.batch
        if edges <= an_epoch:
            return None, None
        made = min(max(chosen.folds * an_epoch // edges, 1), chosen.folds)
        return made, max(chosen.steps // (made + chosen.cold), 1)

    def _settle(self) -> None:
        """Tell a decoder that reads counts how large they usually are."""
        settle = getattr(self.network.decoder, "settle", None)
        if settle is not None:
            rng = np.random.default_rng([self.settings.seed, 2])
            told = np.concatenate([batch.told for batch in self._batches(self.folds[0], rng)])
            settle(torch.from_numpy(told).to(self.device))
            self.average = {name: of.clone() for name, of in self.network.state_dict().items()}

    def _batches(self, fold: Fold, rng: np.random.Generator) -> list[Batch]:
        chosen = self.settings
        return batches(
            fold,
            self.split.known,
            self.batch,
            chosen.negatives,
            chosen.hard,
            rng,
            self.among,
            self.steps_a_fold,
        )

    def _epoch(self, epoch: int) -> float:
        settings = self.settings
        rng = np.random.default_rng([settings.seed, 3, epoch])
        torch.manual_seed(int(rng.integers(2**31)))
        share = 0.5 * (1 + math.cos(math.pi * epoch / settings.epochs))
        for group in self.optimiser.param_groups:
            group["lr"] = settings.rate * max(share, 0.02)
        self.network.train()
        losses = []
        for n in rng.permutation(len(self.folds)):
            fold = self.folds[n]
            losses += [self._step(fold, batch, rng) for batch in self._batches(fold, rng)]
        return float(np.mean(losses))

    def _step(self, fold: Fold, batch: Batch, rng: np.random.Generator) -> float:
        vectors, one, other = self._vectors(fold, batch, rng)
        told = torch.from_numpy(batch.told).to(self.device)
        logits = self.network.decoder(vectors[one], vectors[other], told)
        wanted = torch.zeros_like(logits)
        wanted[: batch.edges] = 1
        loss = nn.functional.binary_cross_entropy_with_logits(logits, wanted)
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch gives it no types
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        # The first weights are worth little, so that the average follows quickly at first.
        self.steps += 1
        keep = min(self.settings.averaging, self.steps / (10 + self.steps))
        with torch.no_grad():
            for name, of in self.network.state_dict().items():
                self.average[name].lerp_(of, 1 - keep)
        return loss.item()

    def _vectors(
        self, fold: Fold, batch: Batch, rng: np.random.Generator
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Vectors, and where both ends of the batch's pairs are among them."""
        if self.whole:
            rows = torch.arange(fold.graph.nodes, device=self.device)
            degree = fold.degree.to(self.device)
            bag = self.scorer.bag
            vectors = self.network.vectors(rows, degree, fold.arcs.to(self.device), bag)
            one, other = (
                torch.from_numpy(end).to(self.device) for end in (batch.source, batch.target)
            )
            return vectors, one, other
        sampler = NeighbourSampler(fold.graph, self.settings.fan_out)
        ends = np.concatenate([batch.source, batch.target])
        nodes, arcs, seeds = neighbourhood(fold.graph, sampler, ends, int(rng.integers(2**31)))
        bag = None if self.features is None else Bag(self.features.rows(nodes), self.device)
        rows = torch.from_numpy(nodes)
        vectors = self.network.vectors(
            rows.to(self.device), fold.degree[rows].to(self.device), arcs.to(self.device), bag
        )
        at = torch.from_numpy(seeds).to(self.device)
        return vectors, at[: len(batch.source)], at[len(batch.source) :]

    def _judged(self) -> float:
        """Validation MRR of the averaged weights, each edge among negatives drawn once for it."""
        own = {name: of.clone() for name, of in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        self.scorer.refresh()
        positive = self.scorer.score(*(end[:_JUDGED] for end in self.split.valid))
        negative = self.scorer.score(*(end[:_JUDGED] for end in self.split.valid_negatives))
        self.network.load_state_dict(own)
        rng = np.random.default_rng([self.settings.seed, 4])
        rivals = rng.integers(0, len(negative), (len(positive), min(_RIVALS, len(negative))))
        return reciprocal(own_ranks(positive, negative[rivals]))

    def _identity(self) -> dict[str, Any]:
        digest = hashlib.sha256()
        for graph in (self.split.known, self.split.message):
            digest.update(graph.indptr.tobytes() + graph.indices.tobytes())
        settings = {**asdict(self.settings), "fan_out": list(self.settings.fan_out)}
        return {"settings": settings, "data": digest.hexdigest()}

    def _resumed(self, folder: Path | None) -> tuple[list[Curve], int, dict[str, torch.Tensor]]:
        found = None
        if folder is not None:
            found = checkpoint.load(folder, self.optimiser, self._identity())
        if found is None:
            return [], 0, {name: of.clone() for name, of in self.average.items()}
        tensors, state = found
        self.steps = state["steps"]
        self.network.load_state_dict(tensors["network"])
        self.average = {name: of.to(self.device) for name, of in tensors["average"].items()}
        return [Curve(*row) for row in state["curves"]], state["best"], tensors["kept"]

    def _save(
        self, folder: Path, curves: list[Curve], best: int, kept: dict[str, torch.Tensor]
    ) -> None:
        rows = [[curve.epoch, curve.loss, curve.mrr] for curve in curves]
        state = {
            "run": self._identity(),
            "epoch": len(curves),
            "steps": self.steps,
            "best": best,
            "curves": rows,
        }
        groups = {"network": self.network.state_dict(), "average": self.average, "kept": kept}
        checkpoint.save(folder, groups, self.optimiser, state)
