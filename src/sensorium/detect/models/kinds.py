"""How the files of each kind of model are read: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final

from sensorium.detect.models.card import ModelCard, ModelKind
from sensorium.detect.models.errors import ModelRefusedError, Refusal
from sensorium.detect.models.protocol import VectorModel

Reader = Callable[[ModelCard, Mapping[str, bytes]], VectorModel]
"""Makes a model of its card and of files whose digests hold; ModelRefusedError where it cannot."""

# Module and function, so that a model of one kind loads nothing of the others.
READERS: Final[dict[ModelKind, tuple[str, str]]] = {
    ModelKind.ISOLATION_FOREST: ("sensorium.detect.models.forest_model", "read_forest"),
    ModelKind.AUTOENCODER: ("sensorium.detect.models.autoencoder_model", "read_autoencoder"),
    ModelKind.RANKER: ("sensorium.detect.models.ranker_model", "read_ranker"),
    ModelKind.TALK: ("sensorium.detect.models.talk_model", "read_talk"),
}


def read_model(card: ModelCard, files: Mapping[str, bytes]) -> VectorModel:
    """The model of these files."""
    if card.kind not in READERS:
        raise ModelRefusedError(Refusal.FORMAT, f"nothing here reads models of kind {card.kind}")
    module, function = READERS[card.kind]
    reader: Reader = getattr(import_module(module), function)
    return reader(card, files)
