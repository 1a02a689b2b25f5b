"""A spaCy model that is trained for the tests, and one process with Presidio that all ask."""

from __future__ import annotations

import fcntl
import os
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
    """Trained once, also where several workers run the tests: their folders have one parent."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return trained(tmp_path_factory.mktemp("spacy") / "model")
    folder = tmp_path_factory.getbasetemp().parent / "spacy-model"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder if folder.exists() else trained(folder)


def trained(folder: Path) -> Path:
    """The folder, with a model in it."""
    subprocess.run([sys.executable, "-m", TRAIN, str(folder)], check=True)
    return folder


@pytest.fixture(scope="session")
def counted() -> Observe:
    return Observe()


@pytest.fixture(scope="session")
def recognisers(spacy_model: Path, counted: Observe) -> Iterator[Recognisers]:
    """Its one process is started here, so that it is counted in ``counted``."""
    with Recognisers() as made:
        made.of(shared(spacy_model), counted)
        yield made
    assert all(one.poll() is not None for one in made.processes())


@pytest.fixture(scope="session")
def named_entities(spacy_model: Path, recognisers: Recognisers, counted: Observe) -> NamedEntities:
    # A busy machine may be slow to answer; none of the tests is about that.
    return NamedEntities(recognisers.of(shared(spacy_model), counted), timeout_s=120)


def shared(model: Path) -> NamedEntitiesConfig:
    """What the tests ask for."""
    return NamedEntitiesConfig(model=str(model), entities=("PERSON", "LOCATION"))
