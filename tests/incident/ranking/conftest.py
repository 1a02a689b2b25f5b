"""Records and a registry to learn in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sensorium.detect.models import ModelRegistry
from sensorium.incident.ranking.examples import read_examples
from sensorium.incident.ranking.ranker import Ranker
from sensorium.incident.ranking.training import Trained, train
from sensorium.model.incident import Incident
from sensorium.observe import Observe
from sensorium.store.records import Records, RecordsConfig, open_records
from tests.incident.ranking.histories import guessed_by_port, write_history


@dataclass
class School:
    """Where people's words are kept and learned from; models are in ``folder``."""

    records: Records
    folder: Path
    observe: Observe

    @property
    def registry(self) -> ModelRegistry:
        """Opened anew each time, as another process would."""
        return ModelRegistry(self.folder, lambda: 1000, self.observe)

    def learn(self) -> Trained:
        """Train on all labels, and make the model the active one."""
        trained = train(read_examples(self.records))
        card = self.registry.add(trained.card, trained.model.files())
        self.registry.promote(card.name, card.version)
        return trained

    def ranker(self) -> Ranker:
        """A ranker that has loaded nothing yet."""
        return Ranker(self.registry, self.records, self.observe)


@pytest.fixture(scope="session")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[School, list[Incident]]]:
    """Sixty labelled incidents and an active model; a test leaves them as they were."""
    with _opened(tmp_path_factory.mktemp("taught")) as school:
        incidents = write_history(school.records, guessed_by_port, count=60)
        school.learn()
        yield school, incidents


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    with _opened(tmp_path) as school:
        yield school


@contextmanager
def _opened(folder: Path) -> Iterator[School]:
    observe = Observe()
    records = open_records(RecordsConfig(), observe, data_dir=folder)
    yield School(records, folder / "models", observe)
    records.close()
