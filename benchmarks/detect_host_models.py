"""What each kind of model makes of hosts in the lab's recordings, beside no model. Small evidence.

Hosts that took part in an attack or a fault, while it went on, are to be told from all others. For
each recording a model is fitted to the hosts of the other recordings that did not pass the gate.
Usual hosts are also to be told from the same with each feature shuffled, so that only combinations
are odd. Beside all stands the length of a host's vector of scores: how odd it is altogether.
Half-space trees are no kind that can be trained; what is found here is why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.report import Claim, arguments, report, wide_console
from sensorium.app.recorded import bundled_recordings, recorded_telemetry
from sensorium.config import Settings
from sensorium.detect.arrays import F64, Bool
from sensorium.detect.detectors.host import HostDetector
from sensorium.detect.detectors.joint import host_vectors
from sensorium.detect.engine import DetectionEngine, Judged
from sensorium.detect.half_space import HalfSpaceTrees
from sensorium.detect.models.autoencoder_model import Autoencoder
from sensorium.detect.models.forest_model import ForestModel
from sensorium.detect.models.host_lesson import NAMES
from sensorium.detect.models.host_training import EPOCHS
from sensorium.detect.names import KIND_OF
from sensorium.detect.protocol import Window
from sensorium.evaluate import load_truth
from sensorium.model.signals import Signal
from sensorium.observe import Observe
from sensorium.pipeline.history import StoredFlows, in_steps

SETTINGS = Settings()
TREES = SETTINGS.detect.forest_trees
# A host's scores are clipped to so many sigmas.
_LIMIT = 8.0

MEASURES = "ROC-AUC", "average precision", "ROC-AUC of shuffled hosts"

Score = Callable[[F64], F64]


@dataclass(frozen=True, slots=True)
class Hosts:
    """Hosts of windows: their vectors (n, f), whether they passed, whether they were to."""

    vectors: F64
    passed: Bool
    odd: Bool


def hosts_of(recording: Path) -> Hosts:
    """The hosts of a recording as stage one scores them, after warm-up."""
    scenarios = [s for s in load_truth(recording).scenarios if not s.planned]
    vectors: list[F64] = []
    passed: list[Bool] = []
    odd: list[bool] = []

    def witness(window: Window, judged: list[Judged]) -> None:
        ((_, scored, verdicts, _),) = judged
        flows = window.flows
        assert flows is not None
        at_work = [
            s for s in scenarios if s.start_ns < window.end_ns and window.start_ns < s.end_ns
        ]
        vectors.append(host_vectors(scored))
        passed.append(verdicts.passed)
        for place in scored.places.tolist():
            address = flows.addresses.text(place)
            odd.append(any(address in s.hosts for s in at_work))

    others = tuple(name for name in KIND_OF if name != HostDetector.name)
    config = replace(SETTINGS.detect, switched_off=others)
    engine = DetectionEngine(config, Observe(), witness=witness)
    behind_ns = (config.lateness_seconds + config.window_seconds) * 1_000_000_000
    with recorded_telemetry(recording, SETTINGS) as telemetry:
        flows = StoredFlows(telemetry)
        span = flows.span()
        assert span is not None
        for through_ns, batch in in_steps(flows, span[0], span[1] + 1):
            if batch is not None:
                engine.observe(Signal.FLOWS, batch)
            engine.advance(through_ns - behind_ns)
    return Hosts(np.concatenate(vectors), np.concatenate(passed), np.array(odd))


def altogether(_: F64) -> Score:
    """No model: how long a vector is."""
    return lambda vectors: np.asarray(np.linalg.norm(vectors, axis=1), np.float64)


def forest(fit: F64) -> Score:
    """The Isolation Forest that can be trained."""
    return ForestModel.fit(NAMES, fit, trees=TREES).score


def autoencoder(fit: F64) -> Score:
    """The autoencoder that can be trained."""
    return Autoencoder.fit(NAMES, fit, epochs=EPOCHS).score


def half_space(fit: F64) -> Score:
    """As many half-space trees, with what was fitted to as the window that is counted."""
    trees = HalfSpaceTrees(fit.shape[1], trees=TREES, window=len(fit))
    trees.score_and_learn(_in_cube(fit))
    return lambda vectors: trees.score(_in_cube(vectors))


def _in_cube(vectors: F64) -> F64:
    return vectors / (2 * _LIMIT) + 0.5


KINDS: dict[str, Callable[[F64], Score]] = {
    "Isolation Forest": forest,
    "autoencoder": autoencoder,
    "half-space trees": half_space,
}


def judged(kind: Callable[[F64], Score], recordings: list[Hosts]) -> Iterator[list[float]]:
    """For each recording the :data:`MEASURES` of a model of the others."""
    rng = np.random.default_rng(0)
    for asked in recordings:
        fit = [other.vectors[~other.passed] for other in recordings if other is not asked]
        score = kind(np.concatenate(fit))
        scores = score(asked.vectors)
        usual = asked.vectors[~asked.passed & ~asked.odd]
        shuffled = np.column_stack([rng.permutation(column) for column in usual.T])
        which = np.repeat([0, 1], len(usual))
        yield [
            roc_auc_score(asked.odd, scores),
            average_precision_score(asked.odd, scores),
            roc_auc_score(which, np.concatenate([score(usual), score(shuffled)])),
        ]


def main() -> None:
    arguments(__doc__)
    paths = bundled_recordings()
    recordings = [hosts_of(path) for path in paths]
    for path, hosts in zip(paths, recordings, strict=True):
        wide_console().print(
            f"{path.name}: {len(hosts.odd)} hosts of windows, {hosts.odd.sum()} of them odd"
        )
    usual = np.mean(list(judged(altogether, recordings)), axis=0).tolist()
    claims = []
    for name, kind in KINDS.items():
        found = np.mean(list(judged(kind, recordings)), axis=0).tolist()
        for measure, ours, peer in zip(MEASURES, found, usual, strict=True):
            claims.append(Claim(f"{name}, {measure}", ours, "", "no model", peer))
    report("Odd hosts told from others, mean over the recordings", claims)


if __name__ == "__main__":
    main()
