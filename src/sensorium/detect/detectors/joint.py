"""Hosts whose features are odd together, by an Isolation Forest (Liu et al. 2008).

Stage two: it looks only at the hosts that the statistics of stage one find oddest, and asks
whether the whole vector of a host's scores is unlike those of hosts before. A model that was
trained from the store and promoted (``sensorium models``) stands in for the forest.
"""

from __future__ import annotations

import numpy as np

from sensorium.detect.arrays import F64, I64, Bool
from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.host import FEATURES as HOST_FEATURES
from sensorium.detect.detectors.host import HostDetector
from sensorium.detect.features import improbability
from sensorium.detect.forest import FlatForest
from sensorium.detect.models.host_models import HostModels
from sensorium.detect.models.protocol import VectorModel
from sensorium.detect.protocol import Explanation, Scored, Window
from sensorium.detect.tail import SIGMAS, TailModel, decades
from sensorium.model.anomaly import Feature
from sensorium.model.entity_kind import EntityKind
from sensorium.model.signals import Signal
from sensorium.state.arrays import State, joined, part, taken, whole

FEATURES = (improbability("joint", "behaved unlike any host before (improbability {})"),)

# Beyond this a single feature is odd enough by itself; the forest looks for combinations.
_LIMIT = 8.0
_REMEMBERED = 4096
_ENOUGH = 128
# Vectors that each tree of the forest is fitted to.
_SAMPLES = 256
# Isolation scores lie between 0 and 1; this puts their spread near that of sigmas.
_STRETCH = 20.0


class JointDetector:
    """Scores the oddest hosts' feature vectors with a forest refitted now and then."""

    name = "flows.host.joint"
    kind = EntityKind.HOST
    signal = Signal.FLOWS
    features = FEATURES

    def __init__(
        self, config: DetectConfig, hosts: HostDetector, models: HostModels | None = None
    ) -> None:
        self._config = config
        self._models = models
        self._hosts = hosts
        self._vectors = np.empty((0, len(HOST_FEATURES)))
        self._forest: FlatForest | None = None
        self._usual = TailModel(SIGMAS, config.calibration_half_life_windows)
        self._fitted_at = 0
        self._odd = TailModel(SIGMAS, config.calibration_half_life_windows)
        self._latest: tuple[Scored, F64, F64] | None = None

    def score(self, window: Window) -> Scored:
        """Every host has a row; those that stage one finds usual score zero."""
        hosts = self._hosts.score(window)
        if not len(hosts):
            return Scored.nothing(len(FEATURES))
        vectors, lengths = self._of(hosts)
        out = np.zeros((len(hosts), 1))
        odd = self._oddest(lengths)
        model = self._model
        if model is not None:
            out[odd, 0] = decades(model.survival(model.score(vectors[odd])))
        elif self._forest is not None and len(odd):
            isolation = _isolation(self._forest, vectors[odd])
            out[odd, 0] = decades(self._usual.survival(isolation))
        return Scored(hosts.keys, out, np.zeros_like(out), out, hosts.places, hosts.strata)

    def learn(self, window: Window, scored: Scored, passed: Bool) -> None:
        """Remember the vectors of hosts that did not pass, and refit when it is time."""
        hosts = self._hosts.score(window)
        if not len(hosts):
            self._look()
            return
        every, lengths = self._of(hosts)
        self._latest = None
        if self._models is not None:
            odd = self._oddest(lengths)
            flows = window.flows
            assert flows is not None
            self._models.learn(
                hosts,
                every,
                odd,
                passed,
                window.end_ns,
                lambda row: flows.addresses.text(int(hosts.places[row])),
            )
        vectors = every[~passed]
        self._odd.learn(lengths[~passed])
        self._vectors = np.concatenate([self._vectors, vectors])[-_REMEMBERED:]
        due = window.index - self._fitted_at >= self._config.forest_refit_windows
        if len(self._vectors) >= _ENOUGH and (self._forest is None or due):
            self._refit(window.index)
        self._look()

    def explain(
        self, window: Window, scored: Scored, place: int, features: list[int]
    ) -> Explanation:
        """The host's own features, strongest first, and whom the strongest concerns."""
        hosts = self._hosts.score(window)
        strength = self._strength(hosts, place)
        order = np.argsort(-strength, kind="stable")[:5].tolist()
        told = self._hosts.explain(window, hosts, place, order)
        names = ", ".join(HOST_FEATURES[i].name.replace("_", " ") for i in order[:3])
        return Explanation(
            entity=told.entity,
            hosts=told.hosts,
            peers=told.peers,
            summary=f"{told.summary}; the combination of {names} is unlike any host before",
            features=tuple(
                Feature(
                    name=HOST_FEATURES[i].name,
                    value=float(hosts.values[place, i]),
                    expected=float(hosts.expected[place, i]),
                    score=float(hosts.oddness[place, i]),
                    unit=HOST_FEATURES[i].unit,
                )
                for i in order
            ),
        )

    def state(self) -> State:
        """The vectors, the forest fitted to them, and how odd they usually are."""
        forest = {} if self._forest is None else self._forest.state()
        return {
            **joined(usual=self._usual.state(), odd=self._odd.state(), forest=forest),
            "vectors": self._vectors.copy(),
            "fitted_at": np.array(self._fitted_at),
        }

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave."""
        self._usual.restore(part(state, "usual"))
        self._odd.restore(part(state, "odd"))
        self._vectors = taken(state, "vectors", np.float64, None, len(HOST_FEATURES))
        self._fitted_at = whole(state, "fitted_at")
        forest = part(state, "forest")
        self._forest = FlatForest.restored(forest, len(HOST_FEATURES)) if forest else None
        self._latest = None

    def entities(self) -> int:
        """Vectors remembered."""
        return len(self._vectors)

    @property
    def _model(self) -> VectorModel | None:
        """The one that was promoted: it stands in for the forest that the stream fits."""
        return None if self._models is None else self._models.active

    def _look(self) -> None:
        if self._models is not None:
            self._models.look()

    def _of(self, hosts: Scored) -> tuple[F64, F64]:
        """The vectors of a window's hosts and their lengths; made once, until they are learned."""
        if self._latest is None or self._latest[0] is not hosts:
            vectors = host_vectors(hosts)
            self._latest = (hosts, vectors, np.sqrt((vectors**2).sum(axis=1)))
        return self._latest[1], self._latest[2]

    def _oddest(self, lengths: F64) -> I64:
        """The rows that stage two looks at, by the lengths of their vectors."""
        return np.flatnonzero(lengths >= self._odd.quantile(self._config.stage2_share))

    def _strength(self, hosts: Scored, place: int) -> F64:
        """What each feature has to do with it: by the model, or simply how odd it is."""
        if self._model is not None:
            contributions = self._model.contributions(host_vectors(hosts)[place : place + 1])
            return np.asarray(contributions[0], np.float64)
        return np.asarray(np.nan_to_num(np.abs(hosts.oddness[place])), np.float64)

    def _refit(self, now: int) -> None:
        samples = min(_SAMPLES, len(self._vectors))
        trees = self._config.forest_trees
        self._forest = FlatForest.fitted(self._vectors, trees, samples, seed=0)
        self._usual = TailModel(SIGMAS, self._config.calibration_half_life_windows)
        self._usual.learn(_isolation(self._forest, self._vectors))
        self._fitted_at = now


def host_vectors(hosts: Scored) -> F64:
    """The scores of hosts (n, f), in sigmas and bounded: what the forest, and any model, reads."""
    vectors = np.clip(hosts.oddness, -_LIMIT, _LIMIT)
    vectors[np.isnan(vectors)] = 0.0
    return vectors


def _isolation(forest: FlatForest, vectors: F64) -> F64:
    """How isolated each vector is, from 0 up: sklearn's score runs from -1 (odd) to 0."""
    isolation = np.asarray(-forest.score_samples(vectors), np.float64)
    return np.maximum(isolation - 0.4, 0.0) * _STRETCH
