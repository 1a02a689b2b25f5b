"""A small forest, fitted once, and registries to put it into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from sensorium.detect.models.card import ModelCard, ModelKind
from sensorium.detect.models.forest_model import ForestModel
from sensorium.detect.models.registry import ModelRegistry
from sensorium.observe.testing import RecordingObserve

NAME = "flows.host.joint"
FEATURES = ("sent", "received", "peers")


@dataclass
class Kept:
    """A registry in a folder, its façade, and a clock that moves on by one each time."""

    registry: ModelRegistry
    observe: RecordingObserve
    folder: Path

    def refused(self, reason: str) -> float:
        return self.observe.value("sensorium_models_refused_total", {"reason": reason})


@pytest.fixture(scope="session")
def vectors() -> np.ndarray:
    return np.random.default_rng(5).normal(size=(300, len(FEATURES)))


@pytest.fixture(scope="session")
def forest(vectors: np.ndarray) -> ForestModel:
    return ForestModel.fit(FEATURES, vectors, trees=10)


@pytest.fixture
def draft(vectors: np.ndarray) -> ModelCard:
    return ModelCard(
        name=NAME,
        kind=ModelKind.ISOLATION_FOREST,
        features=FEATURES,
        since_ns=10,
        until_ns=20,
        rows=len(vectors),
        settings={"trees": 10},
        scores={"drift": 0.1},
    )


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[], Kept]:
    """Opens the registry of the test's folder, anew each time."""
    ticks = count(1000)

    def make() -> Kept:
        observe = RecordingObserve()
        folder = tmp_path / "models"
        return Kept(ModelRegistry(folder, lambda: next(ticks), observe), observe, folder)

    return make


@pytest.fixture
def kept(opened: Callable[[], Kept]) -> Kept:
    return opened()
