"""A spaCy model that is trained for the tests, and one process with Presidio that all ask."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensorium.gateway.guardrails.config import NamedEntitiesConfig
from sensorium.gateway.guardrails.named_entities.recognisers import Recognisers
from sensorium.gateway.guardrails.named_entities.rule import NamedEntities
from sensorium.observe import Observe

TRAIN = "tests.gateway.guardrails.named_entities.train"


@pytest.fixture(scope="session")
def spacy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("spacy") / "model"
    subprocess.run([sys.executable, "-m", TRAIN, str(folder)], check=True)
    return folder


@pytest.fixture(scope="session")
def recognisers() -> Iterator[Recognisers]:
    made = Recognisers()
    yield made
    made.close()


@pytest.fixture(scope="session")
def named_entities(spacy_model: Path, recognisers: Recognisers) -> NamedEntities:
    config = NamedEntitiesConfig(model=str(spacy_model), entities=("PERSON", "LOCATION"))
    # A busy machine may be slow to answer; none of the tests is about that.
    return NamedEntities(recognisers.of(config, Observe()), timeout_s=120)
